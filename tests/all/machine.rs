//! Whole machines: Debian as it comes, the package, and a person who signs in from outside.

mod bundle;
mod console;
mod helper;
mod image;
mod installed;
mod outgoing;
mod renew;
mod site;
mod storage;
mod update;
