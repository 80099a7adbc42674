//! Callers who mean no good.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use host::helper::{ConfirmFirewall, FRAME_BYTES_MAX, GetInfo, Helper, HelperError};
use hostd::{Server, Users};

use super::daemon::{Daemon, is_root, rest};

/// Sends bytes and gives all that came back until the helper ended the connection.
fn answer_to(daemon: &Daemon, bytes: &[u8]) -> String {
    let mut stream = daemon.connect();
    // The helper may hang up before it has read everything.
    stream.write_all(bytes).ok();
    rest(&mut stream)
}

fn still_answers(daemon: &Daemon) {
    daemon
        .helper()
        .call(&GetInfo {})
        .expect("the helper does not answer any more");
}

#[test]
fn malformed_deep_empty_and_endless_messages_are_refused_and_the_helper_goes_on() {
    if !is_root() {
        return;
    }
    let daemon = Daemon::start();
    let deep = "{\"method\":".to_owned() + &"[".repeat(50_000) + "\0";
    let long = vec![b'x'; FRAME_BYTES_MAX * 3];
    for bytes in [
        b"nonsense\0".as_slice(),
        b"\0\0\0\0\0\0\0\0",
        b"\xff\xfe\0",
        b"{\"method\":\"org.strongroom.Host.GetSsh\",\"method\":\"x.y\"}\0",
        deep.as_bytes(),
        &long,
    ] {
        let answer = answer_to(&daemon, bytes);
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
        // One who floods us may lose the answer with the connection.
        let is_told = answer.contains("org.varlink.service.InvalidParameter");
        assert!(is_told || bytes.len() > FRAME_BYTES_MAX, "{start:?}: {answer}");
        assert_eq!(
            answer.matches("error").count(),
            usize::from(is_told),
            "{start:?}: {answer}"
        );
    }
    still_answers(&daemon);
    let journal = daemon.journal();
    assert!(journal.contains("a message is longer than"), "{journal}");
    assert!(
        !journal.contains("nonsense"),
        "a caller's words stand in the journal:\n{journal}"
    );
}

#[test]
fn an_unknown_verb_is_refused_by_name_and_the_connection_goes_on() {
    if !is_root() {
        return;
    }
    let daemon = Daemon::start();
    let mut stream = daemon.connect();
    stream
        .write_all(b"{\"method\":\"org.strongroom.Host.RunCommand\"}\0")
        .unwrap();
    stream
        .write_all(b"{\"method\":\"org.varlink.service.GetInfo\"}\0")
        .unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let answers = rest(&mut stream);
    let (first, second) = answers.split_once('\0').unwrap();
    assert!(first.contains("org.varlink.service.MethodNotFound"), "{answers}");
    assert!(second.contains("strongroom-hostd"), "{answers}");
}

#[test]
fn half_a_message_that_stalls_is_dropped_in_time() {
    if !is_root() {
        return;
    }
    let daemon = Daemon::start();
    let mut stream = daemon.connect();
    let began = Instant::now();
    stream.write_all(b"{\"method\":").unwrap();
    assert_eq!(rest(&mut stream), "");
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(
        daemon.journal().contains("the other side took too long"),
        "{}",
        daemon.journal()
    );
    still_answers(&daemon);
}

#[test]
fn more_connections_than_allowed_are_turned_away_and_the_others_go_on() {
    if !is_root() {
        return;
    }
    let daemon = Daemon::start();
    let mut first = daemon.helper();
    first.call(&GetInfo {}).unwrap();
    let mut held: Vec<_> = (0..20).map(|_| daemon.connect()).collect();
    let turned_away = rest(held.last_mut().unwrap());
    assert!(
        turned_away.contains("org.strongroom.Host.TooOften"),
        "{turned_away:?}"
    );
    first.call(&GetInfo {}).unwrap();
    drop(held);
}

#[test]
fn a_flood_of_calls_is_answered_with_too_often() {
    if !is_root() {
        return;
    }
    let daemon = Daemon::start();
    let mut helper = daemon.helper();
    let refused = (0..200).find_map(|_| helper.call(&GetInfo {}).err());
    let is_too_often =
        matches!(&refused, Some(HelperError::Refused { why, .. }) if why.contains("in this minute"));
    assert!(is_too_often, "{refused:?}");
}

#[test]
fn another_user_is_refused_even_where_the_socket_lets_him_in() {
    if !is_root() {
        return;
    }
    let daemon = Daemon::start();
    let socket = daemon.socket();
    let folder = socket.parent().unwrap();
    for path in [folder, &socket] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(path, mode).unwrap();
    }
    // Perl is part of every Debian.
    let script = "$SIG{PIPE} = 'IGNORE'; use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die $!;\
                  print $s \"{\\\"method\\\":\\\"org.strongroom.Host.GetSsh\\\"}\\0\"; $s->flush; print <$s>;";
    let output = Command::new("/usr/bin/perl")
        .args(["-e", script])
        .arg(&socket)
        .uid(65_534)
        .gid(65_534)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("org.strongroom.Host.NotAllowed"), "{output:?}");
    assert!(!said.contains("passwords"), "{said}");
    assert!(
        daemon.journal().contains("uid=65534: neither root"),
        "{}",
        daemon.journal()
    );
    still_answers(&daemon);
}

/// This process stands for the daemons' user, and may then do what that one may.
#[test]
fn the_daemons_user_reads_and_does_not_change_the_firewall() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sock");
    let listener = UnixListener::bind(&path).unwrap();
    let users = Users {
        root: 4_000_000_001,
        service: Some(nix::unistd::Uid::effective().as_raw()),
    };
    let server = std::thread::spawn(move || Server::new(users).serve(&listener, Duration::from_secs(1)));
    let mut helper = Helper::connect_to(&path).unwrap();
    helper.call(&GetInfo {}).unwrap();
    let refused = helper.call(&ConfirmFirewall { session: None });
    assert!(
        matches!(refused, Err(HelperError::NotAllowed { .. })),
        "{refused:?}"
    );
    drop(helper);
    // And ends when nobody calls any more.
    server.join().unwrap();
}

#[test]
fn a_stranger_is_refused_in_process_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sock");
    let listener = UnixListener::bind(&path).unwrap();
    let users = Users {
        root: 4_000_000_001,
        service: None,
    };
    let server = std::thread::spawn(move || Server::new(users).serve(&listener, Duration::from_secs(2)));
    let refused = Helper::connect_to(&path).and_then(|mut helper| helper.call(&GetInfo {}).map(drop));
    assert!(refused.is_err());
    server.join().unwrap();
}
