//! Parts of tables: cells, column heads, badges, times, paging.
//!
//! Invariant: a masked cell never holds the value it masks. Start at [`TableCell`].

use askama::Template;

/// One cell: text and how it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Template)]
#[template(path = "parts/cell.html")]
pub struct TableCell {
    /// The value in words; unused by `Masked` and `Empty`.
    pub text: String,
    /// How it is shown.
    pub kind: CellKind,
}

/// How a cell is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CellKind {
    /// Left-aligned text.
    #[default]
    Text,
    /// Right-aligned number.
    Number,
    /// Right-aligned amount, currency in the text.
    Money,
    /// Date or time.
    Date,
    /// `text` is `true` or `false`.
    Boolean,
    /// A sensitive value, not revealed.
    Masked,
    /// Text that leads somewhere.
    Link {
        /// Where to.
        href: String,
    },
    /// One of a list of choices, shown as a tag.
    Tag,
    /// JSON, ids, hexadecimal: fixed width.
    Code,
    /// No value.
    Empty,
}

impl TableCell {
    /// A cell of that kind.
    #[must_use]
    pub fn new(text: impl Into<String>, kind: CellKind) -> Self {
        Self {
            text: text.into(),
            kind,
        }
    }

    /// A cell without value.
    #[must_use]
    pub fn empty() -> Self {
        Self::new("", CellKind::Empty)
    }

    /// A sensitive value, not revealed.
    #[must_use]
    pub fn masked() -> Self {
        Self::new("", CellKind::Masked)
    }

    /// Whether it is a sensitive value, not revealed.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.kind == CellKind::Masked
    }

    /// Whether it stands at the right of its column.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        matches!(self.kind, CellKind::Number | CellKind::Money)
    }
}

/// Head of a column of records.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/column.html")]
pub struct Column {
    /// Field label.
    pub label: String,
    /// Whether its cells are numbers or amounts.
    pub numeric: bool,
    /// Whether the field is sensitive.
    pub sensitive: bool,
    /// How the table is sorted by it.
    pub sort: Sort,
    /// Where its head leads to change that; `None` if it cannot be sorted.
    pub sort_href: Option<String>,
}

/// How a table is sorted by a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Not at all.
    #[default]
    None,
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A short label with a tone.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = "<span class=\"badge badge-{{ tone.class() }}\">{{ text }}</span>",
    ext = "html"
)]
pub struct Badge {
    /// One or two words.
    pub text: String,
    /// Its tone.
    pub tone: Tone,
}

impl Badge {
    /// A badge of that tone.
    #[must_use]
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

/// Tone of a badge. The text always says the same as the colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Neutral,
    /// As it should be.
    Good,
    /// Look here.
    Warn,
    /// Wrong or refused.
    Bad,
    /// New or in progress.
    Accent,
    /// Sensitive, or in need of care.
    Brass,
}

impl Tone {
    /// Suffix of the CSS class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Accent => "accent",
            Self::Brass => "brass",
        }
    }
}

/// A point in time as people read it and as programs do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Template)]
#[template(source = "<time datetime=\"{{ iso }}\">{{ text }}</time>", ext = "html")]
pub struct Moment {
    /// For people, for example `12 Mar 2026, 14:02`.
    pub text: String,
    /// RFC 3339.
    pub iso: String,
}

/// A label and its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value.
    pub cell: TableCell,
}

/// Where a table goes on. Paging is by cursor: there is a first and a next page, and no page numbers.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/pagination.html")]
pub struct Pagination {
    /// What is shown, for example `50 of 10,000+ records`.
    pub summary: String,
    /// The same page with everything counted, where counting stopped.
    pub count_href: Option<String>,
    /// The first page, when this is not it.
    pub first_href: Option<String>,
    /// The page before this one, where the way back is known.
    pub previous_href: Option<String>,
    /// The page after this one, when there is one.
    pub next_href: Option<String>,
    /// Page sizes on offer; empty to offer none.
    pub page_sizes: Vec<PageSizeLink>,
}

/// A page size on offer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageSizeLink {
    /// Rows per page.
    pub size: u32,
    /// Where it leads.
    pub href: String,
    /// Whether it is in use.
    pub current: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_cell_never_shows_its_text() {
        let html = TableCell::new("NO 974 760 673", CellKind::Masked)
            .render()
            .unwrap();
        assert!(html.contains("••••") && !html.contains("974"), "{html}");
    }

    #[test]
    fn the_text_of_a_cell_is_escaped() {
        for kind in [
            CellKind::Text,
            CellKind::Code,
            CellKind::Tag,
            CellKind::Link { href: "/o".into() },
        ] {
            let html = TableCell::new("<b>x</b>", kind).render().unwrap();
            assert!(!html.contains("<b>"), "{html}");
        }
    }
}
