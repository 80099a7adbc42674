//! Whole machines: Debian as it comes, the package, and a person who signs in from outside.

mod arrival;
mod backup;
mod bad_day;
mod bundle;
mod console;
mod directory;
mod helper;
mod image;
mod installed;
mod major;
mod maker;
mod outgoing;
mod rebuild;
mod renew;
mod site;
mod storage;
mod update;
