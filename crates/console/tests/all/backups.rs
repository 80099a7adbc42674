//! Backups and going back in time on the pages: sample pages, what is shown of root's record, rights, and both in Chromium.

use super::{
    client::Client,
    person::Person,
    sample::{Page, at, badge, chrome, page},
    site::{PASSWORD, Site, email},
};
use console::view::{
    BackupsPage, CheckRow, DrillRow, FieldInput, InputKind, KeptRow, LastRestoreView, Moment, Nav,
    OrganizationRestorePage, PlaceRow, RestorePreview, RunRow, Running, Tone, Track, TrackMark, TrackSpan,
};
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller,
    backup::{
        Backup, Check, Copied, Doing, Drill, Gap, Kind, Kit, Location, Outcome, Report, Run, Step, UnderWay,
    },
    break_glass,
    dataset::{self, DatasetDraft},
    operator,
    record::{self, Expected},
};
use serde_json::{Value, json};
use testkit::browser::{ColorScheme, Scripts};

const BACKUPS: &str = "/appliance/backups";
const RESTORE: &str = "/o/acme/restore";

pub(super) fn pages() -> Vec<Page> {
    vec![
        page(BACKUPS, &backups(true)),
        page("/states/backups-none", &backups(false)),
        page("/o/northwind/restore", &restore(true)),
        page("/states/restore-moment", &restore(false)),
    ]
}

fn track() -> Track {
    let mark = |class: &'static str, x: u16| TrackMark {
        class,
        x,
        said: format!("{class} at {x}"),
    };
    Track {
        said: "From 1 Mar to 12 Mar can be gone back to; 3 backups, 1 that failed, 2 drills of which 1 passed, 1 gap."
            .into(),
        spans: vec![
            TrackSpan {
                class: "reach",
                x: 20,
                width: 960,
                said: "Can be gone back to".into(),
            },
            TrackSpan {
                class: "gap",
                x: 400,
                width: 90,
                said: "Out of reach".into(),
            },
        ],
        marks: vec![
            mark("full", 20),
            mark("differential", 180),
            mark("incremental", 320),
            mark("failed", 400),
            mark("drill", 250),
            mark("drill-failed", 700),
        ],
        begins: at("1 Mar 2026, 02:10 UTC"),
        ends: at("12 Mar 2026, 14:02 UTC"),
    }
}

fn steps() -> Vec<(Moment, String)> {
    vec![(
        at("12 Mar 2026, 02:10:03 UTC"),
        "back up the cluster (diff)".to_owned(),
    )]
}

fn place(name: &'static str, faults: Vec<String>) -> PlaceRow {
    PlaceRow {
        name,
        shown: "sftp://backup@vault.northwind.example:22/srv/strongroom".into(),
        state: badge("Look here", Tone::Bad),
        facts: vec![
            ("Last copy", "12 Mar 2026, 13:50 UTC, 3 new files".into()),
            (
                "Key of its host",
                "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU".into(),
            ),
        ],
        faults,
    }
}

fn run_row(why: Option<&str>) -> RunRow {
    RunRow {
        at: at("12 Mar 2026, 02:12 UTC"),
        state: badge(if why.is_some() { "Failed" } else { "Taken" }, Tone::Good),
        kind: "differential",
        took: "2 min 4 s".into(),
        stored: "3.1 MB".into(),
        label: Some("20260301-021003F_20260312-021003D".into()),
        why: why.map(str::to_owned),
        steps: steps(),
    }
}

fn drill_row() -> DrillRow {
    DrillRow {
        at: at("8 Mar 2026, 04:30 UTC"),
        state: badge("Passed", Tone::Good),
        said: "from the first location, to 8 Mar 2026, 04:20:11 UTC".into(),
        took: "6 min 2 s".into(),
        why: None,
        checks: vec![CheckRow {
            name: "rows".into(),
            state: badge("Right", Tone::Good),
            said: "7043 rows in 61 tables are as they were".into(),
            took: "14 s".into(),
        }],
    }
}

fn kept_row() -> KeptRow {
    KeptRow {
        label: "20260301-021003F".into(),
        kind: "full".into(),
        from: at("1 Mar 2026, 02:10 UTC"),
        size: "1.2 GB".into(),
        stored: "310 MB".into(),
    }
}

