//! Was a form sent from our own page? Two independent proofs: the browser's word on where the request comes from, and a
//! token that only our page for this very session holds ([`crate::form::Form`] checks it).

use actix_web::http::header::{HeaderMap, ORIGIN};

/// What the browser says of a request that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Provenance {
    /// From a page of ours.
    Own,
    /// From elsewhere, or the browser does not say.
    Foreign,
}

/// Every browser sends `Origin` with a POST, and `Sec-Fetch-Site` over TLS since 2023; a request must carry one of them,
/// and none of them may say otherwise.
pub(crate) fn provenance(headers: &HeaderMap, base_url: &str) -> Provenance {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
    let origin = text(ORIGIN.as_str()).map(|origin| origin == base_url);
    let site = text("sec-fetch-site").map(|site| site == "same-origin");
    match (origin, site) {
        (Some(true), Some(true) | None) | (None, Some(true)) => Provenance::Own,
        _ => Provenance::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn of(pairs: &[(&'static str, &'static str)]) -> Provenance {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        provenance(&headers.collect(), "https://a.example")
    }

    #[test]
    fn only_our_own_pages_pass() {
        let (own, other) = (("origin", "https://a.example"), ("origin", "https://b.example"));
        let (same, cross) = (("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-site"));
        assert_eq!(of(&[own, same]), Provenance::Own);
        assert_eq!(of(&[own]), Provenance::Own);
        assert_eq!(of(&[same]), Provenance::Own);
        for headers in [
            &[][..],
            &[other],
            &[cross],
            &[own, cross],
            &[other, same],
            &[("origin", "null")],
            &[("origin", "https://a.example:8443")],
        ] {
            assert_eq!(of(headers), Provenance::Foreign, "{headers:?}");
        }
    }
}
