//! Groups: which ones a person is in, through others too, and by which way.
//!
//! On Active Directory `tokenGroups` answers in one read, primary group included; elsewhere the groups that name the person are
//! searched, then those that name these, with a visited set and a cap of depth. The in-chain matching rule is not used:
//! OpenLDAP answers it with success and nothing.
//!
//! Invariant: a group is known by its whole name or its SID or GUID, never by `cn` alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    connection::{Connection, Depth},
    dn,
    entry::Entry,
    failure::Failure,
    identifier,
    person::Person,
    settings::{Product, Settings},
};

/// How deep groups in groups are followed.
const DEPTH_MAX: usize = 10;
/// Groups of one person.
const OF_ONE_MAX: usize = 2_000;
/// Groups of a directory.
const ALL_MAX: usize = 50_000;
/// Names in one filter.
const NAMES_PER_FILTER: usize = 20;

const CLASSES: &str = "(|(objectClass=group)(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))";
const IDENTIFIERS: &[&str] = &[
    "objectSid",
    "objectGUID",
    "entryUUID",
    "nsUniqueId",
    "ipaUniqueID",
];
const MEMBERS: &[&str] = &["member", "uniqueMember", "memberUid"];

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name as the directory writes it; the SID where its entry cannot be seen.
    pub dn: String,
    /// What it may be called in a mapping: the normal form of its name, its SID, its GUID or UUID.
    pub keys: BTreeSet<String>,
    /// The group through which the person is in it, if not directly.
    pub through: Option<String>,
}

impl Group {
    fn of(entry: &Entry, through: Option<String>) -> Self {
        let sid = entry
            .bytes("objectSid")
            .first()
            .and_then(|bytes| identifier::sid(bytes));
        let others = IDENTIFIERS[1..]
            .iter()
            .filter_map(|name| crate::person::identifier_of(entry, name));
        let keys = dn::normalize(&entry.dn)
            .into_iter()
            .chain(sid.map(|sid| sid.to_lowercase()))
            .chain(others);
        Self {
            dn: entry.dn.clone(),
            keys: keys.collect(),
            through,
        }
    }
}

