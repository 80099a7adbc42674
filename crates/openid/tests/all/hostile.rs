//! Providers that lie, stall, flood and redirect. The server here is ours: no certified provider does these things.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use openid::{
    Algorithm, Answer, ClaimFault, Client, Flow, OpenIdError, Person, Preset, Provider, SecondFactor,
};
use openid::{TokenError, WireError};
use openssl::{
    ec::{EcGroup, EcKey},
    ecdsa::EcdsaSig,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    ssl::{SslAcceptor, SslMethod},
};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use testkit::Authority;

const BACK: &str = "https://strongroom.example/callback/test";

/// What one path answers.
#[derive(Clone)]
enum Reply {
    Json(Value),
    /// A status line's rest and headers.
    Head(&'static str),
    /// That many bytes.
    Huge(usize),
    /// One byte a second.
    Drip,
}

/// A key that signs tokens.
#[derive(Clone)]
struct Signer {
    id: &'static str,
    key: PKey<Private>,
}

impl Signer {
    fn new(id: &'static str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        Self { id, key }
    }

    fn published(&self) -> Value {
        let key = self.key.ec_key().unwrap();
        let (mut x, mut y) = (
            openssl::bn::BigNum::new().unwrap(),
            openssl::bn::BigNum::new().unwrap(),
        );
        let mut context = openssl::bn::BigNumContext::new().unwrap();
        key.public_key()
            .affine_coordinates(key.group(), &mut x, &mut y, &mut context)
            .unwrap();
        let text = |number: &openssl::bn::BigNum| URL_SAFE_NO_PAD.encode(number.to_vec_padded(32).unwrap());
        json!({"kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "x": text(&x), "y": text(&y)})
    }

    fn sign(&self, claims: &Value) -> String {
        let head = json!({"alg": "ES256", "kid": self.id}).to_string();
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(head),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        let der = signer.sign_oneshot_to_vec(signed.as_bytes()).unwrap();
        let signature = EcdsaSig::from_der(&der).unwrap();
        let (r, s) = (
            signature.r().to_vec_padded(32).unwrap(),
            signature.s().to_vec_padded(32).unwrap(),
        );
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode([r, s].concat()))
    }
}

/// A provider of ours that does whatever the test wants.
struct Hostile {
    issuer: String,
    authority: Authority,
    replies: Arc<Mutex<Vec<(&'static str, Reply)>>>,
    asked_for_keys: Arc<AtomicUsize>,
}

impl Hostile {
    fn start() -> Self {
        let authority = Authority::create("hostile").unwrap();
        let identity = authority.issue_localhost().unwrap();
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.set_private_key(&identity.key).unwrap();
        acceptor.set_certificate(&identity.certificate).unwrap();
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hostile = Self {
            issuer: format!("https://{}", listener.local_addr().unwrap()),
            authority,
            replies: Arc::default(),
            asked_for_keys: Arc::default(),
        };
        let (replies, asked) = (Arc::clone(&hostile.replies), Arc::clone(&hostile.asked_for_keys));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (acceptor, replies, asked) = (acceptor.clone(), Arc::clone(&replies), Arc::clone(&asked));
                thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(20))).ok();
                    if let Ok(stream) = acceptor.accept(stream) {
                        answer(stream, &replies, &asked);
                    }
                });
            }
        });
        hostile.set(
            "/.well-known/openid-configuration",
            Reply::Json(hostile.document()),
        );
        hostile
    }

    fn document(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({"issuer": self.issuer, "authorization_endpoint": at("/auth"), "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"), "userinfo_endpoint": at("/me")})
    }

    fn set(&self, path: &'static str, reply: Reply) {
        let mut replies = self.replies.lock().unwrap();
        replies.retain(|(other, _)| *other != path);
        replies.push((path, reply));
    }

    fn publish(&self, keys: &[&Signer]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.published()).collect();
        self.set("/keys", Reply::Json(json!({"keys": keys})));
    }

    fn client(&self) -> Client {
        Client::new(Provider {
            issuer: self.issuer.parse().unwrap(),
            preset: Preset::Standard,
            client_id: "strongroom".into(),
            client_secret: Some(vault::SecretText::new("hush".into())),
            scopes: vec!["openid".into()],
            algorithms: vec![Algorithm::Es256, Algorithm::Rs256],
            hosted_domain: None,
            second_factor: SecondFactor::default(),
            authority_pem: Some(self.authority.certificate_pem().unwrap()),
        })
        .unwrap()
    }

    /// Claims that are right for the flow, after `change`.
    fn claims(&self, flow: &Flow, change: impl FnOnce(&mut Value)) -> Value {
        let now = Timestamp::now().as_second();
        let mut claims = json!({"iss": self.issuer, "sub": "u-1", "aud": "strongroom", "exp": now + 300, "iat": now,
            "nonce": parts(flow)["nonce"], "name": "Ann"});
        change(&mut claims);
        claims
    }

    /// One sign-in with a token made by `token` for the flow.
    fn sign_in(&self, client: &Client, token: impl FnOnce(&Flow) -> String) -> Result<Person, OpenIdError> {
        let begun = client.begin(BACK, Timestamp::now())?;
        let tokens = json!({"id_token": token(&begun.flow), "access_token": "a", "token_type": "Bearer"});
        self.set("/token", Reply::Json(tokens));
        client.finish(&begun.flow, &good_answer(&begun.flow), BACK, Timestamp::now())
    }
}

