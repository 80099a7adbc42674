use super::*;

#[test]
fn a_program_that_is_not_there_is_named_with_what_to_do() {
    if Program::Zfs.is_installed() {
        return;
    }
    let error = Call::new(Program::Zfs).with(["list"]).run().unwrap_err();
    assert!(matches!(
        error,
        RunError::Absent {
            program: Program::Zfs
        }
    ));
    assert!(
        error.to_string().contains("/usr/sbin/zfs is not installed"),
        "{error}"
    );
}

#[test]
fn a_failed_program_says_what_it_was_and_why() {
    let call = Call::new(Program::Systemctl).with(["no-such-verb"]);
    let error = call.run().unwrap_err().to_string();
    assert!(
        error.starts_with("/usr/bin/systemctl no-such-verb failed (exit status: 1)"),
        "{error}"
    );
    assert!(error.contains("no-such-verb"), "{error}");
    assert_eq!(call.ask().unwrap().code, Some(1));
}

#[test]
fn a_program_gets_no_environment_of_ours_and_its_output_comes_back() {
    let version = Call::new(Program::Systemctl).with(["--version"]).run().unwrap();
    assert!(version.starts_with("systemd "), "{version}");
}

#[test]
fn a_program_that_does_not_end_is_stopped_with_what_it_started() {
    // The clusters' program is a script; it cannot end before its interpreter has begun.
    let began = Instant::now();
    let call = Call::new(Program::PgLsclusters).within(Duration::ZERO);
    let error = call.run().unwrap_err();
    assert!(
        matches!(error, RunError::TookTooLong { seconds: 0, .. }),
        "{error}"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_stream_is_kept_up_to_its_bound_and_read_to_its_end() {
    let long = io::repeat(b'x').take(3 * OUTPUT_BYTES_MAX as u64);
    let text = Stream::begin(long).text(Instant::now() + Duration::from_secs(20));
    assert_eq!(text.len(), OUTPUT_BYTES_MAX);
}
