//! From a bare Debian to a sign-in over HTTPS: how long it takes, with the package in hand and out of a bundle alone.
//!
//! The times are printed for docs/OPERATIONS.md and decide nothing.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use testkit::machine::Release;

use super::super::package::package;
use super::maker::{INSIDE, Maker};
use super::site::{OWNER, PASSWORD, Site};

#[test]
fn a_bare_debian_13_serves_after_two_commands() {
    arrive(Release::Trixie);
}

#[test]
fn long_a_bare_debian_12_serves_after_two_commands() {
    arrive(Release::Bookworm);
}

fn arrive(release: Release) {
    let site = Site::boot(release);
    let began = Instant::now();
    let said = site.install();
    let installed = began.elapsed();
    let set_up = site.set_up();
    let ready = began.elapsed();
    signs_in(&site);
    println!(
        "{release:?}: installed after {installed:.1?}, set up after {ready:.1?}, signed in after {:.1?}",
        began.elapsed()
    );
    println!("{}\n{set_up}", last_lines(&said, 12));
}

/// Neither a network nor Debian's archive: one package's file to look at the bundle with, and the bundle.
#[test]
fn long_a_bare_debian_13_is_installed_out_of_a_bundle_alone() {
    let site = Site::boot(Release::Trixie);
    let archive = site.machine.outside("/srv/packages");
    let mut packages: Vec<PathBuf> = fs::read_dir(&archive)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    packages.retain(|path| path.extension().is_some_and(|ending| ending == "deb"));
    packages.push(package());
    let maker = Maker::new();
    maker.carry_with(&site, 1, env!("CARGO_PKG_VERSION"), &packages);
    site.machine.copy_in(&package(), "/root/strongroom.deb").unwrap();
    site.machine.shell("rm -r /srv/packages /etc/apt/sources.list /var/lib/apt/lists; mkdir -p /var/lib/apt/lists/partial").unwrap();
    site.machine.remove_routes().unwrap();
    let sent = site.machine.packets_sent().unwrap();

    let began = Instant::now();
    let root = maker.chain.first_anchor().unwrap();
    let first = format!("{FIRST} --root {root} {INSIDE}");
    let taken = site.machine.shell(&first).unwrap();
    let said = site.machine.shell(INSTALL).unwrap();
    let installed = began.elapsed();
    let set_up = site.set_up();
    let ready = began.elapsed();
    assert_eq!(
        site.machine.packets_sent().unwrap(),
        sent,
        "somebody tried the network"
    );
    signs_in(&site);
    println!(
        "bundle: installed after {installed:.1?}, set up after {ready:.1?}, signed in after {:.1?}",
        began.elapsed()
    );
    println!("{taken}\n{}\n{set_up}", last_lines(&said, 12));
}

/// As docs/OPERATIONS.md says; nothing of the package is installed by it.
const FIRST: &str = "cd /root; dpkg-deb --extract strongroom.deb first; mkdir -m 0700 bundle; first/usr/bin/strongroom update import \
                     --state-folder /root/bundle --config /root/bundle/none.toml";
/// apt's own account is to read the packages.
const INSTALL: &str = "mkdir /srv/bundle; cp -r /root/bundle/1/. /srv/bundle; chmod -R a+rX /srv/bundle; \
                       echo 'deb [trusted=yes] file:/srv/bundle ./' > /etc/apt/sources.list; apt-get -qq update; \
                       apt-get --yes -o Dpkg::Use-Pty=0 install strongroom; rm -r /root/first /root/bundle";

fn signs_in(site: &Site) {
    let console = site.console();
    console.wait_until_ready();
    let page = console.sign_in(OWNER, PASSWORD);
    assert!(page.contains("Sign out"), "{page}");
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
