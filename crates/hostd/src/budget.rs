//! How many connections at once, and how many calls in a minute.
//!
//! Invariant: the daemons' user can use up his own share and never root's, so that a daemon which was taken over does
//! not keep an operator from calling.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::peer::{Effect, Rank};

/// Connections at once, all together.
pub(crate) const CONNECTIONS_MAX: usize = 8;
/// Of them, those of the daemons' user.
const CONNECTIONS_OF_SERVICE_MAX: usize = 6;
const MINUTE: Duration = Duration::from_secs(60);
/// Calls of one rank in a minute.
const CALLS_MAX: u32 = 120;
/// Of them, those that change something.
const CHANGES_MAX: u32 = 6;

/// Whether something was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was.
    Yes,
    /// It was not.
    No {
        /// For the first time in this minute: worth a line of the journal, which a flood is not to fill.
        is_news: bool,
    },
}

/// What is in use.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    /// Connections of root and of the daemons.
    connections: [usize; 2],
    windows: [Window; 2],
}

/// A minute that is counted.
#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    calls: u32,
    changes: u32,
    refusals: u32,
}

impl Window {
    fn taken(&mut self, is_left: bool) -> Taken {
        self.refusals += u32::from(!is_left);
        match is_left {
            true => Taken::Yes,
            false => Taken::No {
                is_news: self.refusals == 1,
            },
        }
    }
}

impl Budget {
    /// Takes a connection, if there is one left.
    pub(crate) fn connect(&self, rank: Rank, now: Instant) -> Taken {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let [root, service] = used.connections;
        let has_room = match rank {
            Rank::Root => root + service < CONNECTIONS_MAX,
            Rank::Service => service < CONNECTIONS_OF_SERVICE_MAX && root + service < CONNECTIONS_MAX,
        };
        used.connections[place(rank)] += usize::from(has_room);
        drop(used);
        self.with_window(rank, now, |window| window.taken(has_room))
    }

    /// Gives a connection back.
    pub(crate) fn disconnect(&self, rank: Rank) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let count = &mut used.connections[place(rank)];
        *count = count.saturating_sub(1);
    }

    /// Whether nobody is connected.
    pub(crate) fn is_idle(&self) -> bool {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.connections == [0, 0]
    }

    /// Takes a message, whatever it says, if there is one left in this minute.
    pub(crate) fn call(&self, rank: Rank, now: Instant) -> Taken {
        self.with_window(rank, now, |window| {
            window.calls = window.calls.saturating_add(1);
            window.taken(window.calls <= CALLS_MAX)
        })
    }

    /// Takes a change, if the verb makes one and there is one left in this minute.
    pub(crate) fn change(&self, rank: Rank, effect: Effect, now: Instant) -> bool {
        if effect == Effect::None {
            return true;
        }
        self.with_window(rank, now, |window| {
            window.changes += 1;
            window.changes <= CHANGES_MAX
        })
    }

    fn with_window<T>(&self, rank: Rank, now: Instant, take: impl FnOnce(&mut Window) -> T) -> T {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let window = &mut used.windows[place(rank)];
        let is_over = |began: Instant| now.saturating_duration_since(began) >= MINUTE;
        if window.began.is_none_or(is_over) {
            *window = Window {
                began: Some(now),
                ..Window::default()
            };
        }
        take(window)
    }
}

fn place(rank: Rank) -> usize {
    match rank {
        Rank::Root => 0,
        Rank::Service => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(taken: Taken) -> bool {
        taken == Taken::Yes
    }

    #[test]
    fn the_daemons_leave_connections_for_root() {
        let budget = Budget::default();
        let now = Instant::now();
        let connect = |rank| took(budget.connect(rank, now));
        assert!((0..CONNECTIONS_OF_SERVICE_MAX).all(|_| connect(Rank::Service)));
        assert!(!connect(Rank::Service));
        assert!(connect(Rank::Root) && connect(Rank::Root) && !connect(Rank::Root));
        budget.disconnect(Rank::Root);
        assert!(!connect(Rank::Service) && connect(Rank::Root));
    }

    #[test]
    fn calls_and_changes_have_their_own_minute_for_each_rank() {
        let budget = Budget::default();
        let now = Instant::now();
        assert!((0..CALLS_MAX).all(|_| took(budget.call(Rank::Service, now))));
        assert_eq!(budget.call(Rank::Service, now), Taken::No { is_news: true });
        assert_eq!(budget.call(Rank::Service, now), Taken::No { is_news: false });
        assert!(took(budget.call(Rank::Root, now)));
        assert!((0..CHANGES_MAX).all(|_| budget.change(Rank::Service, Effect::Own, now)));
        assert!(!budget.change(Rank::Service, Effect::Own, now));
        assert!(budget.change(Rank::Service, Effect::None, now));
        assert!(budget.change(Rank::Root, Effect::Machine, now));
        let later = now + MINUTE;
        assert!(took(budget.call(Rank::Service, later)) && budget.change(Rank::Service, Effect::Own, later));
    }

    #[test]
    fn a_connection_that_was_not_had_is_not_given_back() {
        let budget = Budget::default();
        assert!(budget.is_idle() && took(budget.connect(Rank::Root, Instant::now())) && !budget.is_idle());
        budget.disconnect(Rank::Root);
        budget.disconnect(Rank::Root);
        assert!(budget.is_idle());
    }
}
