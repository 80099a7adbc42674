//! TLS as it is served: version 1.3, one cipher suite, forward secrecy, no tickets; 1.2 only where the operator asks
//! for it, with forward-secret AEAD suites only.
//!
//! Invariant: nothing weaker is ever negotiated, whatever the client offers (tests/all/tls.rs tries).

use crate::failure::{CommandError, Exit};
use config::{Tls, TlsMinimum, read_secret};
use openssl::{
    error::ErrorStack,
    pkey::PKey,
    ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod, SslOptions, SslSessionCacheMode, SslVersion},
};

const SUITES_13: &str = "TLS_AES_256_GCM_SHA384";
const SUITES_12: &str = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
                         ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
const GROUPS: &str = "X25519:P-256:P-384";
/// The hybrid group that resists a later quantum computer; OpenSSL knows it from 3.5 on.
const GROUPS_HYBRID: &str = "X25519MLKEM768:X25519:P-256:P-384";
const OPENSSL_3_5: i64 = 0x3050_0000;

/// The acceptor that the configuration describes. Reads the certificate and the key.
pub(super) fn acceptor(tls: &Tls) -> Result<SslAcceptorBuilder, CommandError> {
    let mut builder = protocol(tls.minimum).map_err(refused("cannot set up TLS".to_owned()))?;
    let certificate = tls.certificate.display();
    builder
        .set_certificate_chain_file(&tls.certificate)
        .map_err(refused(format!(
            "cannot use the certificate {certificate}; tls.certificate is to name a PEM chain"
        )))?;
    let secret = read_secret(&tls.key)?;
    let key = PKey::private_key_from_pem(secret.expose().as_bytes());
    let key = key.map_err(|_| {
        // The library's own words may quote what it read.
        CommandError::said(
            Exit::Failed,
            "the file that tls.key names holds no private key in PEM without a passphrase",
        )
    })?;
    builder
        .set_private_key(&key)
        .and_then(|()| builder.check_private_key())
        .map_err(refused(format!(
            "the key that tls.key names does not belong to the certificate {certificate}"
        )))?;
    Ok(builder)
}

fn refused(what: String) -> impl FnOnce(ErrorStack) -> CommandError {
    move |source| CommandError::Tls { what, source }
}

fn protocol(minimum: TlsMinimum) -> Result<SslAcceptorBuilder, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server())?;
    builder.set_ciphersuites(SUITES_13)?;
    match minimum {
        TlsMinimum::Tls13 => builder.set_min_proto_version(Some(SslVersion::TLS1_3))?,
        TlsMinimum::Tls12 => {
            // The modern profile forbids 1.2 by an option too.
            builder.clear_options(SslOptions::NO_TLSV1_2);
            builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
            builder.set_cipher_list(SUITES_12)?;
        }
    }
    let hybrid = openssl::version::number() >= OPENSSL_3_5;
    builder.set_groups_list(if hybrid { GROUPS_HYBRID } else { GROUPS })?;
    // A ticket is sealed with a key that outlives the connection, which would end forward secrecy.
    builder.set_options(
        SslOptions::NO_TICKET | SslOptions::NO_RENEGOTIATION | SslOptions::CIPHER_SERVER_PREFERENCE,
    );
    builder.set_num_tickets(0)?;
    // A record is read with one call of the system; otherwise its head is read first, and a third call finds nothing more.
    builder.set_read_ahead(true);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    Ok(builder)
}
