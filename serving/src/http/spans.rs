//! Requests as spans, sent to a collector as OTLP over HTTP has them: method, route, status and time, and the ids of the caller's trace.
//! Nothing else that a caller sends goes there.

#[cfg(feature = "otlp")]
mod collector;

use std::time::Duration;

use axum::http::HeaderValue;

use super::client::Address;
use super::trace::Trace;

/// What is told of a request once it is answered.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "nobody is told in a build without collectors"))]
pub(super) struct Answered<'a> {
    /// The method, when it is one of HTTP's.
    pub(super) method: &'a str,
    /// The route, as the router has it.
    pub(super) route: &'a str,
    /// The status.
    pub(super) status: u16,
    /// The kind of problem, if there was one.
    pub(super) problem: Option<&'a str>,
    /// The model that answered.
    pub(super) model_version: &'a str,
    /// How long it took.
    pub(super) took: Duration,
    /// The trace that it is part of.
    pub(super) trace: Option<&'a Trace>,
}

/// Sends spans, many at once and apart from the requests; those that a collector does not take are lost, which the log tells.
#[derive(Debug)]
pub struct Spans(Sender);

#[cfg(feature = "otlp")]
type Sender = collector::Sender;
/// In a build without collectors there is none.
#[cfg(not(feature = "otlp"))]
type Sender = std::convert::Infallible;

impl Spans {
    /// Begins to send to the collector at `address`, which need not be there yet.
    ///
    /// # Errors
    /// Why not: the build has no collectors, or the machine trusts nobody.
    #[cfg_attr(not(feature = "otlp"), expect(clippy::needless_pass_by_value, reason = "as in a build with collectors"))]
    pub fn to(address: Address) -> Result<Self, String> {
        #[cfg(feature = "otlp")]
        return collector::Sender::to(address).map(Self);
        #[cfg(not(feature = "otlp"))]
        Err(format!("`{address}` is to be told, and this program was built without what tells collectors"))
    }

    /// Tells of a request; what its answer says of the trace.
    pub(super) fn record(&self, answered: &Answered<'_>) -> Option<HeaderValue> {
        #[cfg(feature = "otlp")]
        return self.0.record(answered);
        #[cfg(not(feature = "otlp"))]
        {
            let _ = answered;
            match self.0 {}
        }
    }

    /// Sends what is left, and then nothing any more.
    pub(super) fn end(&self) {
        #[cfg(feature = "otlp")]
        self.0.end();
        #[cfg(not(feature = "otlp"))]
        match self.0 {}
    }
}
