//! Encryption of the disk, on a machine that has a kernel of its own: what is not blank is refused, the power is cut in the
//! middle, the data comes onto the volume, and a reboot finds it there.

use testkit::machine::{Emulator, Hardware};

use super::image::{HARDWARE, SLOW, image, set_up, sign_in, sign_in_page};

const ENCRYPT: &str = "strongroom storage encrypt --device /dev/vdb --key host --yes";
/// The database, packages of updates, temporary files.
const VOLUMES: &str = "echo volumes-$(strongroom storage status | grep --count 'dm-crypt LUKS2')";

#[test]
fn long_the_data_comes_onto_an_encrypted_disk_and_a_reboot_finds_it_there() {
    let mut machine = Emulator::boot(&image(), HARDWARE).unwrap();
    set_up(&mut machine);
    sign_in(&mut machine);
    refuses_what_is_not_blank(&mut machine);

    // Power goes while the copy is made: the plain data is there, and the same command begins anew.
    machine.type_line(ENCRYPT).unwrap();
    machine.wait_for("copy and compare", SLOW).unwrap();
    machine.cut_power().unwrap();
    sign_in(&mut machine);
    serves(&mut machine);
    assert_says(&mut machine, VOLUMES, "volumes-0");

    // Power goes when the volume counts and nobody has seen the appliance well on it: the same command goes on.
    machine.type_line(ENCRYPT).unwrap();
    machine.wait_for("start and look", 2 * SLOW).unwrap();
    machine.cut_power().unwrap();
    sign_in(&mut machine);
    serves(&mut machine);
    assert_says(&mut machine, VOLUMES, "volumes-3");
    let said = run(&mut machine, ENCRYPT);
    assert!(said.contains("Going on where it was cut off"), "{said}");
    assert!(said.contains("rest-encryption is kept"), "{said}");

    machine.type_line("reboot").unwrap();
    machine.switch_on_again(SLOW).unwrap();
    sign_in(&mut machine);
    serves(&mut machine);
    assert_says(&mut machine, VOLUMES, "volumes-3");
    let promises = run(&mut machine, "strongroom promises --check --state kept");
    assert!(promises.contains("rest-encryption"), "{promises}");
    assert_says(&mut machine, "strongroom maintenance status", "off");

    let again = run(&mut machine, ENCRYPT);
    assert!(!again.contains("Going on"), "{again}");
    let wrong = run(
        &mut machine,
        "echo not the passphrase | cryptsetup open --test-passphrase --tries 1 /dev/vdb",
    );
    assert!(wrong.contains("No key available"), "{wrong}");
}

const IN_A_FILE: &str = "strongroom storage encrypt --file /srv/strongroom.luks --size 1G --key passphrase --passphrase-file /root/pass \
                         --keep-plain --yes";
const PASSPHRASE: &str = "seven seals and an open sea";
/// A daemon that does not start where the database lies on the volume. The volume itself goes last, when the plain data was
/// seen well.
const SPOIL: &str = "mkdir -p /etc/systemd/system/strongroom.service.d; printf '[Service]\\nExecStartPre=+/bin/sh -c \"! mountpoint -q \
                     /var/lib/postgresql/17/strongroom\"\\n' > /etc/systemd/system/strongroom.service.d/spoil.conf; systemctl daemon-reload";
const MEND: &str = "rm -r /etc/systemd/system/strongroom.service.d; systemctl daemon-reload";

#[test]
fn long_a_bad_start_goes_back_and_a_container_file_opens_by_a_passphrase_and_is_purged_with_its_keys() {
    let mut machine = Emulator::boot(&image(), HARDWARE).unwrap();
    set_up(&mut machine);
    sign_in(&mut machine);

    run(&mut machine, SPOIL);
    let said = run(&mut machine, ENCRYPT);
    assert!(said.contains("going back to the plain data"), "{said}");
    assert!(said.contains("everything is as it was before"), "{said}");
    run(&mut machine, MEND);
    serves(&mut machine);
    assert_says(&mut machine, VOLUMES, "volumes-0");
    assert_says(&mut machine, "strongroom maintenance status", "off");

    run(
        &mut machine,
        &format!("umask 077; printf '{PASSPHRASE}' > /root/pass"),
    );
    let said = run(&mut machine, IN_A_FILE);
    assert!(said.contains("Done. Restart this machine once"), "{said}");
    assert_says(&mut machine, VOLUMES, "volumes-3");
    let kept = "ls -d /var/lib/strongroom.plain /var/lib/postgresql/17/strongroom.plain/PG_VERSION";
    assert_says(&mut machine, kept, "PG_VERSION");

    machine.type_line("reboot").unwrap();
    machine.switch_on_again(SLOW).unwrap();
    machine.wait_for("passphrase for disk", 2 * SLOW).unwrap();
    machine.type_line(PASSPHRASE).unwrap();
    sign_in(&mut machine);
    serves(&mut machine);
    assert_says(&mut machine, VOLUMES, "volumes-3");

    let consent = "echo destroy all data of strongroom on $(uname -n) > /etc/strongroom/purge-consent; apt-get --yes purge strongroom";
    let said = run(&mut machine, consent);
    assert!(said.contains("are destroyed"), "{said}");
    // Debian's own services have their temporary files on the volume, and hold it as long as they run.
    let held = said.split_once("stays in memory until these end");
    assert!(held.is_some_and(|(_, by)| by.contains(".service")), "{said}");
    let left = "cat /etc/fstab /etc/crypttab; ls /srv; echo luks-$(ls /srv | grep -c luks)-left";
    let left = run(&mut machine, left);
    assert!(
        left.contains("luks-0-left") && !left.contains("strongroom_data"),
        "{left}"
    );
    // Nobody at the screen is asked for a new password of root's now, neither here nor after a new installation.
    assert_says(
        &mut machine,
        "/usr/local/lib/strongroom/first-boot < /dev/null",
        "Sign in as root",
    );
    machine.type_line("reboot").unwrap();
    machine.switch_on_again(SLOW).unwrap();
    let shown = sign_in(&mut machine);
    assert!(!shown.contains("is a new Strongroom"), "{shown}");
    assert_says(
        &mut machine,
        "echo open-$(ls /dev/mapper | grep -c strongroom)",
        "open-0",
    );
}