/// What a mapping calls a group, in the form of [`Group::keys`]; nothing for what is neither a name nor an identifier.
#[must_use]
pub fn key(text: &str) -> Option<String> {
    let text = text.trim();
    let lower = text.to_lowercase();
    let sid = lower.starts_with("s-1-") && lower[4..].split('-').all(|part| part.parse::<u64>().is_ok());
    let hyphens = [8, 13, 18, 23];
    let guid = lower.len() == 36
        && lower.bytes().enumerate().all(|(at, byte)| {
            if hyphens.contains(&at) {
                byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        });
    if sid || guid {
        Some(lower)
    } else {
        dn::normalize(text)
    }
}

/// The groups of one person.
pub(crate) async fn of_person(
    connection: &mut Connection,
    settings: &Settings,
    person: &Person,
) -> Result<Vec<Group>, Failure> {
    match settings.product {
        Product::ActiveDirectory => of_token(connection, settings, person).await,
        Product::Openldap | Product::Freeipa => nested(connection, settings, person).await,
    }
}

async fn of_token(
    connection: &mut Connection,
    settings: &Settings,
    person: &Person,
) -> Result<Vec<Group>, Failure> {
    let entry = connection.read(&person.dn, &["tokenGroups"]).await?;
    let mut missing: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for bytes in entry
        .iter()
        .flat_map(|entry| entry.bytes("tokenGroups"))
        .take(OF_ONE_MAX)
    {
        if let Some(sid) = identifier::sid(bytes) {
            missing.insert(sid, bytes.clone());
        }
    }
    let mut groups = Vec::new();
    let sids: Vec<Vec<u8>> = missing.values().cloned().collect();
    for some in sids.chunks(NAMES_PER_FILTER) {
        let any: String = some
            .iter()
            .map(|sid| format!("(objectSid={})", identifier::filter_bytes(sid)))
            .collect();
        for base in &settings.group_bases {
            let found = connection
                .search(base, Depth::Below, &format!("(|{any})"), IDENTIFIERS, 0)
                .await?;
            groups.extend(found.iter().map(|entry| Group::of(entry, None)));
        }
    }
    let seen: BTreeSet<String> = groups.iter().flat_map(|group| group.keys.clone()).collect();
    // Those of the system have their entries elsewhere, or are not shown to the service account.
    let hidden = missing
        .into_keys()
        .filter(|sid| !seen.contains(&sid.to_lowercase()));
    groups.extend(hidden.map(|sid| Group {
        keys: BTreeSet::from([sid.to_lowercase()]),
        dn: sid,
        through: None,
    }));
    Ok(groups)
}

async fn nested(
    connection: &mut Connection,
    settings: &Settings,
    person: &Person,
) -> Result<Vec<Group>, Failure> {
    let mut groups: Vec<Group> = Vec::new();
    let mut visited: BTreeSet<String> = BTreeSet::new();
    let mut frontier: Vec<(String, Option<String>)> = vec![(person.dn.clone(), None)];
    for name in &person.member_of {
        if visited.insert(name.clone()) {
            groups.push(Group {
                dn: name.clone(),
                keys: BTreeSet::from([name.clone()]),
                through: None,
            });
            frontier.push((name.clone(), Some(name.clone())));
        }
    }
    for depth in 0..DEPTH_MAX {
        let mut next = Vec::new();
        for (name, through) in &frontier {
            for entry in naming(
                connection,
                settings,
                name,
                (depth == 0 && through.is_none()).then_some(&person.login),
            )
            .await?
            {
                let Some(normal) = dn::normalize(&entry.dn) else {
                    continue;
                };
                if let Some(known) = groups.iter_mut().find(|group| group.keys.contains(&normal)) {
                    // Known by `memberOf` only so far: now with its identifiers.
                    known.keys.extend(Group::of(&entry, None).keys);
                }
                if visited.insert(normal) {
                    next.push((entry.dn.clone(), Some(entry.dn.clone())));
                    groups.push(Group::of(&entry, through.clone()));
                }
            }
        }
        if next.is_empty() {
            return Ok(groups);
        }
        if groups.len() > OF_ONE_MAX {
            break;
        }
        frontier = next;
    }
    Err(Failure::Limit {
        base: "the groups of one person".to_owned(),
        code: 4,
    })
}

/// The groups that name somebody or something as a member.
async fn naming(
    connection: &mut Connection,
    settings: &Settings,
    name: &str,
    login: Option<&String>,
) -> Result<Vec<Entry>, Failure> {
    let escaped = ldap3::ldap_escape(name);
    let login = login
        .map(|login| format!("(memberUid={})", ldap3::ldap_escape(login.as_str())))
        .unwrap_or_default();
    let filter = format!("(&{CLASSES}(|(member={escaped})(uniqueMember={escaped}){login}))");
    let mut found = Vec::new();
    for base in &settings.group_bases {
        found.extend(connection.list(base, &filter, IDENTIFIERS, OF_ONE_MAX).await?);
    }
    Ok(found)
}

/// All groups of a directory and who is in them, for looking at everybody at once.
#[derive(Debug, Default)]
pub struct Graph {
    groups: Vec<Group>,
    by_key: BTreeMap<String, usize>,
    /// Normal name of a member to the groups that name it.
    by_member: BTreeMap<String, Vec<usize>>,
    /// Login name to the groups that name it in `memberUid`.
    by_login: BTreeMap<String, Vec<usize>>,
}

impl Graph {
    /// Reads all groups.
    pub(crate) async fn read(connection: &mut Connection, settings: &Settings) -> Result<Self, Failure> {
        let mut graph = Self::default();
        let attributes: Vec<&str> = IDENTIFIERS.iter().chain(MEMBERS).copied().collect();
        for base in &settings.group_bases {
            for entry in connection.list(base, CLASSES, &attributes, ALL_MAX).await? {
                let mut members: Vec<Vec<u8>> = Vec::new();
                for attribute in ["member", "uniqueMember"] {
                    members.extend(whole(connection, &entry, attribute).await?);
                }
                graph.add(&entry, &members);
            }
        }
        Ok(graph)
    }

    fn add(&mut self, entry: &Entry, members: &[Vec<u8>]) {
        let group = Group::of(entry, None);
        let number = self.groups.len();
        if group.keys.iter().any(|key| self.by_key.contains_key(key)) {
            return;
        }
        for key in &group.keys {
            self.by_key.insert(key.clone(), number);
        }
        self.groups.push(group);
        for name in members
            .iter()
            .filter_map(|name| dn::normalize(std::str::from_utf8(name).ok()?))
        {
            self.by_member.entry(name).or_default().push(number);
        }
        for login in entry.texts("memberUid") {
            self.by_login
                .entry(login.to_lowercase())
                .or_default()
                .push(number);
        }
    }

    /// The groups of one person. Here all are read, so that depth needs no cap: each is visited once.
    #[must_use]
    pub fn of_person(&self, person: &Person) -> Vec<Group> {
        let named = |name: &str| self.by_member.get(name).cloned().unwrap_or_default();
        let mut open: Vec<usize> = dn::normalize(&person.dn)
            .map(|name| named(&name))
            .unwrap_or_default();
        open.extend(
            self.by_login
                .get(&person.login.to_lowercase())
                .into_iter()
                .flatten(),
        );
        let keys = person
            .member_of
            .iter()
            .cloned()
            .chain(person.primary_group.as_ref().map(|sid| sid.to_lowercase()));
        open.extend(keys.filter_map(|key| self.by_key.get(&key).copied()));
        let mut visited = BTreeSet::new();
        while let Some(number) = open.pop() {
            if visited.insert(number) {
                open.extend(self.groups[number].keys.iter().flat_map(|key| named(key)));
            }
        }
        visited
            .into_iter()
            .map(|number| self.groups[number].clone())
            .collect()
    }

    /// Does the directory have this group?
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }
}

