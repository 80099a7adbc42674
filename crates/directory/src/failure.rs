//! Why a directory could not be asked: each cause in plain words, with what to do. For administrators, never for the person.
//!
//! Invariant: no message holds a password; what a server said is cut and freed of control characters.

use thiserror::Error;

/// Why it did not work.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// The settings cannot be used.
    #[error("the settings of the directory cannot be used: {0}")]
    Settings(String),
    /// No address.
    #[error("{server}: the name has no address; look for a typing error, or name the appliance's DNS server")]
    Name {
        /// Which server, `host:port`.
        server: String,
    },
    /// The appliance may not connect there.
    #[error("{server}: {why}")]
    NotNamed {
        /// Which server.
        server: String,
        /// Why, and what to do.
        why: String,
    },
    /// No TCP connection.
    #[error(
        "{server}: no connection ({cause}); look whether the directory listens there, and name it among the outgoing \
         targets of the appliance's firewall"
    )]
    Tcp {
        /// Which server.
        server: String,
        /// What the system said.
        cause: String,
    },
    /// StartTLS was refused.
    #[error(
        "{server}: the server refuses StartTLS (code {code}); use LDAPS on port 636, or give the server a certificate"
    )]
    StartTlsRefused {
        /// Which server.
        server: String,
        /// The result code.
        code: u32,
    },
    /// There is no TLS behind the port.
    #[error("{server}: the server does not speak TLS there; LDAPS is port 636 as a rule, StartTLS port 389")]
    NoTls {
        /// Which server.
        server: String,
    },
    /// The certificate is of an authority that is not trusted.
    #[error(
        "{server}: the certificate of {issuer} is not trusted ({verdict}); add this authority's certificate"
    )]
    Authority {
        /// Which server.
        server: String,
        /// Who issued it.
        issuer: String,
        /// What OpenSSL said.
        verdict: String,
    },
    /// The certificate is over, or not yet begun.
    #[error(
        "{server}: the certificate is not valid now (from {begins} to {ends}); renew it, or set the clock"
    )]
    Validity {
        /// Which server.
        server: String,
        /// Its first moment.
        begins: String,
        /// Its last moment.
        ends: String,
    },
    /// The certificate is for other names.
    #[error(
        "{server}: the certificate is for {names}; use one of these names, or issue one for this (as subject alternative name)"
    )]
    WrongName {
        /// Which server.
        server: String,
        /// The names in it.
        names: String,
    },
    /// TLS failed for another reason.
    #[error("{server}: TLS failed: {cause}")]
    Tls {
        /// Which server.
        server: String,
        /// What OpenSSL said.
        cause: String,
    },
    /// Our own certificate cannot be shown.
    #[error("the client certificate cannot be shown: {0}; set another one, or none")]
    ClientCertificate(String),
    /// Its key cannot be used.
    #[error("the key of the client certificate cannot be used: {0}")]
    ClientKey(String),
    /// The server does not take our certificate, or wants one.
    #[error(
        "{server}: the server does not take the client certificate, or wants one and got none ({cause}); have it trust the \
         certificate's authority, or set the certificate that it wants"
    )]
    ClientRefused {
        /// Which server.
        server: String,
        /// What the server said, in OpenSSL's words.
        cause: String,
    },
    /// The server hung up before it said anything.
    #[error(
        "{server}: the server closed the connection right after TLS was agreed; as a rule it wants a client certificate, or takes the \
         one that it was shown for a wrong one: look into its log"
    )]
    Unheard {
        /// Which server.
        server: String,
    },
    /// The answer is not LDAP.
    #[error(
        "{server}: what answers is no LDAP server; look at the port, and whether it wants TLS from the first byte"
    )]
    Nonsense {
        /// Which server.
        server: String,
    },
    /// The answer passes the cap.
    #[error("{server}: the answer is larger than 16 MiB and was not read; narrow the search bases")]
    TooLarge {
        /// Which server.
        server: String,
    },
    /// The server hung up.
    #[error("{server}: the server closed the connection in the middle of an answer")]
    Closed {
        /// Which server.
        server: String,
    },
    /// The deadline passed.
    #[error("{server}: no answer in time; the server is overloaded or something on the way swallows packets")]
    Slow {
        /// Which server.
        server: String,
    },
    /// Signing or TLS required (8).
    #[error("{server}: the server wants a signed or encrypted connection (code 8); choose LDAPS or StartTLS")]
    Stronger {
        /// Which server.
        server: String,
    },
    /// Encryption required (13).
    #[error("{server}: the server takes passwords over TLS only (code 13); choose LDAPS or StartTLS")]
    Confidentiality {
        /// Which server.
        server: String,
    },
    /// The service account is not let in.
    #[error(
        "the service account {dn} is not let in: {why}; look at its name and at what it proves itself with"
    )]
    Service {
        /// Which account.
        dn: String,
        /// Why.
        why: String,
    },
    /// A base is not there (32, 34).
    #[error("the base {base} is not there, or the service account may not see it (code {code})")]
    Base {
        /// Which base.
        base: String,
        /// The result code.
        code: u32,
    },
    /// A filter does not parse.
    #[error("the filter {filter} is not well formed; look at its parentheses")]
    Filter {
        /// Which filter.
        filter: String,
    },
    /// No right to read (50).
    #[error(
        "the service account may not read below {base} (code 50); give it the right to read people and groups"
    )]
    NoRight {
        /// Which base.
        base: String,
    },
    /// A limit of the server was met (3, 4, 11).
    #[error(
        "the server stopped at its limit below {base} (code {code}); raise the service account's limits or narrow the base"
    )]
    Limit {
        /// Which base.
        base: String,
        /// The result code.
        code: u32,
    },
    /// The server points elsewhere (10).
    #[error(
        "below {base} the server refers to another one (code 10); name that one, referrals are not followed"
    )]
    Referral {
        /// Which base.
        base: String,
    },
    /// Busy or unavailable (51, 52).
    #[error("{server}: the server says that it is busy or unavailable (code {code})")]
    Busy {
        /// Which server.
        server: String,
        /// The result code.
        code: u32,
    },
    /// Any other result code.
    #[error("{server}: the server answered with code {code}: {text}")]
    Code {
        /// Which server.
        server: String,
        /// The result code.
        code: u32,
        /// What it said, cut.
        text: String,
    },
    /// All servers failed within the last minute.
    #[error("every server of the directory failed within the last minute; the last one: {last}")]
    Resting {
        /// The last failure.
        last: Box<Failure>,
    },
    /// An error inside.
    #[error("the exchange with the directory broke off: {0}")]
    Inside(String),
}

