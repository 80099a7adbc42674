//! `strongroom-hostd`: takes the socket that systemd hands over, and answers until nobody calls.

use std::io::{self, Write};
use std::process::ExitCode;

use hostd::{IDLE, Server, Users, from_stdin};
use nix::sys::{
    prctl,
    resource::{Resource, setrlimit},
    stat::{Mode, umask},
};

/// The daemons' user.
const SERVICE: &str = "strongroom";

fn main() -> ExitCode {
    umask(Mode::from_bits_truncate(0o077));
    // A second line: the unit says the same.
    let _undumpable = prctl::set_dumpable(false);
    let _no_core = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    match from_stdin() {
        Ok(listener) => {
            Server::new(Users::of_machine(SERVICE)).serve(&listener, IDLE);
            ExitCode::SUCCESS
        }
        Err(error) => {
            writeln!(io::stderr().lock(), "<3>{error}").ok();
            ExitCode::FAILURE
        }
    }
}