fn backups(is_on: bool) -> BackupsPage {
    let running = Running {
        title: "A backup runs",
        since: at("12 Mar 2026, 14:01:12 UTC"),
        percent: Some(42),
        steps: steps(),
        refresh_href: "/appliance/backups?polling=true",
    };
    let mut page = BackupsPage {
        chrome: chrome("Backups", Nav::Appliance),
        unreadable: None,
        is_on,
        reach: vec![
            ("Oldest moment", "1 Mar 2026, 02:10:41 UTC".into()),
            ("Newest moment", "12 Mar 2026, 14:02:31 UTC".into()),
        ],
        gaps: vec![],
        track: is_on.then(track),
        running: is_on.then_some(running),
        cut_off: (!is_on).then(|| "A drill was cut off.".into()),
        places: vec![
            place("First location", vec![]),
            place(
                "Second location",
                vec!["The last copy failed: its host key changed.".into()],
            ),
        ],
        kept: vec![],
        runs: vec![],
        drills: vec![],
        told: vec![
            ("Mail to operators", "the last was taken 2 Mar 2026, 04:00 UTC".into()),
            ("Webhook", "alerts.northwind.example:443; the last, 3 Mar 2026, 04:00 UTC, was not taken: it answers with status 500".into()),
        ],
        kit: vec![("Made", "1 Mar 2026, 10:00 UTC".into())],
        kit_state: badge("Good", Tone::Good),
    };
    if is_on {
        page.gaps.push("Changes are missing.".into());
        page.kept.push(kept_row());
        page.runs
            .extend([run_row(None), run_row(Some("the disk is full"))]);
        page.drills.push(drill_row());
    }
    page
}

fn restore(with_preview: bool) -> OrganizationRestorePage {
    let preview = RestorePreview {
        target: ("to", "2026-03-12T13:52:31Z".into()),
        title: "Back to 12 Mar 2026, 13:52:31 UTC".into(),
        said: "212 records would get another version. Nothing was changed yet.".into(),
        datasets: vec![(
            "customers".into(),
            ["200".into(), "2".into(), "10".into(), "1".into()],
        )],
        aside: vec!["2 acts have erased something since then; what they erased does not come back.".into()],
        unfit: vec![(
            "/o/northwind/d/customers/r/018f".into(),
            "018f".into(),
            "Its number is another record's now.".into(),
        )],
        confirm_fields: vec![
            FieldInput::new("name", "The organization's name in addresses", InputKind::Text).required(),
        ],
    };
    OrganizationRestorePage {
        chrome: chrome("Go back in time", Nav::Lifecycle),
        organization: "northwind".into(),
        from: Some(at("1 Jan 2026, 09:00:00 UTC")),
        moment_fields: vec![
            FieldInput::new("to", "Moment", InputKind::ExactTimestamp)
                .with_value("2026-03-12T13:52:31")
                .required(),
        ],
        near: vec![(
            "10 minutes ago",
            "/o/northwind/restore?to=2026-03-12T13:52:31Z".into(),
        )],
        preview: with_preview.then_some(preview),
        last: with_preview.then(|| LastRestoreView {
            at: at("3 Mar 2026, 09:00:12 UTC"),
            said: "Back to 2026-03-03T08:50:00Z: 3 changed.".into(),
            entry_href: "/o/northwind/audit/018f".into(),
            undo_href: "/o/northwind/restore?undo=true".into(),
        }),
        failure: None,
    }
}

fn ago(hours: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(hours)
}

fn backup(label: &str, kind: &str, hours: i64) -> Backup {
    Backup {
        label: label.to_owned(),
        kind: kind.to_owned(),
        began_at: ago(hours),
        ended_at: ago(hours),
        bytes: 1_200_000_000,
        stored_bytes: 310_000_000,
        archive_start: "000000010000000000000002".to_owned(),
        archive_stop: "000000010000000000000003".to_owned(),
        has_errors: false,
    }
}