const BY_TPM: &str = "strongroom storage encrypt --device /dev/vdb --key tpm2 --yes";
/// As OPERATIONS.md says after an update of firmware. One command would find its PCRs enrolled already, by the TPM2 before, and do nothing.
const ENROL_ANEW: &str = "systemd-cryptenroll --wipe-slot=tpm2 /dev/vdb && systemd-cryptenroll --tpm2-device=auto --tpm2-pcrs=7 /dev/vdb";

#[test]
fn long_a_tpm_opens_the_disk_at_boot_and_elsewhere_only_the_recovery_key_does() {
    let hardware = Hardware {
        has_tpm: true,
        ..HARDWARE
    };
    let mut machine = Emulator::boot(&image(), hardware).unwrap();
    set_up(&mut machine);
    sign_in(&mut machine);
    let said = run(&mut machine, BY_TPM);
    assert!(said.contains("rest-encryption is kept"), "{said}");
    let recovery = recovery_key(&said);

    machine.type_line("reboot").unwrap();
    machine.switch_on_again(SLOW).unwrap();
    let started = sign_in(&mut machine);
    assert!(
        !started.contains("passphrase for disk"),
        "it was asked for: {started}"
    );
    serves(&mut machine);
    assert_says(&mut machine, VOLUMES, "volumes-3");

    machine.type_line("reboot").unwrap();
    machine.switch_on_elsewhere(SLOW).unwrap();
    machine.wait_for("passphrase for disk", 2 * SLOW).unwrap();
    machine.type_line(&recovery).unwrap();
    sign_in(&mut machine);
    serves(&mut machine);
    assert_says(&mut machine, VOLUMES, "volumes-3");

    machine.type_line(ENROL_ANEW).unwrap();
    machine.wait_for("enter current passphrase", SLOW).unwrap();
    machine.type_line(&recovery).unwrap();
    machine.wait_for("New TPM2 token enrolled", SLOW).unwrap();
    machine.type_line("reboot").unwrap();
    machine.switch_on_again(SLOW).unwrap();
    let started = sign_in(&mut machine);
    assert!(
        !started.contains("passphrase for disk"),
        "it was asked for: {started}"
    );
    assert_says(&mut machine, VOLUMES, "volumes-3");
}

/// The key that is shown once: words of eight letters with a hyphen between them.
fn recovery_key(said: &str) -> String {
    let is_key = |word: &&str| word.len() > 64 && word.split('-').all(|part| part.len() == 8);
    said.split_whitespace().find(is_key).unwrap().to_owned()
}

fn refuses_what_is_not_blank(machine: &mut Emulator) {
    let root = run(machine, &ENCRYPT.replace("vdb", "vda"));
    assert!(root.contains("in use"), "{root}");
    // One byte in the middle of nowhere, which no program knows, and then a file system.
    let byte = "printf x | dd of=/dev/vdb bs=1 seek=1000000 conv=fsync status=none";
    run(machine, byte);
    let unknown = run(machine, ENCRYPT);
    assert!(unknown.contains("not blank"), "{unknown}");
    run(machine, "mkfs.ext4 -q -F /dev/vdb");
    let signed = run(machine, ENCRYPT);
    assert!(signed.contains("holds ext4"), "{signed}");
    run(machine, "blkdiscard --force --zeroout /dev/vdb");
}

fn serves(machine: &mut Emulator) {
    run(
        machine,
        "until systemctl is-active strongroom; do sleep 2; done; sleep 5",
    );
    let page = sign_in_page(machine.https_port());
    assert!(page.contains("Sign in"), "{page}");
}

fn assert_says(machine: &mut Emulator, command: &str, expected: &str) {
    let said = run(machine, command);
    assert!(said.contains(expected), "{command}: {said}");
}

/// All that a command says. The shell shows what is typed, so the mark of its end is put together by it.
fn run(machine: &mut Emulator, command: &str) -> String {
    machine
        .type_line(&format!("clear; ({command}) 2>&1; echo en''ded-here"))
        .unwrap();
    machine.wait_for("ended-here", 2 * SLOW).unwrap()
}
