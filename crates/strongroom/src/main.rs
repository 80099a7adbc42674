#![doc = include_str!("../README.md")]

mod client;
mod command;
mod failure;
mod hardening;
mod host;
mod logging;
mod output;
mod secret;
mod server;
mod stop;
mod systemd;

use clap::Parser;
use command::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    hardening::apply();
    match command::run(arguments) {
        Ok(code) => code,
        Err(failure) => {
            failure.report();
            failure.exit_code()
        }
    }
}
