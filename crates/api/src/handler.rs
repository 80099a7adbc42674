//! Handlers: each reads its call, asks one use case of the platform and answers. One file per noun.

pub(crate) mod access_log;
pub(crate) mod audit;
pub(crate) mod batch;
pub(crate) mod dataset;
pub(crate) mod directory;
pub(crate) mod export;
pub(crate) mod field;
pub(crate) mod file;
pub(crate) mod grant;
pub(crate) mod hold;
pub(crate) mod import;
pub(crate) mod lifecycle;
pub(crate) mod mail;
pub(crate) mod maintenance;
pub(crate) mod me;
pub(crate) mod member;
pub(crate) mod meta;
pub(crate) mod newcomer;
pub(crate) mod organization;
pub(crate) mod policy;
pub(crate) mod promise;
pub(crate) mod provider;
pub(crate) mod record;
pub(crate) mod record_change;
pub(crate) mod restore;
pub(crate) mod token;