fn report() -> Report {
    let backups = vec![
        backup("20260301-021003F", "full", 160),
        backup("20260301-021003F_D", "diff", 40),
    ];
    Report {
        seen_at: ago(40),
        info: host::backup::info::Info {
            backups,
            archived_until: None,
            cipher: "aes-256-cbc".to_owned(),
        },
        holes: Some(vec!["changes between A and C are missing".to_owned()]),
        oldest_change_at: None,
        gaps: vec![Gap {
            from: ago(100),
            until: Some(ago(40)),
        }],
        space: None,
    }
}

fn step(at: Timestamp, said: &str) -> Step {
    Step {
        at,
        said: said.to_owned(),
    }
}

fn run(outcome: Outcome, hours: i64) -> Run {
    Run {
        kind: Kind::Differential,
        label: None,
        point: None,
        began_at: ago(hours),
        ended_at: ago(hours),
        outcome,
        why: Some("the disk is <full>".to_owned()).filter(|_| outcome == Outcome::Failed),
        bytes: 0,
        stored_bytes: 0,
        steps: vec![step(ago(hours), "back up the cluster (diff)")],
    }
}

fn drill() -> Drill {
    let check = Check {
        name: "rows".to_owned(),
        is_right: false,
        said: "2 tables are not as they were".to_owned(),
        took_ms: 14_000,
    };
    Drill {
        from: Location::Second,
        with_kit: true,
        label: None,
        point: None,
        point_at: Some(ago(30)),
        moment: None,
        began_at: ago(30),
        ended_at: ago(29),
        outcome: Outcome::Failed,
        why: Some("2 tables are not as they were".to_owned()),
        checks: vec![check],
    }
}

/// Root's record as it is after a bad week: what a page must not gloss over.
fn write_record(site: &Site) {
    let folder = host::backup::record::Folder::at(&site.files.path().join("record"));
    folder.prepare().unwrap();
    folder.note_report(&report()).unwrap();
    folder.note_run(&run(Outcome::Done, 40)).unwrap();
    folder.note_run(&run(Outcome::Failed, 16)).unwrap();
    folder.note_drill(&drill()).unwrap();
    let copied = Copied {
        to: "/mnt/copy".to_owned(),
        at: ago(1),
        outcome: Outcome::Failed,
        why: Some("the host key changed".to_owned()),
        files: 0,
        bytes: 0,
        newest_change: None,
        holes: Vec::new(),
        keeps: None,
        to_go: 0,
        oldest_backup: None,
        space: None,
    };
    folder.note_copied(&copied).unwrap();
    let kit = Kit {
        made_at: ago(1000),
        fingerprint: "ab12".to_owned(),
        verified_at: None,
        is_current: true,
    };
    folder.note_kit(&kit).unwrap();
    let now = Timestamp::now();
    let under_way = UnderWay {
        doing: Doing::Verification,
        began_at: now,
        seen_at: now,
        steps: vec![step(now, "read every file of the repository")],
        bytes: None,
    };
    folder.note_under_way(&under_way).unwrap();
}

