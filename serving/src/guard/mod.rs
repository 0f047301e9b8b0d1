//! Who may ask for what. Deciding is pure: the time is told, nothing is read.
//!
//! | file | does |
//! |---|---|
//! | `role` | what may be asked for, and the one table of route and role |
//! | `key` | whether a key is one, decided in the same time whatever the answer |
//! | `token` | whether a token is good |
//! | `rate` | how often a caller may ask |
//! | `file` | the file of keys, read and written whole |

pub mod file;
pub mod key;
pub mod rate;
pub mod role;
pub mod token;

pub use file::{KeyFile, KeyFileError};
pub use key::{Caller, Key, KeyRing};
pub use rate::Rates;
pub use role::{Access, ROUTES, Role, Route, access};
pub use token::{Claims, KeySet};
