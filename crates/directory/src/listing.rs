//! Everybody whom a directory has, with their groups: all of it or a failure, never a part.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vault::SecretText;

use crate::{
    connection::Connection,
    failure::Failure,
    group::{Graph, Group},
    person::{self, Person},
    pool::Pool,
    settings::Settings,
};

/// People that are listed at most.
const PEOPLE_MAX: usize = 200_000;

/// Everybody.
#[derive(Debug)]
pub struct Listing {
    /// By the identifier that stays.
    pub people: BTreeMap<String, Person>,
    /// How many entries had no identifier and so are nobody.
    pub without_identifier: usize,
    /// All groups.
    pub groups: Graph,
}

impl Listing {
    /// The groups of one of them.
    #[must_use]
    pub fn groups_of(&self, person: &Person) -> Vec<Group> {
        self.groups.of_person(person)
    }
}

/// Lists everybody who passes the filter, below all bases, and all groups.
///
/// # Errors
/// Anything but a whole answer.
pub async fn list(
    pool: &Pool,
    settings: &Settings,
    secret: &SecretText,
    now: Timestamp,
) -> Result<Listing, Failure> {
    let (mut connection, server) = pool.connect(settings, secret).await?;
    let listed = list_over(&mut connection, settings, now).await;
    if let Err(failure) = &listed
        && failure.is_of_the_server()
    {
        pool.rest(settings, &server, failure);
    }
    listed
}

async fn list_over(
    connection: &mut Connection,
    settings: &Settings,
    now: Timestamp,
) -> Result<Listing, Failure> {
    let attributes = person::attributes(settings);
    let mut people = BTreeMap::new();
    let mut without_identifier = 0;
    for base in &settings.person_bases {
        for entry in connection
            .list(base, &settings.person_filter, &attributes, PEOPLE_MAX)
            .await?
        {
            match Person::of(settings, &entry, now) {
                Some(person) => {
                    people.insert(person.id.clone(), person);
                }
                None => without_identifier += 1,
            }
        }
    }
    let groups = Graph::read(connection, settings).await?;
    Ok(Listing {
        people,
        without_identifier,
        groups,
    })
}
