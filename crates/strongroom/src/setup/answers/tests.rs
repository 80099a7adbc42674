use super::*;

const LEAST: &str = "[server]\nname = \"Records.example.org\"\n[organization]\nslug = \"acme\"\nowner_email = \"ada@example.org\"\n";

fn read(text: &str) -> Result<Answers, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.toml");
    fs::write(&file, text).unwrap();
    Answers::read(&file).map_err(|error| error.to_string())
}

/// The refusal of the least answers with something added to a section or changed.
fn refusal(from: &str, to: &str) -> String {
    let text = LEAST.replace(from, to);
    assert_ne!(text, LEAST);
    read(&text).unwrap_err()
}

#[test]
fn three_answers_are_enough_and_the_rest_has_defaults() {
    let answers = read(LEAST).unwrap();
    assert_eq!(answers.base_url(), "https://records.example.org");
    assert_eq!(answers.server.https.port(), 443);
    assert_eq!(answers.certificate, Certificate::OwnAuthority);
    assert_eq!(
        (answers.database.cluster.as_str(), answers.database.port),
        ("strongroom", None)
    );
    assert_eq!(answers.organization.name, "acme");
    assert_eq!(
        (answers.services.user.as_str(), answers.services.start),
        ("strongroom", true)
    );
    assert!(
        !answers.firewall.apply,
        "ports are closed that nobody asked to close"
    );
    assert!(
        read(&format!("{LEAST}[firewall]\napply = true\n"))
            .unwrap()
            .firewall
            .apply
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let text = refusal("name = \"Records", "nmae = \"x\"\nname = \"Records");
    assert!(text.contains("line 2") && text.contains("nmae"), "{text}");
    let section = read(&format!("{LEAST}[servre]\n")).unwrap_err();
    assert!(section.contains("servre"), "{section}");
}

#[test]
fn answers_that_cannot_be_are_refused_with_what_to_write() {
    let bad_name = refusal("Records.example.org", "records_.example");
    assert!(
        bad_name.contains("server.name") && bad_name.contains("records.example.org"),
        "{bad_name}"
    );
    let bad_port = refusal("[organization]", "https = \"443\"\n[organization]");
    assert!(bad_port.contains("server.https"), "{bad_port}");
    let same = refusal("[organization]", "http = \"[::]:443\"\n[organization]");
    assert!(same.contains("server.http"), "{same}");
    let slug = refusal("\"acme\"", "\"Not A Slug\"");
    assert!(slug.contains("organization.slug"), "{slug}");
    let main = read(&format!("{LEAST}[database]\ncluster = \"main\"\n")).unwrap_err();
    assert!(main.contains("Debian's own cluster"), "{main}");
    let half = read(&format!("{LEAST}[certificate]\nfrom = \"files\"\nkey = \"/k\"\n")).unwrap_err();
    assert!(half.contains("name both files"), "{half}");
    let other = read(&format!("{LEAST}[certificate]\nfrom = \"oracle\"\n")).unwrap_err();
    assert!(other.contains("own-authority"), "{other}");
}

#[test]
fn an_address_may_stand_for_a_name_and_another_port_is_in_the_url() {
    let text = LEAST.replace("Records.example.org", "fd00::5");
    let text = text.replace("[organization]", "https = \"[::]:8443\"\n[organization]");
    assert_eq!(read(&text).unwrap().base_url(), "https://[fd00::5]:8443");
}

#[test]
fn a_repository_is_an_address_and_nothing_that_apt_would_misread() {
    let read = |repository: &str| {
        let answers = read(&format!("{LEAST}[updates]\nrepository = {repository:?}\n"))?;
        Ok::<_, String>(answers.updates.repository)
    };
    assert_eq!(
        read("https://packages.example.org/debian/").unwrap().as_deref(),
        Some("https://packages.example.org/debian")
    );
    assert_eq!(read("").unwrap(), None);
    for attack in [
        "https://a.example/ \nTrusted: yes",
        "https://a.example/\nSigned-By:",
        "https://a.example/ stable",
        "https://a.example/[trusted=yes]",
        "https://user:secret@a.example/",
        "ssh://a.example/",
        "a.example",
    ] {
        let refused = read(attack).unwrap_err();
        assert!(refused.contains("updates.repository"), "{attack}: {refused}");
        assert!(!refused.contains("secret"), "{refused}");
    }
}

#[test]
fn an_authority_that_is_asked_needs_a_name_a_way_in_and_a_directory() {
    let section = "[certificate]\nfrom = \"acme\"\ndirectory = \"https://ca.example.org/dir\"\n";
    let open = LEAST.replace("[organization]", "http = \"[::]:80\"\n[organization]");
    let answers = read(&format!("{open}{section}")).unwrap();
    let Certificate::Acme(acme) = answers.certificate else {
        panic!("{answers:?}")
    };
    assert_eq!(acme.directory.as_str(), "https://ca.example.org/dir");
    let refused = |text: &str| read(text).unwrap_err();
    assert!(refused(&format!("{LEAST}{section}")).contains("server.http = \"[::]:80\""));
    let address = open.replace("Records.example.org", "10.0.0.5");
    assert!(refused(&format!("{address}{section}")).contains("a name in server.name"));
    let plain = section.replace("https:", "http:");
    assert!(refused(&format!("{open}{plain}")).contains("certificate.directory"));
    let trust = format!("{section}trust = \"ca.pem\"\n");
    assert!(refused(&format!("{open}{trust}")).contains("certificate.trust"));
    let other = section.replace("\"acme\"", "\"request\"");
    assert!(refused(&format!("{open}{other}")).contains("from = \"acme\""));
}
