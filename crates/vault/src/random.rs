//! Randomness, from OpenSSL's generators, which the kernel seeds.
//!
//! Invariants: a failure is an error and never a weaker source; no byte is handed out twice. The second carries
//! AES-GCM, which falls with one repeated nonce.
//!
//! Bytes that may be seen (nonces, ids, salts) come from a reserve of the thread: a call to the generator costs
//! 1.3 us for twelve bytes and 2.3 us for four thousand, and an import asks six times for each record. Keys come
//! from the generator directly, so that none lies about before it is one. This process forks only to execute
//! another program; a child that went on in this one would repeat its parent's reserve.

use crate::crypto::{CryptoError, failed};
use std::cell::RefCell;
use zeroize::Zeroize;

const RESERVE_BYTES: usize = 4096;

/// Random bytes that are in nobody's hands yet: `bytes[..left]`.
struct Reserve {
    bytes: Box<[u8; RESERVE_BYTES]>,
    left: usize,
}

thread_local! {
    static RESERVE: RefCell<Reserve> = RefCell::new(Reserve { bytes: Box::new([0; RESERVE_BYTES]), left: 0 });
}

/// Random bytes that may be seen: nonces, ids, salts.
///
/// # Errors
/// OpenSSL has no randomness.
pub fn random_array<const N: usize>() -> Result<[u8; N], CryptoError> {
    const { assert!(N <= RESERVE_BYTES, "longer than the reserve") };
    RESERVE.with_borrow_mut(|reserve| {
        if reserve.left < N {
            reserve.left = 0;
            openssl::rand::rand_bytes(reserve.bytes.as_mut_slice()).map_err(failed("random bytes"))?;
            reserve.left = RESERVE_BYTES;
        }
        let start = reserve.left - N;
        let taken = &mut reserve.bytes[start..reserve.left];
        let mut out = [0; N];
        out.copy_from_slice(taken);
        // A salt hides a value for as long as nobody has it; it is not left behind here.
        taken.zeroize();
        reserve.left = start;
        Ok(out)
    })
}

/// Fills a buffer from the generator that is kept for secrets, apart from the one whose output is seen.
pub(crate) fn fill_private(bytes: &mut [u8]) -> Result<(), CryptoError> {
    openssl::rand::rand_priv_bytes(bytes).map_err(failed("random key bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_nonce_comes_twice_within_or_between_threads() {
        let many = || {
            (0..10_000)
                .map(|_| random_array::<12>().unwrap())
                .collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(many)).collect();
        let mut nonces = many();
        nonces.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
        assert_eq!(nonces.iter().collect::<HashSet<_>>().len(), 50_000);
        assert!(!nonces.contains(&[0; 12]));
    }

    #[test]
    fn no_part_of_one_array_comes_in_the_next() {
        let mut seen = HashSet::new();
        for _ in 0..1_000 {
            let (long, short) = (random_array::<32>().unwrap(), random_array::<16>().unwrap());
            assert!(
                long.chunks(8)
                    .chain(short.chunks(8))
                    .all(|part| seen.insert(part.to_vec()))
            );
        }
    }

    #[test]
    fn what_was_handed_out_is_left_nowhere_in_the_reserve() {
        let taken = random_array::<32>().unwrap();
        let remains =
            RESERVE.with_borrow(|reserve| reserve.bytes.windows(8).any(|part| taken.starts_with(part)));
        assert!(!remains);
    }
}
