//! The settings of criterion.

use std::time::Duration;

use criterion::Criterion;

/// Short measurements, since there are many.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(600))
        .sample_size(20)
        .nresamples(10_000)
        .without_plots()
        .configure_from_args()
}
