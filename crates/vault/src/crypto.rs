//! The failure of OpenSSL itself: no memory, no randomness, a cipher switched off. Never a property of the data.

/// OpenSSL could not do its work.
#[derive(Debug, thiserror::Error)]
#[error("OpenSSL failed at {operation}")]
pub struct CryptoError {
    /// What was asked of it.
    pub operation: &'static str,
    /// Its own words.
    #[source]
    pub source: openssl::error::ErrorStack,
}

/// Names the operation that failed, for `map_err`.
pub(crate) fn failed(operation: &'static str) -> impl Fn(openssl::error::ErrorStack) -> CryptoError {
    move |source| CryptoError { operation, source }
}
