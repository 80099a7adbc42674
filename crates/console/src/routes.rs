//! Every address of the console and who answers it: the map of this crate.

use crate::{
    access_log, account, accounts, appliance, appliance_updates, archive, asset_files, audit, audit_note,
    backups, break_glass, confirm, datasets, directories, endings, export, factors, fields, files, grants,
    history, imports, invitation, lifecycle, log_reviews, mail, member_rights, members, openid,
    operator_access, organization_restore, organizations, password_reset, person_request, person_requests,
    policies, promises_page, providers, record_form, records, role_groups, second_step, security_key,
    sent_code, sign_in, sign_in_rules, single_record, sms, tokens, trash,
};
use actix_web::web::{ServiceConfig, get, post, resource};

pub(crate) fn register(config: &mut ServiceConfig) {
    config
        .service(resource("/").route(get().to(organizations::root)))
        .service(resource("/assets/{name}").route(get().to(asset_files::serve)))
        .service(
            resource("/sign-in")
                .route(get().to(sign_in::show))
                .route(post().to(sign_in::submit)),
        )
        .service(resource("/sign-in/openid/{provider}").route(get().to(openid::begin)))
        .service(resource("/callback/{provider}").route(get().to(openid::come_back)))
        .service(resource("/callback/{provider}/logout").route(post().to(openid::leave)))
        .service(
            resource("/sign-in/factor")
                .route(get().to(second_step::show))
                .route(post().to(second_step::submit)),
        )
        .service(resource("/sign-in/factor/key").route(post().to(security_key::ask_at_sign_in)))
        .service(resource("/sign-in/factor/key/answer").route(post().to(security_key::sign_in)))
        .service(resource("/sign-in/factor/send").route(post().to(sent_code::at_sign_in)))
        .service(resource("/sign-out").route(post().to(sign_in::sign_out)))
        .service(
            resource("/invitation/{token}")
                .route(get().to(invitation::show))
                .route(post().to(invitation::accept)),
        )
        .service(
            resource("/password-reset")
                .route(get().to(password_reset::ask))
                .route(post().to(password_reset::asked)),
        )
        .service(
            resource("/password-reset/{token}")
                .route(get().to(password_reset::show))
                .route(post().to(password_reset::set)),
        )
        .service(
            resource("/break-glass/{token}")
                .route(get().to(break_glass::show))
                .route(post().to(break_glass::redeem)),
        )
        .configure(appliance_pages)
        .configure(directory_pages)
        .configure(provider_pages)
        .service(resource("/promises").route(get().to(promises_page::show)))
        .service(resource("/o").route(get().to(organizations::list)))
        .service(resource("/o/{organization}").route(get().to(organizations::home)))
        .configure(account_pages)
        .configure(person_pages)
        .configure(review_pages)
        .configure(organization_pages);
}

fn appliance_pages(config: &mut ServiceConfig) {
    config
        .service(resource("/appliance").route(get().to(appliance::show)))
        .service(resource("/appliance/accounts").route(get().to(accounts::show)))
        .service(resource("/appliance/accounts/{account}/disable").route(post().to(accounts::disable)))
        .service(resource("/appliance/accounts/{account}/enable").route(post().to(accounts::enable)))
        .service(
            resource("/appliance/grants")
                .route(get().to(grants::show))
                .route(post().to(grants::ask)),
        )
        .service(resource("/appliance/grants/{grant}/end").route(post().to(grants::end)))
        .service(
            resource("/appliance/audit-note")
                .route(get().to(audit_note::show_appliance))
                .route(post().to(audit_note::compare_appliance)),
        )
        .service(resource("/appliance/audit-note/addresses").route(post().to(audit_note::set_addresses)))
        .service(resource("/appliance/backups").route(get().to(backups::show)))
        .service(resource("/appliance/backups/now").route(post().to(backups::start)))
        .service(resource("/appliance/backups/test-alert").route(post().to(backups::test_alert)))
        .service(resource("/appliance/endings").route(get().to(endings::show)))
        .service(
            resource("/appliance/updates")
                .route(get().to(appliance_updates::show))
                .route(post().to(appliance_updates::hand_over)),
        )
        .service(
            resource("/appliance/sign-in")
                .route(get().to(sign_in_rules::show_appliance))
                .route(post().to(sign_in_rules::save_appliance)),
        );
}

