//! Sign-ins by a certified OpenID provider: who comes in, who does not, and who is never taken for somebody else.

use crate::{
    fixture::{Site, caller_of},
    promise::{assert_broken, check},
};
use access::Role;
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller, Origin, Platform, PlatformError,
    account::NewPerson,
    caller::{AccountSummary, Identity},
    identity, invitation, member, operator,
    provider::{
        self, DefaultMembership, FirstSignIn, NewProvider, Preset, ProviderChange, ProviderSettings,
        ProviderState,
    },
    sign_in::{
        self, Admission,
        openid::{self, Begun, Return},
    },
};
use promises::State;
use testkit::{Authority, OpenIdProvider, openid as fixture};
use types::ProblemCode;
use url::Url;
use vault::SecretText;

const KEY: &str = "company";
const PASSWORD: &str = "seven quiet herons at dawn";

/// A site with a provider that is set as `first` says.
struct Company {
    site: Site,
    authority: Authority,
    provider: OpenIdProvider,
}

async fn start(first: FirstSignIn) -> Company {
    start_with_clock(first, Timestamp::now).await
}

async fn start_with_clock(first: FirstSignIn, clock: fn() -> Timestamp) -> Company {
    let site = Site::start_with_clock(clock).await;
    let authority = Authority::create("company").unwrap();
    let back = [
        format!("https://localhost/callback/{KEY}"),
        "https://localhost/callback/other".into(),
    ];
    let provider = OpenIdProvider::start(&authority, &back).unwrap();
    let company = Company {
        site,
        authority,
        provider,
    };
    company.add(KEY, company.settings(first)).await;
    company
}

impl Company {
    fn platform(&self) -> &Platform {
        &self.site.platform
    }

    fn settings(&self, first: FirstSignIn) -> ProviderSettings {
        ProviderSettings {
            first_sign_in: first,
            authority_pem: Some(self.authority.certificate_pem().unwrap()),
            ..ProviderSettings::new(Preset::Standard, "rsa")
        }
    }

    async fn add(&self, key: &str, settings: ProviderSettings) {
        let new = NewProvider {
            key: key.into(),
            label: "Company".into(),
            issuer: self.provider.issuer().into(),
            settings,
            secret: Some(secret()),
        };
        provider::add(self.platform(), &Caller::host(), new)
            .await
            .unwrap();
    }

    /// Goes to the provider and comes back as `who`.
    async fn sign_in(&self, who: &str) -> Result<Return, PlatformError> {
        let begun = openid::begin(self.platform(), KEY, "/o/acme").await?;
        self.come_back(&nobody(), &begun, who).await
    }

    async fn come_back(&self, caller: &Caller, begun: &Begun, who: &str) -> Result<Return, PlatformError> {
        let back = answer(&begun.url, who);
        let cookie = Some(begun.cookie.expose());
        openid::finish(self.platform(), caller, KEY, cookie, &back).await
    }

    /// A member with a password, signed in by it.
    async fn member(&self, email: &str) -> Caller {
        let person = NewPerson {
            email: email.into(),
            name: "Ann".into(),
            password: Some(SecretText::new(PASSWORD.into())),
        };
        let workspace = self.site.as_role(Role::Owner).await;
        member::add(&workspace, person, Role::Editor).await.unwrap();
        self.by_password(email).await
    }

    async fn by_password(&self, email: &str) -> Caller {
        let password = SecretText::new(PASSWORD.into());
        let admission = sign_in::with_password(self.platform(), Origin::default(), email, password).await;
        let Admission::Session { caller, .. } = admission.unwrap() else {
            panic!("a second factor is asked for")
        };
        caller
    }

    async fn count(&self, table: &str) -> i64 {
        let text = format!("SELECT count(*) FROM strongroom.{table}");
        self.site
            .superuser()
            .await
            .query_one(&text, &[])
            .await
            .unwrap()
            .get(0)
    }
}

fn secret() -> SecretText {
    SecretText::new(fixture::CLIENT_SECRET.into())
}

fn nobody() -> Caller {
    Caller::anonymous(Origin::default())
}

/// What the browser brings back.
fn answer(url: &str, who: &str) -> Vec<(String, String)> {
    let back = fixture::sign_in(url, who).unwrap();
    Url::parse(&back).unwrap().query_pairs().into_owned().collect()
}

