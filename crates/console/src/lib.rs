#![doc = include_str!("../README.md")]

pub mod assets;
pub mod view;

mod access_log;
mod account;
mod accounts;
mod admission;
mod appliance;
mod appliance_updates;
mod archive;
mod asset_files;
mod audit;
mod audit_note;
mod backups;
mod break_glass;
mod chrome;
mod confirm;
mod csrf;
mod datasets;
mod directories;
mod endings;
mod errors;
mod export;
mod factors;
mod fields;
mod files;
mod form;
mod frame;
mod grants;
mod headers;
mod held;
mod history;
mod imports;
mod invitation;
mod lifecycle;
mod log_reviews;
mod mail;
mod maintenance;
mod member_rights;
mod members;
mod newcomers;
mod notice;
mod openid;
mod operator_access;
mod organization_restore;
mod organizations;
mod origin;
mod page_sources;
mod parts;
mod password_reset;
mod person_request;
mod person_requests;
mod policies;
mod promises_page;
mod providers;
mod query;
mod range;
mod record_form;
mod records;
mod reference;
mod role_groups;
mod routes;
mod second_step;
mod security_key;
mod sent_code;
mod session;
mod sign_in;
mod sign_in_rules;
mod single_record;
mod sms;
mod state;
mod throttle;
mod tokens;
mod trash;
mod visit;
mod words;

pub use page_sources::page_sources;
pub use state::{Console, Settings};

use actix_web::{middleware::from_fn, web};

/// Registers every page. The console answers whatever no service before it took, with a page that says so; register
/// the API first.
pub fn configure(config: &mut web::ServiceConfig, console: Console) {
    let frame = from_fn(move |request, next| frame::frame(console.clone(), request, next));
    let everything = web::scope("")
        .wrap(frame)
        .configure(routes::register)
        .default_service(web::to(errors::nothing_here));
    config.service(everything);
}
