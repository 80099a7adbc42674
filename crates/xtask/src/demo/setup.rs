//! The first start: database, root key, organization, people with their tokens. Each step is skipped when it was done before, so that an
//! interrupted set-up goes on where it stopped.

use std::fs;
use std::path::Path;

use anyhow::Result;
use testkit::Cluster;
use testkit::cluster::SUPERUSER;

use super::people::{OPERATOR, ORGANIZATION, OWNER, PEOPLE, Person, SLUG};
use super::strongroom::Strongroom;
use super::{marker, settings};

/// Everything that must be there before the server starts.
pub(super) fn before_serving(strongroom: &Strongroom, folder: &Path, cluster: &Cluster) -> Result<()> {
    let root_key = settings::root_key(folder);
    if !root_key.exists() {
        strongroom.run(&["key", "create", "--file", &root_key.to_string_lossy()])?;
    }
    cluster.password(SUPERUSER)?;
    let password_file = cluster.password_path(SUPERUSER)?;
    let password_file = password_file.to_string_lossy();
    strongroom.run(&[
        "database",
        "prepare",
        "--admin-user",
        SUPERUSER,
        "--admin-password-file",
        &password_file,
    ])?;
    marker::once(folder, "organization", || create_organization(strongroom, folder))?;
    for person in &PEOPLE[1..] {
        marker::once(folder, person.role, || {
            add_member(strongroom, folder, person, person.role)
        })?;
    }
    marker::once(folder, OPERATOR.role, || appoint_operator(strongroom, folder))?;
    for person in &PEOPLE {
        make_token(strongroom, folder, person)?;
    }
    Ok(())
}

fn create_organization(strongroom: &Strongroom, folder: &Path) -> Result<()> {
    let password_file = OWNER.password_file(folder)?;
    strongroom.run(&[
        "organization",
        "create",
        SLUG,
        "--name",
        ORGANIZATION,
        "--owner-email",
        OWNER.email,
        "--owner-name",
        OWNER.name,
        "--password-file",
        &password_file.to_string_lossy(),
    ])?;
    Ok(())
}

/// An operator needs no place in an organization; an account comes with one.
fn appoint_operator(strongroom: &Strongroom, folder: &Path) -> Result<()> {
    add_member(strongroom, folder, &OPERATOR, "viewer")?;
    strongroom.run(&["operator", "appoint", OPERATOR.email])?;
    Ok(())
}

fn add_member(strongroom: &Strongroom, folder: &Path, person: &Person, role: &str) -> Result<()> {
    strongroom.run(&[
        "member",
        "add",
        person.email,
        "--organization",
        SLUG,
        "--name",
        person.name,
        "--role",
        role,
        "--password-file",
        &person.password_file(folder)?.to_string_lossy(),
        "--by",
        OWNER.email,
        "--by-password-file",
        &OWNER.password_file(folder)?.to_string_lossy(),
    ])?;
    Ok(())
}

/// Makes a person's API token, in a file.
fn make_token(strongroom: &Strongroom, folder: &Path, person: &Person) -> Result<()> {
    let file = person.token_file(folder);
    if file.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder.join("tokens"))?;
    let password_file = person.password_file(folder)?;
    let name = format!("demo, {}", person.role);
    strongroom.run(&[
        "token",
        "create",
        "--organization",
        SLUG,
        "--email",
        person.email,
        "--name",
        &name,
        "--password-file",
        &password_file.to_string_lossy(),
        "--output",
        &file.to_string_lossy(),
    ])?;
    Ok(())
}