fn account_of(returned: Return) -> AccountSummary {
    let Return::Admitted(admission, next) = returned else {
        panic!("{returned:?}");
    };
    assert_eq!(next, "/o/acme");
    let Admission::Session { caller, .. } = *admission else {
        panic!("a second factor is asked for")
    };
    caller.account().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_gets_an_account_and_keeps_it_whatever_they_are_called_later() {
    let company = start(FirstSignIn::Create).await;
    let first = account_of(company.sign_in("ann").await.unwrap());
    assert_eq!(
        (first.email.as_str(), first.name.as_str()),
        ("ann@example.com", "Ann Öst")
    );
    assert!(!first.operator);
    let again = account_of(company.sign_in("anna").await.unwrap());
    assert_eq!(again.id, first.id, "another name and address, the same subject");
    assert_eq!(again.email, "ann@example.com");
    let mine = platform::organization::list_mine(company.platform(), &caller_of(first))
        .await
        .unwrap();
    assert!(mine.is_empty(), "an account is no membership");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_opens_nobodys_account() {
    let company = start(FirstSignIn::Create).await;
    let ann = company.member("ann@example.com").await;
    // Unverified, verified but reused, and even her own: each waits, and none is she.
    for who in ["unverified", "reused", "ann"] {
        let returned = company.sign_in(who).await.unwrap();
        assert!(matches!(returned, Return::Waits), "{who}: {returned:?}");
    }
    assert_eq!(company.count("identity").await, 0);
    let host = Caller::host();
    let waiting = provider::newcomers(company.platform(), &host, KEY).await.unwrap();
    assert_eq!(waiting.len(), 3);
    let taken = provider::let_in(company.platform(), &host, KEY, "u-6667", "Ann@Example.com").await;
    assert_eq!(taken.unwrap_err().code, ProblemCode::Taken);
    assert!(ann.account().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_let_in_or_turned_away_by_an_operator() {
    let company = start(FirstSignIn::Wait).await;
    for who in ["nomail", "ben", "ben"] {
        assert!(matches!(company.sign_in(who).await.unwrap(), Return::Waits));
    }
    let (platform, host) = (company.platform(), Caller::host());
    let waiting = provider::newcomers(platform, &host, KEY).await.unwrap();
    let names: Vec<_> = waiting.iter().map(|one| one.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["No Mail", "Ben"], "each once");
    provider::let_in(platform, &host, KEY, "u-2002", "nomail@example.com")
        .await
        .unwrap();
    provider::turn_away(platform, &host, KEY, "u-1002").await.unwrap();
    let account = account_of(company.sign_in("nomail").await.unwrap());
    assert_eq!(account.email, "nomail@example.com");
    let gone = provider::let_in(platform, &host, KEY, "u-1002", "ben@example.com").await;
    assert_eq!(gone.unwrap_err().code, ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_the_disabled_hear_the_same() {
    let company = start(FirstSignIn::Refuse).await;
    let stranger = company.sign_in("ben").await.unwrap_err();
    assert_eq!(stranger.code, ProblemCode::NotSignedIn);
    company.member("ben@example.com").await;
    let (platform, host) = (company.platform(), Caller::host());
    identity::tie(platform, &host, KEY, "u-1002", "ben@example.com")
        .await
        .unwrap();
    account_of(company.sign_in("ben").await.unwrap());
    let disable = "BEGIN; SELECT set_config('session_replication_role', 'replica', true);
        UPDATE strongroom.account SET state = 'disabled' WHERE email = 'ben@example.com'; COMMIT";
    company
        .site
        .superuser()
        .await
        .batch_execute(disable)
        .await
        .unwrap();
    let disabled = company.sign_in("ben").await.unwrap_err();
    assert_eq!((disabled.code, disabled.detail), (stranger.code, stranger.detail));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_tied_by_its_holder_after_the_password_and_in_the_same_session() {
    let company = start(FirstSignIn::Refuse).await;
    let platform = company.platform();
    let ann = company.member("ann@example.com").await;
    let wrong = openid::begin_tie(platform, &ann, KEY, SecretText::new("another".into())).await;
    assert_eq!(wrong.unwrap_err().code, ProblemCode::Invalid);
    let password = || SecretText::new(PASSWORD.into());
    // A stolen link: another session brings the answer back.
    let begun = openid::begin_tie(platform, &ann, KEY, password()).await.unwrap();
    let other = company.by_password("ann@example.com").await;
    let stolen = company.come_back(&other, &begun, "ben").await.unwrap_err();
    assert_eq!(stolen.code, ProblemCode::NotSignedIn);
    assert_eq!(company.count("identity").await, 0);

    let begun = openid::begin_tie(platform, &ann, KEY, password()).await.unwrap();
    let tied = company.come_back(&ann, &begun, "ann").await.unwrap();
    assert!(matches!(tied, Return::Tied), "{tied:?}");
    assert_eq!(
        account_of(company.sign_in("ann").await.unwrap()).email,
        "ann@example.com"
    );
    assert_eq!(identity::list_own(platform, &ann).await.unwrap().len(), 1);

    // Nobody else can be tied to the same person, and she to nobody else.
    let ben = company.member("ben@example.com").await;
    let begun = openid::begin_tie(platform, &ben, KEY, password()).await.unwrap();
    let taken = company.come_back(&ben, &begun, "ann").await.unwrap_err();
    assert_eq!(taken.code, ProblemCode::Conflict);
    let begun = openid::begin_tie(platform, &ann, KEY, password()).await.unwrap();
    let second = company.come_back(&ann, &begun, "ben").await.unwrap_err();
    assert_eq!(second.code, ProblemCode::Conflict);

    let wrong = identity::untie_own(platform, &ann, KEY, SecretText::new("another".into())).await;
    assert_eq!(wrong.unwrap_err().code, ProblemCode::Invalid);
    identity::untie_own(platform, &ann, KEY, password())
        .await
        .unwrap();
    assert_eq!(
        company.sign_in("ann").await.unwrap_err().code,
        ProblemCode::NotSignedIn
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_counts_once_in_its_own_browser_at_its_own_provider() {
    let company = start(FirstSignIn::Create).await;
    company.add("other", company.settings(FirstSignIn::Create)).await;
    let platform = company.platform();
    let before = company.count("session").await;
    let begun = openid::begin(platform, KEY, "").await.unwrap();
    let back = answer(&begun.url, "ann");
    let cookie = Some(begun.cookie.expose());
    // Without its cookie, with another browser's, at another provider, with a cookie that was changed.
    let others = openid::begin(platform, KEY, "").await.unwrap();
    let mut changed = begun.cookie.expose().to_owned();
    changed.replace_range(40..41, if &changed[40..41] == "A" { "B" } else { "A" });
    for (key, cookie) in [
        (KEY, None),
        (KEY, Some(others.cookie.expose())),
        ("other", cookie),
        (KEY, Some(changed.as_str())),
    ] {
        let refused = openid::finish(platform, &nobody(), key, cookie, &back)
            .await
            .unwrap_err();
        assert_eq!(refused.code, ProblemCode::NotSignedIn, "{key} {}", refused.detail);
    }
    assert_eq!(company.count("session").await, before);
    openid::finish(platform, &nobody(), KEY, cookie, &back)
        .await
        .unwrap();
    let again = openid::finish(platform, &nobody(), KEY, cookie, &back).await;
    assert!(again.is_err());
    assert_eq!(company.count("session").await, before + 1);
    assert_eq!(company.count("openid_answer").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_lets_nobody_in_and_somebody_slow_begins_again() {
    // The provider's tokens begin 90 seconds ahead of this clock.
    let slow = start_with_clock(FirstSignIn::Create, || {
        Timestamp::now() - SignedDuration::from_secs(90)
    });
    let refused = slow.await.sign_in("ann").await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotSignedIn);
    assert!(refused.detail.contains("not to be trusted"), "{}", refused.detail);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_provider_is_down_passwords_work_and_it_says_so() {
    let mut company = start(FirstSignIn::Create).await;
    company.member("ann@example.com").await;
    company.provider.stop().unwrap();
    let begun = std::time::Instant::now();
    let refused = openid::begin(company.platform(), KEY, "").await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Unavailable);
    assert!(
        refused.detail.contains("sign in another way"),
        "{}",
        refused.detail
    );
    assert!(begun.elapsed().as_secs() < 12);
    company.by_password("ann@example.com").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newcomers_become_members_where_the_host_says_so_and_only_the_host() {
    let company = start(FirstSignIn::Refuse).await;
    let (platform, host) = (company.platform(), Caller::host());
    let with = |role: &str| ProviderSettings {
        membership: Some(DefaultMembership {
            organization: company.site.organization.id,
            role: role.into(),
        }),
        ..company.settings(FirstSignIn::Create)
    };
    let change = |settings| ProviderChange {
        settings: Some(settings),
        ..ProviderChange::default()
    };
    operator::appoint(platform, &host, "viewer@example.com")
        .await
        .unwrap();
    let mut by_operator = company.site.caller(Role::Viewer);
    if let Identity::Person { account, .. } = &mut by_operator.identity {
        account.operator = true;
    }
    let refused = provider::alter(platform, &by_operator, KEY, change(with("viewer"))).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
    for role in ["owner", "administrator", "king"] {
        let refused = provider::alter(platform, &host, KEY, change(with(role))).await;
        assert_eq!(refused.unwrap_err().code, ProblemCode::Invalid, "{role}");
    }
    provider::alter(platform, &host, KEY, change(with("viewer")))
        .await
        .unwrap();
    let ben = account_of(company.sign_in("ben").await.unwrap());
    let mine = platform::organization::list_mine(platform, &caller_of(ben))
        .await
        .unwrap();
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0].role, Role::Viewer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_and_the_host_set_providers_and_nobody_ties_accounts_but_the_host() {
    let company = start(FirstSignIn::Refuse).await;
    let platform = company.platform();
    let owner = company.site.caller(Role::Owner);
    assert_eq!(
        provider::list(platform, &owner).await.unwrap_err().code,
        ProblemCode::NotAllowed
    );
    let mut by_operator = owner.clone();
    if let Identity::Person { account, .. } = &mut by_operator.identity {
        account.operator = true;
    }
    assert_eq!(provider::list(platform, &by_operator).await.unwrap().len(), 1);
    let refused = identity::tie(platform, &by_operator, KEY, "u-1001", "owner@example.com").await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_sealed_and_goes_with_the_authority() {
    let company = start(FirstSignIn::Refuse).await;
    let (platform, host) = (company.platform(), Caller::host());
    let stored = "SELECT secret, settings::text, row_to_json(p)::text FROM strongroom.openid_provider p";
    let row = company
        .site
        .superuser()
        .await
        .query_one(stored, &[])
        .await
        .unwrap();
    assert!(!row.get::<_, String>(2).contains(fixture::CLIENT_SECRET));
    assert!(!row.get::<_, Vec<u8>>(0).is_empty());
    let another = Authority::create("another").unwrap();
    let change = ProviderChange {
        settings: Some(ProviderSettings {
            authority_pem: Some(another.certificate_pem().unwrap()),
            ..company.settings(FirstSignIn::Refuse)
        }),
        ..ProviderChange::default()
    };
    let changed = provider::alter(platform, &host, KEY, change).await.unwrap();
    assert!(!changed.has_secret);
    let report = provider::test(platform, &host, KEY).await.unwrap();
    assert!(!report.is_good(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_provider_is_no_door_and_a_removed_one_takes_its_identities_along() {
    let company = start(FirstSignIn::Create).await;
    let (platform, host) = (company.platform(), Caller::host());
    account_of(company.sign_in("ann").await.unwrap());
    assert_eq!(provider::doors(platform).await.unwrap().len(), 1);
    let begun = openid::begin(platform, KEY, "").await.unwrap();
    let close = ProviderChange {
        state: Some(ProviderState::Disabled),
        ..ProviderChange::default()
    };
    provider::alter(platform, &host, KEY, close).await.unwrap();
    assert!(provider::doors(platform).await.unwrap().is_empty());
    assert_eq!(
        company.sign_in("ann").await.unwrap_err().code,
        ProblemCode::NotFound
    );
    let under_way = company.come_back(&nobody(), &begun, "ann").await.unwrap_err();
    assert_eq!(under_way.code, ProblemCode::NotFound);
    assert_eq!(provider::remove(platform, &host, KEY).await.unwrap(), 1);
    assert_eq!(company.count("identity").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_factor_at_the_provider_counts_only_where_the_operator_says_so() {
    let company = start(FirstSignIn::Refuse).await;
    let (platform, host) = (company.platform(), Caller::host());
    company.member("ann@example.com").await;
    identity::tie(platform, &host, KEY, "u-1001", "ann@example.com")
        .await
        .unwrap();
    // Operators need a second factor, and she has none here.
    operator::appoint(platform, &host, "ann@example.com")
        .await
        .unwrap();
    let admission = async || match company.sign_in("ann").await.unwrap() {
        Return::Admitted(admission, _) => *admission,
        other => panic!("{other:?}"),
    };
    let first = admission().await;
    assert!(matches!(first, Admission::Enrol { .. }), "{first:?}");
    let change = |method: &str| ProviderChange {
        settings: Some(ProviderSettings {
            factor_methods: vec![method.into()],
            ..company.settings(FirstSignIn::Refuse)
        }),
        ..ProviderChange::default()
    };
    provider::alter(platform, &host, KEY, change("hwk"))
        .await
        .unwrap();
    let other = admission().await;
    assert!(matches!(other, Admission::Enrol { .. }), "{other:?}");
    provider::alter(platform, &host, KEY, change("mfa"))
        .await
        .unwrap();
    let Admission::Session { token, .. } = admission().await else {
        panic!("the provider saw a second factor");
    };
    let known = platform::session::identify_session(
        platform,
        Origin::default(),
        token.expose(),
        platform::session::Activity::Use,
    )
    .await;
    assert!(operator::require(&known.unwrap()).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_is_kept_by_a_provider_that_answers_and_broken_by_one_that_does_not() {
    let mut company = start(FirstSignIn::Refuse).await;
    let verdict = check(company.platform(), "sign-in-oidc").await;
    assert_eq!(verdict.state, State::Kept, "{verdict:?}");
    let another = Authority::create("another").unwrap();
    let other = |authority_pem| ProviderChange {
        settings: Some(ProviderSettings {
            authority_pem,
            ..company.settings(FirstSignIn::Refuse)
        }),
        ..ProviderChange::default()
    };
    let wrong = other(Some(another.certificate_pem().unwrap()));
    let right = other(company.settings(FirstSignIn::Refuse).authority_pem);
    provider::alter(company.platform(), &Caller::host(), KEY, wrong)
        .await
        .unwrap();
    assert_broken(&company.site, "sign-in-oidc", "certificate").await;
    provider::alter(company.platform(), &Caller::host(), KEY, right)
        .await
        .unwrap();
    assert_eq!(check(company.platform(), "sign-in-oidc").await.state, State::Kept);
    company.provider.stop().unwrap();
    assert_broken(&company.site, "sign-in-oidc", "no answer from").await;
    let close = ProviderChange {
        state: Some(ProviderState::Disabled),
        ..ProviderChange::default()
    };
    provider::alter(company.platform(), &Caller::host(), KEY, close)
        .await
        .unwrap();
    assert_eq!(
        check(company.platform(), "sign-in-oidc").await.state,
        State::Unknown
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_cannot_be_are_refused_at_their_place() {
    let site = Site::start().await;
    let add = async |key: &str, issuer: &str, change: fn(&mut ProviderSettings)| {
        let mut settings = ProviderSettings::new(Preset::Standard, "client");
        change(&mut settings);
        let new = NewProvider {
            key: key.into(),
            label: "A".into(),
            issuer: issuer.into(),
            settings,
            secret: None,
        };
        let refused = provider::add(&site.platform, &Caller::host(), new)
            .await
            .unwrap_err();
        assert_eq!(refused.code, ProblemCode::Invalid, "{}", refused.detail);
        refused.errors[0].pointer.clone()
    };
    let good = "https://login.example.com";
    assert_eq!(add("A", good, |_| ()).await, "/key");
    assert_eq!(add("a", "http://login.example.com", |_| ()).await, "/issuer");
    assert_eq!(
        add("a", good, |s| s.scopes = vec!["email".into()]).await,
        "/scopes"
    );
    assert_eq!(
        add("a", good, |s| s.algorithms = vec!["HS256".into()]).await,
        "/algorithms"
    );
    assert_eq!(add("a", good, |s| s.preset = "google".into()).await, "/preset");
    assert_eq!(
        add("a", "https://accounts.google.com", |_| ()).await,
        "/hosted_domain"
    );
    assert_eq!(
        add("a", good, |s| s.authority_pem = Some("nonsense".into())).await,
        "/authority_pem"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_is_no_way_past_the_second_factor() {
    let company = start(FirstSignIn::Create).await;
    let ann = account_of(company.sign_in("ann").await.unwrap());
    let superuser = company.site.superuser().await;
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    let sql = "INSERT INTO strongroom.factor (id, account_id, kind, label, secret, state, created_at)
        VALUES (gen_random_uuid(), $1, 'totp', 'a', '', 'active', now())";
    superuser.execute(sql, &[&ann.id.0]).await.unwrap();
    let returned = company.sign_in("ann").await.unwrap();
    let Return::Admitted(admission, _) = returned else {
        panic!("{returned:?}")
    };
    assert!(matches!(*admission, Admission::Factor { .. }), "{admission:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_leaves_at_the_provider_is_signed_out_here_and_nobody_else() {
    let company = start(FirstSignIn::Create).await;
    let ann = account_of(company.sign_in("ann").await.unwrap());
    account_of(company.sign_in("ben").await.unwrap());
    company.member("other@example.org").await;
    let live = async || company.count("session WHERE ended_at IS NULL").await;
    let leave = async |token: String| openid::leave(company.platform(), Origin::default(), KEY, token).await;
    let before = live().await;
    let token = company.provider.leave("rsa", "u-1001").unwrap();
    assert_eq!(leave(token.clone()).await.unwrap(), Some(ann.id));
    assert_eq!(live().await, before - 1);
    // She comes back, and the old token does not put her out again.
    account_of(company.sign_in("ann").await.unwrap());
    assert_eq!(leave(token).await.unwrap_err().code, ProblemCode::Invalid);
    // Of somebody unknown, for another client, and no token at all.
    let unknown = company.provider.leave("rsa", "u-7777").unwrap();
    assert_eq!(leave(unknown).await.unwrap(), None);
    for wrong in [
        company.provider.leave("ec", "u-1001").unwrap(),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(leave(wrong).await.unwrap_err().code, ProblemCode::Invalid);
    }
    assert_eq!(live().await, before);
    let close = ProviderChange {
        state: Some(ProviderState::Disabled),
        ..ProviderChange::default()
    };
    provider::alter(company.platform(), &Caller::host(), KEY, close)
        .await
        .unwrap();
    let token = company.provider.leave("rsa", "u-1001").unwrap();
    assert_eq!(leave(token).await.unwrap_err().code, ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_provider_vouches_for_gets_no_other_way_in_from_an_organization() {
    let company = start(FirstSignIn::Create).await;
    let ann = account_of(company.sign_in("ann").await.unwrap());
    let administrator = company.site.as_role(Role::Administrator).await;
    let person = NewPerson {
        email: "ann@example.com".into(),
        name: "Ann".into(),
        password: None,
    };
    let (added, link) = member::add(&administrator, person, Role::Accountant)
        .await
        .unwrap();
    assert_eq!(added.account, ann.id);
    assert!(link.is_none(), "whoever opens it would be Ann");
    let refused = invitation::create(&administrator, ann.id).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict);
    // A link of before she was tied is dead.
    let bea = NewPerson {
        email: "bea@example.org".into(),
        name: "Bea".into(),
        password: None,
    };
    let (bea, link) = member::add(&administrator, bea, Role::Viewer).await.unwrap();
    let token = link.unwrap().url.expose().rsplit('/').next().unwrap().to_owned();
    assert!(invitation::look(company.platform(), &token).await.is_ok());
    identity::tie(company.platform(), &Caller::host(), KEY, "u-1002", &bea.email)
        .await
        .unwrap();
    assert!(invitation::look(company.platform(), &token).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_is_not_guessed_by_tying_and_untying() {
    let company = start(FirstSignIn::Refuse).await;
    let ann = company.member("ann@example.org").await;
    let wrong = || SecretText::new("no such herons".into());
    let untie = async |key: &str| identity::untie_own(company.platform(), &ann, key, wrong()).await;
    assert_eq!(untie("nowhere").await.unwrap_err().code, ProblemCode::NotFound);
    let refused = "entry WHERE kind = 8 AND entry.organization_id IS NULL";
    let before = company.count(refused).await;
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(untie(KEY).await.unwrap_err().code);
    }
    assert_eq!(codes[0], ProblemCode::Invalid);
    assert_eq!(codes[11], ProblemCode::TooMany, "{codes:?}");
    let entered = codes.iter().filter(|code| **code == ProblemCode::Invalid).count();
    assert_eq!(
        company.count(refused).await - before,
        i64::try_from(entered).unwrap()
    );
    let mut stale = company.by_password("ann@example.org").await;
    if let Identity::Person { elevated_until, .. } = &mut stale.identity {
        *elevated_until = Timestamp::UNIX_EPOCH;
    }
    let password = SecretText::new(PASSWORD.into());
    let tied = openid::begin_tie(company.platform(), &stale, KEY, password).await;
    assert_eq!(tied.unwrap_err().code, ProblemCode::ProofRequired);
}
