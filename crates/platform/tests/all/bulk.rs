//! Bulk acts: all or none, each fault at its operation.

use crate::{
    fixture::{Site, field, unique},
    import::count,
};
use access::Role;
use platform::{
    bulk::{self, Operation},
    dataset::{self, FieldDraft},
    record::{self, Input},
};
use serde_json::json;
use types::{FieldKind, ProblemCode, field::Rules};

fn input(json: serde_json::Value) -> Input {
    record::read_input(&json).unwrap()
}

fn new(reference: &str, amount: &str) -> Operation {
    Operation::Create {
        fields: input(json!({"reference": reference, "amount": amount})),
    }
}

async fn site() -> (Site, platform::Workspace) {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![
        unique("Reference", FieldKind::Text),
        field("Amount", FieldKind::Decimal),
        field("Account", FieldKind::SensitiveText),
    ];
    site.dataset(&owner, "Payments", fields).await;
    (site, owner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_follow_each_other_under_one_entry() {
    let (_site, owner) = site().await;
    let made = bulk::apply(&owner, "payments", vec![new("a", "1"), new("b", "2")])
        .await
        .unwrap();
    let (a, b) = (made[0].id, made[1].id);
    let operations = vec![
        Operation::Update {
            id: a,
            version: Some(1),
            fields: input(json!({"amount": "10", "account": "DE1"})),
        },
        Operation::Trash {
            id: a,
            version: Some(2),
        },
        new("c", "3"),
        Operation::Restore { id: a, version: None },
        Operation::Trash { id: b, version: None },
    ];
    let applied = bulk::apply(&owner, "payments", operations).await.unwrap();
    let versions: Vec<i64> = applied.iter().map(|applied| applied.version).collect();
    assert_eq!(versions, [2, 3, 1, 4, 2]);
    assert_eq!(count(&owner, "payments").await, 2);
    let history = record::history(&owner, "payments", a, None).await.unwrap();
    assert_eq!(history.steps.len(), 4);
    assert_eq!(
        history.steps[0].entry, history.steps[2].entry,
        "three versions of one act"
    );
    assert_ne!(history.steps[2].entry, history.steps[3].entry);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_names_its_operation_and_nothing_is_changed() {
    let (_site, owner) = site().await;
    let made = bulk::apply(&owner, "payments", vec![new("a", "1")])
        .await
        .unwrap();
    let operations = vec![
        new("b", "2"),
        new("c", "many"),
        new("4111 1111 1111 1111", "3"),
        new("d", "4"),
    ];
    let error = bulk::apply(&owner, "payments", operations).await.unwrap_err();
    let pointers: Vec<&str> = error
        .errors
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        ["/operations/1/fields/amount", "/operations/2/fields/reference"]
    );

    let error = bulk::apply(&owner, "payments", vec![new("b", "2"), new("a", "3")])
        .await
        .unwrap_err();
    assert_eq!(error.errors[0].pointer, "/operations/1/fields/reference");
    assert_eq!(error.errors[0].code, "not-unique");

    let stale = Operation::Update {
        id: made[0].id,
        version: Some(7),
        fields: input(json!({"amount": "5"})),
    };
    let error = bulk::apply(&owner, "payments", vec![new("b", "2"), stale])
        .await
        .unwrap_err();
    assert_eq!(
        (error.code, error.errors[0].pointer.as_str()),
        (ProblemCode::Stale, "/operations/1")
    );

    let missing = Operation::Trash {
        id: types::RecordId::new(1, [1; 10]),
        version: None,
    };
    let error = bulk::apply(&owner, "payments", vec![missing]).await.unwrap_err();
    assert_eq!(error.code, ProblemCode::NotFound);
    assert_eq!(count(&owner, "payments").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_changes_nothing_and_the_number_of_operations_is_bounded() {
    let (site, owner) = site().await;
    let viewer = site.as_role(Role::Viewer).await;
    let refused = bulk::apply(&viewer, "payments", vec![new("a", "1")])
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
    for size in [0, bulk::OPERATIONS_MAX + 1] {
        let operations = (0..size).map(|number| new(&number.to_string(), "1")).collect();
        let refused = bulk::apply(&owner, "payments", operations).await.unwrap_err();
        assert_eq!(refused.code, ProblemCode::Invalid);
    }
}

/// Rules can be made to ask about what their maker does not read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_answers_nothing_about_what_stays_and_is_not_read() {
    let (site, owner) = site().await;
    let operations = vec![Operation::Create {
        fields: input(json!({"reference": "a", "amount": "1", "account": "DE89"})),
    }];
    let id = bulk::apply(&owner, "payments", operations).await.unwrap()[0].id;
    let administrator = site.as_role(Role::Administrator).await;
    let ruled = |label: &str, kind, pattern: &str| FieldDraft {
        rules: Rules {
            pattern: Some(pattern.to_owned()),
            ..Rules::default()
        },
        ..field(label, kind)
    };
    let asks = ruled("Account", FieldKind::SensitiveText, "NL.*");
    dataset::alter_field(&administrator, "payments", "account", &asks)
        .await
        .unwrap();
    let update = |fields| Operation::Update {
        id,
        version: None,
        fields: input(fields),
    };
    let apply = async |fields| bulk::apply(&administrator, "payments", vec![update(fields)]).await;
    apply(json!({})).await.unwrap();
    apply(json!({"amount": "2"})).await.unwrap();
    let fields = input(json!({"amount": "3"}));
    record::update(&administrator, "payments", id, record::Expected::Any, &fields)
        .await
        .unwrap();
    let code = |error: platform::PlatformError| error.code;
    let wrong = apply(json!({"account": "FR14"})).await.map_err(code);
    assert_eq!(wrong.unwrap_err(), ProblemCode::Invalid, "what is new is checked");
    let reads = ruled("Reference", FieldKind::Text, "[0-9]+");
    dataset::alter_field(&administrator, "payments", "reference", &reads)
        .await
        .unwrap();
    let stays = apply(json!({"amount": "4"})).await.map_err(code);
    assert_eq!(
        stays.unwrap_err(),
        ProblemCode::Invalid,
        "what is read is checked"
    );
}
