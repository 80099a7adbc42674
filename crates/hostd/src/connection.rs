//! One caller: messages in, answers out, each within its deadline, until he has nothing more to say.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use host::helper::{
    Answer, ErrorName, FRAME_BYTES_MAX, FrameError, Frames, GetJournal, Method, Refusal, Verb,
};

use crate::answer;
use crate::budget::{Budget, Taken};
use crate::changes;
use crate::journal::{self, Level};
use crate::peer::{self, Effect, Peer, Rank};

/// A caller who says nothing for this long is let go.
const IDLE: Duration = Duration::from_secs(10);
/// A message is whole within this.
const FRAME: Duration = Duration::from_secs(2);
/// An answer is taken within this.
const SEND: Duration = Duration::from_secs(5);
/// A caller who does not take a refusal gets none.
const SEND_REFUSAL: Duration = Duration::from_millis(50);

/// For the journal: a message that is no verb of the list.
const UNREAD: &str = "-";

/// Answers a caller to the end.
pub(crate) fn answer(stream: UnixStream, peer: Peer, rank: Rank, budget: &Budget) {
    let mut frames = Frames::new(stream);
    loop {
        let message = match frames.next(IDLE, FRAME) {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(error) => return part(&mut frames, peer, &error),
        };
        let began = Instant::now();
        if let Taken::No { is_news } = budget.call(rank, began) {
            return refuse_call(&mut frames, peer, is_news);
        }
        let (verb, answer) = carry_out(&message, peer, rank, budget);
        let (level, outcome) = outcome(&answer);
        // Or each look would be what the next one finds.
        if verb != GetJournal::NAME || level != Level::Info {
            journal::call(level, peer, verb, outcome, began.elapsed());
        }
        if let Err(error) = frames.send(&bounded(&answer), SEND) {
            return journal::dropped(peer, &error);
        }
        // Who sends what is no call has nothing more to say that we would understand.
        if is_garbled(verb, &answer) {
            return;
        }
    }
}

/// Refuses a connection in one message, if the caller takes it at once.
pub(crate) fn turn_away(stream: UnixStream, name: ErrorName, why: &str) {
    let refusal = Answer::Refused(Refusal::new(name, why));
    Frames::new(stream).send(&refusal.to_message(), SEND_REFUSAL).ok();
}

/// The end of a caller who calls too often, so that each further call costs him a connection.
fn refuse_call(frames: &mut Frames, peer: Peer, is_news: bool) {
    const WHY: &str = "too many calls in this minute";
    if is_news {
        journal::dropped(peer, &WHY);
    }
    let refusal = Answer::Refused(Refusal::new(ErrorName::TooOften, WHY));
    frames.send(&refusal.to_message(), SEND_REFUSAL).ok();
}

/// The verb's name for the journal, and the answer.
fn carry_out(message: &[u8], peer: Peer, rank: Rank, budget: &Budget) -> (&'static str, Answer) {
    let verb = match Verb::read(message) {
        Ok(verb) => verb,
        Err(refusal) => return (UNREAD, Answer::Refused(refusal)),
    };
    let effect = peer::effect(&verb);
    let answer = if !peer::may(rank, effect) {
        let why = "this changes the machine for everybody; call it as root";
        Answer::Refused(Refusal::new(ErrorName::NotAllowed, why))
    } else if !budget.change(rank, effect, Instant::now()) {
        let why = "too many changes in this minute";
        Answer::Refused(Refusal::new(ErrorName::TooOften, why))
    } else if effect == Effect::None {
        answer::to(&verb)
    } else {
        changes::carry_out(&verb, peer)
    };
    (verb.name(), answer)
}

fn outcome(answer: &Answer) -> (Level, &'static str) {
    match answer {
        Answer::Done(_) => (Level::Info, "done"),
        Answer::Refused(refusal) => (Level::Warning, refusal.name.as_str()),
    }
}

/// An answer that is too long for a frame is a failure that says so.
fn bounded(answer: &Answer) -> Vec<u8> {
    let message = answer.to_message();
    if message.len() <= FRAME_BYTES_MAX {
        return message;
    }
    let why = "the answer is longer than a message may be; look on the host itself";
    Answer::Refused(Refusal::new(ErrorName::Failed, why)).to_message()
}

fn is_garbled(verb: &str, answer: &Answer) -> bool {
    let is_unread = |refusal: &Refusal| refusal.name == ErrorName::InvalidParameter;
    verb == UNREAD && matches!(answer, Answer::Refused(refusal) if is_unread(refusal))
}

fn part(frames: &mut Frames, peer: Peer, error: &FrameError) {
    journal::dropped(peer, error);
    if matches!(error, FrameError::TooLong) {
        let refusal = Answer::Refused(Refusal::new(ErrorName::InvalidParameter, error.to_string()));
        frames.send(&refusal.to_message(), SEND_REFUSAL).ok();
    }
}