fn directory_pages(config: &mut ServiceConfig) {
    const DIRECTORY: &str = "/appliance/directories/{key}";
    let below = |rest: &str| resource(format!("{DIRECTORY}{rest}"));
    config
        .service(
            resource("/appliance/directories")
                .route(get().to(directories::show))
                .route(post().to(directories::add)),
        )
        .service(
            resource(DIRECTORY)
                .route(get().to(directories::one))
                .route(post().to(directories::alter)),
        )
        .service(below("/test").route(post().to(directories::test)))
        .service(below("/preview").route(post().to(directories::preview)))
        .service(below("/compare").route(post().to(directories::compare)))
        .service(below("/state").route(post().to(directories::set_state)))
        .service(below("/remove").route(post().to(directories::remove)))
        .service(below("/newcomers").route(post().to(directories::decide)));
}

fn provider_pages(config: &mut ServiceConfig) {
    config
        .service(
            resource("/appliance/mail")
                .route(get().to(mail::show))
                .route(post().to(mail::set)),
        )
        .service(resource("/appliance/mail/test").route(post().to(mail::test)))
        .service(resource("/appliance/mail/clear").route(post().to(mail::clear)))
        .service(
            resource("/appliance/sms")
                .route(get().to(sms::show))
                .route(post().to(sms::set)),
        )
        .service(resource("/appliance/sms/test").route(post().to(sms::test)))
        .service(resource("/appliance/sms/clear").route(post().to(sms::clear)))
        .service(
            resource("/appliance/providers")
                .route(get().to(providers::show))
                .route(post().to(providers::add)),
        )
        .service(
            resource("/appliance/providers/{provider}")
                .route(get().to(providers::one))
                .route(post().to(providers::alter)),
        )
        .service(resource("/appliance/providers/{provider}/test").route(post().to(providers::test)))
        .service(resource("/appliance/providers/{provider}/state").route(post().to(providers::set_state)))
        .service(resource("/appliance/providers/{provider}/remove").route(post().to(providers::remove)))
        .service(resource("/appliance/providers/{provider}/newcomers").route(post().to(providers::decide)));
}

fn account_pages(config: &mut ServiceConfig) {
    config
        .service(resource("/account").route(get().to(account::show)))
        .service(
            resource("/account/confirm")
                .route(get().to(confirm::show))
                .route(post().to(confirm::submit)),
        )
        .service(resource("/account/confirm/key").route(post().to(security_key::ask_for_proof)))
        .service(resource("/account/confirm/key/answer").route(post().to(security_key::prove)))
        .service(resource("/account/confirm/send").route(post().to(sent_code::for_proof)))
        .service(resource("/account/factors/messages").route(post().to(sent_code::begin)))
        .service(resource("/account/factors/messages/answer").route(post().to(sent_code::finish)))
        .service(resource("/account/factors/keys").route(post().to(security_key::ask_for_new)))
        .service(resource("/account/factors/keys/answer").route(post().to(security_key::finish)))
        .service(resource("/account/factors").route(get().to(factors::show)))
        .service(
            resource("/account/factors/add")
                .route(get().to(factors::ask))
                .route(post().to(factors::begin)),
        )
        .service(resource("/account/factors/finish").route(post().to(factors::finish)))
        .service(resource("/account/factors/recovery-codes").route(post().to(factors::renew_codes)))
        .service(resource("/account/factors/{factor}/rename").route(post().to(factors::rename)))
        .service(resource("/account/factors/{factor}/remove").route(post().to(factors::remove)))
        .service(
            resource("/account/password")
                .route(get().to(account::ask_password))
                .route(post().to(account::change_password)),
        )
        .service(resource("/account/appearance").route(post().to(account::choose_colours)))
        .service(resource("/account/identities/{provider}/tie").route(post().to(openid::tie)))
        .service(resource("/account/identities/{provider}/untie").route(post().to(openid::untie)))
        .service(resource("/account/sessions/end-others").route(post().to(account::end_others)))
        .service(resource("/account/sessions/{session}/end").route(post().to(account::end_session)))
        .service(resource("/account/access-log").route(get().to(access_log::show)))
        .service(resource("/account/access-log.csv").route(get().to(access_log::export_own)));
}

