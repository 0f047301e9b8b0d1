//! What may be asked for, and the one table of who may ask it.

use serde::{Deserialize, Serialize};

/// What a key, or a token, is good for. A role implies no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// To have customers scored, to see their published scores, and to work on alerts: whatever is about a customer.
    Score,
    /// To see which models serve, how the service does, and counts of customers; nothing of any one of them.
    Read,
    /// To change what serves.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Score, Self::Read, Self::Admin];

    /// As files, flags and answers say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// The role of this name; `None` when there is none.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: it tells nobody's data.
    Open,
    /// A key or a token with this role.
    Needs(Role),
}

/// A route of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// In capitals.
    pub method: &'static str,
    /// As the router has it.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
}

const fn route(method: &'static str, path: &'static str, access: Access) -> Route {
    Route { method, path, access }
}

/// Every route. What is not in here is nobody's: a route that was forgotten is refused, not open.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/score", Access::Needs(Role::Score)),
    route("POST", "/v1/score/stream", Access::Needs(Role::Score)),
    route("GET", "/v1/customers", Access::Needs(Role::Score)),
    route("GET", "/v1/customers/{id}", Access::Needs(Role::Score)),
    route("GET", "/v1/summary", Access::Needs(Role::Read)),
    route("GET", "/v1/alerts", Access::Needs(Role::Score)),
    route("GET", "/v1/alerts/{id}", Access::Needs(Role::Score)),
    route("POST", "/v1/alerts/{id}/contacted", Access::Needs(Role::Score)),
    route("POST", "/v1/alerts/{id}/events", Access::Needs(Role::Score)),
    route("GET", "/v1/campaigns/{id}/assignment", Access::Needs(Role::Score)),
    route("POST", "/v1/campaigns/{id}/exposures", Access::Needs(Role::Score)),
    route("POST", "/v1/campaigns/{id}/outcomes", Access::Needs(Role::Score)),
    route("GET", "/v1/campaigns/{id}/result", Access::Needs(Role::Read)),
    route("GET", "/v1/models", Access::Needs(Role::Read)),
    route("GET", "/v1/models/{version}", Access::Needs(Role::Read)),
    route("GET", "/v1/models/shadow", Access::Needs(Role::Read)),
    route("POST", "/v1/models/reload", Access::Needs(Role::Admin)),
    route("GET", "/v2", Access::Needs(Role::Read)),
    route("GET", "/v2/health/live", Access::Open),
    route("GET", "/v2/health/ready", Access::Open),
    route("GET", "/v2/models/{name}", Access::Needs(Role::Read)),
    route("GET", "/v2/models/{name}/ready", Access::Needs(Role::Read)),
    route("POST", "/v2/models/{name}/infer", Access::Needs(Role::Score)),
    route("GET", "/v2/models/{name}/versions/{version}", Access::Needs(Role::Read)),
    route("GET", "/v2/models/{name}/versions/{version}/ready", Access::Needs(Role::Read)),
    route("POST", "/v2/models/{name}/versions/{version}/infer", Access::Needs(Role::Score)),
    route("POST", "/invocations", Access::Needs(Role::Score)),
    route("GET", "/ping", Access::Open),
    route("GET", "/metrics", Access::Needs(Role::Read)),
    route("GET", "/health/live", Access::Open),
    route("GET", "/health/ready", Access::Open),
    route("GET", "/openapi.json", Access::Open),
    route("GET", "/docs", Access::Open),
];

/// What a route asks; `None` when it is not in the table. HEAD is GET without the answer.
#[must_use]
pub fn access(method: &str, path: &str) -> Option<Access> {
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().find(|route| route.method == method && route.path == path).map(|route| route.access)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_is_nobody_s_and_head_is_as_get() {
        assert_eq!(access("GET", "/v1/secrets"), None);
        assert_eq!(access("DELETE", "/v1/models"), None);
        assert_eq!(access("HEAD", "/metrics"), Some(Access::Needs(Role::Read)));
        for route in ROUTES {
            assert_eq!(ROUTES.iter().filter(|other| (other.method, other.path) == (route.method, route.path)).count(), 1, "{route:?}");
        }
    }

    #[test]
    fn only_what_tells_nobody_s_data_is_open() {
        let open: Vec<_> = ROUTES.iter().filter(|route| route.access == Access::Open).map(|route| route.path).collect();
        assert_eq!(open, ["/v2/health/live", "/v2/health/ready", "/ping", "/health/live", "/health/ready", "/openapi.json", "/docs"]);
        assert!(Role::ALL.iter().all(|role| Role::of(role.name()) == Some(*role)));
    }
}
