//! Pictures of the console, taken in a real browser from the running demo: those of `docs/pictures`, or all pages in
//! light and dark, wide and narrow, for looking at.
//!
//! What members see comes first; [`appliance`] has what the operator sees. The sample data is the same on every machine, so a picture changes only when the page does, or its times.

mod appliance;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};
use testkit::browser::{BrowserSettings, ColorScheme};
use testkit::{Browser, wait_until};

use super::Demo;
use super::people::{OWNER, Person, SLUG};
use crate::program;

/// Longest wait for a page to say something.
const PATIENCE: Duration = Duration::from_secs(30);
/// Colours fade over when the scheme changes.
const FADE: Duration = Duration::from_millis(300);

/// Which pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Those that the documents show.
    Documents,
    /// Every page in every look.
    EveryPage,
}

/// Width, height, colours.
#[derive(Clone, Copy)]
struct Look {
    name: &'static str,
    width: u32,
    height: u32,
    scheme: ColorScheme,
}

const fn look(name: &'static str, width: u32, height: u32, scheme: ColorScheme) -> Look {
    Look {
        name,
        width,
        height,
        scheme,
    }
}

const LOOKS: [Look; 4] = [
    look("wide-light", 1280, 800, ColorScheme::Light),
    look("wide-dark", 1280, 800, ColorScheme::Dark),
    look("narrow-light", 390, 844, ColorScheme::Light),
    look("narrow-dark", 390, 844, ColorScheme::Dark),
];

/// Height of a wide picture of many records: what lies below repeats itself, and the file stays small.
const RECORDS_HEIGHT: u32 = 640;

/// What the documents show: page, look, file.
const SHOWN: [(&str, &str, &str); 13] = [
    ("sign-in", "wide-light", "sign-in"),
    ("records", "wide-light", "records"),
    ("records", "wide-dark", "records-dark"),
    ("records", "narrow-dark", "records-phone"),
    ("record", "wide-light", "record"),
    ("record-form", "wide-light", "record-form"),
    ("history", "wide-light", "history"),
    ("import-preview", "wide-light", "import"),
    ("members", "wide-light", "members"),
    ("organization", "wide-light", "organization"),
    ("audit", "wide-light", "audit"),
    ("appliance", "wide-light", "appliance"),
    ("promises", "wide-light", "promises"),
];

/// Pages that an address leads to.
const PAGES: [(&str, &str); 20] = [
    ("datasets", "/o/{slug}/datasets"),
    ("records", "/o/{slug}/d/ledger?sort=-issued_on"),
    (
        "records-filtered",
        "/o/{slug}/d/ledger?filter_field=status&filter_operator=eq&filter_value=overdue&add_filter=1",
    ),
    ("customers", "/o/{slug}/d/customers?sort=number"),
    ("trash", "/o/{slug}/d/ledger/trash"),
    ("settings", "/o/{slug}/d/ledger/settings"),
    ("export", "/o/{slug}/d/customers/export"),
    ("archive", "/o/{slug}/archive"),
    ("new-dataset", "/o/{slug}/datasets/new"),
    ("imports", "/o/{slug}/imports"),
    ("audit", "/o/{slug}/audit"),
    ("organization-access-log", "/o/{slug}/access-log"),
    ("tokens", "/o/{slug}/tokens"),
    ("organization", "/o/{slug}/about"),
    ("organization-restore", "/o/{slug}/restore"),
    ("promises", "/promises"),
    ("account", "/account"),
    ("factors", "/account/factors"),
    ("access-log", "/account/access-log"),
    ("not-found", "/o/{slug}/d/nothing"),
];

/// Takes them.
pub(super) async fn take(demo: &Demo<'_>, extent: Extent) -> Result<()> {
    let folder = match extent {
        Extent::Documents => program::root().join("docs/pictures"),
        Extent::EveryPage => program::root().join("target/pictures"),
    };
    fs::create_dir_all(&folder)?;
    let settings = BrowserSettings {
        trusted_pin: Some(demo.certificates.pin()?),
        ..BrowserSettings::default()
    };
    let camera = async || {
        anyhow::Ok(Camera {
            browser: Browser::start(&settings).await?,
            base: format!("https://localhost:{}", demo.ports.https),
            folder: folder.clone(),
            extent,
        })
    };
    camera().await?.as_owner(demo).await?;
    camera().await?.as_operator(demo).await
}

/// A browser that takes pictures.
struct Camera {
    browser: Browser,
    base: String,
    folder: PathBuf,
    extent: Extent,
}

impl Camera {
    async fn as_owner(&self, demo: &Demo<'_>) -> Result<()> {
        self.open("/sign-in").await?;
        self.take("sign-in").await?;
        self.sign_in(&OWNER, demo.folder).await?;
        self.wait_for("Ledger").await?;
        for (name, path) in PAGES {
            self.open(&path.replace("{slug}", SLUG)).await?;
            self.take(name).await?;
        }
        self.record().await?;
        self.import(demo.folder).await?;
        self.invitation().await
    }

    async fn open(&self, path: &str) -> Result<()> {
        let address = format!("{}{path}", self.base);
        self.browser.goto(&address).await.context(address)
    }

    /// Runs a script on the page. This is the camera's hand, not the page's: the pages hold no script of this kind.
    async fn run(&self, script: &str, argument: Json) -> Result<Json> {
        Ok(self.browser.execute(script, vec![argument]).await?)
    }

    /// Fills in inputs by name and sends the form with that address.
    async fn send(&self, form: &str, values: Json) -> Result<()> {
        let script = "const form = document.querySelector(`form[action='${arguments[0].form}']`) ??
                document.querySelector('form[method=post]');
            for (const [name, value] of Object.entries(arguments[0].values)) form.elements[name].value = value;
            form.requestSubmit();";
        self.run(script, json!({ "form": form, "values": values }))
            .await?;
        Ok(())
    }

