//! Malformed frames, many of them and small: the bounded form of the fuzz target `frames`.

use host::helper::FRAME_BYTES_MAX;
use proptest::prelude::*;

use super::conversation::{SENT_MAX, check};

/// What callers say, from which malformed frames are made.
const CALLS: [&str; 5] = [
    "{\"method\":\"org.strongroom.Host.GetSsh\"}",
    "{\"method\":\"org.strongroom.Host.RestartUnit\",\"parameters\":{\"unit\":\"worker\"}}",
    "{\"method\":\"org.strongroom.Host.PlanFirewall\",\"parameters\":{\"ports\":[443],\"ssh\":\"keep\"}}",
    "{\"method\":\"org.strongroom.Host.ConfirmFirewall\",\"parameters\":{\"session\":null}}",
    "{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{}}",
];

/// A frame as it should be, cut, with a changed byte, without its end, or nothing of the kind.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let call = prop::sample::select(CALLS.to_vec());
    let whole = call.prop_map(|text| [text.as_bytes(), b"\0"].concat());
    let changed =
        (whole.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut frame, at, byte)| {
            let at = at.index(frame.len());
            frame[at] = byte;
            frame
        });
    let cut = (whole.clone(), any::<prop::sample::Index>()).prop_map(|(mut frame, at)| {
        frame.truncate(at.index(frame.len()));
        frame
    });
    prop_oneof![
        4 => whole,
        4 => changed,
        2 => cut,
        2 => prop::collection::vec(any::<u8>(), 0..200),
        1 => (FRAME_BYTES_MAX - 2..FRAME_BYTES_MAX + 3).prop_map(|length| vec![b'x'; length]),
    ]
}

proptest! {
    #[test]
    fn any_run_of_frames_is_read_as_it_was_sent_or_refused(frames in prop::collection::vec(frame(), 0..12)) {
        check(&frames.concat());
    }
}

#[test]
fn the_longest_frame_is_read_and_one_byte_more_is_not() {
    for length in [
        0,
        1,
        FRAME_BYTES_MAX - 1,
        FRAME_BYTES_MAX,
        FRAME_BYTES_MAX + 1,
        SENT_MAX + 9,
    ] {
        let mut bytes = vec![b'x'; length];
        check(&bytes);
        bytes.push(0);
        check(&bytes);
    }
}

/// The check itself: a reader that joins, tears or swallows would be noticed, because it is held against what was sent.
#[test]
fn a_frame_that_repeats_control_characters_is_told_without_them() {
    check(b"{\"method\":\"org.strongroom.Host.A\\n<0>forged line\\u001b[2J\"}\0{\"method\":\"x\\u0000y\"}\0");
}
