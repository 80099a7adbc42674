#![doc = include_str!("../README.md")]

mod audit_kit;
mod backup;
mod certificate;
mod client;
mod command;
mod doctor;
mod failure;
mod finding;
mod first_factor;
mod hardening;
mod helper_calls;
mod host;
mod logging;
mod machine;
mod major;
mod outgoing;
mod output;
mod pem;
mod person;
mod probe;
mod secret;
mod server;
mod setup;
mod standstill;
mod stop;
mod storage;
mod support;
mod systemd;
mod update;

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
