//! The only way tests wait: look again until it is so, and never longer than a deadline.

use std::fmt;
use std::time::{Duration, Instant};

/// What was waited for in vain.
#[derive(Debug)]
pub struct TimedOut {
    what: String,
    after: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "waited {:.1} s in vain for {}",
            self.after.as_secs_f64(),
            self.what
        )
    }
}

impl std::error::Error for TimedOut {}

/// Asks every 25 ms until the condition holds. A question that hangs is cut off at the deadline too.
pub async fn wait_until(
    deadline: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> bool,
) -> Result<(), TimedOut> {
    let start = Instant::now();
    let asking = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    let waited = tokio::time::timeout(deadline, asking).await;
    waited.map_err(|_| TimedOut {
        what: what.to_owned(),
        after: start.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_condition_that_comes_true_ends_the_wait() {
        let mut asked = 0;
        let condition = async || {
            asked += 1;
            asked == 3
        };
        wait_until(Duration::from_secs(5), "the third question", condition)
            .await
            .unwrap();
        assert_eq!(asked, 3);
    }

    #[tokio::test]
    async fn a_question_that_hangs_is_cut_off() {
        let hang = async || std::future::pending().await;
        let error = wait_until(Duration::from_millis(50), "an answer", hang)
            .await
            .unwrap_err();
        assert!(error.to_string().ends_with("in vain for an answer"), "{error}");
    }
}