/// All values of an attribute, range by range where the server sends no more at once.
async fn whole(connection: &mut Connection, entry: &Entry, attribute: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let Some((first, mut next)) = entry.range(attribute) else {
        return Ok(entry.bytes(attribute).to_vec());
    };
    let mut values = first.to_vec();
    while let Some(from) = next {
        let wanted = format!("{attribute};range={from}-*");
        let broken = || Failure::Limit {
            base: entry.dn.clone(),
            code: 4,
        };
        let more = connection.read(&entry.dn, &[&wanted]).await?.ok_or_else(broken)?;
        let (some, after) = more.range(attribute).ok_or_else(broken)?;
        if some.is_empty() || after.is_some_and(|after| after <= from) || values.len() > 1_000_000 {
            return Err(broken());
        }
        values.extend_from_slice(some);
        next = after;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn a_group_is_called_by_its_whole_name_or_an_identifier() {
        assert_eq!(key("S-1-5-21-1-2-3-513").unwrap(), "s-1-5-21-1-2-3-513");
        assert_eq!(
            key("03020100-0504-0706-0809-0A0B0C0D0E0F").unwrap(),
            "03020100-0504-0706-0809-0a0b0c0d0e0f"
        );
        assert_eq!(key("CN=Owners, DC=test").unwrap(), "cn=owners,dc=test");
        for text in [
            "owners",
            "S-1-",
            "s-1-5-x",
            "",
            "03020100-0504-0706-0809-0A0B0C0D0E0",
        ] {
            assert_eq!(key(text), None, "{text:?}");
        }
    }
}
