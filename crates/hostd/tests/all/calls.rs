//! Calls as they are meant.

use host::helper::{
    DESCRIPTION, ErrorName, GetInfo, GetInterfaceDescription, GetJournal, GetListeners, GetSsh, GetStorage,
    GetUnits, Helper, HelperError, INTERFACE,
};
use std::os::unix::net::UnixListener;

use super::daemon::{Daemon, is_root};

#[test]
fn facts_are_told_and_every_call_is_a_line_of_the_journal() {
    if !is_root() {
        return;
    }
    let daemon = Daemon::start();
    let mut helper = daemon.helper();
    let info = helper.call(&GetInfo {}).unwrap();
    assert_eq!(info.version, env!("CARGO_PKG_VERSION"));
    assert!(info.interfaces.iter().any(|name| name == INTERFACE));
    let interface = INTERFACE.to_owned();
    let described = helper.call(&GetInterfaceDescription { interface }).unwrap();
    assert_eq!(described.description, DESCRIPTION);
    let storage = helper.call(&GetStorage {}).unwrap();
    assert!(
        storage.places.iter().any(|place| place.path == "/tmp"),
        "{storage:?}"
    );
    helper.call(&GetListeners {}).unwrap();
    helper.call(&GetSsh {}).unwrap();
    assert_eq!(helper.call(&GetUnits {}).unwrap().units.len(), 3);
    // Whether there are lines is the machine's affair; one more of them is not to be made by looking.
    helper.call(&GetJournal { after: None }).unwrap();
    let journal = daemon.journal();
    assert!(!journal.contains("GetJournal"), "{journal}");
    let pid = std::process::id();
    for verb in ["GetStorage", "GetListeners", "GetSsh", "GetUnits"] {
        let line = format!("call pid={pid} uid=0 verb={INTERFACE}.{verb} outcome=done");
        assert!(journal.contains(&line), "{line} is not in\n{journal}");
    }
}

#[test]
fn another_interface_is_not_described() {
    if !is_root() {
        return;
    }
    let daemon = Daemon::start();
    let interface = "org.example.Other".to_owned();
    let refused = daemon.helper().call(&GetInterfaceDescription { interface });
    let is_unknown = matches!(
        refused,
        Err(HelperError::Refused {
            name: ErrorName::InterfaceNotFound,
            ..
        })
    );
    assert!(is_unknown, "{refused:?}");
}

#[test]
fn a_helper_that_is_not_there_is_told_from_one_that_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sock");
    let absent = Helper::connect_to(&path).unwrap_err();
    assert!(matches!(absent, HelperError::Absent { .. }), "{absent}");
    // A socket that nobody listens on any more.
    drop(UnixListener::bind(&path).unwrap());
    let gone = Helper::connect_to(&path).unwrap_err();
    assert!(matches!(gone, HelperError::Absent { .. }), "{gone}");
}

#[test]
fn a_program_without_a_socket_says_who_starts_it() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_strongroom-hostd"))
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("systemctl start strongroom-hostd.socket"), "{said}");
}
