//! The `deepal` program.

use std::process::ExitCode;

/// A training step allocates its buffers anew; glibc's allocator gives them back to the system each time, and fetching
/// fresh pages then costs more than some layers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(deepal_cli::run(std::env::args_os()))
}
