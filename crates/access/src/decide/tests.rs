//! Every role, permission, policy and state, and what must hold for all of them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::denial::Answer;
use crate::narrowing::tests::any_narrowing;
use crate::narrowing::{DatasetRight, FieldRight};
use crate::policy::Policy;
use crate::subject::{Extent, TokenScope};

const HERE: Uuid = Uuid::from_u128(1);
const ELSEWHERE: Uuid = Uuid::from_u128(2);
const ACCOUNT: Uuid = Uuid::from_u128(3);
const TOKEN: Uuid = Uuid::from_u128(4);

fn member(role: Role) -> Standing {
    Standing::Member {
        organization: HERE,
        role,
        state: MemberState::Active,
    }
}

fn ask(subject: &Subject, permission: Permission, policies: &Policies) -> Result<Permit, Denial> {
    decide(subject, HERE, permission, policies, None).into_result()
}

fn every_policies() -> Vec<Policies> {
    let choices = [Choice::Allow, Choice::Deny];
    let mut all = Vec::new();
    for administrators_reveal in choices {
        for administrators_export in choices {
            for administrators_close_periods in choices {
                all.push(Policies {
                    administrators_reveal,
                    administrators_export,
                    administrators_close_periods,
                });
            }
        }
    }
    all
}

#[test]
fn an_active_member_gets_exactly_what_the_table_says() {
    for policies in every_policies() {
        for role in Role::ALL {
            for &permission in Permission::ALL {
                let expected = match table::cell(role, permission) {
                    Cell::Yes => Ok(()),
                    Cell::No => Err(Denial::RoleLacks { permission, role }),
                    Cell::ByPolicy(policy) => match policies.choice(policy) {
                        Choice::Allow => Ok(()),
                        Choice::Deny => Err(Denial::PolicyForbids {
                            permission,
                            role,
                            policy,
                        }),
                    },
                };
                let subject = Subject::person(ACCOUNT, member(role));
                assert_eq!(ask(&subject, permission, &policies).map(|_| ()), expected);
            }
        }
    }
}

#[test]
fn a_permit_says_who_may_do_what_where() {
    let subject = Subject::person(ACCOUNT, member(Role::Accountant));
    let permit = ask(&subject, Permission::RecordExport, &Policies::default()).unwrap();
    assert_eq!(permit.organization(), HERE);
    assert_eq!(permit.account(), Some(ACCOUNT));
    assert_eq!(permit.role(), Some(Role::Accountant));
    assert_eq!(permit.reveal_policy(), RevealPolicy::Clear);
    assert_eq!(permit.require(Permission::RecordExport), Ok(()));
    let mismatch = permit.require(Permission::RecordWrite).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "the permit is for record.export, and record.write is required"
    );
}

#[test]
fn a_member_who_is_disabled_or_invited_gets_nothing_whatever_the_role() {
    let states = [
        (MemberState::Disabled, Denial::MemberDisabled),
        (MemberState::Invited, Denial::MemberInvited),
    ];
    for (state, denial) in states {
        for role in Role::ALL {
            for &permission in Permission::ALL {
                let standing = Standing::Member {
                    organization: HERE,
                    role,
                    state,
                };
                let subject = Subject::person(ACCOUNT, standing);
                for policies in every_policies() {
                    assert_eq!(ask(&subject, permission, &policies).unwrap_err(), denial);
                }
                assert!(decide_appliance(&subject, permission).into_result().is_err());
            }
        }
    }
}

#[test]
fn an_operator_gets_no_permit_in_any_organization() {
    let token = Subject::token(ACCOUNT, TOKEN, Standing::Operator, TokenScope::All, None);
    for subject in [
        Subject::person(ACCOUNT, Standing::Operator),
        Subject::host(),
        token,
    ] {
        for &permission in Permission::ALL {
            for policies in every_policies() {
                for organization in [HERE, ELSEWHERE, Uuid::nil()] {
                    let decision = decide(&subject, organization, permission, &policies, None);
                    assert_eq!(decision.into_result().unwrap_err(), Denial::Operator);
                }
            }
        }
    }
}

#[test]
fn a_granted_operator_gets_the_grants_list_and_nothing_else_anywhere() {
    for (extent, repairs) in [(Extent::Read, false), (Extent::Repair, true)] {
        let standing = Standing::Granted {
            organization: HERE,
            extent,
        };
        let subject = Subject::person(ACCOUNT, standing);
        let token = Subject::token(ACCOUNT, TOKEN, standing, TokenScope::All, None);
        for &permission in Permission::ALL {
            let listed = table::GRANTED_READ.contains(&permission)
                || repairs && table::GRANTED_REPAIR.contains(&permission);
            for policies in every_policies() {
                let permit = ask(&subject, permission, &policies);
                assert_eq!(permit.is_ok(), listed, "{permission}");
                if let Ok(permit) = permit {
                    assert_eq!(
                        (permit.role(), permit.reveal_policy()),
                        (None, RevealPolicy::Masked)
                    );
                }
                assert!(
                    ask(&token, permission, &policies).is_err(),
                    "a token is no operator"
                );
                let elsewhere = decide(&subject, ELSEWHERE, permission, &policies, None).into_result();
                assert_eq!(elsewhere.unwrap_err(), Denial::Operator);
            }
            assert!(decide_appliance(&subject, permission).into_result().is_err());
        }
    }
}

