//! `cargo xtask bundle`: roots and bundles, by the code that verifies them.
//!
//! Invariant: private keys are read from files and never shown. What Debian's signed lists do not vouch for is not
//! packed where such lists are given. Start at [`make`].

mod proof;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use updates::build::{self, Draft, Source};
use updates::key::{KeySet, PublicKey, SigningKey};
use updates::manifest::Content;
use updates::name::TargetName;
use updates::root::{Chain, Root};
use updates::terms::Machine;
use updates::vulnerability::{component, tracker};

use crate::stage::{BundleArguments, BundleCommand, RootArguments};

const PRODUCT: &str = "strongroom";

pub(crate) fn run(command: &BundleCommand) -> Result<()> {
    match command {
        BundleCommand::Root(arguments) => root(arguments, Timestamp::now()),
        BundleCommand::Make(arguments) => make(arguments, Timestamp::now()),
    }
}

fn root(arguments: &RootArguments, now: Timestamp) -> Result<()> {
    let before = match &arguments.roots {
        Some(file) => build::read_roots(file)?,
        None => Chain::new(Vec::new()),
    };
    let version = before.newest_anchor().map_or(1, |newest| newest.version + 1);
    let set = |files: &[PathBuf]| -> Result<KeySet> {
        let key =
            |file: &PathBuf| PublicKey::from_pem(&read(file)?).with_context(|| file.display().to_string());
        Ok(KeySet::new(
            arguments.threshold,
            files.iter().map(key).collect::<Result<_>>()?,
        )?)
    };
    let root = Root {
        version,
        expires: now + days(arguments.days)?,
        root: set(&arguments.root_key)?,
        bundle: set(&arguments.bundle_key)?,
    };
    let chain = build::add_root(before, &root, &private_keys(&arguments.sign)?, now)?;
    write_new(&arguments.output, |path| {
        Ok(fs::write(path, build::roots_file(&chain))?)
    })?;
    let (first, newest) = build::anchors(&chain).context("there is no root")?;
    eprintln!("machines trust the roots in {} by:", arguments.output.display());
    println!("{first}");
    if newest != first {
        println!("{newest}");
    }
    Ok(())
}

fn make(arguments: &BundleArguments, now: Timestamp) -> Result<()> {
    let chain = build::read_roots(&arguments.roots)?;
    let mut sources = packages(&arguments.packages)?;
    let version = sources.iter().find_map(|source| match &source.content {
        Content::Package { package, version, .. } if package == PRODUCT => Some(version.clone()),
        _ => None,
    });
    let version =
        version.with_context(|| format!("{} holds no package {PRODUCT}", arguments.packages.display()))?;
    if let Some(in_release) = &arguments.in_release {
        proof::check(in_release, &arguments.index, &arguments.keyring, &sources, now)?;
        sources.push(source(in_release, "debian-InRelease", Content::Proof)?);
        for (number, index) in arguments.index.iter().enumerate() {
            sources.push(source(
                index,
                &format!("debian-Packages-{number}"),
                Content::Proof,
            )?);
        }
    }
    sources.extend(data(arguments)?);
    let draft = Draft {
        machine: Machine {
            product: PRODUCT.to_owned(),
            release: arguments.release.clone(),
            architecture: arguments.architecture.clone(),
            version,
        },
        from_oldest: arguments.from.parse()?,
        sequence: arguments.sequence,
        made_at: now,
        not_before: now,
        not_after: now + days(arguments.days)?,
    };
    let keys = private_keys(&arguments.sign)?;
    write_new(&arguments.output, |path| {
        let mut file = File::create(path)?;
        build::bundle(&mut file, &chain, &draft, &sources, &keys)?;
        Ok(file.sync_all()?)
    })?;
    println!("{}", arguments.output.display());
    Ok(())
}

/// Data about vulnerabilities, bill and notes, as far as they were given.
fn data(arguments: &BundleArguments) -> Result<Vec<Source>> {
    let as_of = || -> Result<Timestamp> {
        let text = arguments
            .data_as_of
            .as_deref()
            .context("--data-as-of is missing")?;
        text.parse().context("--data-as-of is no instant")
    };
    let open = |file: &Path| Ok::<_, anyhow::Error>(BufReader::new(File::open(file)?));
    let mut sources = Vec::new();
    if let Some(file) = &arguments.tracker {
        let records = tracker::look(open(file)?, &arguments.release, &[])?.records;
        let as_of = as_of()?;
        sources.push(source(file, "tracker.json", Content::Tracker { as_of, records })?);
    }
    if let Some(file) = &arguments.advisories {
        let records = component::look(open(file)?, &[])?.records;
        let as_of = as_of()?;
        sources.push(source(
            file,
            "advisories.jsonl",
            Content::Advisories { as_of, records },
        )?);
    }
    if let Some(file) = &arguments.bill {
        sources.push(source(file, "bill-of-materials.cdx.json", Content::Bill)?);
    }
    if let Some(file) = &arguments.notes {
        sources.push(source(file, "notes.md", Content::Notes)?);
    }
    Ok(sources)
}

/// Every package of a folder, by what it says of itself.
fn packages(folder: &Path) -> Result<Vec<Source>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "deb"));
    files.sort();
    ensure!(!files.is_empty(), "{} holds no packages", folder.display());
    files.iter().map(|file| package(file)).collect()
}

fn package(file: &Path) -> Result<Source> {
    let field = |name: &str| -> Result<String> {
        let output = Command::new("dpkg-deb")
            .arg("--field")
            .arg(file)
            .arg(name)
            .output()?;
        ensure!(output.status.success(), "{} is no package", file.display());
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let (package, version, architecture) = (field("Package")?, field("Version")?, field("Architecture")?);
    let version: updates::version::DebianVersion = version.parse()?;
    let name = format!("{package}_{}_{architecture}.deb", version.without_epoch());
    let content = Content::Package {
        package,
        version,
        architecture,
    };
    source(file, &name, content)
}

fn source(path: &Path, name: &str, content: Content) -> Result<Source> {
    Ok(Source {
        name: TargetName::parse(name)?,
        path: path.to_owned(),
        content,
    })
}

fn private_keys(files: &[PathBuf]) -> Result<Vec<SigningKey>> {
    let key = |file: &PathBuf| SigningKey::from_pem(&read(file)?).with_context(|| file.display().to_string());
    files.iter().map(key).collect()
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}

fn days(number: i64) -> Result<SignedDuration> {
    ensure!(
        (1..=3650).contains(&number),
        "{number} days are no time for a signature"
    );
    Ok(SignedDuration::from_hours(24 * number))
}

/// Writes a file beside its place and renames it, so that half a bundle never has a bundle's name.
fn write_new(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if path.exists() {
        bail!(
            "{} is there already; a bundle or root is never overwritten",
            path.display()
        );
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = write(&part).and_then(|()| Ok(fs::rename(&part, path)?));
    if written.is_err() {
        fs::remove_file(&part).ok();
    }
    written
}

#[cfg(test)]
mod tests;
