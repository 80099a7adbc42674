//! Filling `{number}`, `{text}`, `{code}` and `{secret}` into what operators wrote.
//!
//! Invariant: one pass, so that a value that looks like a placeholder stays what it is; each value is escaped for where it
//! stands, so that none of them ends its place.

use url::form_urlencoded::byte_serialize;

/// What one message fills in.
pub(super) struct Message<'a> {
    pub(super) number: &'a str,
    pub(super) code: &'a str,
    pub(super) text: &'a str,
    pub(super) secret: &'a str,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// In an address, or a form.
    Form,
    /// In a string of JSON.
    Json,
    /// In a header; what must not stand there was refused before.
    None,
}

impl Message<'_> {
    /// For looking at a template: a message that no template can break at.
    pub(super) const SAMPLE: Message<'static> = Message {
        number: "+4915123456789",
        code: "12345678",
        text: "12345678 is your code",
        secret: "secret",
    };

    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "number" => Some(self.number),
            "code" => Some(self.code),
            "text" => Some(self.text),
            "secret" => Some(self.secret),
            _ => None,
        }
    }

    /// The template, filled. What is no placeholder stays: JSON has braces of its own.
    pub(super) fn filled(&self, template: &str, escape: Escape) -> String {
        let mut filled = String::with_capacity(template.len() + 64);
        let mut rest = template;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            filled.push_str(before);
            let placeholder = from[1..]
                .split_once('}')
                .and_then(|(name, after)| Some((self.value(name)?, after)));
            match placeholder {
                Some((value, after)) => {
                    filled.push_str(&escaped(value, escape));
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = &from[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }
}

fn escaped(value: &str, escape: Escape) -> String {
    match escape {
        Escape::None => value.to_owned(),
        Escape::Form => byte_serialize(value.as_bytes()).collect(),
        Escape::Json => {
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_escaped_where_it_stands_and_filled_once() {
        let message = Message {
            number: "+49151",
            code: "1",
            text: "\"},{\"to\":\"{secret}&a=b",
            secret: "s",
        };
        let json = message.filled(r#"{"to":"{number}","text":"{text}","x":{"y":1}}"#, Escape::Json);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["text"], message.text);
        assert_eq!(
            (read["to"].as_str(), read["x"]["y"].as_i64()),
            (Some("+49151"), Some(1))
        );
        let form = message.filled("to={number}&text={text}", Escape::Form);
        let read: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes())
            .into_owned()
            .collect();
        assert_eq!(
            read,
            [
                ("to".to_owned(), "+49151".to_owned()),
                ("text".to_owned(), message.text.to_owned())
            ]
        );
        assert_eq!(
            message.filled("Bearer {secret} {other} {", Escape::None),
            "Bearer s {other} {"
        );
    }
}
