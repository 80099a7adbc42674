//! Swap: memory that goes to a disk, from `/proc/swaps`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::encryption::{self, Encryption};

/// One swap area in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The device or file.
    pub path: PathBuf,
    /// Whether what is written there is encrypted.
    pub encryption: Encryption,
}

/// Every swap area in use.
///
/// # Errors
/// As the kernel answers.
pub fn areas() -> io::Result<Vec<Swap>> {
    let lines = parse(&fs::read_to_string("/proc/swaps")?);
    let looked = lines.into_iter().map(|(path, kind)| Swap {
        encryption: look(&path, &kind),
        path,
    });
    Ok(looked.collect())
}

fn look(path: &Path, kind: &str) -> Encryption {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Compressed memory; what it may write back to a disk is asked for by name.
    if name.starts_with("zram") {
        return behind_zram(&name, Path::new("/"));
    }
    match kind {
        "partition" => encryption::of_device(path),
        _ => encryption::of_folder(path.parent().unwrap_or(Path::new("/"))),
    }
}

fn behind_zram(name: &str, root: &Path) -> Encryption {
    let file = root.join("sys/class/block").join(name).join("backing_dev");
    let backing = fs::read_to_string(file).unwrap_or_default();
    match backing.trim() {
        "" | "none" => Encryption::Memory,
        device => encryption::of_device(Path::new(device)),
    }
}

/// `Filename Type Size Used Priority`; the first line is the heading.
fn parse(text: &str) -> Vec<(PathBuf, String)> {
    let line = |line: &str| {
        let mut columns = line.split_whitespace();
        Some((columns.next()?.into(), columns.next()?.to_owned()))
    };
    text.lines().skip(1).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::tests::Planted;

    #[test]
    fn the_kernels_table_is_read() {
        let text = "Filename\tType\tSize\tUsed\tPriority\n/dev/dm-1   partition\t1024\t0\t-2\n/swapfile  file\t1\t0\t-3\n";
        let expected = [("/dev/dm-1", "partition"), ("/swapfile", "file")];
        assert_eq!(
            parse(text),
            expected.map(|(path, kind)| (path.into(), kind.to_owned()))
        );
        assert!(areas().is_ok());
    }

    #[test]
    fn compressed_memory_is_memory_unless_it_writes_back() {
        let kernel = Planted::new();
        kernel.write("sys/class/block/zram0/backing_dev", "none\n");
        assert_eq!(behind_zram("zram0", kernel.root()), Encryption::Memory);
        kernel.write("sys/class/block/zram0/backing_dev", "/dev/no-such-device\n");
        assert!(matches!(
            behind_zram("zram0", kernel.root()),
            Encryption::Unknown { .. }
        ));
    }
}
