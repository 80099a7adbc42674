//! Form fields: one struct for every input of the console, and the summary that opens a failed form.
//!
//! Invariant: an input's id is `f-` followed by its name, so that the summary's links always hit.
//! Start at [`FieldInput`].

use askama::Template;

/// One labelled input with its help and its error.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/field.html")]
pub struct FieldInput {
    /// Form field name; unique on its page.
    pub name: String,
    /// Visible label.
    pub label: String,
    /// Current value as text; empty for none.
    pub value: String,
    /// One sentence of help below the label.
    pub help: Option<String>,
    /// Why the last try was refused.
    pub error: Option<String>,
    /// Whether it must be filled in.
    pub required: bool,
    /// What kind of input it is.
    pub kind: InputKind,
    /// Value of the `autocomplete` attribute, for example `username`.
    pub autocomplete: Option<&'static str>,
}

impl FieldInput {
    /// A text field without value, help or error.
    #[must_use]
    pub fn new(name: impl Into<String>, label: impl Into<String>, kind: InputKind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind,
            ..Self::default()
        }
    }

    /// The same field with a value.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// The same field with a sentence of help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same field with the reason why it was refused.
    #[must_use]
    pub fn with_error(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// The same field, to be filled in.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same field with an `autocomplete` attribute.
    #[must_use]
    pub fn with_autocomplete(mut self, autocomplete: &'static str) -> Self {
        self.autocomplete = Some(autocomplete);
        self
    }

    /// The ids of help and error, for `aria-describedby`; `None` if there is neither.
    #[must_use]
    pub fn described_by(&self) -> Option<String> {
        let help = self.help.as_ref().map(|_| format!("f-{}-help", self.name));
        let error = self.error.as_ref().map(|_| format!("f-{}-error", self.name));
        match (help, error) {
            (Some(help), Some(error)) => Some(format!("{error} {help}")),
            (help, error) => help.or(error),
        }
    }

    /// Whether a drop-down of these choices gets an empty one in front: it may be left out, and none stands for that.
    #[must_use]
    pub fn needs_empty_choice(&self, choices: &[Choice]) -> bool {
        !self.required && choices.first().is_none_or(|first| !first.value.is_empty())
    }

    /// Type and `inputmode` of a plain `<input>`.
    #[must_use]
    pub fn input_attributes(&self) -> (&'static str, &'static str) {
        match self.kind {
            InputKind::Integer => ("text", "numeric"),
            InputKind::Decimal => ("text", "decimal"),
            InputKind::Date => ("date", ""),
            InputKind::Timestamp | InputKind::ExactTimestamp => ("datetime-local", ""),
            InputKind::Email => ("email", "email"),
            InputKind::Url => ("url", "url"),
            InputKind::Phone => ("tel", "tel"),
            InputKind::Password => ("password", ""),
            _ => ("text", ""),
        }
    }
}