    async fn wait_for(&self, text: &str) -> Result<()> {
        let script = "return document.body.innerText.includes(arguments[0])";
        let says = async || self.run(script, json!(text)).await.is_ok_and(|said| said == true);
        Ok(wait_until(PATIENCE, text, says).await?)
    }

    async fn sign_in(&self, person: &Person, folder: &Path) -> Result<()> {
        self.open("/sign-in").await?;
        let values = json!({ "login": person.email, "password": person.password(folder)? });
        self.send("/sign-in", values).await
    }

    /// The newest invoice that was changed, and the forms around a customer.
    async fn record(&self) -> Result<()> {
        self.open(&format!("/o/{SLUG}/d/customers?sort=number")).await?;
        let first = "return document.querySelector('tbody a').getAttribute('href')";
        let customer = self.run(first, Json::Null).await?;
        self.take_at(&customer, "", "record").await?;
        self.take_at(&customer, "/edit", "customer-form").await?;
        self.open(&format!("/o/{SLUG}/d/ledger?sort=-updated_at")).await?;
        let invoice = self.run(first, Json::Null).await?;
        self.take_at(&invoice, "/edit", "record-form").await?;
        self.take_at(&invoice, "/history", "history").await?;
        self.open(&format!("/o/{SLUG}/audit")).await?;
        let entry = self.run(first, Json::Null).await?;
        self.take_at(&entry, "", "audit-entry").await
    }

    async fn take_at(&self, path: &Json, rest: &str, name: &str) -> Result<()> {
        let path = path
            .as_str()
            .context("the page has no link where one should be")?;
        self.open(&format!("{path}{rest}")).await?;
        self.take(name).await
    }

    /// Uploads a file as a person would and shows what is made of it.
    async fn import(&self, folder: &Path) -> Result<()> {
        let file = folder.join("samples/payments-2026.csv");
        fs::write(&file, payments())?;
        self.open(&format!("/o/{SLUG}/imports")).await?;
        let root = self.browser.dev_tools("DOM.getDocument", json!({})).await?;
        let input = json!({ "nodeId": root["root"]["nodeId"], "selector": "input[type=file]" });
        let input = self.browser.dev_tools("DOM.querySelector", input).await?;
        let files = json!({ "files": [file.to_string_lossy()], "nodeId": input["nodeId"] });
        self.browser.dev_tools("DOM.setFileInputFiles", files).await?;
        self.send(&format!("/o/{SLUG}/imports"), json!({})).await?;
        self.wait_for("Dry run").await?;
        self.take("import-preview").await
    }

    /// Adds a person, takes the link, follows it, and leaves the members as they were.
    async fn invitation(&self) -> Result<()> {
        let members = format!("/o/{SLUG}/members");
        self.open(&members).await?;
        let values = json!({ "name": "Ines Duarte", "email": "ines@harbour.example", "role": "editor" });
        self.send(&members, values).await?;
        self.wait_for("Hand this link").await?;
        self.take("members").await?;
        let link = "return document.getElementById('fresh-link').textContent";
        let link = self.run(link, Json::Null).await?;
        let remove =
            "const row = [...document.querySelectorAll('tr')].find((row) => row.innerText.includes('Ines'));
            const form = row.querySelector('form[action$=\"/remove\"]');
            form.removeAttribute('data-confirm');
            form.requestSubmit();";
        let link = link.as_str().unwrap_or_default().to_owned();
        self.browser.goto(&link).await?;
        self.take("invitation").await?;
        self.open(&members).await?;
        self.run(remove, Json::Null).await?;
        self.wait_for("The member was removed").await?;
        self.browser.goto(&link).await?;
        self.take("invitation-dead").await
    }

    fn height(&self, page: &str, look: Look) -> u32 {
        let is_wide = look.width > look.height;
        match self.extent {
            Extent::Documents if is_wide && page == "records" => RECORDS_HEIGHT,
            Extent::Documents | Extent::EveryPage => look.height,
        }
    }

    /// Takes the page in the looks that are wanted.
    async fn take(&self, page: &str) -> Result<()> {
        for look in LOOKS {
            let shown = SHOWN
                .iter()
                .find(|(shown, name, _)| *shown == page && *name == look.name);
            let file = match (self.extent, shown) {
                (Extent::EveryPage, _) => format!("{page}-{}.png", look.name),
                (Extent::Documents, Some((.., file))) => format!("{file}.png"),
                (Extent::Documents, None) => continue,
            };
            self.browser.prefer(look.scheme).await?;
            self.browser.resize(look.width, self.height(page, look)).await?;
            tokio::time::sleep(FADE).await;
            self.browser.screenshot_to(&self.folder.join(&file)).await?;
            eprintln!("+ {file}");
        }
        Ok(())
    }
}

/// A file as a bank gives it: semicolons, decimal commas, and a last row that nobody can read.
fn payments() -> String {
    let mut text = "Reference;Payer;Amount;Paid on;Method;Phone\n".to_owned();
    let payers = [
        "Aldgate Books",
        "Blue Fjord Shipping",
        "Casa Verde",
        "Drei Linden Verlag",
    ];
    for place in 0..400_usize {
        let (payer, method) = (payers[place % 4], ["card", "transfer", "cash"][place % 3]);
        let (whole, part, day) = (20 + place * 3, place % 100, 1 + place % 28);
        let phone = 1_000_000 + place;
        text +=
            &format!("P-{place:05};{payer};{whole},{part:02} EUR;{day:02}.03.2026;{method};+49 30 {phone}\n");
    }
    text + "P-00401;Nobody;much;32.03.2026;card;\n"
}
