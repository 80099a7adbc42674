use super::*;
use crate::finding::Level;
use ::host::disk::Space;
use jiff::civil::date;

/// A machine with nothing to say against it.
fn sound() -> Facts {
    let now = date(2027, 3, 1).at(12, 0, 0, 0).in_tz("UTC").unwrap().timestamp();
    let disk = DiskFacts {
        purpose: "the database",
        folder: "/data".into(),
        space: Ok(Space {
            free_bytes: 50 << 30,
            total_bytes: 100 << 30,
        }),
        sync: Some(Ok(Duration::from_micros(900))),
        encryption: encrypted(),
    };
    Facts {
        release: Release::parse("ID=debian\nVERSION_ID=13\nPRETTY_NAME=\"Debian 13\"\n"),
        machine: Machine {
            kernel: "6.12".to_owned(),
            name: "vault".to_owned(),
            processors: 4,
            memory_bytes: Some(8 << 30),
        },
        now: now.into(),
        in_step: InStep::Yes,
        clock_floor: Some(SystemTime::from(now) - Duration::from_secs(60)),
        disks: vec![disk],
        swap: Ok(Vec::new()),
        name: Some((
            "vault.example.org".to_owned(),
            Resolution::Found(vec![[10, 0, 0, 5].into()]),
        )),
    }
}

fn encrypted() -> Encryption {
    Encryption::Encrypted {
        by: "dm-crypt LUKS2".to_owned(),
        place: "dm-0".to_owned(),
    }
}

fn plain() -> Encryption {
    Encryption::Plain {
        place: "vda".to_owned(),
    }
}

/// The level of a check after a change to a sound machine.
fn level(check: &str, change: impl FnOnce(&mut Facts)) -> Level {
    let mut facts = sound();
    change(&mut facts);
    let findings = judge(&facts);
    let mut found = findings.iter().filter(|finding| finding.check == check);
    found
        .next()
        .unwrap_or_else(|| panic!("no check {check}: {findings:?}"))
        .level
}

#[test]
fn a_sound_machine_has_nothing_to_say_against_it() {
    let findings = judge(&sound());
    assert!(
        findings.iter().all(|finding| finding.level == Level::Ok),
        "{findings:?}"
    );
    assert!(
        findings.iter().all(|finding| finding.advice.is_none()),
        "{findings:?}"
    );
}

#[test]
fn a_release_past_its_support_near_its_end_or_unknown_is_told() {
    let release = |text: &str| {
        let release = Release::parse(text);
        level("operating-system", |facts| facts.release = release)
    };
    assert_eq!(release("ID=debian\nVERSION_ID=11\n"), Level::Fault);
    assert_eq!(release("ID=debian\nVERSION_ID=12\n"), Level::Ok);
    assert_eq!(release("ID=ubuntu\nVERSION_ID=24.04\n"), Level::Warning);
    assert_eq!(release(""), Level::CouldNotLook);
    let late = date(2028, 5, 1).at(0, 0, 0, 0).in_tz("UTC").unwrap().timestamp();
    let ending = level("operating-system", |facts| {
        facts.release = Release::parse("ID=debian\nVERSION_ID=12\n");
        facts.now = late.into();
    });
    assert_eq!(ending, Level::Warning);
}

#[test]
fn few_processors_and_little_memory_are_told() {
    assert_eq!(
        level("processors", |facts| facts.machine.processors = 1),
        Level::Warning
    );
    let memory = |bytes| level("memory", |facts| facts.machine.memory_bytes = bytes);
    assert_eq!(memory(Some(512 << 20)), Level::Fault);
    assert_eq!(memory(Some(1 << 30)), Level::Warning);
    assert_eq!(memory(None), Level::CouldNotLook);
}

#[test]
fn a_wrong_clock_is_a_fault_and_one_that_nobody_keeps_is_a_warning() {
    let past = level("clock", |facts| facts.now -= Duration::from_secs(7 * 86_400));
    assert_eq!(past, Level::Fault);
    let epoch = level("clock", |facts| {
        facts.clock_floor = None;
        facts.now = SystemTime::UNIX_EPOCH;
    });
    assert_eq!(epoch, Level::Fault);
    assert_eq!(level("clock", |facts| facts.in_step = InStep::No), Level::Warning);
    assert_eq!(
        level("clock", |facts| facts.in_step = InStep::Unknown),
        Level::CouldNotLook
    );
}

#[test]
fn a_name_that_does_not_resolve_is_a_fault() {
    let name = |found| {
        level("host-name", |facts| {
            facts.name = Some(("vault.example.org".to_owned(), found))
        })
    };
    assert_eq!(
        name(Resolution::NotFound("no such name".to_owned())),
        Level::Fault
    );
    assert_eq!(name(Resolution::TookTooLong), Level::Fault);
}

#[test]
fn a_full_disk_is_a_fault_and_a_filling_one_a_warning() {
    let space = |free_bytes, total_bytes| {
        let space = Ok(Space {
            free_bytes,
            total_bytes,
        });
        level("disk-space", |facts| facts.disks[0].space = space)
    };
    assert_eq!(space(100 << 20, 100 << 30), Level::Fault);
    assert_eq!(space(2 << 30, 10 << 30), Level::Warning);
    assert_eq!(space(20 << 30, 1000 << 30), Level::Warning);
    let hidden = level("disk-space", |facts| {
        facts.disks[0].space = Err("denied".to_owned())
    });
    assert_eq!(hidden, Level::CouldNotLook);
}

#[test]
fn a_slow_disk_is_a_warning_and_one_that_takes_no_write_a_fault() {
    let sync = |time| level("disk-speed", |facts| facts.disks[0].sync = Some(time));
    assert_eq!(sync(Ok(Duration::from_millis(80))), Level::Warning);
    assert_eq!(sync(Err("No space left on device".to_owned())), Level::Fault);
}

#[test]
fn a_plain_disk_is_a_warning_and_a_hidden_one_unknown() {
    let disk = |found| level("disk-encryption", |facts| facts.disks[0].encryption = found);
    assert_eq!(disk(plain()), Level::Warning);
    assert_eq!(
        disk(Encryption::Unknown {
            why: "hidden".to_owned()
        }),
        Level::CouldNotLook
    );
    assert_eq!(disk(Encryption::Memory), Level::Ok);
}

#[test]
fn plain_swap_is_a_warning_even_beside_encrypted_swap() {
    let area = |encryption| Swap {
        path: "/dev/dm-1".into(),
        encryption,
    };
    let swap = |areas| level("swap", |facts| facts.swap = areas);
    assert_eq!(
        swap(Ok(vec![area(encrypted()), area(Encryption::Memory)])),
        Level::Ok
    );
    assert_eq!(swap(Ok(vec![area(encrypted()), area(plain())])), Level::Warning);
    assert_eq!(
        swap(Ok(vec![area(Encryption::Unknown { why: String::new() })])),
        Level::CouldNotLook
    );
    assert_eq!(swap(Err("denied".to_owned())), Level::CouldNotLook);
}