#[test]
fn an_operator_gets_every_permission_of_the_appliance_and_no_member_does() {
    for &permission in Permission::ALL {
        let of_appliance = permission.realm() == Realm::Appliance;
        for subject in [Subject::person(ACCOUNT, Standing::Operator), Subject::host()] {
            assert_eq!(
                decide_appliance(&subject, permission).into_result().is_ok(),
                of_appliance
            );
        }
        for subject in [
            Subject::person(ACCOUNT, member(Role::Owner)),
            Subject::person(ACCOUNT, Standing::SignedIn),
            Subject::system(HERE),
            Subject::anonymous(),
        ] {
            assert!(
                decide_appliance(&subject, permission).into_result().is_err(),
                "{permission}"
            );
        }
    }
}

#[test]
fn another_organization_answers_like_one_that_does_not_exist() {
    for role in Role::ALL {
        for &permission in Permission::ALL {
            let subject = Subject::person(ACCOUNT, member(role));
            for organization in [ELSEWHERE, Uuid::from_u128(99)] {
                let decision = decide(&subject, organization, permission, &Policies::default(), None);
                let denial = decision.into_result().unwrap_err();
                assert_eq!(denial, Denial::NotAMember);
                assert_eq!(denial.answer(), Answer::NotFound);
            }
        }
    }
    let stranger = Subject::person(ACCOUNT, Standing::SignedIn);
    let denial = ask(&stranger, Permission::RecordRead, &Policies::default()).unwrap_err();
    assert_eq!(denial, Denial::NotAMember);
}

#[test]
fn nobody_signed_in_gets_nothing_anywhere() {
    let subject = Subject::anonymous();
    for &permission in Permission::ALL {
        assert_eq!(
            ask(&subject, permission, &Policies::default()).unwrap_err(),
            Denial::NotSignedIn
        );
        assert_eq!(
            decide_account(&subject, permission).into_result().unwrap_err(),
            Denial::NotSignedIn
        );
        assert_eq!(
            decide_appliance(&subject, permission).into_result().unwrap_err(),
            Denial::NotSignedIn
        );
    }
    assert_eq!(Denial::NotSignedIn.answer(), Answer::SignIn);
}

#[test]
fn the_platform_itself_works_in_its_own_organization_within_its_list() {
    let subject = Subject::system(HERE);
    for &permission in Permission::ALL {
        let permit = ask(&subject, permission, &Policies::default());
        assert_eq!(
            permit.is_ok(),
            table::SYSTEM.contains(&permission),
            "{permission}"
        );
        let elsewhere = decide(&subject, ELSEWHERE, permission, &Policies::default(), None);
        assert_eq!(elsewhere.into_result().unwrap_err(), Denial::NotAMember);
    }
    let permit = ask(&subject, Permission::RecordRead, &Policies::default()).unwrap();
    assert_eq!((permit.account(), permit.role()), (None, None));
    assert_eq!(permit.reveal_policy(), RevealPolicy::Masked);
}

#[test]
fn people_manage_their_own_account_and_nothing_else_by_it() {
    for &permission in Permission::ALL {
        let subject = Subject::person(ACCOUNT, Standing::SignedIn);
        let permit = decide_account(&subject, permission).into_result();
        assert_eq!(
            permit.is_ok(),
            permission.realm() == Realm::Account,
            "{permission}"
        );
        assert!(permit.is_err() || permit.is_ok_and(|permit| permit.account() == ACCOUNT));
    }
}

#[test]
fn a_read_permit_reveals_nothing_even_to_an_accountant() {
    let subject = Subject::person(ACCOUNT, member(Role::Accountant));
    let read = ask(&subject, Permission::RecordRead, &Policies::default()).unwrap();
    assert!(!read.may_reveal_field(1, 1));
    assert!(!read.may_write_field(1, 1));
    assert!(!read.may_change_dataset(1));
    let reveal = ask(&subject, Permission::RecordReveal, &Policies::default()).unwrap();
    assert!(reveal.may_reveal_field(1, 1));
}

#[test]
fn an_export_is_masked_for_whoever_may_not_reveal() {
    let policies = Policies::default();
    let administrator = Subject::person(ACCOUNT, member(Role::Administrator));
    assert!(
        !ask(&administrator, Permission::RecordExport, &policies)
            .unwrap()
            .may_reveal_field(1, 1)
    );

    let scope = TokenScope::Only(BTreeSet::from([Permission::RecordExport]));
    let token = Subject::token(ACCOUNT, TOKEN, member(Role::Accountant), scope, None);
    assert!(
        !ask(&token, Permission::RecordExport, &policies)
            .unwrap()
            .may_reveal_field(1, 1)
    );

    let accountant = Subject::person(ACCOUNT, member(Role::Accountant));
    let permit = ask(&accountant, Permission::RecordExport, &policies).unwrap();
    assert!(permit.may_reveal_field(1, 1));
}