impl Failure {
    /// Would another server of the same directory do better? What the settings or the account cause is the same everywhere,
    /// and a second try would count as a second wrong password.
    #[must_use]
    pub fn is_of_the_server(&self) -> bool {
        match self {
            Self::Name { .. }
            | Self::NotNamed { .. }
            | Self::Tcp { .. }
            | Self::StartTlsRefused { .. }
            | Self::NoTls { .. }
            | Self::Authority { .. }
            | Self::Validity { .. }
            | Self::WrongName { .. }
            | Self::Tls { .. }
            | Self::ClientRefused { .. }
            | Self::Unheard { .. }
            | Self::Nonsense { .. }
            | Self::TooLarge { .. }
            | Self::Closed { .. }
            | Self::Slow { .. }
            | Self::Busy { .. }
            | Self::Inside(_) => true,
            Self::Settings(_)
            | Self::ClientCertificate(_)
            | Self::ClientKey(_)
            | Self::Stronger { .. }
            | Self::Confidentiality { .. }
            | Self::Service { .. }
            | Self::Base { .. }
            | Self::Filter { .. }
            | Self::NoRight { .. }
            | Self::Limit { .. }
            | Self::Referral { .. }
            | Self::Code { .. }
            | Self::Resting { .. } => false,
        }
    }
}

/// What a server said, fit for one line: at most 200 characters, none of them a control character.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
