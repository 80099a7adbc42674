//! The rules of README.md, checked on every sample page.

use super::html::{Tag, start_tags};
use super::sample::Page;
use std::collections::HashSet;

pub(super) fn all_pages() -> Vec<Page> {
    let parts = [
        super::administration::pages(),
        super::audit::pages(),
        super::audit_notes::pages(),
        super::backups::pages(),
        super::endings::pages(),
        super::datasets::pages(),
        super::records::pages(),
        super::jobs::pages(),
        super::lifecycle::pages(),
        super::log_reviews::pages(),
        super::person_requests::pages(),
    ];
    parts.into_iter().flatten().collect()
}

fn for_each_page(check: impl Fn(&str, &str, &[Tag<'_>])) {
    for page in all_pages() {
        check(&page.path, &page.html, &start_tags(&page.html));
    }
}

#[test]
fn no_page_holds_an_inline_style_script_or_handler() {
    for_each_page(|path, html, tags| {
        for tag in tags {
            assert!(tag.name != "style", "{path} holds a style element");
            assert!(
                tag.name != "script" || tag.get("src").is_some(),
                "{path} holds an inline script"
            );
            for (name, value) in &tag.attributes {
                assert!(
                    *name != "style" && !name.starts_with("on"),
                    "{path}: <{} {name}>",
                    tag.name
                );
                assert!(
                    !value.starts_with("data:") && !value.starts_with("javascript:"),
                    "{path}: {value}"
                );
            }
        }
        assert!(
            html.contains("<script src=\"/assets/console.js\" defer></script>"),
            "{path} has no script"
        );
    });
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    for_each_page(|path, _, tags| {
        for tag in tags
            .iter()
            .filter(|tag| matches!(tag.name, "link" | "script" | "img" | "use"))
        {
            let source = tag.get("src").or_else(|| tag.get("href")).unwrap_or("");
            let name = source
                .strip_prefix("/assets/")
                .and_then(|rest| rest.split('#').next())
                .unwrap_or("");
            assert!(
                console::assets::find_asset(name).is_some(),
                "{path} loads {source}"
            );
        }
    });
}

#[test]
fn every_icon_exists_in_the_sprite() {
    let sprite = include_str!("../../assets/icons.svg");
    for_each_page(|path, _, tags| {
        for tag in tags.iter().filter(|tag| tag.name == "use") {
            let name = tag
                .get("href")
                .and_then(|href| href.split_once('#'))
                .map_or("", |(_, name)| name);
            assert!(
                sprite.contains(&format!("id=\"{name}\"")),
                "{path} uses the icon {name}"
            );
        }
    });
}

#[test]
fn every_input_has_a_label() {
    for_each_page(|path, html, tags| {
        let inputs = tags
            .iter()
            .filter(|tag| matches!(tag.name, "input" | "select" | "textarea"));
        for input in inputs.filter(|tag| tag.get("type") != Some("hidden")) {
            let by_id = input
                .get("id")
                .is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
            assert!(
                by_id || input.get("aria-label").is_some(),
                "{path}: no label for {input:?}"
            );
        }
    });
}

#[test]
fn ids_are_unique_and_references_hit_one() {
    for_each_page(|path, _, tags| {
        let mut ids = HashSet::new();
        for id in tags.iter().filter_map(|tag| tag.get("id")) {
            assert!(ids.insert(id), "{path}: the id {id} occurs twice");
        }
        for tag in tags {
            for name in ["for", "aria-labelledby", "aria-describedby", "list"] {
                for id in tag.get(name).unwrap_or("").split_whitespace() {
                    assert!(
                        ids.contains(id),
                        "{path}: {name} of <{}> names {id}, which is nowhere",
                        tag.name
                    );
                }
            }
            if let Some(id) = tag.get("href").and_then(|href| href.strip_prefix("#f-")) {
                assert!(
                    ids.contains(format!("f-{id}").as_str()),
                    "{path}: the summary names {id}"
                );
            }
        }
    });
}

#[test]
fn every_page_has_a_language_a_title_one_main_and_one_first_heading() {
    for_each_page(|path, html, tags| {
        assert!(
            html.starts_with("<!doctype html>\n<html lang=\"en\""),
            "{path}: {:?}",
            &html[..60]
        );
        // A picture has titles of its own.
        let head = html.find("</head>").unwrap_or(html.len());
        let counts = |tag: &&Tag<'_>| tag.name != "title" || tag.position < head;
        for name in ["title", "main", "h1"] {
            assert_eq!(
                tags.iter().filter(counts).filter(|tag| tag.name == name).count(),
                1,
                "{path}: <{name}>"
            );
        }
    });
}

#[test]
fn every_table_has_a_caption_and_scoped_heads() {
    for_each_page(|path, _, tags| {
        let count = |name: &str| tags.iter().filter(|tag| tag.name == name).count();
        assert_eq!(count("table"), count("caption"), "{path}");
        for head in tags
            .iter()
            .filter(|tag| tag.name == "th" && tag.get("class") != Some("tick"))
        {
            assert!(head.get("scope").is_some(), "{path}: {head:?}");
        }
    });
}

#[test]
fn every_post_form_carries_the_csrf_token() {
    for_each_page(|path, html, tags| {
        for form in tags
            .iter()
            .filter(|tag| tag.name == "form" && tag.get("method") == Some("post"))
        {
            let end = html[form.position..]
                .find("</form>")
                .map_or(html.len(), |end| form.position + end);
            assert!(
                html[form.position..end].contains("name=\"csrf\""),
                "{path}: {form:?}"
            );
        }
    });
}

#[test]
fn a_page_before_sign_in_shows_no_navigation() {
    let pages = all_pages();
    let page = pages.iter().find(|page| page.path == "/sign-in").unwrap();
    assert!(!page.html.contains("<nav"), "{}", page.html);
}

#[test]
fn a_masked_cell_says_so_to_a_screen_reader() {
    let pages = all_pages();
    let page = pages
        .iter()
        .find(|page| page.path == "/o/northwind/d/customers")
        .unwrap();
    assert!(
        page.html.contains("<span class=\"sr\">masked</span>"),
        "{}",
        page.html
    );
}
