//! A download that goes on where it broke off (RFC 9110, 14): one range, from a byte to the end.
//!
//! Invariant: a part is given only of the very file whose earlier part the client has; of another one it gets all. A range that is
//! not understood is left aside, as the RFC lets us.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
};

/// What of a file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// From this byte on.
    From(u64),
    /// From behind its end.
    Nothing,
}

/// What a request asks for of a file of that size and tag.
pub(crate) fn wanted(request: &HttpRequest, size: u64, tag: &str) -> Wanted {
    let text = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_another = text(header::IF_RANGE).is_some_and(|known| known != quoted(tag));
    match text(header::RANGE).filter(|_| !is_another) {
        Some(range) => parse(range, size),
        None => Wanted::Whole,
    }
}

/// `bytes=N-`, `bytes=N-M` up to the end, `bytes=-N`.
fn parse(text: &str, size: u64) -> Wanted {
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Wanted::Whole;
    };
    let from = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if last.saturating_add(1) >= size => first,
        (Ok(first), Err(_)) if last.is_empty() => first,
        (Err(_), Ok(length)) if first.is_empty() => size.saturating_sub(length),
        _ => return Wanted::Whole,
    };
    match from < size {
        true => Wanted::From(from),
        false => Wanted::Nothing,
    }
}

fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

/// The head of the answer: its status, what part it is, and by which tag to ask for the rest.
pub(crate) fn head(wanted: Wanted, size: u64, tag: &str) -> actix_web::HttpResponseBuilder {
    let (status, part) = match wanted {
        Wanted::Whole => (StatusCode::OK, None),
        Wanted::From(from) => {
            let part = format!("bytes {from}-{}/{size}", size.saturating_sub(1));
            (StatusCode::PARTIAL_CONTENT, Some(part))
        }
        Wanted::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{size}"))),
    };
    let mut head = HttpResponse::build(status);
    head.insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::ETAG, quoted(tag)));
    if let Some(part) = part {
        head.insert_header((header::CONTENT_RANGE, part));
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_range_to_the_end_is_given_and_any_other_is_left_aside() {
        for (range, expected) in [
            ("bytes=0-", Wanted::From(0)),
            ("bytes=40-", Wanted::From(40)),
            ("bytes=40-99", Wanted::From(40)),
            ("bytes=40-500", Wanted::From(40)),
            ("bytes=-10", Wanted::From(90)),
            ("bytes=-500", Wanted::From(0)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=99999999999999999999-", Wanted::Whole),
            ("bytes=40-50", Wanted::Whole),
            ("bytes=0-1,5-9", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("lines=1-", Wanted::Whole),
        ] {
            assert_eq!(parse(range, 100), expected, "{range}");
        }
    }

    #[test]
    fn a_part_of_another_file_is_never_given() {
        let request = |tag: &str| {
            TestRequest::get()
                .insert_header((header::RANGE, "bytes=40-"))
                .insert_header((header::IF_RANGE, tag))
                .to_http_request()
        };
        assert_eq!(wanted(&request("\"ab\""), 100, "ab"), Wanted::From(40));
        for other in ["\"cd\"", "W/\"ab\"", "Sun, 29 Nov 2026 10:00:00 GMT"] {
            assert_eq!(wanted(&request(other), 100, "ab"), Wanted::Whole, "{other}");
        }
    }
}
