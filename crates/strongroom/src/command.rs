//! The command line: one file per command, grouped as people look for them.
//!
//! Commands on the host open the appliance's configuration and need its rights; the members' commands speak to a
//! server with a token and run anywhere.

mod access_log;
mod account;
mod audit;
mod backup;
mod break_glass;
mod certificate;
mod completion;
mod config;
mod database;
mod dataset;
mod directory;
mod doctor;
mod export;
mod factor;
pub(crate) mod firewall;
mod forwarding;
mod grant;
mod import;
mod key;
mod log_review;
mod mail;
mod maintenance;
mod man;
mod member;
mod openapi;
mod operator;
mod organization;
mod person_request;
mod promises;
mod provider;
mod rebuild;
mod record;
mod recovery_kit;
mod rename;
mod restore;
mod serve;
mod setup;
mod sms;
mod status;
mod storage;
mod support;
mod token;
mod update;
mod webhook;
mod witness;
mod work;

use crate::{failure::CommandError, output::Format};
use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Strongroom keeps records that must not leak
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// The configuration: strongroom.toml for commands on the host, client.toml for members' commands
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Write data as JSON
    #[arg(long, global = true)]
    json: bool,
}

impl Common {
    /// How data is shown.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the console and the API over HTTPS, until stopped
    Serve(serve::Serve),
    /// Run jobs, until stopped; several may run
    Work(work::Work),
    /// Set the appliance up on this machine, step by step; running it again changes nothing
    Setup(setup::Setup),
    /// Give the appliance another name: certificate, base URL, daemons; running it again changes nothing
    Rename(rename::Rename),
    /// Look at the server's certificate, and get the next one in time
    #[command(subcommand)]
    Certificate(certificate::Certificate),
    /// Look whether the appliance and its machine are well, and say what to do
    Doctor(doctor::Doctor),
    /// Let nothing be changed for a time, and say so to everybody
    #[command(subcommand)]
    Maintenance(maintenance::Maintenance),
    /// Make, migrate and look at the database
    #[command(subcommand)]
    Database(database::Database),
    /// Make the root key
    #[command(subcommand)]
    Key(key::Key),
    /// Organizations: made, listed, taken back, ended, held
    #[command(subcommand)]
    Organization(organization::Organization),
    /// List, add and invite members
    #[command(subcommand)]
    Member(member::Member),
    /// Second factors of accounts
    #[command(subcommand)]
    Factor(factor::Factor),
    /// Make and dismiss operators, who look after the appliance in the console, on the host
    #[command(subcommand)]
    Operator(operator::Operator),
    /// Ask an organization for access as an operator, and decide about it as its administrator
    #[command(subcommand)]
    Grant(grant::Grant),
    /// List, disable and enable accounts, whatever organizations they are in, on the host
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Let people sign in with the password of their LDAP directory, on the host
    #[command(subcommand)]
    Directory(Box<directory::Directory>),
    /// Set, test and remove the OpenID providers by which people sign in, on the host
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Set and try the server that sends mail, on the host
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Send the logs to a collector elsewhere, as syslog over TLS, on the host
    #[command(subcommand)]
    Forwarding(forwarding::Forwarding),
    /// Set and try the gateway that sends codes by SMS, on the host
    #[command(subcommand)]
    Sms(sms::Sms),
    /// Set and try the program that is told of alerts over HTTPS, on the host
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// Let an account in once when nothing else does, as root at a terminal; its organizations see it
    BreakGlass(break_glass::BreakGlass),
    /// Make API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Work with datasets
    Dataset(dataset::Dataset),
    /// Work with records
    Record(record::Record),
    /// Import a file, or a whole organization's archive
    Import(import::Import),
    /// Export a dataset, or the whole organization
    Export(export::Export),
    /// What persons ask for about their data: found, handed over, erased by two
    PersonRequest(person_request::PersonRequest),
    /// Look at what the security logs say of 90 days, and sign that it was looked at, on the host
    #[command(subcommand)]
    LogReview(log_review::LogReview),
    /// Read the audit log, prove and export it, and check it against the data
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Sign the checkpoints of another machine's log, as somebody elsewhere who keeps to their word
    #[command(subcommand)]
    Witness(witness::Witness),
    /// Read who came in, take it out as CSV, and say how long it is kept
    #[command(subcommand)]
    AccessLog(access_log::AccessLog),
    /// Show what the appliance promises and whether it is kept
    Promises(promises::Promises),
    /// Look at updates, update the platform, and take updates out of signed bundles
    #[command(subcommand)]
    Update(update::Update),
    /// Close every port but those that the appliance needs, on the host
    #[command(subcommand)]
    Firewall(firewall::Firewall),
    /// Look where data lies and whether it is encrypted there, and encrypt it
    #[command(subcommand)]
    Storage(storage::Storage),
    /// Back the appliance up, see that the backups are whole, and restore them aside to see that they work; run as root
    #[command(subcommand)]
    Backup(backup::Backup),
    /// Make and verify the recovery kit, with which a lost machine is rebuilt
    #[command(subcommand)]
    RecoveryKit(recovery_kit::RecoveryKit),
    /// Rebuild the platform on an empty machine out of a copy of its backups and the recovery kit; run as root
    Rebuild(rebuild::Rebuild),
    /// Take one organization, or the whole platform, back to a moment; run as root
    #[command(subcommand)]
    Restore(restore::Restore),
    /// Look at the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Gather what support needs, without anything that is yours
    #[command(subcommand)]
    Support(support::Support),
    /// Show how the appliance is doing
    Status(status::Status),
    /// Write the API's OpenAPI document to stdout
    Openapi(openapi::Openapi),
    /// Write a completion script for a shell to stdout
    Completion(completion::Completion),
    /// Write manual pages into a folder
    Man(man::Man),
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let common = &arguments.common;
    let done = |()| ExitCode::SUCCESS;
    match arguments.command {
        Command::Serve(command) => command.run(common).map(done),
        Command::Work(command) => command.run(common).map(done),
        Command::Setup(command) => command.run(common),
        Command::Rename(command) => command.run(common),
        Command::Certificate(command) => command.run(common).map(done),
        Command::Doctor(command) => command.run(common),
        Command::Maintenance(command) => command.run(common).map(done),
        Command::Database(command) => command.run(common).map(done),
        Command::Key(command) => command.run(common).map(done),
        Command::Organization(command) => command.run(common).map(done),
        Command::Member(command) => command.run(common).map(done),
        Command::Factor(command) => command.run(common).map(done),
        Command::Operator(command) => command.run(common).map(done),
        Command::Grant(command) => command.run(common).map(done),
        Command::Account(command) => command.run(common).map(done),
        Command::Directory(command) => command.run(common).map(done),
        Command::Provider(command) => command.run(common).map(done),
        Command::Mail(command) => command.run(common).map(done),
        Command::Forwarding(command) => command.run(common).map(done),
        Command::Sms(command) => command.run(common).map(done),
        Command::Webhook(command) => command.run(common).map(done),
        Command::BreakGlass(command) => command.run(common).map(done),
        Command::Token(command) => command.run(common).map(done),
        Command::Dataset(command) => command.run(common).map(done),
        Command::Record(command) => command.run(common).map(done),
        Command::Import(command) => command.run(common).map(done),
        Command::Export(command) => command.run(common).map(done),
        Command::PersonRequest(command) => command.run(common).map(done),
        Command::LogReview(command) => command.run(common).map(done),
        Command::Audit(command) => command.run(common),
        Command::Witness(command) => command.run(common).map(done),
        Command::AccessLog(command) => command.run(common).map(done),
        Command::Promises(command) => command.run(common).map(done),
        Command::Update(command) => command.run(common),
        Command::Firewall(command) => command.run(common).map(done),
        Command::Storage(command) => command.run(common).map(done),
        Command::Backup(command) => command.run(common),
        Command::RecoveryKit(command) => command.run(common).map(done),
        Command::Rebuild(command) => command.run(common).map(done),
        Command::Restore(command) => command.run(common).map(done),
        Command::Config(command) => command.run(common),
        Command::Support(command) => command.run(common).map(done),
        Command::Status(command) => command.run(common).map(done),
        Command::Openapi(command) => command.run().map(done),
        Command::Completion(command) => command.run().map(done),
        Command::Man(command) => command.run().map(done),
    }
}
