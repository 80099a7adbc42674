//! Lines of our units in the journal, for a collector elsewhere: the daemons cannot read it, and see those of no other unit by this.

use host::helper::{JournalLine, JournalReply, Refusal};
use host::journal::{self, Cursor, Followed};

use super::failed;

/// Whose lines are told.
const UNITS: [&str; 11] = [
    "strongroom.service",
    "strongroom-worker.service",
    "strongroom-hostd.service",
    "strongroom-backup.service",
    "strongroom-backup-copy.service",
    "strongroom-backup-drill.service",
    "strongroom-certificate.service",
    "strongroom-renew.service",
    "strongroom-take.service",
    "strongroom-update.service",
    "strongroom-firewall.service",
];
/// Most lines of an answer.
const LINES_MAX: usize = 200;
/// Most bytes of the lines as they are written; a frame holds 64 KiB.
const BYTES_MAX: usize = 48 * 1024;
/// Most characters of one line.
const CHARACTERS_MAX: usize = 4_000;

pub(super) fn look(after: Option<&Cursor>) -> Result<JournalReply, Refusal> {
    let found = journal::after(&UNITS, after, LINES_MAX).map_err(|error| failed(&error))?;
    Ok(reply(found))
}

fn reply(found: Vec<Followed>) -> JournalReply {
    let (count, mut bytes, mut lines) = (found.len(), 0, Vec::new());
    for found in found {
        let line = line_of(found);
        bytes += serde_json::to_vec(&line).map_or(BYTES_MAX, |written| written.len() + 1);
        if bytes > BYTES_MAX && !lines.is_empty() {
            break;
        }
        lines.push(line);
    }
    JournalReply {
        more: lines.len() < count || count == LINES_MAX,
        lines,
    }
}

fn line_of(found: Followed) -> JournalLine {
    let line = found.line;
    JournalLine {
        place: found.place,
        at_us: line.at_us,
        unit: line.unit,
        priority: line.priority.min(7),
        message: line.message.chars().take(CHARACTERS_MAX).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::helper::{Answer, FRAME_BYTES_MAX};
    use host::journal::Line;

    fn found(message: String) -> Followed {
        Followed {
            place: Cursor::try_from("s=1;i=a;b=2;m=3;t=4;x=5".to_owned()).unwrap(),
            line: Line {
                at_us: 1,
                unit: "strongroom.service".to_owned(),
                priority: 200,
                message,
            },
        }
    }

    #[test]
    fn an_answer_fits_into_a_frame_and_says_that_there_is_more() {
        // Six bytes for each in JSON.
        let loud = found("\u{1b}".repeat(100_000));
        let told = reply(vec![loud; 5]);
        assert!(
            told.more && !told.lines.is_empty() && told.lines.len() < 5,
            "{}",
            told.lines.len()
        );
        assert_eq!(told.lines[0].priority, 7);
        let answer = Answer::Done(serde_json::to_value(&told).unwrap());
        assert!(answer.to_message().len() <= FRAME_BYTES_MAX);
        let quiet = reply(vec![found("ready".to_owned()); 3]);
        assert!(!quiet.more && quiet.lines.len() == 3);
    }
}
