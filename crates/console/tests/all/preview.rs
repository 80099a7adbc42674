//! Leaves every sample page under `target/console-preview`, at the path of its links, beside the assets.

use super::pages::all_pages;
use console::assets::ASSETS;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[test]
fn the_preview_holds_every_page_at_its_path() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("console-preview");
    fs::create_dir_all(folder.join("assets")).unwrap();
    for asset in &ASSETS {
        fs::write(folder.join("assets").join(asset.name), asset.bytes).unwrap();
    }
    let mut list =
        String::from("<!doctype html>\n<html lang=\"en\"><title>Preview</title><h1>Preview</h1><ul>\n");
    for page in all_pages() {
        let place = folder.join(page.path.trim_start_matches('/'));
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("index.html"), &page.html).unwrap();
        writeln!(list, "<li><a href=\"{0}/\">{0}</a></li>", page.path).unwrap();
    }
    fs::write(folder.join("index.html"), list + "</ul></html>\n").unwrap();
    assert!(folder.join("o/northwind/d/customers/index.html").is_file());
}
