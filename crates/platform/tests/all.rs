//! The use cases against a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[path = "all/abandoned.rs"]
mod abandoned;
#[path = "all/acts.rs"]
mod acts;
#[path = "all/ann.rs"]
mod ann;
#[path = "all/archive.rs"]
mod archive;
#[path = "all/attack.rs"]
mod attack;
#[path = "all/audit_export.rs"]
mod audit_export;
#[path = "all/audit_note.rs"]
mod audit_note;
#[path = "all/break_glass.rs"]
mod break_glass;
#[path = "all/bulk.rs"]
mod bulk;
#[path = "all/check.rs"]
mod check;
#[path = "all/crash.rs"]
mod crash;
#[path = "all/deletion.rs"]
mod deletion;
#[path = "all/directory.rs"]
mod directory_people;
#[path = "all/export.rs"]
mod export;
#[path = "all/factor.rs"]
mod factor;
#[path = "all/factor_loss.rs"]
mod factor_loss;
#[path = "all/file.rs"]
mod file;
#[path = "all/firewall.rs"]
mod firewall;
#[path = "all/fixture.rs"]
mod fixture;
#[path = "all/forwarding.rs"]
mod forwarding;
#[path = "all/hold_race.rs"]
mod hold_race;
#[path = "all/import.rs"]
mod import;
#[path = "all/invitation.rs"]
mod invitation;
#[path = "all/kept_archive.rs"]
mod kept_archive;
#[path = "all/killed.rs"]
mod killed;
#[path = "all/ledger.rs"]
mod ledger;
#[path = "all/lifecycle.rs"]
mod lifecycle;
#[path = "all/log_key.rs"]
mod log_key;
#[path = "all/log_review.rs"]
mod log_review;
#[path = "all/mail.rs"]
mod mail;
#[path = "all/maintenance.rs"]
mod maintenance;
#[path = "all/member.rs"]
mod member;
#[path = "all/narrowing.rs"]
mod narrowing;
#[path = "all/openid.rs"]
mod openid;
#[path = "all/operator.rs"]
mod operator;
#[path = "all/operator_grant.rs"]
mod operator_grant;
#[path = "all/password_rules.rs"]
mod password_rules;
#[path = "all/person.rs"]
mod person;
#[path = "all/promise.rs"]
mod promise;
#[path = "all/promise_access.rs"]
mod promise_access;
#[path = "all/promise_agility.rs"]
mod promise_agility;
#[path = "all/promise_disclosure.rs"]
mod promise_disclosure;
#[path = "all/promise_plain.rs"]
mod promise_plain;
#[path = "all/promise_role.rs"]
mod promise_role;
#[path = "all/promise_trigger.rs"]
mod promise_trigger;
#[path = "all/promise_withdrawal.rs"]
mod promise_withdrawal;
#[path = "all/record.rs"]
mod record;
#[path = "all/requirement.rs"]
mod requirement;
#[path = "all/restore.rs"]
mod restore;
#[path = "all/revival.rs"]
mod revival;
#[path = "all/rotation.rs"]
mod rotation;
#[path = "all/rotation_file.rs"]
mod rotation_file;
#[path = "all/sealed_archive.rs"]
mod sealed_archive;
#[path = "all/search.rs"]
mod search;
#[path = "all/security_key.rs"]
mod security_key;
#[path = "all/sent_code.rs"]
mod sent_code;
#[path = "all/sequencer.rs"]
mod sequencer;
#[path = "all/session.rs"]
mod session;
#[path = "all/superuser.rs"]
mod superuser;
#[path = "all/trail.rs"]
mod trail;
#[path = "all/upgrade.rs"]
mod upgrade;
#[path = "all/webhook.rs"]
mod webhook;
#[path = "all/withdrawal.rs"]
mod withdrawal;
#[path = "all/witness.rs"]
mod witness;
