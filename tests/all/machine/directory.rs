//! A booted Debian signs people in through a directory on another machine: opened by root, reached by the daemons, and
//! nobody who has a password here waits for it when it is away.

use std::fs;
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use testkit::directory::{BASE, Openldap, SERVICE_DN, SERVICE_PASSWORD, password_of};
use testkit::dns::{DnsServer, Listed};
use testkit::machine::Release;

use super::console::Console;
use super::outgoing::{WITH_FIREWALL, apply};
use super::site::{OWNER, PASSWORD, Site};

/// The directory's name, which the machine finds in its own file of names.
const NAME: &str = "directory.harbour.test";
/// The service under which DNS lists it.
const SERVICE: &str = "_ldap._tcp.harbour.test";
/// What a sign-in with a password here may cost more while the directory is away.
const DELAY_MAX: Duration = Duration::from_secs(1);

#[test]
fn a_machine_signs_people_in_by_a_directory_and_the_owner_at_once_when_it_is_away() {
    let site = Site::boot(Release::Trixie);
    site.install();
    site.set_up_with(WITH_FIREWALL);
    let console = site.console();
    console.wait_until_ready();
    let directory = start(&site);

    add(&site, &directory);
    let refused = site.console().try_to_sign_in("anna", &password_of("anna"));
    assert!(refused.is_err(), "a directory is reached that no setting names");
    open(&site, &directory);
    console.wait_until_ready();
    steps_are_well(&site);
    anna_signs_in(&console);
    let wrong = site.console().try_to_sign_in("anna", "not hers");
    assert!(wrong.is_err(), "{wrong:?}");

    site.machine
        .run(&["systemctl", "restart", "strongroom.service"])
        .unwrap();
    console.wait_until_ready();
    still_in(&console);
    anna_signs_in(&site.console());
    nobody_here_waits_for_it(&site);
    anna_signs_in(&site.console());
    its_servers_are_taken_from_what_dns_lists(&site, &directory);
    site.machine.run(&["strongroom", "audit", "check"]).unwrap();
}

/// On the host's end of the line, with a name that both know.
fn start(site: &Site) -> Openldap {
    let address: Ipv4Addr = site.machine.host_address().parse().unwrap();
    site.machine
        .shell(&format!("echo '{address} {NAME}' >> /etc/hosts"))
        .unwrap();
    Openldap::start_at(address, NAME).unwrap()
}

/// Root asks the resolver once; what it lists then is used, and what it lists later is told by the doctor and opens nothing.
fn its_servers_are_taken_from_what_dns_lists(site: &Site, directory: &Openldap) {
    let address: Ipv4Addr = site.machine.host_address().parse().unwrap();
    let listed = |port| Listed {
        service: SERVICE,
        host: NAME,
        port,
        priority: 0,
        weight: 100,
    };
    let dns = DnsServer::start_at(address, &[listed(directory.port)]).unwrap();
    let script = format!("rm -f /etc/resolv.conf; echo 'nameserver {address}' > /etc/resolv.conf");
    site.machine.shell(&script).unwrap();
    let applied = apply(site, &format!("\"{SERVICE}\""));
    assert!(applied.status.success(), "{applied:?}");
    fs::write(site.machine.outside("/root/service"), SERVICE_PASSWORD).unwrap();
    let script = format!(
        "cd /root; chmod 0600 service
        strongroom directory alter harbour --server {SERVICE} --security starttls --secret-file service
        rm service"
    );
    site.machine.shell(&script).unwrap();
    site.console().wait_until_ready();
    steps_are_well(site);
    anna_signs_in(&site.console());
    let outgoing = || {
        let doctor = site.machine.attempt(&["strongroom", "doctor"]).unwrap();
        let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
        let line = told.lines().find(|line| line.contains(SERVICE));
        line.unwrap_or(&told).to_owned()
    };
    let told = outgoing();
    assert!(told.contains(&format!("{NAME}:{}", directory.port)), "{told}");
    drop(dns);
    let _elsewhere = DnsServer::start_at(address, &[listed(directory.tls_port)]).unwrap();
    let told = outgoing();
    assert!(told.contains("resolves to others than are kept"), "{told}");
    anna_signs_in(&site.console());
}

/// As docs/OPERATIONS.md says, but for the firewall.
fn add(site: &Site, directory: &Openldap) {
    fs::write(site.machine.outside("/root/authority.pem"), &directory.authority).unwrap();
    fs::write(site.machine.outside("/root/service"), SERVICE_PASSWORD).unwrap();
    let port = directory.tls_port;
    let script = format!(
        "cd /root; chmod 0600 service
        strongroom directory add harbour --product openldap --server {NAME}:{port} --service-dn {SERVICE_DN} \
        --base {BASE} --authorities authority.pem --secret-file service --first-sign-in create
        rm service
        strongroom directory map harbour cn=harbour-masters,ou=groups,{BASE} acme editor"
    );
    site.machine.shell(&script).unwrap();
}

/// The daemons reach it from then on, and nobody starts them by hand.
fn open(site: &Site, directory: &Openldap) {
    let applied = apply(site, &format!("\"ldaps://{NAME}:{}\"", directory.tls_port));
    assert!(applied.status.success(), "{applied:?}");
}

fn steps_are_well(site: &Site) {
    let tested = site
        .machine
        .run(&["strongroom", "directory", "test", "harbour", "--user", "anna"])
        .unwrap();
    assert!(tested.contains("acme: editor"), "{tested}");
}

fn anna_signs_in(console: &Console) {
    let page = console.sign_in("anna", &password_of("anna"));
    assert!(page.contains("Sign out"), "{page}");
}

fn still_in(console: &Console) {
    let page = console.get("/account").unwrap_or_default();
    assert!(page.contains("Sign out"), "the session is gone:\n{page}");
}

/// The line is out, so whoever asks the directory hears nothing at all. The consoles are at the machine itself.
fn nobody_here_waits_for_it(site: &Site) {
    let before = quickest(site);
    let of_anna = site.own_console();
    anna_signs_in(&of_anna);
    site.machine.unplug().unwrap();
    let away = site.own_console();
    let begun = Instant::now();
    let asks = thread::spawn(move || (away.try_to_sign_in("anna", &password_of("anna")), begun.elapsed()));
    let meanwhile = quickest(site);
    println!(
        "the owner signs in within {before:.1?}, and while the directory is away within {meanwhile:.1?}"
    );
    assert!(
        meanwhile < before + DELAY_MAX,
        "the owner waits for the directory: {meanwhile:?}"
    );
    still_in(&of_anna);
    let (answered, after) = asks.join().unwrap();
    println!("who needs the directory is refused after {after:.1?}");
    assert!(answered.is_err(), "anna is let in without her directory");
    site.machine.plug_in().unwrap();
    // A server that failed is left alone for a minute; a new start knows of no failure.
    site.machine
        .run(&["systemctl", "restart", "strongroom.service"])
        .unwrap();
    site.console().wait_until_ready();
}

/// The quickest of three sign-ins with the owner's password: the other two may have waited for this machine.
fn quickest(site: &Site) -> Duration {
    let sign_in = || {
        let console = site.own_console();
        let begun = Instant::now();
        let page = console.sign_in(OWNER, PASSWORD);
        assert!(page.contains("Sign out"), "{page}");
        begun.elapsed()
    };
    (0..3).map(|_| sign_in()).min().unwrap()
}
