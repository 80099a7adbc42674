//! Every stored password is an Argon2id hash at or above the policy.

use super::look::Look;
use crate::{Platform, error::Result};
use promises::Outcome;
use store::control::evidence;
use types::PageSize;
use vault::{Strength, password::parse_strength};

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let policy = Strength::default();
    let mut look = Look::new();
    let (mut stored, mut after) = (0_usize, None);
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    loop {
        let mut read = platform.control().read().await?;
        let page = evidence::list_password_hashes(&mut read, size, after).await?;
        for hash in &page {
            let place = format!("account {}", hash.account_id);
            match parse_strength(&hash.stored) {
                Ok(strength) if strength.meets(policy) => {}
                Ok(_) => look.fault(
                    "a password hash is below the policy's cost",
                    place,
                    "let its holder sign in once, which hashes it anew, or set a new password",
                ),
                Err(error) => look.fault(
                    format!("a stored password is no hash of ours: {error}"),
                    place,
                    "set a new password for the account",
                ),
            }
        }
        stored += page.len();
        after = page.last().map(|hash| hash.account_id);
        if page.len() < usize::from(PageSize::MAX) {
            break;
        }
    }
    let cost = format!(
        "Argon2id, {} MiB, {} passes",
        policy.memory_kib / 1024,
        policy.passes
    );
    Ok(look.fact("stored passwords", stored).fact("policy", cost).done())
}