/// What kind of input a field is. Numbers are text inputs with a numeric keyboard: `type="number"` rounds and scrolls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum InputKind {
    /// One line.
    #[default]
    Text,
    /// Several lines.
    LongText,
    /// Several lines that whoever looks over a shoulder is not to read, such as a private key. The value is never given back.
    SecretLines,
    /// Whole number.
    Integer,
    /// Exact decimal number.
    Decimal,
    /// Amount in `value`; the currency goes in the field `{name}.currency`.
    Money {
        /// Selected ISO 4217 code.
        currency: String,
        /// ISO 4217 codes on offer.
        currencies: Vec<String>,
    },
    /// Yes, no or empty: `true`, `false`, ``.
    Boolean,
    /// One checkbox; posts `true` when ticked.
    Checkbox,
    /// Calendar date, `2026-03-12`.
    Date,
    /// Date and time, `2026-03-12T14:02`.
    Timestamp,
    /// Date and time to the second, `2026-03-12T14:02:31`.
    ExactTimestamp,
    /// Drop-down of one choice; an empty choice comes first when not required.
    Choice(Vec<Choice>),
    /// Radio buttons of one choice.
    Radio(Vec<Choice>),
    /// Checkboxes of the same name.
    MultipleChoice(Vec<Choice>),
    /// E-mail address.
    Email,
    /// Web address.
    Url,
    /// Telephone number.
    Phone,
    /// Password; never filled in again.
    Password,
    /// Sensitive text: shown masked. Leaving it empty keeps the stored value if there is one.
    Sensitive {
        /// Whether a value is stored.
        stored: bool,
    },
    /// Id of a record of another dataset, with suggestions.
    Reference(Vec<Choice>),
    /// Point; posts `{name}.latitude` and `{name}.longitude` in degrees.
    GeoPoint {
        /// Degrees north.
        latitude: String,
        /// Degrees east.
        longitude: String,
    },
    /// JSON text.
    Json,
    /// File to upload; the text is the `accept` attribute.
    File(&'static str),
    /// File of a record. `value` is the id of the one it has, sent along in `{name}`; a new one goes in `{name}.file`.
    Attachment {
        /// The one it has.
        attached: Option<AttachedFile>,
    },
    /// Shown, not edited (auto number, computed).
    ReadOnly,
}

/// A file that a record has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttachedFile {
    /// Its name and size.
    pub label: String,
    /// Where it is downloaded.
    pub href: String,
}

/// One choice of a drop-down, of radio buttons or checkboxes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Posted value.
    pub value: String,
    /// Visible text.
    pub label: String,
    /// A line of explanation, shown with radio buttons and checkboxes.
    pub help: Option<String>,
    /// Whether it is selected.
    pub selected: bool,
}

impl Choice {
    /// A choice that is not selected.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            ..Self::default()
        }
    }

    /// The same choice, selected if `value` is its value.
    #[must_use]
    pub fn selected_if(mut self, value: &str) -> Self {
        self.selected = self.value == value;
        self
    }
}

/// What opens a form that was refused: a title and links to the fields at fault.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/error_summary.html")]
pub struct ErrorSummary {
    /// What failed and what to do, one sentence.
    pub title: String,
    /// The fields at fault, in the form's order; may be empty.
    pub failures: Vec<FieldFailure>,
}

/// One line of an [`ErrorSummary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFailure {
    /// Name of the field at fault.
    pub name: String,
    /// Its label.
    pub label: String,
    /// Why it was refused.
    pub message: String,
}

impl ErrorSummary {
    /// A summary of the fields that have an error, in order.
    #[must_use]
    pub fn of_fields(title: impl Into<String>, fields: &[FieldInput]) -> Self {
        let failure = |field: &FieldInput| {
            let message = field.error.clone()?;
            Some(FieldFailure {
                name: field.name.clone(),
                label: field.label.clone(),
                message,
            })
        };
        Self {
            title: title.into(),
            failures: fields.iter().filter_map(failure).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_markup_is_escaped() {
        let html = FieldInput::new("name", "Name", InputKind::Text)
            .with_value("\"><script>alert(1)</script>")
            .render()
            .unwrap();
        assert!(!html.contains("<script>"), "{html}");
    }

    #[test]
    fn a_password_is_never_filled_in_again() {
        let html = FieldInput::new("password", "Password", InputKind::Password)
            .with_value("correct")
            .render()
            .unwrap();
        assert!(!html.contains("correct"), "{html}");
    }

    #[test]
    fn the_summary_names_only_fields_with_an_error() {
        let fields = [
            FieldInput::new("a", "A", InputKind::Text),
            FieldInput::new("b", "B", InputKind::Text).with_error("is missing"),
        ];
        let summary = ErrorSummary::of_fields("Not saved", &fields);
        assert_eq!(summary.failures.len(), 1);
        assert_eq!(summary.failures[0].name, "b");
    }
}
