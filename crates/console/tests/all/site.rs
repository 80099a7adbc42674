//! A console on HTTPS with a platform on a database of its own: what the tests of the real pages talk to.
//! Start at [`Site::start`].

use access::Role;
use actix_web::{App, HttpServer, dev::ServerHandle};
use console::{Console, Settings};
use jiff::Timestamp;
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod};
use platform::{
    Caller, Platform, Workspace,
    account::NewPerson,
    member, organization,
    sign_in::{self, Admission},
};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::{net::TcpListener, path::Path};
use store::{Address, Login, migration};
use tempfile::TempDir;
use testkit::{
    Authority, TestDatabase,
    certificate::{Identity, pin},
};
use tokio::sync::watch;
use vault::{RootKey, SecretText};

/// Everybody's password.
pub(super) const PASSWORD: &str = "seven quiet herons at dawn";

/// A running console; it stops with this value.
pub(super) struct Site {
    pub(super) base: String,
    pub(super) pin: String,
    pub(super) authority_pem: String,
    pub(super) platform: Platform,
    /// Where bundles are handed over (`incoming`) and what root knows of updates (`updates`).
    pub(super) files: TempDir,
    /// Recovery codes of the people whose second factor a client has set up.
    pub(super) recovery_codes: Mutex<BTreeMap<String, Vec<String>>>,
    server: ServerHandle,
    stop: watch::Sender<bool>,
    /// Last, so that connections are closed before it goes.
    database: TestDatabase,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.send(true).ok();
        drop(self.server.stop(false));
    }
}

impl Site {
    /// Starts a console with two organizations: `acme` with a member of every role (`owner@example.com` and so on), and
    /// `globex`, of which only `stranger@example.com` is a member.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let database = database().await;
        let files = tempfile::tempdir().unwrap();
        for name in ["incoming", "updates"] {
            std::fs::create_dir(files.path().join(name)).unwrap();
        }
        let platform = open(&database, &base, files.path()).await;
        for (slug, owner) in [("acme", "owner"), ("globex", "stranger")] {
            let name = if slug == "acme" { "Acme Trading" } else { "Globex" };
            organization::create(&platform, &Caller::host(), slug, name, person(owner))
                .await
                .unwrap();
        }
        let authority = Authority::create("Console tests").unwrap();
        let identity = authority.issue_localhost().unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(platform::work::run(platform.clone(), stopped.clone(), 1));
        tokio::spawn(platform::access_log::write_events(platform.clone(), stopped));
        let site = Self {
            base,
            pin: pin(&identity.certificate).unwrap(),
            authority_pem: authority.certificate_pem().unwrap(),
            recovery_codes: Mutex::default(),
            server: serve(listener, &identity, platform.clone()),
            platform,
            files,
            stop,
            database,
        };
        let workspace = site.workspace("owner", "acme").await;
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Owner) {
            member::add(&workspace, person(role.as_str()), role)
                .await
                .unwrap();
        }
        site
    }

    /// Everything in the database, as nobody of the platform may see it.
    pub(super) async fn superuser(&self) -> tokio_postgres::Client {
        self.database.superuser().unwrap().connect().await.unwrap()
    }

    /// A person's workspace, for what a test prepares beside the pages.
    pub(super) async fn workspace(&self, who: &str, slug: &str) -> Workspace {
        let password = SecretText::new(PASSWORD.to_owned());
        let origin = platform::Origin::default();
        let signed_in = sign_in::with_password(&self.platform, origin, &email(who), password).await;
        let Admission::Session { caller, .. } = signed_in.unwrap() else {
            panic!("{who} is asked for a second factor")
        };
        self.platform.enter(&caller, slug).await.unwrap()
    }
}

/// `owner@example.com`
pub(super) fn email(who: &str) -> String {
    format!("{who}@example.com")
}

fn person(who: &str) -> NewPerson {
    NewPerson {
        email: email(who),
        name: format!("Test {who}"),
        password: Some(SecretText::new(PASSWORD.to_owned())),
    }
}

async fn database() -> TestDatabase {
    let prepare = async |database: &testkit::database::Database| {
        let superuser = database.superuser()?.connect().await?;
        migration::bootstrap(&superuser, &database.cluster().password("strongroom_app")?).await?;
        migration::migrate(&superuser).await?;
        Ok(())
    };
    let database = TestDatabase::create(&migration::fingerprint(), prepare)
        .await
        .unwrap();
    let superuser = database.superuser().unwrap().connect().await.unwrap();
    migration::own_database(&superuser).await.unwrap();
    database
}

async fn open(database: &TestDatabase, base: &str, files: &Path) -> Platform {
    let login = database.superuser().unwrap();
    let address = Address {
        socket_folder: login.socket_folder,
        port: login.port,
        database: login.database,
    };
    let app = Login {
        role: "strongroom_app".to_owned(),
        password: database.cluster().password("strongroom_app").unwrap(),
    };
    let settings = platform::Settings {
        base_url: base.to_owned(),
        session_idle_seconds_max: 1_800,
        session_absolute_seconds_max: 43_200,
        upload_bytes_max: 16 << 20,
        listener: None,
        plain_listener: None,
        helper: "/nonexistent/hostd.sock".into(),
        outside_targets: Vec::new(),
        kept_targets: "/nonexistent/outgoing.json".into(),
        spool: files.join("incoming"),
        updates: files.join("updates"),
        backup: config::Backup {
            folder: files.join("backup"),
            record: files.join("record"),
            retention_days: 7,
            full_days: 7,
            second: None,
            second_bytes_per_second: None,
        },
        audit: files.join("audit"),
        database_socket: "/nonexistent/.s.PGSQL.5432".into(),
    };
    let root = RootKey::generate().unwrap();
    Platform::open_with(settings, address, app, root, 32, Timestamp::now)
        .await
        .unwrap()
}

fn acceptor(identity: &Identity) -> SslAcceptorBuilder {
    let mut acceptor = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(&identity.key).unwrap();
    acceptor.set_certificate(&identity.certificate).unwrap();
    acceptor
}

/// Serves on a thread of its own: the server's workers are bound to theirs.
fn serve(listener: TcpListener, identity: &Identity, platform: Platform) -> ServerHandle {
    let settings = Settings {
        appliance_name: "strongroom.test".to_owned(),
        trusted_proxies: Vec::new(),
    };
    let console = Console::new(platform, settings);
    let acceptor = acceptor(identity);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let app = move || App::new().configure(|config| console::configure(config, console.clone()));
            let server = HttpServer::new(app)
                .workers(2)
                .disable_signals()
                .listen_openssl(listener, acceptor)
                .unwrap()
                .run();
            sender.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    receiver.recv().unwrap()
}
