//! Every act of the platform's own list was entered by some test: in this crate, through the API, or on the pages. What programs of root
//! report has its entries here, too: their own tests run them as processes of their own.

use crate::{fixture::Site, mail::backup_run};
use access::Role;
use host::{
    backup::record::{Drill, Location, Outcome as Ended},
    updates::{MajorOutcome, MajorPhase, MajorUpgrade, Outcome, Reboot, Renewal, Update},
};
use jiff::Timestamp;
use platform::{
    Caller, Platform, access_log,
    act::catalogue::ACTIONS,
    backup::{self, BackupAct},
    firewall, organization, update,
};
use std::collections::BTreeSet;

async fn entries(site: &Site) -> i64 {
    let text = "SELECT count(*) FROM strongroom.entry";
    site.superuser().await.query_one(text, &[]).await.unwrap().get(0)
}

async fn updates(platform: &Platform) -> i64 {
    let host = Caller::host();
    let mut noted = 0;
    for outcome in [Outcome::Installed, Outcome::Undone, Outcome::Unwell] {
        let mut ended = Update::new("1.0", "1.1", Timestamp::now());
        ended.outcome = Some(outcome);
        update::note(platform, &host, &ended).await.unwrap();
        noted += 1;
    }
    for reboot in [Reboot::Begun, Reboot::NotNeeded] {
        let mut renewal = Renewal::new(Timestamp::now());
        renewal.reboot = reboot;
        update::note_renewal(platform, &host, &renewal).await.unwrap();
        noted += 1;
    }
    noted
}

async fn upgrades(platform: &Platform) -> i64 {
    let mut noted = 0;
    for outcome in [
        MajorOutcome::Kept,
        MajorOutcome::Confirmed,
        MajorOutcome::Returned,
        MajorOutcome::Undone,
    ] {
        let upgrade = MajorUpgrade {
            cluster: "strongroom".to_owned(),
            port: 5_432,
            from: 15,
            to: 17,
            data_folder: "/var/lib/postgresql/17/strongroom".into(),
            phase: MajorPhase::Judge,
            frozen_until: None,
            began_at: Timestamp::now(),
            ended_at: None,
            outcome: Some(outcome),
            why: None,
        };
        update::note_major(platform, &Caller::host(), &upgrade)
            .await
            .unwrap();
        noted += 1;
    }
    noted
}

async fn backups(platform: &Platform) -> i64 {
    let host = Caller::host();
    let mut noted = 0;
    for outcome in [Ended::Done, Ended::Failed] {
        backup::note_run(platform, &host, &backup_run(outcome, 1))
            .await
            .unwrap();
        let drill = Drill {
            from: Location::First,
            with_kit: false,
            label: None,
            point: None,
            point_at: None,
            moment: None,
            began_at: Timestamp::now(),
            ended_at: Timestamp::now(),
            outcome,
            why: None,
            checks: Vec::new(),
        };
        backup::note_drill(platform, &host, &drill).await.unwrap();
        noted += 2;
    }
    for act in [
        BackupAct::Enabled,
        BackupAct::Asked,
        BackupAct::AlertTested,
        BackupAct::KitMade,
        BackupAct::KitVerified,
    ] {
        backup::note_act(platform, &host, act, "as asked").await.unwrap();
        noted += 1;
    }
    backup::begin_anew(platform, &host, "rebuilt").await.unwrap();
    noted + 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_programs_of_root_report_is_entered_each_time() {
    let site = Site::start().await;
    let before = entries(&site).await;
    let mut noted = updates(&site.platform).await;
    noted += upgrades(&site.platform).await;
    noted += backups(&site.platform).await;
    firewall::note_call(&site.platform, &Caller::host(), "Reboot", "by varlinkctl")
        .await
        .unwrap();
    assert_eq!(entries(&site).await, before + noted + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_and_how_long_the_access_log_is_kept_are_entered() {
    let site = Site::start().await;
    let before = entries(&site).await;
    access_log::keep_months(&site.platform, &Caller::host(), 6)
        .await
        .unwrap();
    let owner = site.as_role(Role::Owner).await;
    organization::rename(&owner, "Acme Renamed").await.unwrap();
    assert_eq!(entries(&site).await, before + 2);
}

#[test]
#[ignore = "it looks at what all other tests entered: `cargo xtask test` ends with it"]
fn every_act_of_the_catalogue_was_entered_by_some_test() {
    let seen = testkit::acts::seen().unwrap();
    let seen: BTreeSet<&str> = seen.iter().map(String::as_str).collect();
    let missing: Vec<_> = ACTIONS.iter().filter(|action| !seen.contains(*action)).collect();
    assert!(missing.is_empty(), "no test enters {missing:?}");
}
