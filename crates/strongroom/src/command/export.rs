//! `strongroom export`

use super::{Common, record::condition};
use crate::{
    client::{Client, Connection},
    failure::{CommandError, Exit},
    output,
};
use clap::{Args, ValueEnum};
use std::{
    fs::{self, OpenOptions},
    io::{self, IsTerminal, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    connection: Connection,
    /// The dataset's key
    #[arg(required_unless_present = "archive", conflicts_with = "archive")]
    dataset: Option<String>,
    /// The whole organization as a tar file, which `import --archive` takes back; sensitive values are in the clear if
    /// the role may reveal them
    #[arg(long, conflicts_with_all = ["format", "filters", "reveal"])]
    archive: bool,
    /// With --archive: encrypt it for the holder of this public key of age; `age --decrypt` opens it
    #[arg(long, value_name = "AGE1...", requires = "archive")]
    recipient: Option<String>,
    /// The form of the file
    #[arg(long, value_enum, default_value_t = Form::Csv)]
    format: Form,
    /// As QuickBooks' IIF, each record a balanced transaction: which field is what, such as
    /// `date=day,account=ledger,contra=against,amount=sum`, and if you like `name=`, `number=`, `memo=`
    #[arg(long, value_name = "MAPPING", value_parser = mapping, conflicts_with_all = ["archive", "format", "reveal"])]
    iif: Option<Mapping>,
    /// Write into this new file, readable by its owner only, instead of to stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A condition, such as `status=open` or `amount[gte]=100`; repeat for more, all must hold
    #[arg(long = "filter", value_name = "CONDITION")]
    filters: Vec<String>,
    /// Sensitive fields in the clear, if the role permits; the act is an entry of the audit log
    #[arg(long)]
    reveal: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// For spreadsheets
    Csv,
    /// One document with the dataset's definition
    Json,
    /// A record on each line
    Jsonl,
}

/// Parts of a transaction and the keys of the fields that they are.
#[derive(Debug, Clone)]
struct Mapping(Vec<(String, String)>);

fn mapping(text: &str) -> Result<Mapping, String> {
    const PARTS: [&str; 7] = ["date", "account", "contra", "amount", "name", "number", "memo"];
    let mut parts: Vec<(String, String)> = Vec::new();
    for pair in text.split(',') {
        let (part, key) = pair.split_once('=').unwrap_or((pair, ""));
        if !PARTS.contains(&part) || key.is_empty() || parts.iter().any(|(known, _)| known == part) {
            return Err(format!(
                "{pair:?} is not one of {} with the key of a field, each once",
                PARTS.join(", ")
            ));
        }
        parts.push((part.to_owned(), key.to_owned()));
    }
    match PARTS[..4]
        .iter()
        .find(|part| !parts.iter().any(|(known, _)| known == *part))
    {
        Some(missing) => Err(format!("{missing} is missing")),
        None => Ok(Mapping(parts)),
    }
}

impl Form {
    fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
        }
    }
}

impl Export {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        // Before anything is asked: an archive is an entry of the log, whether it can be looked at or not.
        if self.archive && self.output.is_none() && io::stdout().is_terminal() {
            let text = "an archive is no text for a terminal; name a file with --output";
            return Err(CommandError::said(Exit::Usage, text));
        }
        let client = Client::open(common, &self.connection)?;
        let mut content: Box<dyn Read> = match &self.dataset {
            Some(dataset) if self.iif.is_some() => {
                Box::new(client.download(&["datasets", dataset, "iif"], &self.query()?)?)
            }
            Some(dataset) => Box::new(client.download(&["datasets", dataset, "export"], &self.query()?)?),
            None => Box::new(client.download(&["archive"], &self.envelope())?),
        };
        deliver(&mut content, self.output.as_deref())
    }

    fn envelope(&self) -> Vec<(String, String)> {
        let recipient = self.recipient.iter();
        recipient
            .map(|key| ("recipient".to_owned(), key.clone()))
            .collect()
    }

    fn query(&self) -> Result<Vec<(String, String)>, CommandError> {
        let mut query = match &self.iif {
            Some(Mapping(parts)) => parts.clone(),
            None => vec![("format".to_owned(), self.format.as_str().to_owned())],
        };
        for filter in &self.filters {
            query.push(condition(filter)?);
        }
        if self.reveal {
            query.push(("reveal".to_owned(), "true".to_owned()));
        }
        Ok(query)
    }
}

/// Writes what comes into a new file, or to stdout.
pub(super) fn deliver(content: &mut impl Read, output: Option<&Path>) -> Result<(), CommandError> {
    match output {
        Some(path) => write(content, path),
        None => pass_on(content),
    }
}

fn pass_on(content: &mut impl Read) -> Result<(), CommandError> {
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let read = content.read(&mut buffer).map_err(broken)?;
        if read == 0 {
            return Ok(());
        }
        output::bytes(&buffer[..read])?;
    }
}

/// A broken export leaves no file behind that looks whole.
fn write(content: &mut impl Read, path: &Path) -> Result<(), CommandError> {
    let cannot = || CommandError::io(format!("cannot write {}", path.display()));
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    let draft = PathBuf::from(draft);
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft);
    let mut file = opened.map_err(cannot())?;
    let copied = io::copy(content, &mut file).map_err(broken);
    let written = copied.and_then(|bytes| {
        file.flush().and_then(|()| file.sync_all()).map_err(cannot())?;
        // Unlike a rename, a link does not replace what is there.
        fs::hard_link(&draft, path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                let text = format!(
                    "{} is there already; name another file, or remove it",
                    path.display()
                );
                CommandError::said(Exit::Failed, text)
            }
            _ => cannot()(error),
        })?;
        output::talk(&format!("{bytes} bytes in {}", path.display()));
        Ok(())
    });
    fs::remove_file(&draft).map_err(cannot())?;
    written
}

fn broken(error: io::Error) -> CommandError {
    CommandError::said(
        Exit::Unreachable,
        format!("the export broke off: {error}; begin again"),
    )
}
