//! Just enough HTML to check our own pages: start tags with their attributes.

/// A start tag.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    /// Where the tag begins.
    pub(super) position: usize,
}

impl<'a> Tag<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    }
}

/// Every start tag of a page in order. Attribute values are quoted or absent, as our templates write them.
pub(super) fn start_tags(html: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let mut from = 0;
    while let Some(offset) = html[from..].find('<') {
        let position = from + offset;
        let rest = &html[position + 1..];
        let length = rest
            .find(|c: char| !(c.is_ascii_alphanumeric()))
            .unwrap_or(rest.len());
        if length > 0 {
            let (attributes, used) = attributes(&rest[length..]);
            tags.push(Tag {
                name: &rest[..length],
                attributes,
                position,
            });
            from = position + 1 + length + used;
        } else {
            from = position + 1;
        }
    }
    tags
}

/// The attributes up to the closing `>`, and how many bytes they take.
fn attributes(text: &str) -> (Vec<(&str, &str)>, usize) {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start().len();
        let rest = &text[at..];
        if rest.is_empty() || rest.starts_with('>') {
            return (found, at);
        }
        let name_length = rest
            .find(|c: char| c.is_whitespace() || c == '=' || c == '>')
            .unwrap_or(rest.len())
            .max(1);
        let name = &rest[..name_length];
        at += name_length;
        let value = text[at..]
            .strip_prefix("=\"")
            .and_then(|quoted| quoted.split_once('"'))
            .map(|(value, _)| value);
        at += value.map_or(0, |value| value.len() + 3);
        found.push((name, value.unwrap_or("")));
    }
}

#[cfg(test)]
mod tests {
    use super::start_tags;

    #[test]
    fn tags_and_attributes_are_found() {
        let tags = start_tags("<p class=\"a > b\" hidden>x</p><br>");
        assert_eq!(tags.len(), 2);
        assert_eq!(tags[0].get("class"), Some("a > b"));
        assert_eq!(tags[0].get("hidden"), Some(""));
        assert_eq!(tags[1].name, "br");
    }
}
