//! Proofs for an authority that speaks ACME: files of a folder, over plain HTTP (RFC 8555 section 8.3).
//!
//! Invariant: a proof's name is of the alphabet of the RFC, so no path leads out of the folder; links are not followed; a
//! server that asks no authority answers as if there was nothing.

use ::host::write;
use actix_web::{
    HttpResponse,
    http::header,
    web::{Path, ServiceConfig, get},
};
use std::path::{Path as FilePath, PathBuf};

/// RFC 8555 says nothing of the most; authorities use 43.
const NAME_LENGTH_MAX: usize = 128;
/// The name, a dot and a digest.
const PROOF_BYTES_MAX: usize = 512;

/// Answers proofs out of the folder, if there is one.
pub(super) fn mount(app: &mut ServiceConfig, folder: Option<PathBuf>) {
    let Some(folder) = folder else { return };
    let answer = move |name: Path<String>| {
        let proof = read(&folder, &name);
        async move {
            match proof {
                Some(proof) => HttpResponse::Ok()
                    .insert_header((header::CONTENT_TYPE, "application/octet-stream"))
                    .force_close()
                    .body(proof),
                None => HttpResponse::NotFound().force_close().finish(),
            }
        }
    };
    app.route("/.well-known/acme-challenge/{name}", get().to(answer));
}

fn read(folder: &FilePath, name: &str) -> Option<Vec<u8>> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.bytes().all(letter) {
        return None;
    }
    let proof = write::read(&folder.join(name)).ok().flatten()?;
    (proof.len() <= PROOF_BYTES_MAX).then_some(proof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    #[test]
    fn a_proof_is_a_file_of_the_folder_and_nothing_else_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let proofs = folder.path().join("proofs");
        fs::create_dir(&proofs).unwrap();
        fs::write(proofs.join("a-B_9"), "a-B_9.digest").unwrap();
        fs::write(proofs.join("long"), vec![b'x'; PROOF_BYTES_MAX + 1]).unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        symlink(folder.path().join("secret"), proofs.join("link")).unwrap();
        assert_eq!(read(&proofs, "a-B_9").as_deref(), Some(&b"a-B_9.digest"[..]));
        for name in [
            "",
            ".",
            "..",
            "../secret",
            "absent",
            "link",
            "long",
            "a-B_9\0",
            "%2e%2e",
        ] {
            assert_eq!(read(&proofs, name), None, "{name:?}");
        }
        assert_eq!(read(&proofs, &"a".repeat(NAME_LENGTH_MAX + 1)), None);
    }
}