async fn appoint(site: &Site) {
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_how_backups_stand_and_nobody_else_does() {
    let site = Site::start().await;
    appoint(&site).await;
    let walk = move || {
        let mut owner = Client::signed_in(&site, "owner");
        let token = owner.get("/account").token();
        assert_eq!(owner.get(BACKUPS).status, 404);
        for act in ["now", "test-alert"] {
            let path = format!("{BACKUPS}/{act}");
            assert_eq!(owner.post(&path, &[("csrf", &token)]).status, 404, "{act}");
        }
        let mut operator = Client::signed_in(&site, "viewer");
        let none = operator.get(BACKUPS);
        for shown in [
            "No backup was ever taken here",
            "not known; no backup was looked at yet",
            "none was made",
        ] {
            assert!(none.body.contains(shown), "{shown} is not shown:\n{}", none.body);
        }
        assert!(
            !none.body.contains("Back up now"),
            "what cannot be asked for is offered"
        );
        let refused = operator.post(&format!("{BACKUPS}/now"), &[("csrf", &none.token())]);
        assert_eq!(refused.status, 409, "{}", refused.body);
        let unset = operator.post(&format!("{BACKUPS}/test-alert"), &[("csrf", &none.token())]);
        assert!(
            unset.status == 409 && unset.body.contains("set a mail server"),
            "{}",
            unset.body
        );

        write_record(&site);
        let page = operator.get(BACKUPS);
        for shown in [
            "A verification runs",
            "read every file of the repository",
            "the disk is &#60;full&#62;",
            "No backup went well for more than a night",
            "Changes between A and C are missing.",
            "There is no copy elsewhere",
            "from the second location, opened with the recovery kit",
            "2 tables are not as they were",
            "back up the cluster (diff)",
            "Never read back",
            "aes-256-cbc",
            "not known:",
            "track-gap",
            "track-drill-failed",
        ] {
            assert!(page.body.contains(shown), "{shown} is not shown:\n{}", page.body);
        }
        // No helper of root's is here.
        let refused = operator.post(&format!("{BACKUPS}/now"), &[("csrf", &page.token())]);
        assert_eq!(refused.status, 503, "{}", refused.body);

        let folder = site.files.path().join("record");
        std::fs::write(folder.join("runs.json"), "[{").unwrap();
        let broken = operator.get(BACKUPS);
        assert!(
            broken.body.contains("Nothing is known of backups here"),
            "{}",
            broken.body
        );
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_cut_off_is_told_from_one_that_goes_on() {
    let site = Site::start().await;
    appoint(&site).await;
    write_record(&site);
    let folder = host::backup::record::Folder::at(&site.files.path().join("record"));
    let mut run = folder.under_way().unwrap().unwrap();
    run.seen_at -= SignedDuration::from_mins(10);
    folder.note_under_way(&run).unwrap();
    let walk = move || {
        let page = Client::signed_in(&site, "viewer").get(BACKUPS);
        assert!(page.body.contains("A verification was cut off"), "{}", page.body);
        assert!(!page.body.contains("http-equiv"), "it loads itself for nothing");
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

async fn look_fits(person: &Person, path: &str, says: &str, name: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (width, height, size) in [(1280, 800, "wide"), (390, 844, "narrow")] {
        for (scheme, colours) in [(ColorScheme::Light, "light"), (ColorScheme::Dark, "dark")] {
            person.browser.resize(width, height).await.unwrap();
            person.browser.prefer(scheme).await.unwrap();
            person.open(path).await;
            person.sees(says).await;
            let script = "return [document.documentElement.scrollWidth, window.innerWidth];";
            let seen = person.browser.execute(script, Vec::new()).await.unwrap();
            let widths: Vec<i64> = serde_json::from_value(seen).unwrap();
            assert!(widths[0] <= widths[1], "{name} {size} {colours}: {widths:?}");
            let picture = folder.join(format!("{name}-{size}-{colours}.png"));
            person.browser.screenshot_to(&picture).await.unwrap();
        }
    }
}

/// Every mark of the timeline has a colour that stands out from its panel: at least 3 to 1 (WCAG 2.2, 1.4.11).
async fn marks_stand_out(person: &Person) {
    let script = "const luminance = text => { \
        const [r, g, b] = text.match(/[0-9.]+/g).slice(0, 3).map(part => { part /= 255; \
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; }); \
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; }; \
        const ground = luminance(getComputedStyle(document.querySelector('.track').closest('.panel')).backgroundColor); \
        return [...document.querySelectorAll('.track-mark, rect.track-reach, rect.track-gap')].map(mark => { \
            const style = getComputedStyle(mark); \
            const own = luminance(mark.tagName === 'rect' ? style.fill : style.stroke); \
            return (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05); });";
    let seen = person.browser.execute(script, Vec::new()).await.unwrap();
    let ratios: Vec<f64> = serde_json::from_value(seen).unwrap();
    assert!(ratios.len() >= 5, "{ratios:?}");
    assert!(ratios.iter().all(|ratio| *ratio >= 3.0), "{ratios:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_timeline_fits_every_screen_and_stands_out_in_light_and_dark() {
    let site = Site::start().await;
    appoint(&site).await;
    write_record(&site);
    // Of an operator a second factor is asked at the door.
    let link = break_glass::create(&site.platform, &Caller::host(), &email("viewer"), "a journey")
        .await
        .unwrap();
    let token = link.url.expose().rsplit('/').next().unwrap().to_owned();
    let person = Person::new(&site, Scripts::Blocked).await;
    person.open(&format!("/break-glass/{token}")).await;
    person.press("Sign in").await;
    look_fits(&person, BACKUPS, "How far back", "backups").await;
    marks_stand_out(&person).await;
    person.browser.prefer(ColorScheme::Light).await.unwrap();
    person.open(BACKUPS).await;
    marks_stand_out(&person).await;
    person.heard_no_complaint().await;
}

async fn ledger(site: &Site) -> (platform::Workspace, types::RecordId) {
    let owner = site.workspace("owner", "acme").await;
    let fields = json!([{ "label": "Name", "kind": "text", "presence": "required" }]);
    let draft = DatasetDraft {
        key: "customers".into(),
        label: "Customers".into(),
        description: String::new(),
        fields: serde_json::from_value(fields).unwrap(),
    };
    dataset::create(&owner, draft).await.unwrap();
    let made = record::create(&owner, "customers", &named("Casa Verde"))
        .await
        .unwrap();
    (owner, made.record.id)
}

fn named(name: &str) -> serde_json::Map<String, Value> {
    json!({ "name": name }).as_object().unwrap().clone()
}

async fn go_back_and_forth(scripts: Scripts) {
    let site = Site::start().await;
    let (owner, id) = ledger(&site).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let moment = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    record::update(&owner, "customers", id, Expected::Any, &named("Somebody else"))
        .await
        .unwrap();
    let person = Person::new(&site, scripts).await;
    person.sign_in("owner").await;
    person.open("/o/acme/about").await;
    person.press("Go back in time").await;
    person.sees("Choose a moment").await;
    person.tab_to("to").await;
    look_fits(
        &person,
        &format!("{RESTORE}?to={moment}"),
        "One record would get another version",
        "restore",
    )
    .await;
    person.tab_to("name").await;
    person.fill("name", "globex").await;
    person.press("Carry it out").await;
    person.sees("Type acme to take the organization back").await;
    person.fill("name", "acme").await;
    person.press("Carry it out").await;
    person.sees("The organization is taken back").await;
    person.sees("1 changed").await;
    person.open(&format!("/o/acme/d/customers/r/{id}")).await;
    person.sees("Casa Verde").await;
    person.open(RESTORE).await;
    person.press("Take it back").await;
    person.sees("taken back").await;
    person.sees("One record would get another version").await;
    person.fill("name", "acme").await;
    person.press("Carry it out").await;
    person.sees("The organization is taken back").await;
    person.open(&format!("/o/acme/d/customers/r/{id}")).await;
    person.sees("Somebody else").await;
    person.heard_no_complaint().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_goes_back_and_forth_with_scripts() {
    go_back_and_forth(Scripts::Allowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_goes_back_and_forth_without_scripts() {
    go_back_and_forth(Scripts::Blocked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_administers_goes_back_and_no_moment_is_taken_on_trust() {
    let site = Site::start().await;
    drop(ledger(&site).await);
    let walk = move || {
        for who in ["viewer", "editor", "accountant"] {
            let mut member = Client::new(&site);
            member.sign_in(&email(who), PASSWORD, "/o/acme/about");
            assert_eq!(member.get(RESTORE).status, 403, "{who}");
            let about = member.get("/o/acme/about");
            assert!(!about.body.contains(RESTORE), "{who} is offered what is refused");
            let fields = [
                ("csrf", about.token()),
                ("undo", "true".to_owned()),
                ("name", "acme".to_owned()),
            ];
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
            assert_eq!(member.post(RESTORE, &fields).status, 403, "{who}");
        }
        assert_eq!(Client::signed_in(&site, "stranger").get(RESTORE).status, 404);
        let mut owner = Client::signed_in(&site, "owner");
        for (asked, said) in [
            ("to=2001-01-01T00:00:00", "log begins at"),
            ("to=2099-01-01T00:00:00", "is to come"),
            ("to=yesterday", "Write a moment such as"),
            ("undo=true", "was never taken back"),
        ] {
            let page = owner.get(&format!("{RESTORE}?{asked}"));
            assert_eq!(page.status, 422, "{asked}");
            assert!(
                page.body.contains(said),
                "{asked} does not say {said}:\n{}",
                page.body
            );
        }
        let token = owner.get(RESTORE).token();
        let nothing = owner.post(RESTORE, &[("csrf", &token), ("name", "acme")]);
        assert_eq!(nothing.status, 400, "{}", nothing.body);
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
