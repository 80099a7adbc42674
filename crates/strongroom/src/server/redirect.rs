//! Plain HTTP: a redirect to the one base URL for reading, a refusal for everything else, nothing of ours.
//!
//! Invariant: `Host` and `Forwarded` are never looked at, so nobody can be sent elsewhere.

use actix_web::{
    HttpRequest, HttpResponse, Route,
    http::{Method, header},
    web,
};
use url::Url;

/// The route that answers everything.
pub(super) fn to(base_url: &Url) -> Route {
    let base = base_url.as_str().trim_end_matches('/').to_owned();
    web::to(move |request: HttpRequest| {
        let answer = answer(&base, &request);
        async move { answer }
    })
}

/// 308 keeps the method and may be cached; a request that changes something was sent in the clear already, so it is
/// told and not repeated.
fn answer(base: &str, request: &HttpRequest) -> HttpResponse {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return HttpResponse::PermanentRedirect()
            .insert_header((header::LOCATION, format!("{base}{path}")))
            .force_close()
            .finish();
    }
    HttpResponse::Forbidden()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .force_close()
        .body(format!("This address only redirects. Use {base}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn location(request: TestRequest) -> Option<String> {
        let response = answer("https://vault.example.org", &request.to_http_request());
        let location = response.headers().get(header::LOCATION)?;
        location.to_str().ok().map(str::to_owned)
    }

    #[test]
    fn a_reader_is_sent_to_the_base_url_whatever_host_it_named() {
        let request = TestRequest::get()
            .uri("/o/acme?page=2")
            .insert_header((header::HOST, "evil.example.com"))
            .insert_header((header::FORWARDED, "host=evil.example.com"));
        assert_eq!(
            location(request).as_deref(),
            Some("https://vault.example.org/o/acme?page=2")
        );
    }

    #[test]
    fn a_path_cannot_become_another_host() {
        for path in ["//evil.example.com/", "/\\evil.example.com", "/@evil.example.com"] {
            let location = location(TestRequest::get().uri(path)).unwrap();
            let parsed = Url::parse(&location).unwrap();
            assert_eq!(parsed.host_str(), Some("vault.example.org"), "{location}");
        }
    }

    #[test]
    fn a_change_is_refused_and_not_redirected() {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let request = TestRequest::default().method(method).to_http_request();
            let response = answer("https://vault.example.org", &request);
            assert_eq!(response.status(), 403);
            assert!(response.headers().get(header::LOCATION).is_none());
        }
    }
}