fn organization_pages(config: &mut ServiceConfig) {
    config
        .configure(lifecycle_pages)
        .configure(people_pages)
        .configure(group_pages)
        .configure(dataset_pages)
        .configure(record_pages)
        .service(resource("/o/{organization}/datasets").route(get().to(datasets::show)))
        .service(
            resource("/o/{organization}/datasets/new")
                .route(get().to(datasets::ask))
                .route(post().to(datasets::make)),
        )
        .service(
            resource("/o/{organization}/imports")
                .route(get().to(imports::show))
                .route(post().to(imports::upload)),
        )
        .service(
            resource("/o/{organization}/imports/{job}")
                .route(get().to(imports::job))
                .route(post().to(imports::decide)),
        )
        .service(resource("/o/{organization}/imports/{job}/report").route(get().to(imports::report)));
}

/// What becomes of an organization.
fn lifecycle_pages(config: &mut ServiceConfig) {
    config
        .service(resource("/o/{organization}/about").route(get().to(lifecycle::show)))
        .service(resource("/o/{organization}/about/cancel").route(post().to(lifecycle::cancel)))
        .service(resource("/o/{organization}/about/reinstate").route(post().to(lifecycle::reinstate)))
        .service(resource("/o/{organization}/about/delete").route(post().to(lifecycle::delete)))
        .service(resource("/o/{organization}/about/keep").route(post().to(lifecycle::keep)))
        .service(resource("/o/{organization}/about/holds").route(post().to(lifecycle::place_hold)))
        .service(resource("/o/{organization}/about/holds/{hold}/lift").route(post().to(lifecycle::lift_hold)))
        .service(
            resource("/o/{organization}/restore")
                .route(get().to(organization_restore::show))
                .route(post().to(organization_restore::carry_out)),
        );
}

/// Which groups of directories give which roles.
fn group_pages(config: &mut ServiceConfig) {
    config
        .service(
            resource("/o/{organization}/groups")
                .route(get().to(role_groups::show))
                .route(post().to(role_groups::give)),
        )
        .service(resource("/o/{organization}/groups/remove").route(post().to(role_groups::take)));
}

/// Who is in an organization, what they may do, and what they did.
fn people_pages(config: &mut ServiceConfig) {
    config
        .service(
            resource("/o/{organization}/members")
                .route(get().to(members::show))
                .route(post().to(members::add)),
        )
        .service(
            resource("/o/{organization}/policies")
                .route(get().to(policies::show))
                .route(post().to(policies::save)),
        )
        .service(
            resource("/o/{organization}/members/{account}")
                .route(get().to(member_rights::show))
                .route(post().to(member_rights::save)),
        )
        .service(
            resource("/o/{organization}/members/{account}/tokens/{token}/revoke")
                .route(post().to(member_rights::revoke_token)),
        )
        .service(
            resource("/o/{organization}/members/{account}/end-sessions")
                .route(post().to(member_rights::end_sessions)),
        )
        .service(resource("/o/{organization}/members/{account}/role").route(post().to(members::set_role)))
        .service(resource("/o/{organization}/members/{account}/disable").route(post().to(members::disable)))
        .service(resource("/o/{organization}/members/{account}/enable").route(post().to(members::enable)))
        .service(
            resource("/o/{organization}/members/{account}/factors/reset")
                .route(post().to(members::reset_factors)),
        )
        .service(
            resource("/o/{organization}/sign-in")
                .route(get().to(sign_in_rules::show))
                .route(post().to(sign_in_rules::save)),
        )
        .service(resource("/o/{organization}/members/{account}/remove").route(post().to(members::remove)))
        .service(resource("/o/{organization}/members/{account}/invitation").route(post().to(members::invite)))
        .service(
            resource("/o/{organization}/archive")
                .route(get().to(archive::show))
                .route(post().to(archive::run)),
        )
        .service(resource("/o/{organization}/archive/kept/{archive}").route(get().to(archive::fetch)))
        .service(resource("/o/{organization}/archive/restore").route(post().to(archive::restore)))
        .service(resource("/o/{organization}/files/{file}").route(get().to(files::download)))
        .service(resource("/o/{organization}/access-log").route(get().to(access_log::show_organization)))
        .service(
            resource("/o/{organization}/access-log.csv").route(get().to(access_log::export_organization)),
        )
        .service(resource("/o/{organization}/operator-access").route(get().to(operator_access::show)))
        .service(
            resource("/o/{organization}/operator-access/{grant}/approve")
                .route(post().to(operator_access::approve)),
        )
        .service(
            resource("/o/{organization}/operator-access/{grant}/refuse")
                .route(post().to(operator_access::refuse)),
        )
        .service(
            resource("/o/{organization}/operator-access/{grant}/end").route(post().to(operator_access::end)),
        )
        .service(
            resource("/o/{organization}/tokens")
                .route(get().to(tokens::show))
                .route(post().to(tokens::make)),
        )
        .service(resource("/o/{organization}/tokens/{token}/revoke").route(post().to(tokens::revoke)));
}

