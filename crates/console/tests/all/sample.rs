//! What the sample pages share: an organization, its people, moments, short forms.

use askama::Template;
use console::view::{
    Badge, CellKind, Choice, Chrome, Crumb, DatasetHeader, DatasetTab, Fact, Moment, Nav, Notice, NoticeKind,
    OrganizationLink, TableCell, Tone,
};

/// A rendered page and the path it is reached by.
pub(super) struct Page {
    pub(super) path: String,
    pub(super) html: String,
}

pub(super) fn page(path: &str, template: &impl Template) -> Page {
    let html = template
        .render()
        .unwrap_or_else(|error| panic!("rendering {path} failed: {error}"));
    Page {
        path: path.to_owned(),
        html,
    }
}

fn organization(slug: &str, name: &str, role: &str) -> OrganizationLink {
    let may_administer = role == "owner" || role == "administrator";
    OrganizationLink {
        slug: slug.into(),
        name: name.into(),
        role: role.into(),
        may_administer,
        may_find_people: may_administer || role == "accountant",
    }
}

pub(super) fn chrome(title: &str, nav: Nav) -> Chrome {
    let northwind = organization("northwind", "Northwind Telecom", "owner");
    Chrome {
        title: title.into(),
        account_name: Some("Ada Okonkwo".into()),
        organization: Some(northwind.clone()),
        organizations: vec![
            northwind,
            organization("riverside-library", "Riverside Library", "accountant"),
            organization("skyways", "Skyways Air", "viewer"),
        ],
        csrf: "3f9a2b".into(),
        nav,
        ..Chrome::default()
    }
}

pub(super) fn inside(title: &str, crumbs: &[(&str, &str)]) -> Chrome {
    let crumb = |(text, href): &(&str, &str)| Crumb {
        text: (*text).into(),
        href: (*href).into(),
    };
    Chrome {
        crumbs: crumbs.iter().map(crumb).collect(),
        ..chrome(title, Nav::Datasets)
    }
}

pub(super) fn with_notice(mut chrome: Chrome, kind: NoticeKind, text: &str) -> Chrome {
    chrome.notice = Some(Notice {
        kind,
        text: text.into(),
    });
    chrome
}

pub(super) fn dataset(tab: DatasetTab) -> DatasetHeader {
    DatasetHeader {
        organization: "northwind".into(),
        slug: "customers".into(),
        name: "Customers".into(),
        tab,
        may_write: true,
        may_configure: true,
        may_export: true,
    }
}

pub(super) fn at(text: &str) -> Moment {
    Moment {
        text: text.into(),
        iso: "2026-03-12T14:02:31Z".into(),
    }
}

pub(super) fn text(value: &str) -> TableCell {
    TableCell::new(value, CellKind::Text)
}

pub(super) fn code(value: &str) -> TableCell {
    TableCell::new(value, CellKind::Code)
}

pub(super) fn money(value: &str) -> TableCell {
    TableCell::new(value, CellKind::Money)
}

pub(super) fn fact(label: &str, cell: TableCell) -> Fact {
    Fact {
        label: label.into(),
        cell,
    }
}

pub(super) fn badge(text: &str, tone: Tone) -> Badge {
    Badge::new(text, tone)
}

pub(super) fn choices(pairs: &[(&str, &str)], selected: &str) -> Vec<Choice> {
    pairs
        .iter()
        .map(|(value, label)| Choice::new(*value, *label).selected_if(selected))
        .collect()
}
