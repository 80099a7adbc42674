//! Passwords for commands: out of a file, or typed at the terminal without being shown. Never out of the arguments,
//! which everybody on the machine can read.

use crate::{
    failure::{CommandError, Exit},
    output,
};
use config::SecretSource;
use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    path::Path,
};
use vault::SecretText;

/// Most bytes of a secret on stdin.
const STDIN_BYTES_MAX: u64 = 4_096;

/// A password out of the file, or asked for at the terminal.
pub(crate) fn read(file: Option<&Path>, prompt: &str) -> Result<SecretText, CommandError> {
    match file {
        Some(path) => read_file(path),
        None => ask(prompt),
    }
}

/// A password out of a file that nobody else can read.
pub(crate) fn read_file(path: &Path) -> Result<SecretText, CommandError> {
    let secret = config::read_secret(&SecretSource::File(path.to_owned()))?;
    Ok(SecretText::new(secret.expose().to_owned()))
}

/// A secret out of a file, or out of stdin for `-`; none where none is named.
pub(crate) fn of_file_or_stdin(file: Option<&Path>) -> Result<Option<SecretText>, CommandError> {
    match file {
        None => Ok(None),
        Some(file) if file.as_os_str() == "-" => {
            let mut text = String::new();
            let read = std::io::stdin().take(STDIN_BYTES_MAX).read_to_string(&mut text);
            read.map_err(CommandError::io("cannot read the secret on stdin"))?;
            Ok(Some(SecretText::new(
                text.trim_end_matches(['\r', '\n']).to_owned(),
            )))
        }
        Some(file) => read_file(file).map(Some),
    }
}

/// A new password: typed twice, since it is not shown.
pub(crate) fn read_new(file: Option<&Path>, prompt: &str) -> Result<SecretText, CommandError> {
    let first = read(file, prompt)?;
    if file.is_none() && ask("The same again: ")?.expose() != first.expose() {
        return Err(CommandError::said(
            Exit::Failed,
            "the two passwords differ; try again",
        ));
    }
    Ok(first)
}

/// A code of a second factor. Only typed: it is good for half a minute.
pub(crate) fn read_code(prompt: &str) -> Result<SecretText, CommandError> {
    ask(prompt)
}

/// Whether there is somebody to ask, and to show a secret to.
pub(crate) fn has_terminal() -> bool {
    terminal().is_ok()
}

/// A line at the terminal itself, for what must not get into a file or a pipe.
///
/// # Errors
/// There is no terminal.
pub(crate) fn show(line: &str) -> Result<(), CommandError> {
    let shown = writeln!(terminal()?, "{line}");
    shown.map_err(CommandError::io("cannot use the terminal"))
}

/// The terminal itself, not stdin: the command may stand in a pipe.
fn terminal() -> Result<File, CommandError> {
    let opened = OpenOptions::new().read(true).write(true).open("/dev/tty");
    opened.map_err(|_| {
        let text = "there is no terminal to ask at; a password may come out of a file (--password-file), the code of a second \
                    factor may not";
        CommandError::said(Exit::Usage, text)
    })
}

fn ask(prompt: &str) -> Result<SecretText, CommandError> {
    let terminal = terminal()?;
    let unusable = CommandError::io("cannot use the terminal");
    let asked = ask_silently(&terminal, prompt);
    output::talk("");
    asked.map_err(unusable)
}

/// The prompt comes when nothing is shown any more: silence throws away what was typed before, and must not do so with an answer.
fn ask_silently(mut terminal: &File, prompt: &str) -> std::io::Result<SecretText> {
    let _silence = Silence::begin(terminal)?;
    terminal.write_all(prompt.as_bytes())?;
    let mut line = String::new();
    BufReader::new(terminal).read_line(&mut line)?;
    Ok(SecretText::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// While it lives, the terminal does not show what is typed.
struct Silence<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silence<'a> {
    fn begin(terminal: &'a File) -> std::io::Result<Self> {
        let before = termios::tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        termios::tcsetattr(terminal, SetArg::TCSAFLUSH, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        // A terminal that has gone cannot be set back, and need not be.
        termios::tcsetattr(self.terminal, SetArg::TCSAFLUSH, &self.before).ok();
    }
}
