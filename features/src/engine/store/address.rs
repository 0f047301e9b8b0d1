//! What a user names: a store, and a key in it.

use std::fmt;

use object_store::path::Path;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::engine::error::EngineError;
use crate::engine::paths::{Format, GLOB_OPTIONS, WILD, bad_glob, is_hidden};

/// What holds the objects: a bucket, a container or a host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(in crate::engine) struct Root {
    pub(super) kind: Kind,
    /// As it may be shown: without user, password and query.
    shown: String,
    /// As it is connected to.
    pub(super) url: String,
}

/// By whose rules a store is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Kind {
    S3,
    Google,
    Azure,
    Http,
}

/// An object, a folder of objects or a glob over them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::engine) struct Address {
    pub(in crate::engine) root: Root,
    pub(in crate::engine) key: Path,
}

impl Kind {
    fn of(scheme: &str) -> Option<Self> {
        match scheme.to_ascii_lowercase().as_str() {
            "s3" | "s3a" => Some(Self::S3),
            "gs" => Some(Self::Google),
            "az" | "azure" | "abfs" | "abfss" => Some(Self::Azure),
            "http" | "https" => Some(Self::Http),
            _ => None,
        }
    }
}

/// Whether `text` names something in a store.
pub(in crate::engine) fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| Kind::of(scheme).is_some())
}

impl Address {
    /// What `text` names; `None` when it is a local path. Keys stand as they are, but that of an `http(s)` URL is decoded.
    pub(in crate::engine) fn parse(text: &str) -> Result<Option<Self>, EngineError> {
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(None) };
        let Some(kind) = Kind::of(scheme) else { return Ok(None) };
        if kind == Kind::Http {
            return Self::of_http(text).map(Some);
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let scheme = scheme.to_ascii_lowercase();
        let scheme = if kind == Kind::S3 { "s3" } else { &scheme };
        let bad = |reason: &str| EngineError::BadUrl { url: format!("{scheme}://.."), reason: reason.to_owned() };
        // Only Azure has something before an `@`: the container of an account.
        if bucket.is_empty() || (bucket.contains('@') && kind != Kind::Azure) || bucket.contains([':', '?', '#', '*', '[']) {
            return Err(bad("what follows `://` must be the name of a bucket"));
        }
        if key.starts_with('/') {
            return Err(bad("the key begins with a slash"));
        }
        let url = format!("{scheme}://{bucket}");
        Ok(Some(Self { key: path(key, &url)?, root: Root { kind, shown: url.clone(), url } }))
    }

    fn of_http(text: &str) -> Result<Self, EngineError> {
        let bad = |reason: String| EngineError::BadUrl { url: "http(s)://..".to_owned(), reason };
        let mut url = Url::parse(text).map_err(|error| bad(error.to_string()))?;
        let key = Path::from_url_path(url.path()).map_err(|error| bad(error.to_string()))?;
        url.set_path("");
        url.set_fragment(None);
        let shown = url[..url::Position::BeforeUsername].to_owned() + &url[url::Position::BeforeHost..url::Position::AfterPort];
        Ok(Self { root: Root { kind: Kind::Http, shown, url: url.into() }, key })
    }

    /// What lies at `key` of the same store.
    pub(super) fn at(&self, key: Path) -> Self {
        Self { root: self.root.clone(), key }
    }

    /// What lies in this folder by a name that may hold slashes.
    pub(in crate::engine) fn join(&self, name: &str) -> Result<Self, EngineError> {
        Ok(self.at(path(&format!("{}/{name}", self.key), &self.to_string())?))
    }

    /// Whether it can be written to.
    pub(in crate::engine) fn is_writable(&self) -> bool {
        self.root.kind != Kind::Http
    }

    /// Whether it stands for many by wildcards.
    pub(super) fn is_glob(&self) -> bool {
        self.root.kind != Kind::Http && self.key.as_ref().contains(WILD)
    }

    /// What lies at or below it.
    pub(in crate::engine) fn holds(&self, other: &Self) -> bool {
        self.root == other.root && other.key.prefix_matches(&self.key)
    }

    /// Whether this input, a folder or a glob, would lead to `other`.
    pub(in crate::engine) fn would_find(&self, other: &Self) -> Result<bool, EngineError> {
        let parts: Vec<&str> = other.key.as_ref().split('/').collect();
        let is_file = !self.is_glob() && Format::of(self.key.as_ref()).is_some();
        Ok(self.root == other.root && !is_file && Scope::of(self)?.entry(&parts).is_some())
    }
}

/// The objects that a folder or a glob stands for.
pub(super) enum Scope {
    /// All below the first so many parts of a key.
    Folder(Vec<String>),
    Glob(glob::Pattern),
}

impl Scope {
    pub(super) fn of(address: &Address) -> Result<Self, EngineError> {
        if address.is_glob() {
            let pattern = glob::Pattern::new(address.key.as_ref()).map_err(|error| bad_glob(&address.to_string(), &error))?;
            return Ok(Self::Glob(pattern));
        }
        Ok(Self::Folder(address.key.parts().map(|part| part.as_ref().to_owned()).collect()))
    }

    /// What must be listed: the folders before the first wildcard.
    pub(super) fn listed(&self) -> Path {
        match self {
            Self::Folder(parts) => Path::parse(parts.join("/")).unwrap_or_default(),
            Self::Glob(pattern) => {
                let parts: Vec<&str> = pattern.as_str().split('/').take_while(|part| !part.contains(WILD)).collect();
                Path::parse(parts.join("/")).unwrap_or_default()
            }
        }
    }

    /// How many parts of a key were named, when it is one of those meant whatever hidden folders it lies in below.
    fn entry(&self, parts: &[&str]) -> Option<usize> {
        match self {
            Self::Folder(folder) => parts.starts_with(&folder.iter().map(String::as_str).collect::<Vec<_>>()).then_some(folder.len()),
            Self::Glob(pattern) => {
                let options = glob::MatchOptions { require_literal_separator: true, ..GLOB_OPTIONS };
                (1..=parts.len()).find(|most| pattern.matches_with(&parts[..*most].join("/"), options))
            }
        }
    }

    /// Whether an object of this key is meant: as in local folders, hidden names are not unless they were named.
    pub(super) fn admits(&self, key: &Path) -> bool {
        let parts: Vec<&str> = key.as_ref().split('/').collect();
        self.entry(&parts).is_some_and(|named| !parts[named..].iter().any(|part| is_hidden(part.as_bytes())))
    }
}

/// A key, as it stands.
fn path(key: &str, url: &str) -> Result<Path, EngineError> {
    Path::parse(key).map_err(|error| EngineError::BadUrl { url: url.to_owned(), reason: error.to_string() })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.root.shown, self.key)
    }
}

/// Without what connects to it, which may be secret.
impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}
