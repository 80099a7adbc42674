//! Connections: each in a thread of its own, a few at once, and an end when nobody calls.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use host::helper::ErrorName;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;

use crate::budget::{Budget, Taken};
use crate::connection::{self, turn_away};
use crate::journal::{self, Level};
use crate::peer::{Peer, Rank, Users};

/// Nobody has been connected for this long: the helper ends, and systemd starts it for the next one.
pub const IDLE: Duration = Duration::from_secs(30);
/// How often it is looked whether somebody is still connected.
const LOOK_SECONDS: i64 = 1;
/// After a failure of the kernel's, such as no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);
/// One line of the journal about strangers in this time; the rest is counted.
const STRANGERS_EVERY: Duration = Duration::from_secs(10);

/// The helper.
#[derive(Debug)]
pub struct Server {
    users: Users,
    budget: Arc<Budget>,
}

impl Server {
    /// One that answers these users.
    #[must_use]
    pub fn new(users: Users) -> Self {
        let budget = Arc::default();
        Self { users, budget }
    }

    /// Answers until nobody has been connected for `idle`.
    pub fn serve(&self, listener: &UnixListener, idle: Duration) {
        // With a time-out, `accept` comes back to look whether it is time to end (socket(7)).
        let look = TimeVal::new(LOOK_SECONDS, 0);
        if let Err(error) = setsockopt(listener, sockopt::ReceiveTimeout, &look) {
            journal::say(Level::Warning, &format!("the socket takes no time-out ({error})"));
            return;
        }
        let mut strangers = Strangers::default();
        let mut last = Instant::now();
        while last.elapsed() < idle {
            match listener.accept() {
                Ok((stream, _)) => self.take(stream, &mut strangers),
                Err(error) if is_quiet(&error) => {}
                Err(_) => thread::sleep(PAUSE),
            }
            if !self.budget.is_idle() {
                last = Instant::now();
            }
        }
    }

    /// A stranger costs no thread and gets no answer that takes time.
    fn take(&self, stream: UnixStream, strangers: &mut Strangers) {
        let Some(peer) = Peer::of(&stream, self.users) else {
            return;
        };
        let Some(rank) = peer.rank else {
            strangers.note(peer, Instant::now());
            turn_away(
                stream,
                ErrorName::NotAllowed,
                "only root and the daemons' user are answered",
            );
            return;
        };
        if let Taken::No { is_news } = self.budget.connect(rank, Instant::now()) {
            const WHY: &str = "too many connections at once";
            if is_news {
                journal::dropped(peer, &WHY);
            }
            turn_away(stream, ErrorName::TooOften, WHY);
            return;
        }
        let place = Place {
            budget: Arc::clone(&self.budget),
            rank,
        };
        let started = thread::Builder::new().spawn(move || {
            connection::answer(stream, peer, rank, &place.budget);
            drop(place);
        });
        if let Err(error) = started {
            journal::dropped(peer, &error);
        }
    }
}

fn is_quiet(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// A connection that is given back whatever becomes of its thread.
struct Place {
    budget: Arc<Budget>,
    rank: Rank,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.budget.disconnect(self.rank);
    }
}

/// Strangers who knocked: told now and then, so that a flood does not fill the journal.
#[derive(Debug, Default)]
struct Strangers {
    told: Option<Instant>,
    untold: u64,
}

impl Strangers {
    fn note(&mut self, peer: Peer, now: Instant) {
        if self
            .told
            .is_some_and(|told| now.saturating_duration_since(told) < STRANGERS_EVERY)
        {
            self.untold += 1;
            return;
        }
        let Peer { pid, uid, .. } = peer;
        let untold = std::mem::take(&mut self.untold);
        journal::say(
            Level::Warning,
            &format!(
                "refused pid={pid} uid={uid}: neither root nor the daemons' user ({untold} more before)"
            ),
        );
        self.told = Some(now);
    }
}
