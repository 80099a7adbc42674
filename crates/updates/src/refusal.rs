//! Why a bundle is not taken: one variant for each fault or attack, with its own sentence.
//!
//! The nine attacks that TUF names (<https://theupdateframework.io/docs/security/>) are at: arbitrary software
//! `SignatureUnknown`, `SignatureWrong`, `TooFewSignatures`; rollback `Rollback`, `RootRollback`, `Replaced`;
//! freeze `Expired`; mix-and-match `Mixed`, `Altered`; endless data `Endless`, `TooLong`; fast-forward
//! `FastForward`; key compromise `TooFewSignatures` and `RootChain`; slow retrieval `Stalled`, `TooSlow`; wrong
//! software `WrongSoftware`, `OtherProduct`.

use std::io;

use jiff::Timestamp;

use crate::key::PublicKey;
use crate::name::TargetName;

/// Why a bundle is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The first bytes are others.
    #[error("this is no bundle of updates of Strongroom; look at the file that was named")]
    NotABundle,
    /// It ends too early.
    #[error("the bundle ends in the middle of {what}: it was cut short; copy it again")]
    Truncated {
        /// Where.
        what: String,
    },
    /// A length or a number that no bundle has.
    #[error("{what} would be {found}, and at most {most} are taken; this is no sound bundle")]
    TooLong {
        /// What.
        what: String,
        /// What the bundle says.
        found: u64,
        /// The bound.
        most: u64,
    },
    /// More follows after its end.
    #[error("the bundle goes on after its end; nothing beyond it is read")]
    Endless,
    /// No byte came for a while.
    #[error("no byte of the bundle came for {seconds} s; copy it to a local disk first")]
    Stalled {
        /// How long.
        seconds: u64,
    },
    /// Bytes came too slowly.
    #[error(
        "the bundle comes at less than {bytes_per_second} bytes per second; copy it to a local disk first"
    )]
    TooSlow {
        /// The least rate.
        bytes_per_second: u64,
    },
    /// The operating system refused to read it.
    #[error("the bundle cannot be read; look at the medium that it lies on")]
    Unreadable {
        /// Why.
        #[source]
        source: io::Error,
    },

    /// A signature by a key that may not sign.
    #[error("{what} is signed by the key {key}, which is not among those that may sign it")]
    SignatureUnknown {
        /// What is signed.
        what: String,
        /// By whom.
        key: PublicKey,
    },
    /// A signature that is none.
    #[error("the signature of the key {key} does not fit {what}: one of the two was altered")]
    SignatureWrong {
        /// What is signed.
        what: String,
        /// In whose name.
        key: PublicKey,
    },
    /// A key signed twice.
    #[error("{what} is signed twice by the key {key}")]
    SignatureTwice {
        /// What is signed.
        what: String,
        /// By whom.
        key: PublicKey,
    },
    /// Not enough signatures.
    #[error("{what} has {found} of the {wanted} signatures that it needs")]
    TooFewSignatures {
        /// What is signed.
        what: String,
        /// How many signed.
        found: usize,
        /// How many must.
        wanted: usize,
    },
    /// The chain of roots does not hold the one that this machine trusts.
    #[error(
        "the bundle does not hold the root {version} that this machine trusts: it comes from somebody else"
    )]
    ForeignRoot {
        /// Its number.
        version: u64,
    },
    /// The newest root is older than the one in force here.
    #[error("the bundle's newest root is {found}, and root {held} is in force here: its keys were replaced")]
    RootRollback {
        /// The bundle's.
        found: u64,
        /// Ours.
        held: u64,
    },
    /// A root says another number than its place in the chain.
    #[error("root {wanted} of the chain says that it is root {found}")]
    RootChain {
        /// Its place.
        wanted: u64,
        /// What it says.
        found: u64,
    },
    /// The newest root has expired.
    #[error("the bundle's newest root {version} has expired on {at}; ask for a bundle with a newer one")]
    RootExpired {
        /// Its number.
        version: u64,
        /// When.
        at: Timestamp,
    },
    /// Signed, and yet not what it should be.
    #[error("{what} cannot be understood; a newer version of Strongroom may be needed first")]
    Malformed {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Parts of different bundles.
    #[error("the list of files was made for other roots than those in the bundle: it is mixed from several")]
    Mixed,

    /// Another product's.
    #[error("the bundle is for {found}, and this is {here}")]
    OtherProduct {
        /// The bundle's.
        found: String,
        /// Ours.
        here: String,
    },
    /// Another Debian's.
    #[error("the bundle is for Debian {found}, and this machine runs {here}; take the one for {here}")]
    OtherRelease {
        /// The bundle's.
        found: String,
        /// Ours.
        here: String,
    },
    /// Another processor's.
    #[error("the bundle is for {found}, and this machine is {here}; take the one for {here}")]
    OtherArchitecture {
        /// The bundle's.
        found: String,
        /// Ours.
        here: String,
    },
    /// No step from here to there.
    #[error(
        "the bundle updates versions from {oldest}, and {here} is installed; take an earlier bundle first"
    )]
    TooFar {
        /// The oldest version that it updates.
        oldest: String,
        /// What is installed.
        here: String,
    },
    /// It holds an older program than is installed.
    #[error("the bundle holds version {found}, and {here} is installed; an update never goes back")]
    Downgrade {
        /// The bundle's.
        found: String,
        /// What is installed.
        here: String,
    },
    /// Its time has not come.
    #[error("the bundle is valid from {from}, and it is {now}; set the clock if it is wrong")]
    NotYet {
        /// From when on.
        from: Timestamp,
        /// Now.
        now: Timestamp,
    },
    /// Its time is over.
    #[error("the bundle has expired on {at} (it is at least {now} here); get a newer one")]
    Expired {
        /// When.
        at: Timestamp,
        /// The clock, or the latest instant that has surely passed.
        now: Timestamp,
    },
    /// An earlier one than the last.
    #[error("the bundle has the number {found}, and {held} was taken already: it is older")]
    Rollback {
        /// Its number.
        found: u64,
        /// The last one's.
        held: u64,
    },
    /// The last one's number on another bundle.
    #[error("the bundle has the number {sequence} of the one that was taken last, and is another one")]
    Replaced {
        /// The number.
        sequence: u64,
    },
    /// A number so high that no later one could follow.
    #[error(
        "the bundle has the number {found}, more than {most} beyond {held}, the last one's; ask whoever made it"
    )]
    FastForward {
        /// Its number.
        found: u64,
        /// The last one's.
        held: u64,
        /// The largest step.
        most: u64,
    },
    /// A list that contradicts itself.
    #[error("the list of files is not sound: {why}")]
    List {
        /// What is wrong.
        why: String,
    },

    /// A file that is not the one of the list.
    #[error("{name} is not the file that the list names: it was altered or comes from another bundle")]
    Altered {
        /// Which.
        name: TargetName,
    },
    /// A package that is another one than its name says.
    #[error("{name} should be {wanted}, and holds {found}")]
    WrongSoftware {
        /// The file.
        name: TargetName,
        /// What the list says.
        wanted: String,
        /// What the package says of itself.
        found: String,
    },
    /// Nowhere to put it.
    #[error("{name} cannot be kept; look at the space on the disk of /var")]
    Unwritable {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}
