//! Was a form sent from our own page? Two independent proofs: the browser's word on where the request comes from, and a
//! token that only our page for this very session holds ([`crate::form::Form`] checks it).

use actix_web::http::header::{HeaderMap, ORIGIN, REFERER};

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

/// The path of the page of ours that a request came from, if the browser names it.
pub(crate) fn own_referer(headers: &HeaderMap, base_url: &str) -> Option<String> {
    let named = headers.get(REFERER)?.to_str().ok()?;
    let path = named.strip_prefix(base_url)?;
    path.starts_with('/').then(|| path.to_owned())
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

    #[test]
    fn only_a_page_of_ours_is_gone_back_to() {
        let of = |named: &'static str| {
            let headers = [(REFERER, HeaderValue::from_static(named))].into_iter().collect();
            own_referer(&headers, "https://a.example")
        };
        assert_eq!(of("https://a.example/o/acme?b=c").as_deref(), Some("/o/acme?b=c"));
        for named in [
            "https://b.example/o",
            "https://a.example.b.example/o",
            "https://a.example:8443/o",
            "/o",
            "",
        ] {
            assert_eq!(of(named), None, "{named}");
        }
    }
}
