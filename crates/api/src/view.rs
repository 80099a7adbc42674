//! Writers of what goes out. Records, of which there are many, are written straight from the platform's values,
//! without a tree of JSON in between.

pub(crate) mod audit;
pub(crate) mod dataset;
pub(crate) mod directory;
pub(crate) mod grant;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod lifecycle;
pub(crate) mod mail;
pub(crate) mod newcomer;
pub(crate) mod organization;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod policy;
pub(crate) mod provider;
pub(crate) mod record;
pub(crate) mod restore;
