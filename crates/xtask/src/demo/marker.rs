//! What of the set-up is done: an empty file for each step, so that a second start is quick.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// Does the step unless it was done before.
pub(super) fn once(folder: &Path, step: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let done = folder.join("done");
    let mark = done.join(step);
    if mark.exists() {
        return Ok(());
    }
    work()?;
    fs::create_dir_all(&done)?;
    fs::write(mark, "")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_failed_is_done_again_and_one_that_was_done_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut runs = 0;
        once(folder.path(), "step", || anyhow::bail!("interrupted")).unwrap_err();
        for _ in 0..2 {
            once(folder.path(), "step", || {
                runs += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(runs, 1);
    }
}
