//! Plain HTTP on the port that only redirects, asked as a browser and as a program would. Blocking: run it on a
//! blocking thread.

use super::{look::Look, tls::Fault};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long connecting, and each read or write, may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes of an answer that are read.
const ANSWER_MAX: usize = 64 << 10;
/// What is asked: pages, the API, and a change.
const REQUESTS: [(&str, &str); 5] = [
    ("GET", "/"),
    ("GET", "/sign-in"),
    ("GET", "/api/v1/promises"),
    ("GET", "/no-such-page"),
    ("POST", "/api/v1/organizations"),
];
const ADVICE: &str = "let only `strongroom serve` listen there, or configure no listen.http";

/// What came back.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    location: Option<String>,
    sets_cookie: bool,
    body_bytes: usize,
}

/// Asks, and notes every answer that is not a redirect to the base URL; a change may be refused instead. Gives the
/// number of requests.
pub(super) fn check(address: SocketAddr, base_url: &str, look: &mut Look) -> Result<usize, Fault> {
    for (method, path) in REQUESTS {
        let answer = ask(address, method, path)?;
        if let Some(what) = fault_of(method, path, base_url, answer.as_ref()) {
            look.fault(what, format!("{method} {path} over plain HTTP"), ADVICE);
        }
    }
    Ok(REQUESTS.len())
}

fn fault_of(method: &str, path: &str, base_url: &str, answer: Option<&Answer>) -> Option<String> {
    let Some(answer) = answer else {
        return Some("the plain listener answers something that is no HTTP".to_owned());
    };
    let there = answer.location.as_deref() == Some(&format!("{base_url}{path}"));
    match answer.status {
        301 | 302 | 303 | 307 | 308 if !there => Some(format!(
            "the plain listener redirects elsewhere than to {base_url}"
        )),
        301 | 302 | 303 | 307 | 308 if answer.body_bytes > 0 || answer.sets_cookie => {
            Some("the plain listener serves something with its redirect".to_owned())
        }
        301 | 302 | 303 | 307 | 308 => None,
        400..=499 if method != "GET" && !answer.sets_cookie => None,
        status => Some(format!("the plain listener answers {status}, not a redirect")),
    }
}

/// One request on a connection of its own. Another host is named, because the redirect must not follow it.
fn ask(address: SocketAddr, method: &str, path: &str) -> Result<Option<Answer>, Fault> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: elsewhere.invalid\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX as u64).read_to_end(&mut answer)?;
    Ok(read(&answer))
}

/// The answer out of its bytes; nothing when they are no HTTP.
fn read(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let (first, lines) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = first.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let header = |name: &str| {
        lines
            .split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find(|(of, _)| of.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    };
    Some(Answer {
        status,
        location: header("location"),
        sets_cookie: header("set-cookie").is_some(),
        body_bytes: bytes.len() - end - 4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: &str, answer: &str) -> Option<String> {
        fault_of(
            method,
            "/x",
            "https://a.example",
            read(answer.as_bytes()).as_ref(),
        )
    }

    #[test]
    fn only_an_empty_redirect_to_the_base_url_is_fine() {
        let fine = "HTTP/1.1 308 x\r\nlocation: https://a.example/x\r\n\r\n";
        assert_eq!(told("GET", fine), None);
        assert_eq!(told("POST", fine), None);
        for (answer, what) in [
            ("HTTP/1.1 200 OK\r\n\r\nhello", "answers 200"),
            ("HTTP/1.1 404 x\r\n\r\n", "answers 404"),
            (
                "HTTP/1.1 308 x\r\nLocation: http://a.example/x\r\n\r\n",
                "elsewhere",
            ),
            (
                "HTTP/1.1 308 x\r\nLocation: https://elsewhere.invalid/x\r\n\r\n",
                "elsewhere",
            ),
            ("HTTP/1.1 308 x\r\n\r\n", "elsewhere"),
            (
                "HTTP/1.1 308 x\r\nLocation: https://a.example/x\r\n\r\nbody",
                "serves something",
            ),
            (
                "HTTP/1.1 302 x\r\nSet-Cookie: a=b\r\nLocation: https://a.example/x\r\n\r\n",
                "serves something",
            ),
            ("SSH-2.0-x\r\n\r\n", "no HTTP"),
            ("", "no HTTP"),
        ] {
            let told = told("GET", answer).unwrap_or_default();
            assert!(told.contains(what), "{answer}: {told}");
        }
    }

    #[test]
    fn a_change_may_be_refused_and_nothing_else() {
        assert_eq!(told("POST", "HTTP/1.1 403 x\r\n\r\nUse https"), None);
        assert!(told("POST", "HTTP/1.1 201 x\r\n\r\n").is_some());
        assert!(told("POST", "HTTP/1.1 500 x\r\n\r\n").is_some());
    }
}
