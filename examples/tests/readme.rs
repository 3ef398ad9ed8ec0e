//! The README's programs that need other crates are parts of the examples, which other tests run.

use std::fs;
use std::path::Path;

/// Removes the indentation of a program.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

#[test]
fn the_programs_of_the_readme_are_parts_of_the_examples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let readme = fs::read_to_string(folder.join("../README.md")).unwrap();
    let mut programs = 0;
    for block in readme.split("```rust,ignore\n").skip(1) {
        let program = lines(block.split("```").next().unwrap());
        let is_part =
            |example: &String| lines(example).windows(program.len()).any(|part| part == program);
        assert!(examples.iter().any(is_part), "in no example: {}", program.join("\n"));
        programs += 1;
    }
    assert!(programs >= 4, "{programs}");
}
