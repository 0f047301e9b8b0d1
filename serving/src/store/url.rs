//! Where a store is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a store is: `--store lapwing.db`, `sqlite:lapwing.db`, or `postgres://user@host/database`.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file of `SQLite`, which is begun where there is none.
    Sqlite(PathBuf),
    /// A `PostgreSQL` server, as its own tools take it.
    Postgres(String),
}

impl FromStr for StoreUrl {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_server = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        let file = || text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        Ok(if is_server { Self::Postgres(text.to_owned()) } else { Self::Sqlite(file().into()) })
    }
}

impl fmt::Display for StoreUrl {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => {
                let url = url.split('?').next().unwrap_or_default();
                let rest = url.rsplit_once('@').map(|(_, rest)| rest).or_else(|| url.split_once("://").map(|(_, rest)| rest));
                write!(f, "postgres://{}", rest.unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_or_a_server_and_no_password_is_shown() {
        let of = |text: &str| text.parse::<StoreUrl>().unwrap();
        for text in ["lapwing.db", "sqlite:lapwing.db", "sqlite://lapwing.db"] {
            assert_eq!(of(text), StoreUrl::Sqlite("lapwing.db".into()));
        }
        for text in [
            "postgres://me:pass@word@db.example.com/crm?sslmode=require",
            "postgres://db.example.com/crm?password=p@ss",
            "postgresql://db.example.com/crm",
        ] {
            assert_eq!((of(text).to_string(), of(text)), ("postgres://db.example.com/crm".to_owned(), StoreUrl::Postgres(text.to_owned())));
            assert_eq!(format!("{:?}", of(text)), "StoreUrl(postgres://db.example.com/crm)");
        }
    }
}
