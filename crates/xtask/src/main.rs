#![doc = include_str!("../README.md")]
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[cfg(feature = "services")]
mod bench;
mod block_list;
#[cfg(feature = "services")]
mod bundle;
mod ci;
mod deb;
#[cfg(feature = "services")]
mod demo;
mod documents;
mod fuzz;
mod image;
mod layers;
mod licences;
mod openapi;
mod postgresql;
mod program;
mod repository;
mod stage;
mod test;
mod tools;
mod workspace;

/// The commands of Strongroom's development.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a whole Strongroom with sample data on localhost; Ctrl-C stops it, the data stays
    Demo(stage::DemoArguments),
    /// Take the pictures of docs/pictures from a running demo
    Screenshots(stage::ScreenshotArguments),
    /// Measure Strongroom beside pgbench, on one cluster, in one run
    Bench(stage::BenchArguments),
    /// Install what the tests need and run them
    Test(test::TestArguments),
    /// Feed the fuzz targets for a while
    Fuzz(fuzz::FuzzArguments),
    /// Format, clippy, layers, documents, licences and tests
    Ci,
    /// Check the order of the crates and the firewalls between them
    Layers,
    /// Check links in the documentation, and the code map against the workspace
    Documents,
    /// Check licences, bans and sources of the dependencies
    Licences,
    /// Build the Debian package
    Deb(deb::DebArguments),
    /// Build a disk image that boots and asks for set-up
    Image(image::ImageArguments),
    /// Make a signed apt repository out of packages
    Repository(repository::RepositoryArguments),
    /// Write the bill of materials and the licences of the crates in the program into a folder
    Bill(deb::BillArguments),
    /// Make bundles of updates for machines without a network, and the roots that they are trusted by
    #[command(subcommand)]
    Bundle(stage::BundleCommand),
    /// Make the list of common passwords out of others' lists
    BlockList(block_list::BlockListArguments),
    /// Write the API's OpenAPI document, or check that the written one is current
    Openapi(openapi::OpenapiArguments),
}

/// A failure is told in a line or two: where it happened in xtask helps nobody.
fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Demo(arguments) => stage::demo(&arguments),
        Command::Screenshots(arguments) => stage::screenshots(&arguments),
        Command::Bench(arguments) => stage::bench(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Ci => ci::run(),
        Command::Layers => layers::run(),
        Command::Documents => documents::run(),
        Command::Licences => licences::run(),
        Command::Deb(arguments) => deb::run(&arguments),
        Command::Image(arguments) => image::run(&arguments),
        Command::Repository(arguments) => repository::run(&arguments),
        Command::Bill(arguments) => deb::bill(&arguments),
        Command::Bundle(command) => stage::bundle(&command),
        Command::BlockList(arguments) => block_list::run(&arguments),
        Command::Openapi(arguments) => openapi::run(&arguments),
    }
}