#[test]
fn a_narrowed_field_is_hidden_masked_or_read_only() {
    let narrowing = Narrowing::nothing()
        .with_field(1, 10, FieldRight::Hidden)
        .with_field(1, 11, FieldRight::Masked)
        .with_field(1, 12, FieldRight::Read)
        .with_dataset(2, DatasetRight::None);
    let subject = Subject::person(ACCOUNT, member(Role::Accountant));
    let ask = |permission| decide(&subject, HERE, permission, &Policies::default(), Some(&narrowing));
    let write = ask(Permission::RecordWrite).into_result().unwrap();
    let reveal = ask(Permission::RecordReveal).into_result().unwrap();

    let seen = [10, 11, 12, 13].map(|field| write.may_see_field(1, field));
    assert_eq!(seen, [false, true, true, true]);
    let read = [10, 11, 12, 13].map(|field| write.may_read_field(1, field));
    assert_eq!(read, [false, false, true, true]);
    let written = [10, 11, 12, 13].map(|field| write.may_write_field(1, field));
    assert_eq!(written, [false, false, false, true]);
    let revealed = [10, 11, 12, 13].map(|field| reveal.may_reveal_field(1, field));
    assert_eq!(revealed, [false, false, true, true]);
    assert!(!write.may_see_dataset(2) && !write.may_see_field(2, 1) && !write.may_change_dataset(2));
}

fn any_permission() -> impl Strategy<Value = Permission> {
    prop::sample::select(Permission::ALL)
}

fn any_role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

fn any_policies() -> impl Strategy<Value = Policies> {
    prop::sample::select(every_policies())
}

/// Everything that a permit answers about one dataset and field; more answers are more rights.
fn rights(permit: &Permit, dataset: i32, field: i32) -> [bool; 6] {
    [
        permit.may_see_dataset(dataset),
        permit.may_change_dataset(dataset),
        permit.may_see_field(dataset, field),
        permit.may_read_field(dataset, field),
        permit.may_reveal_field(dataset, field),
        permit.may_write_field(dataset, field),
    ]
}

proptest! {
    #[test]
    fn narrowing_never_widens(
        role in any_role(), permission in any_permission(), policies in any_policies(),
        membership in any_narrowing(), token in any_narrowing(), dataset in 0..3, field in 0..3,
    ) {
        let whole = Subject::token(ACCOUNT, TOKEN, member(role), TokenScope::All, None);
        let narrowed = Subject::token(ACCOUNT, TOKEN, member(role), TokenScope::All, Some(token));
        let whole = decide(&whole, HERE, permission, &policies, Some(&membership)).into_result();
        let narrowed = decide(&narrowed, HERE, permission, &policies, Some(&membership)).into_result();
        prop_assert_eq!(whole.is_ok(), narrowed.is_ok());
        if let (Ok(whole), Ok(narrowed)) = (whole, narrowed) {
            let pairs = rights(&whole, dataset, field).into_iter().zip(rights(&narrowed, dataset, field));
            for (whole, narrowed) in pairs {
                prop_assert!(whole || !narrowed);
            }
        }
    }

    #[test]
    fn a_token_never_has_more_than_its_account(
        role in any_role(), permission in any_permission(), policies in any_policies(),
        scope in prop::collection::btree_set(any_permission(), 0..8),
    ) {
        let reached = scope.contains(&permission);
        let person = ask(&Subject::person(ACCOUNT, member(role)), permission, &policies);
        let token = Subject::token(ACCOUNT, TOKEN, member(role), TokenScope::Only(scope), None);
        let token = ask(&token, permission, &policies);
        prop_assert_eq!(token.is_ok(), person.is_ok() && reached);
        if let (Ok(token), Ok(person)) = (token, person) {
            let wider = token.reveal_policy() == RevealPolicy::Clear
                && person.reveal_policy() == RevealPolicy::Masked;
            prop_assert!(!wider);
        }
    }

    #[test]
    fn an_owner_may_all_that_an_administrator_may(
        permission in any_permission(), policies in any_policies(),
    ) {
        let may = |role| ask(&Subject::person(ACCOUNT, member(role)), permission, &policies).is_ok();
        prop_assert!(may(Role::Owner) || !may(Role::Administrator));
        prop_assert!(may(Role::Editor) || !may(Role::Viewer));
        prop_assert!(may(Role::Accountant) || !may(Role::Editor));
    }
}

#[test]
fn a_policy_that_says_no_names_itself() {
    let subject = Subject::person(ACCOUNT, member(Role::Owner));
    let denial = ask(&subject, Permission::RecordReveal, &Policies::default()).unwrap_err();
    assert!(matches!(
        denial,
        Denial::PolicyForbids {
            policy: Policy::AdministratorsReveal,
            ..
        }
    ));
    assert_eq!(
        denial.to_string(),
        "the organization's policy administrators-reveal keeps record.reveal from the role owner"
    );
}
