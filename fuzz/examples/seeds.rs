//! Writes the initial corpus: `cargo run --manifest-path fuzz/Cargo.toml --example seeds`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut counts = BTreeMap::<_, usize>::new();
    for seed in sse_wire_fuzz::seeds::seeds() {
        let folder = fuzz.join("corpus").join(seed.law);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(&seed.name), &seed.input)?;
        *counts.entry(seed.law).or_default() += 1;
    }
    for (law, count) in counts {
        println!("corpus/{law}: {count} seeds");
    }
    Ok(())
}
