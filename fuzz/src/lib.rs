//! What the fuzz targets share: the laws, each a function that panics if an input breaks it, and their seeds.
//!
//! # Implementation notes
//!
//! The targets in `fuzz_targets` only pass libFuzzer's bytes to a law. The laws are in `tests/support/laws`, and the
//! tests pass random bytes to them. Its module `input` reads the bytes: first the stream, then the bytes that control
//! the run, so that mutations of the stream stay local and the seeds are the streams of the test vectors. `outcome`
//! collects what a parser returns, `arrays` makes parsers over arrays, and `model` is a slow and plain model of the
//! limits.

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

/// Panics if an input breaks the law.
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
            println!("{} {}", seed.law, seed.name); // Shown if the law fails.
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
