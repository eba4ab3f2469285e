//! The program `nenrin`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    server::cli::start_log();
    match server::cli::run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("nenrin: {error:#}");
            ExitCode::FAILURE
        }
    }
}
