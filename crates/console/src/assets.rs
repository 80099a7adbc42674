//! The style sheet, script, logo and icons, built into the program so that a page never depends on a folder.
//!
//! Invariant: nothing here is loaded from elsewhere, so [`CONTENT_SECURITY_POLICY`] needs no host name.
//! Start at [`find_asset`].

/// The policy that every page of the console is served with.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A file served under `/assets/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// File name, the part of the URL after `/assets/`.
    pub name: &'static str,
    /// Value of the `Content-Type` header.
    pub content_type: &'static str,
    /// The whole content.
    pub bytes: &'static [u8],
}

impl Asset {
    /// A strong ETag in quotes: changes whenever the content does (64-bit FNV-1a; not a security measure).
    #[must_use]
    pub fn etag(&self) -> String {
        let hash = self.bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("\"{hash:016x}\"")
    }
}

/// Every file served under `/assets/`.
pub const ASSETS: [Asset; 5] = [
    Asset {
        name: "console.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../assets/console.css"),
    },
    Asset {
        name: "console.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../assets/console.js"),
    },
    Asset {
        name: "security-key.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../assets/security-key.js"),
    },
    Asset {
        name: "logo.svg",
        content_type: "image/svg+xml",
        bytes: include_bytes!("../assets/logo.svg"),
    },
    Asset {
        name: "icons.svg",
        content_type: "image/svg+xml",
        bytes: include_bytes!("../assets/icons.svg"),
    },
];

/// The asset of that name (`console.css`), if there is one.
#[must_use]
pub fn find_asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_exact_name_only() {
        assert_eq!(
            find_asset("console.css").map(|asset| asset.content_type),
            Some("text/css; charset=utf-8")
        );
        assert_eq!(find_asset("../console.css"), None);
    }

    #[test]
    fn different_contents_have_different_etags() {
        let mut etags: Vec<String> = ASSETS.iter().map(Asset::etag).collect();
        etags.sort();
        etags.dedup();
        assert_eq!(etags.len(), ASSETS.len());
    }

    #[test]
    fn no_asset_loads_anything_from_elsewhere() {
        for asset in &ASSETS {
            let text = String::from_utf8_lossy(asset.bytes).replace("http://www.w3.org/2000/svg", "");
            for forbidden in ["http:", "https:", "//cdn", "@import", "data:"] {
                assert!(!text.contains(forbidden), "{} contains {forbidden}", asset.name);
            }
        }
    }
}
