//! Renders every page with sample data, checks the rules of README.md on each, and leaves the pages as a preview; then
//! the real console over TLS, with a client ([`all::doors`]) and in Chromium ([`all::journey`]).

#[cfg(test)]
mod all {
    mod administration;
    mod appliance;
    mod archives;
    mod attachments;
    mod audit;
    mod audit_notes;
    mod backups;
    mod client;
    mod contrast;
    mod datasets;
    mod directories;
    mod doors;
    mod endings;
    mod factors;
    mod guessing;
    mod html;
    mod jobs;
    mod journey;
    mod lifecycle;
    mod log_reviews;
    mod mail;
    mod maintenance;
    mod members;
    mod openid;
    mod pages;
    mod password_fields;
    mod person;
    mod person_requests;
    mod preview;
    mod records;
    mod sample;
    mod security_keys;
    mod sent_codes;
    mod site;
}
