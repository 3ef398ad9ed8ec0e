//! The README's programs that need other crates are parts of the examples, which other tests run. The links of all
//! documents have targets.

use std::fs;
use std::path::Path;
use std::process::Command;

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

/// Returns the paths of the Markdown files in the repository.
fn documents() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new("git").args(["ls-files", "*.md"]).current_dir(root).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Returns the anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_relative_link_of_a_document_has_a_target() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut links = 0;
    for document in documents() {
        let text = fs::read_to_string(root.join(&document)).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            // Links of rustdoc, which checks them itself.
            if link.contains("://") || link.contains("::") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => root.join(&document),
                file => root.join(&document).parent().unwrap().join(file),
            };
            assert!(target.exists(), "{document}: {link}");
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let found = text.lines().filter(|line| line.starts_with('#'));
                let found = found.map(|line| anchor(line.trim_start_matches('#')));
                assert!(found.into_iter().any(|it| it == heading), "{document}: {link}");
            }
            links += 1;
        }
    }
    assert!(links >= 30, "{links}");
}
