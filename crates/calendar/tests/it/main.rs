//! Legal time, proved: the worked examples, properties, and every kind of broken rule file.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests, which clippy does not see as tests"
)]

mod errors;
mod examples;
mod properties;
mod rules;
mod world;
