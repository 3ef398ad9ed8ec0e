//! Where a property test keeps the cases that failed.

use proptest::test_runner::{Config, FileFailurePersistence};

/// Next to the test, in a file `<name>.regressions` that is committed with the fix. (By default proptest looks for a
/// `lib.rs` above the test, and finds none.)
pub fn failures() -> Config {
    Config::with_failure_persistence(FileFailurePersistence::WithSource("regressions"))
}
