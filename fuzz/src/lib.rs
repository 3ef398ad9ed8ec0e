//! What the fuzz targets share: the laws, each a function that panics if an input breaks it, and their seeds.
//!
//! # Implementation notes
//!
//! The targets in `fuzz_targets` have no rule; they pass libFuzzer's bytes to a law. The laws are those of the tests, which
//! pass random bytes to them: `tests/support/laws`. Its `input` says how bytes are read: a stream is its own bytes, and what
//! steers the run comes after it, so that mutations of the stream stay local, and the seeds made from the test vectors are
//! the streams of the vectors. `outcome` is what comes out of a parser, `arrays` makes parsers over arrays, and `model`
//! applies the limits, slow and plain.

#[path = "../../tests/support/arrays.rs"]
mod arrays;
#[path = "../../tests/support/equality.rs"]
mod equality;
#[path = "../../tests/support/fold.rs"]
mod fold;
#[path = "../../tests/support/laws/mod.rs"]
pub mod laws;
#[path = "../../tests/support/model.rs"]
mod model;
#[path = "../../tests/support/outcome.rs"]
mod outcome;
pub mod seeds;

/// Panics if an input breaks it.
pub type Law = fn(&[u8]);

/// Every law, by the name of its target.
pub const LAWS: [(&str, Law); 9] = [
    ("chunking", laws::chunking),
    ("data_writer", laws::data_writer),
    ("encoding", laws::encoding),
    ("event_source", laws::event_source),
    ("fixed_buffers", laws::fixed_buffers),
    ("last_event_id", laws::last_event_id),
    ("limits", laws::limits),
    ("positions", laws::positions),
    ("reference", laws::reference),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{LAWS, Law, seeds};

    const FUZZ: &str = env!("CARGO_MANIFEST_DIR");

    fn law(name: &str) -> Law {
        LAWS.iter().find(|(law, _)| *law == name).unwrap_or_else(|| panic!("no law {name}")).1
    }

    #[test]
    fn every_law_holds_for_its_seeds() {
        let seeds = seeds::seeds();
        for (name, _) in LAWS {
            assert!(seeds.iter().any(|seed| seed.law == name), "no seed for {name}");
        }
        for seed in seeds {
            println!("{} {}", seed.law, seed.name); // Shown where it fails.
            law(seed.law)(&seed.input);
        }
    }

    #[test]
    fn every_law_holds_for_what_was_found() {
        for folder in fs::read_dir(Path::new(FUZZ).join("findings")).unwrap() {
            let folder = folder.unwrap().path();
            for finding in fs::read_dir(&folder).unwrap() {
                let finding = finding.unwrap().path();
                println!("{}", finding.display());
                law(&folder.file_name().unwrap().to_string_lossy())(&fs::read(finding).unwrap());
            }
        }
    }

    #[test]
    fn every_law_has_a_target() {
        for (name, _) in LAWS {
            let path = Path::new(FUZZ).join(format!("fuzz_targets/{name}.rs"));
            let target =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            assert!(target.contains(&format!("laws::{name}(input)")));
        }
        assert_eq!(fs::read_dir(Path::new(FUZZ).join("fuzz_targets")).unwrap().count(), LAWS.len());
    }
}
