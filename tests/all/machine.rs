//! Whole machines: Debian as it comes, the package, and a person who signs in from outside.

mod console;
mod installed;
mod site;
mod update;
