//! As much of varlink's interface language as our description uses, to compare it with what the code writes.

use std::collections::BTreeMap;

use serde_json::Value;

/// Members by name.
pub(super) type Fields = BTreeMap<String, Kind>;

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Bool,
    Int,
    Text,
    Named(String),
    List(Box<Kind>),
    Maybe(Box<Kind>),
}

#[derive(Debug)]
enum Type {
    Fields(Fields),
    Words(Vec<String>),
}

/// A parsed description.
#[derive(Debug)]
pub(super) struct Description {
    types: BTreeMap<String, Type>,
    /// Input and output of each method.
    pub(super) methods: BTreeMap<String, (Fields, Fields)>,
    pub(super) errors: BTreeMap<String, Fields>,
}

impl Description {
    pub(super) fn parse(text: &str) -> Self {
        let mut found = Self {
            types: BTreeMap::new(),
            methods: BTreeMap::new(),
            errors: BTreeMap::new(),
        };
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let text = lines.collect::<Vec<_>>().join("\n");
        for item in text.split("\n\n").map(str::trim).filter(|item| !item.is_empty()) {
            let (word, rest) = item.split_once(' ').unwrap();
            if word == "interface" {
                continue;
            }
            let (name, body) = rest.split_once('(').unwrap();
            let name = name.trim().to_owned();
            match word {
                "type" => drop(found.types.insert(name, type_of(body))),
                "error" => drop(found.errors.insert(name, fields(body))),
                "method" => {
                    let (input, output) = body.split_once("->").unwrap();
                    let output = output.trim().strip_prefix('(').unwrap();
                    found.methods.insert(name, (fields(input), fields(output)));
                }
                other => panic!("{other} is no item"),
            }
        }
        found
    }

    /// Panics where the value is not what the fields say, member by member.
    pub(super) fn check(&self, fields: &Fields, value: &Value, place: &str) {
        let object = value
            .as_object()
            .unwrap_or_else(|| panic!("{place} is no object"));
        let mut names: Vec<&String> = object.keys().collect();
        names.sort();
        assert_eq!(names, fields.keys().collect::<Vec<_>>(), "{place}");
        for (name, kind) in fields {
            self.check_kind(kind, &object[name], &format!("{place}.{name}"));
        }
    }

    fn check_kind(&self, kind: &Kind, value: &Value, place: &str) {
        match kind {
            Kind::Maybe(_) if value.is_null() => {}
            Kind::Maybe(kind) => self.check_kind(kind, value, place),
            Kind::Bool => assert!(value.is_boolean(), "{place}: {value}"),
            Kind::Int => assert!(value.is_i64() || value.is_u64(), "{place}: {value}"),
            Kind::Text => assert!(value.is_string(), "{place}: {value}"),
            Kind::List(kind) => {
                for one in value.as_array().unwrap_or_else(|| panic!("{place} is no list")) {
                    self.check_kind(kind, one, place);
                }
            }
            Kind::Named(name) => match &self.types[name] {
                Type::Fields(fields) => self.check(fields, value, place),
                Type::Words(words) => {
                    let word = value.as_str().unwrap_or_else(|| panic!("{place} is no word"));
                    assert!(words.iter().any(|known| known == word), "{place}: {word}");
                }
            },
        }
    }
}

fn inner(body: &str) -> impl Iterator<Item = &str> {
    let body = body.trim().strip_suffix(')').unwrap();
    body.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn type_of(body: &str) -> Type {
    if body.contains(':') {
        return Type::Fields(fields(body));
    }
    Type::Words(inner(body).map(str::to_owned).collect())
}

fn fields(body: &str) -> Fields {
    let field = |part: &str| {
        let (name, kind) = part.split_once(':').unwrap();
        (name.trim().to_owned(), kind_of(kind.trim()))
    };
    inner(body).map(field).collect()
}

fn kind_of(text: &str) -> Kind {
    if let Some(rest) = text.strip_prefix('?') {
        return Kind::Maybe(Box::new(kind_of(rest)));
    }
    if let Some(rest) = text.strip_prefix("[]") {
        return Kind::List(Box::new(kind_of(rest)));
    }
    match text {
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "string" => Kind::Text,
        name => Kind::Named(name.to_owned()),
    }
}
