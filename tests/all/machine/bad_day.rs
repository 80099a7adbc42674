//! Set-up on a machine on which everything that can be wrong is wrong, one thing after the other: each is told, nothing is
//! half done, and when it is right the same command ends well.

use testkit::machine::Release;

use super::site::{ANSWERS, OWNER, PASSWORD, Site};

const DATA: &str = "/var/lib/postgresql";

#[test]
fn long_set_up_tells_what_is_wrong_with_a_machine_and_ends_well_when_it_is_right() {
    let site = Site::boot(Release::Trixie);
    site.install();
    unknown_keys_and_dead_names_are_refused(&site);
    a_taken_port_is_refused(&site);
    a_clock_that_stands_before_files_of_this_machine_is_refused(&site);
    a_full_disk_is_refused_and_one_that_fills_meanwhile_leaves_nothing_in_the_way(&site);
    site.set_up();
    let console = site.console();
    console.wait_until_ready();
    let page = console.sign_in(OWNER, PASSWORD);
    assert!(page.contains("Sign out"), "{page}");
    assert!(site.set_up().contains("Nothing was changed"));
}

/// Refused with these words, before anything was written.
fn refused(site: &Site, answers: &str, words: &str) {
    let before = state(site);
    let said = site.try_to_set_up(answers).expect_err("set-up goes on");
    assert!(said.contains(words), "{words}: {said}");
    assert_eq!(before, state(site), "something was written: {said}");
}

fn state(site: &Site) -> String {
    site.machine
        .shell(
            "find /etc/strongroom /etc/postgresql /var/lib/postgresql -mindepth 1 | sort; pg_lsclusters -h",
        )
        .unwrap()
}

fn unknown_keys_and_dead_names_are_refused(site: &Site) {
    refused(site, &format!("{ANSWERS}\n[databose]\nport = 1\n"), "databose");
    // The resolver that the machine is told of answers nobody.
    let dead = ANSWERS.replace("\"localhost\"", "\"records.example.org\"");
    refused(site, &dead, "records.example.org");
}

fn a_taken_port_is_refused(site: &Site) {
    let listen = "use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 443, Listen => 1, ReuseAddr => 1) or die; sleep 600;";
    site.machine
        .run(&["systemd-run", "--quiet", "--unit=taken", "perl", "-e", listen])
        .unwrap();
    site.machine
        .shell("until grep -q ':01BB ' /proc/net/tcp; do sleep 0.2; done")
        .unwrap();
    refused(site, ANSWERS, "443");
    site.machine.run(&["systemctl", "stop", "taken"]).unwrap();
}

fn a_clock_that_stands_before_files_of_this_machine_is_refused(site: &Site) {
    site.machine
        .shell("touch -r /var/log/dpkg.log /root/then; touch -d '+3 days' /var/log/dpkg.log")
        .unwrap();
    refused(site, ANSWERS, "the clock is wrong");
    site.machine
        .run(&["touch", "-r", "/root/then", "/var/log/dpkg.log"])
        .unwrap();
}

fn a_full_disk_is_refused_and_one_that_fills_meanwhile_leaves_nothing_in_the_way(site: &Site) {
    let mount = |options: &str| {
        let run = format!("mount -t tmpfs -o {options} tmpfs {DATA}; chown postgres:postgres {DATA}");
        site.machine.shell(&run).unwrap();
    };
    mount("size=64M");
    refused(site, ANSWERS, "too little");
    site.machine.run(&["umount", DATA]).unwrap();
    // Room enough as far as anybody can ask, and then no more files.
    mount("size=3G,nr_inodes=300");
    let said = site
        .try_to_set_up(ANSWERS)
        .expect_err("the cluster has more files than that");
    assert!(
        said.contains("No space left") || said.contains("pg_createcluster"),
        "{said}"
    );
    site.machine
        .shell(&format!("mount -o remount,size=3G,nr_inodes=100000 {DATA}"))
        .unwrap();
    let said = site.try_to_set_up(ANSWERS);
    assert!(said.is_ok(), "what was half made is in the way: {said:?}");
    // On to a disk that outlives the machine.
    site.machine
        .shell(&format!(
            "systemctl stop strongroom strongroom-worker; pg_dropcluster --stop 17 strongroom; rm -rf /etc/postgresql/17/strongroom; \
             umount {DATA}; rm -rf /etc/strongroom/strongroom.toml /etc/strongroom/credentials/* /etc/strongroom/tls/*"
        ))
        .unwrap();
}