/// A flow is opaque but for whoever seals it: its parts as they are sealed.
fn parts(flow: &Flow) -> Value {
    serde_json::to_value(flow).unwrap()
}

fn good_answer(flow: &Flow) -> Answer {
    Answer::read([("state", parts(flow)["state"].as_str().unwrap()), ("code", "c")]).unwrap()
}

/// A whole request; what is left unread when a connection closes would reset it.
fn request(stream: &mut impl Read) -> Option<String> {
    let mut text = String::new();
    let mut chunk = [0; 4_096];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head.split_once("content-length: ").map(|(_, rest)| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse::<usize>().unwrap()
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(read) => text.push_str(&String::from_utf8_lossy(&chunk[..read])),
        }
    }
}

fn answer(mut stream: impl Read + Write, replies: &Mutex<Vec<(&'static str, Reply)>>, asked: &AtomicUsize) {
    let Some(text) = request(&mut stream) else {
        return;
    };
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    if path == "/keys" {
        asked.fetch_add(1, Ordering::SeqCst);
    }
    let found = replies
        .lock()
        .unwrap()
        .iter()
        .find(|(at, _)| *at == path)
        .cloned();
    let head =
        |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    let sent = match found.map(|(_, reply)| reply) {
        Some(Reply::Json(value)) => {
            let body = value.to_string();
            stream.write_all(format!("{}{body}", head(body.len())).as_bytes())
        }
        Some(Reply::Head(rest)) => stream.write_all(
            format!("HTTP/1.1 {rest}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes(),
        ),
        Some(Reply::Huge(bytes)) => {
            let filler = vec![b' '; bytes];
            stream
                .write_all(head(bytes).as_bytes())
                .and_then(|()| stream.write_all(&filler))
        }
        Some(Reply::Drip) => {
            let mut sent = stream.write_all(head(1_000).as_bytes());
            while sent.is_ok() {
                thread::sleep(Duration::from_secs(1));
                sent = stream.write_all(b" ").and_then(|()| stream.flush());
            }
            sent
        }
        None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    };
    if sent.is_ok() {
        stream.flush().ok();
    }
}

#[test]
fn a_document_of_another_issuer_is_refused() {
    let hostile = Hostile::start();
    let mut document = hostile.document();
    document["issuer"] = json!("https://accounts.google.com");
    hostile.set("/.well-known/openid-configuration", Reply::Json(document));
    let refused = hostile.client().begin(BACK, Timestamp::now());
    assert!(matches!(refused, Err(OpenIdError::Discovery(_))), "{refused:?}");
}

#[test]
fn an_answer_of_another_provider_is_refused_before_its_code_is_sent_anywhere() {
    let hostile = Hostile::start();
    let client = hostile.client();
    let begun = client.begin(BACK, Timestamp::now()).unwrap();
    let state = parts(&begun.flow)["state"].as_str().unwrap().to_owned();
    let mixed = [
        ("state", state.as_str()),
        ("code", "c"),
        ("iss", "https://honest.example"),
    ];
    let refused = client.finish(&begun.flow, &Answer::read(mixed).unwrap(), BACK, Timestamp::now());
    assert!(matches!(refused, Err(OpenIdError::Issuer { .. })), "{refused:?}");

    let mut document = hostile.document();
    document["authorization_response_iss_parameter_supported"] = json!(true);
    hostile.set("/.well-known/openid-configuration", Reply::Json(document));
    let client = hostile.client();
    let begun = client.begin(BACK, Timestamp::now()).unwrap();
    let refused = client.finish(&begun.flow, &good_answer(&begun.flow), BACK, Timestamp::now());
    assert!(
        matches!(refused, Err(OpenIdError::Issuer { .. })),
        "whoever promises to name itself must: {refused:?}"
    );
}

#[test]
fn wrong_tokens_are_refused_each_for_its_reason() {
    let hostile = Hostile::start();
    let (known, stranger) = (Signer::new("k1"), Signer::new("k1"));
    hostile.publish(&[&known]);
    let client = hostile.client();
    let with =
        |change: fn(&mut Value)| hostile.sign_in(&client, |flow| known.sign(&hostile.claims(flow, change)));
    assert_eq!(with(|_| ()).unwrap().subject, "u-1");
    let refused = with(|claims| claims["aud"] = json!("another client"));
    assert!(
        matches!(refused, Err(OpenIdError::Claim(ClaimFault::Audience { .. }))),
        "{refused:?}"
    );
    let refused = with(|claims| claims["nonce"] = json!("of another sign-in"));
    assert!(
        matches!(refused, Err(OpenIdError::Claim(ClaimFault::Nonce))),
        "{refused:?}"
    );
    let refused = with(|claims| claims["exp"] = json!(Timestamp::now().as_second() - 90));
    assert!(
        matches!(refused, Err(OpenIdError::Claim(ClaimFault::Expired { .. }))),
        "{refused:?}"
    );
    let refused = with(|claims| claims["iat"] = json!(Timestamp::now().as_second() + 90));
    assert!(
        matches!(refused, Err(OpenIdError::Claim(ClaimFault::Future { .. }))),
        "{refused:?}"
    );
    let refused = with(|claims| claims["iss"] = json!("https://accounts.google.com"));
    assert!(
        matches!(refused, Err(OpenIdError::Claim(ClaimFault::Issuer { .. }))),
        "{refused:?}"
    );
    let forged = hostile.sign_in(&client, |flow| stranger.sign(&hostile.claims(flow, |_| ())));
    assert!(
        matches!(forged, Err(OpenIdError::Token(TokenError::Signature))),
        "{forged:?}"
    );
    let unsigned = hostile.sign_in(&client, |flow| {
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let claims = URL_SAFE_NO_PAD.encode(hostile.claims(flow, |_| ()).to_string());
        format!("{head}.{claims}.")
    });
    assert!(
        matches!(unsigned, Err(OpenIdError::Token(TokenError::Algorithm { .. }))),
        "{unsigned:?}"
    );
}

#[test]
fn a_rotated_key_is_found_and_a_flood_of_unknown_ones_asks_once_a_minute() {
    let hostile = Hostile::start();
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    hostile.publish(&[&old]);
    let client = hostile.client();
    hostile
        .sign_in(&client, |flow| old.sign(&hostile.claims(flow, |_| ())))
        .unwrap();
    hostile.publish(&[&new]);
    for _ in 0..20 {
        let refused = hostile.sign_in(&client, |flow| new.sign(&hostile.claims(flow, |_| ())));
        assert!(
            matches!(refused, Err(OpenIdError::Token(TokenError::UnknownKey { .. }))),
            "{refused:?}"
        );
    }
    assert_eq!(hostile.asked_for_keys.load(Ordering::SeqCst), 1);
    // A minute later the new key is asked for, and the old one is not believed any more.
    let later = Timestamp::now() + jiff::SignedDuration::from_secs(61);
    let begun = client.begin(BACK, later).unwrap();
    let claims = hostile.claims(&begun.flow, |claims| {
        claims["exp"] = json!(later.as_second() + 300)
    });
    hostile.set("/token", Reply::Json(json!({"id_token": new.sign(&claims)})));
    client
        .finish(&begun.flow, &good_answer(&begun.flow), BACK, later)
        .unwrap();
    assert_eq!(hostile.asked_for_keys.load(Ordering::SeqCst), 2);
    let begun = client.begin(BACK, later).unwrap();
    hostile.set(
        "/token",
        Reply::Json(json!({"id_token": old.sign(&hostile.claims(&begun.flow, |_| ()))})),
    );
    assert!(
        client
            .finish(&begun.flow, &good_answer(&begun.flow), BACK, later)
            .is_err()
    );
}

#[test]
fn redirects_are_not_followed_and_say_where_they_came_from() {
    let hostile = Hostile::start();
    let client = hostile.client();
    let begun = client.begin(BACK, Timestamp::now()).unwrap();
    hostile.set(
        "/token",
        Reply::Head("307 Temporary Redirect\r\nlocation: https://evil.example/token"),
    );
    let refused = client.finish(&begun.flow, &good_answer(&begun.flow), BACK, Timestamp::now());
    assert!(
        matches!(
            refused,
            Err(OpenIdError::Wire(WireError::Redirect { status: 307, .. }))
        ),
        "{refused:?}"
    );
    hostile.set(
        "/.well-known/openid-configuration",
        Reply::Head("302 Found\r\nlocation: https://evil.example/"),
    );
    let refused = hostile.client().begin(BACK, Timestamp::now());
    assert!(
        matches!(refused, Err(OpenIdError::Wire(WireError::Redirect { .. }))),
        "{refused:?}"
    );
}

#[test]
fn huge_answers_are_cut_off() {
    let hostile = Hostile::start();
    hostile.set("/.well-known/openid-configuration", Reply::Huge(64 << 20));
    let refused = hostile.client().begin(BACK, Timestamp::now());
    assert!(
        matches!(refused, Err(OpenIdError::Wire(WireError::TooLarge { .. }))),
        "{refused:?}"
    );
}

#[test]
fn slow_answers_end_at_the_deadline() {
    let hostile = Hostile::start();
    hostile.set("/.well-known/openid-configuration", Reply::Drip);
    let begun = Instant::now();
    let refused = hostile.client().begin(BACK, Timestamp::now());
    assert!(
        matches!(refused, Err(OpenIdError::Wire(WireError::TooSlow { .. }))),
        "{refused:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
}

#[test]
fn user_information_about_somebody_else_is_refused() {
    let hostile = Hostile::start();
    let key = Signer::new("k1");
    hostile.publish(&[&key]);
    hostile.set("/me", Reply::Json(json!({"sub": "u-2", "name": "Eve"})));
    let client = hostile.client();
    let bare = |flow: &Flow| {
        key.sign(&hostile.claims(flow, |claims| {
            claims.as_object_mut().unwrap().remove("name");
        }))
    };
    let refused = hostile.sign_in(&client, bare);
    assert!(
        matches!(refused, Err(OpenIdError::Claim(ClaimFault::OtherSubject))),
        "{refused:?}"
    );
    hostile.set("/me", Reply::Json(json!({"sub": "u-1", "name": "Ann"})));
    assert_eq!(
        hostile.sign_in(&client, bare).unwrap().name.as_deref(),
        Some("Ann")
    );
}
