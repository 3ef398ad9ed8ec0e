//! Where a property test keeps the cases that failed.

use proptest::test_runner::{Config, FileFailurePersistence};

/// Beside the test, in a file `<name>.regressions` that is committed with the fix. (By itself
/// proptest looks for a `lib.rs` above the test, finds none, and leaves the project.)
pub fn failures() -> Config {
    Config::with_failure_persistence(FileFailurePersistence::WithSource("regressions"))
}
