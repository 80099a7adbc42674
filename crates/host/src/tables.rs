//! A block of ours in a table that the machine's administrator also writes: `/etc/fstab`, `/etc/crypttab`.
//!
//! Invariant: what is not between our two marks is given back letter by letter; a table with half a block is refused and
//! not guessed at. Pure: start at [`with_block`].

use std::path::Path;

/// The line before ours.
const BEGIN: &str = "# strongroom storage: begin (written by `strongroom storage encrypt`)";
/// The line after ours.
const END: &str = "# strongroom storage: end";

/// A mark without the other, or twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the lines between \"# strongroom storage: begin\" and \"end\" are not whole; correct the table by hand"
)]
pub struct HalfBlock;

/// The table with these lines as our block, in the place of one that is there, else at the end.
///
/// # Errors
/// [`HalfBlock`].
pub fn with_block(table: &str, lines: &[String]) -> Result<String, HalfBlock> {
    let mut text = without_block(table)?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for line in [BEGIN]
        .into_iter()
        .chain(lines.iter().map(String::as_str))
        .chain([END])
    {
        text.push_str(line);
        text.push('\n');
    }
    Ok(text)
}

/// The table without our block.
///
/// # Errors
/// [`HalfBlock`].
pub fn without_block(table: &str) -> Result<String, HalfBlock> {
    let mut text = String::with_capacity(table.len());
    let (mut is_inside, mut blocks) = (false, 0);
    for line in table.split_inclusive('\n') {
        match line.trim_end() {
            BEGIN if is_inside => return Err(HalfBlock),
            BEGIN => is_inside = true,
            END if !is_inside => return Err(HalfBlock),
            END => (is_inside, blocks) = (false, blocks + 1),
            _ if is_inside => {}
            _ => text.push_str(line),
        }
    }
    match is_inside || blocks > 1 {
        true => Err(HalfBlock),
        false => Ok(text),
    }
}

/// Whether our block is in the table.
#[must_use]
pub fn has_block(table: &str) -> bool {
    table.lines().any(|line| line.trim_end() == BEGIN)
}

/// A path as fstab(5) and crypttab(5) write it.
#[must_use]
pub fn escaped(path: &Path) -> String {
    let text = path.display().to_string();
    let code = |letter| match letter {
        '\\' => "\\134".to_owned(),
        ' ' => "\\040".to_owned(),
        '\t' => "\\011".to_owned(),
        '\n' => "\\012".to_owned(),
        '#' => "\\043".to_owned(),
        other => String::from(other),
    };
    text.chars().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# the administrator's\nUUID=1 / ext4 defaults 0 1\n";

    fn ours() -> Vec<String> {
        vec!["/dev/mapper/x /y ext4 nofail 0 2".to_owned()]
    }

    #[test]
    fn our_block_comes_and_goes_and_the_rest_stays_letter_by_letter() {
        for table in [TABLE, "", "no newline at the end"] {
            let with = with_block(table, &ours()).unwrap();
            assert!(has_block(&with) && !has_block(table));
            assert_eq!(
                with_block(&with, &ours()).unwrap(),
                with,
                "a second time changes nothing"
            );
            assert_eq!(without_block(&with).unwrap().trim_end(), table.trim_end());
        }
    }

    #[test]
    fn lines_that_the_administrator_added_after_ours_stay() {
        let with = with_block(TABLE, &ours()).unwrap() + "tmpfs /tmp tmpfs defaults 0 0\n";
        let without = without_block(&with).unwrap();
        assert_eq!(without, format!("{TABLE}tmpfs /tmp tmpfs defaults 0 0\n"));
    }

    #[test]
    fn half_a_block_is_refused() {
        let whole = with_block(TABLE, &ours()).unwrap();
        for half in [
            whole.replace(END, ""),
            whole.replace(BEGIN, ""),
            format!("{whole}{whole}"),
        ] {
            assert_eq!(without_block(&half), Err(HalfBlock));
            assert_eq!(with_block(&half, &ours()), Err(HalfBlock));
        }
    }

    #[test]
    fn a_path_cannot_become_a_second_column_or_line() {
        let path = escaped(Path::new("/a b\n/dev/sda #\\"));
        assert_eq!(path, "/a\\040b\\012/dev/sda\\040\\043\\134");
    }
}
