//! The trace that a caller's request is part of, as W3C Trace Context has it.
//!
//! The trace's id is told in the log, so that a request is found from either side, and sent back. Where spans are sent to a collector,
//! the request is one of the trace's.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
/// What an answer says of its trace.
pub(super) const TRACE_RESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// The trace that a caller names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trace {
    id: String,
    /// The caller's part of it.
    parent: String,
    /// Whether the caller may have recorded it.
    is_recorded: bool,
}

impl Trace {
    /// The trace of `traceparent`; `None` when there is none, more than one, or one that breaks a rule, which is then ignored.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(TRACE_PARENT).iter();
        let (Some(value), None) = (given.next(), given.next()) else { return None };
        let mut parts = value.to_str().ok()?.split('-');
        let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_known = is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
        let is_whole = is_hex(flags, 2) && [(id, 32), (parent, 16)].iter().all(|(id, length)| is_hex(id, *length) && is_told(id));
        let is_recorded = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
        (is_known && is_whole).then(|| Self { id: id.to_owned(), parent: parent.to_owned(), is_recorded })
    }

    /// The id of the caller's part of it.
    #[cfg(feature = "otlp")]
    pub(super) fn parent(&self) -> &str {
        &self.parent
    }

    /// Whether the caller may have recorded it.
    #[cfg(feature = "otlp")]
    pub(super) fn is_recorded(&self) -> bool {
        self.is_recorded
    }

    /// The trace's id, for the log.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What the answer says: the trace, an id for this part of it, and that nobody recorded it.
    pub(super) fn answer(&self) -> Option<HeaderValue> {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // All zeros would be no id.
        let part = KEY.hash_one(NEXT.fetch_add(1, Ordering::Relaxed)) | 1;
        HeaderValue::from_str(&format!("00-{}-{part:016x}-00", self.id)).ok()
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_told(id: &str) -> bool {
    id.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn trace(values: &[&str]) -> Option<Trace> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACE_PARENT, value.parse().unwrap());
        }
        Trace::of(&headers)
    }

    #[test]
    fn a_trace_is_taken_when_it_keeps_the_rules() {
        let good = format!("00-{ID}-00f067aa0ba902b7-01");
        assert_eq!(trace(&[&good]).unwrap().id(), ID);
        assert_eq!(trace(&[&format!("cc-{ID}-00f067aa0ba902b7-01-later")]).unwrap().id(), ID, "of a later version");
        for bad in [
            String::new(),
            "00".to_owned(),
            format!("ff-{ID}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", ID.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{ID}-0000000000000000-01"),
            format!("00-{ID}-00f067aa0ba902b7-1"),
            format!("00-{ID}-00f067aa0ba902b7-01-more"),
        ] {
            assert_eq!(trace(&[&bad]), None, "{bad}");
        }
        assert_eq!(trace(&[&good, &good]), None);
    }

    #[test]
    fn an_answer_names_the_trace_and_a_part_of_its_own() {
        let trace = trace(&[&format!("00-{ID}-00f067aa0ba902b7-01")]).unwrap();
        let [one, other] = [trace.answer(), trace.answer()].map(|answer| answer.unwrap().to_str().unwrap().to_owned());
        assert!(one.starts_with(&format!("00-{ID}-")) && one.ends_with("-00") && one.len() == 55, "{one}");
        assert_ne!(one, other);
    }
}