/// What people look at, sign and keep of the logs.
fn review_pages(config: &mut ServiceConfig) {
    config
        .service(
            resource("/o/{organization}/log-review")
                .route(get().to(log_reviews::show))
                .route(post().to(log_reviews::sign)),
        )
        .service(resource("/o/{organization}/audit").route(get().to(audit::show)))
        .service(
            resource("/o/{organization}/audit/note")
                .route(get().to(audit_note::show))
                .route(post().to(audit_note::compare)),
        )
        .service(resource("/o/{organization}/audit/{entry}").route(get().to(audit::entry)))
        .service(resource("/o/{organization}/audit/{entry}/receipt").route(get().to(audit::save_receipt)));
}

/// What persons ask for about their own data.
fn person_pages(config: &mut ServiceConfig) {
    const REQUEST: &str = "/o/{organization}/person-requests/{request}";
    let below = |rest: &str| resource(format!("{REQUEST}{rest}"));
    config
        .service(
            resource("/o/{organization}/person-requests")
                .route(get().to(person_requests::show))
                .route(post().to(person_requests::open)),
        )
        .service(resource(REQUEST).route(get().to(person_request::show)))
        .service(below("/search").route(post().to(person_request::search)))
        .service(below("/marks").route(post().to(person_request::mark)))
        .service(below("/archive").route(post().to(person_request::hand_over)))
        .service(below("/extend").route(post().to(person_request::extend)))
        .service(below("/propose").route(post().to(person_request::propose)))
        .service(below("/withdraw").route(post().to(person_request::withdraw)))
        .service(below("/approve").route(post().to(person_request::approve)))
        .service(below("/carry-on").route(post().to(person_request::carry_on)))
        .service(below("/close").route(post().to(person_request::close)));
}

fn dataset_pages(config: &mut ServiceConfig) {
    const DATASET: &str = "/o/{organization}/d/{dataset}";
    let below = |rest: &str| resource(format!("{DATASET}{rest}"));
    config
        .service(resource(DATASET).route(get().to(records::show)))
        .service(
            below("/new")
                .route(get().to(record_form::ask_new))
                .route(post().to(record_form::create)),
        )
        .service(
            below("/trash")
                .route(get().to(trash::show))
                .route(post().to(records::trash_ticked)),
        )
        .service(
            below("/settings")
                .route(get().to(fields::show))
                .route(post().to(fields::rename)),
        )
        .service(below("/fields").route(post().to(fields::add)))
        .service(below("/fields/{field}").route(post().to(fields::alter)))
        .service(below("/fields/{field}/sensitive").route(post().to(fields::seal)))
        .service(below("/fields/{field}/delete").route(post().to(fields::remove)))
        .service(
            below("/export")
                .route(get().to(export::show))
                .route(post().to(export::run)),
        );
}

fn record_pages(config: &mut ServiceConfig) {
    const RECORD: &str = "/o/{organization}/d/{dataset}/r/{record}";
    let below = |rest: &str| resource(format!("{RECORD}{rest}"));
    config
        .service(resource(RECORD).route(get().to(single_record::show)))
        .service(
            below("/edit")
                .route(get().to(record_form::ask_edit))
                .route(post().to(record_form::save)),
        )
        .service(below("/history").route(get().to(history::show)))
        .service(below("/reveal").route(post().to(single_record::reveal)))
        .service(below("/trash").route(post().to(single_record::trash)))
        .service(below("/restore").route(post().to(single_record::restore)))
        .service(below("/purge").route(post().to(single_record::purge)));
}
