//! Rolling origin: models of the past, learned as `fit` would have then, judged against what then happened.

pub mod schema;
