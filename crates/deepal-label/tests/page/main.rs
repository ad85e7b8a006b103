//! The labelling page from outside: plain HTTP, and a real browser.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a failed unwrap is the failure")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod answers;
mod browser;
mod driver;
mod load;
mod security;
mod served;
mod touch;
mod training;
mod trouble;
