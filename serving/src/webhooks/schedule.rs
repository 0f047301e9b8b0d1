//! What an answer means, and when to try again: the schedule that the specification gives as its example, over 75 hours.

use std::time::{Duration, UNIX_EPOCH};

use axum::http::{HeaderMap, StatusCode, header};
use lapwing_features::Timestamp;
use sha2::{Digest, Sha256};

use crate::store::End;

/// How long after each failure the next try is, in seconds; the first try is at once.
const WAITS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Up to this share of a wait is added to it, so that what failed together does not come together again.
const JITTER: f64 = 0.1;

/// The longest wait that a receiver may ask for, in seconds.
const MOST_WAIT: i64 = 86_400;

const SECOND: i64 = 1_000_000;

/// What became of a message that was answered, or was not, in words; `tries` failed before.
pub(super) fn end(answered: Result<(StatusCode, HeaderMap), String>, message_id: &str, tries: u32, now: Timestamp) -> End {
    let (why, asked) = match answered {
        Ok((status, _)) if status.is_success() => return End::Sent,
        Ok((StatusCode::GONE, _)) => return End::Gone("the answer was 410: nothing more is wanted".to_owned()),
        Ok((status, headers)) => {
            let busy = status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE;
            (format!("the answer was {}", status.as_u16()), if busy { retry_after(&headers, now) } else { None })
        }
        Err(why) => (why, None),
    };
    let next = usize::try_from(tries).ok().and_then(|tries| WAITS.get(tries)).map(|wait| {
        let usual = (*wait * SECOND) as f64 * (1.0 + JITTER * share(message_id, tries));
        let asked = asked.unwrap_or(0).clamp(0, MOST_WAIT) * SECOND;
        Timestamp(now.0 + (usual as i64).max(asked))
    });
    End::Failed(next, why)
}

/// A number from 0 to 1 that looks drawn, the same for this message and try wherever it is asked.
fn share(message_id: &str, tries: u32) -> f64 {
    let digest = Sha256::digest(format!("{message_id}.{tries}"));
    let number = digest.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    f64::from(number) / f64::from(u32::MAX)
}

/// In how many seconds the receiver wants to be asked again: it says so in seconds, or as a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a long time.
        return Some(text.parse().unwrap_or(MOST_WAIT)).filter(|_| !text.is_empty());
    }
    let at: Duration = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(i64::try_from(at.as_secs()).unwrap_or(i64::MAX).saturating_sub(now.0.div_euclid(SECOND)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(784_111_777_000_000);

    type Answered = Result<(StatusCode, HeaderMap), String>;

    fn answer(status: u16, retry_after: Option<&str>) -> Answered {
        let headers = retry_after.map(|text| (header::RETRY_AFTER, text.parse().unwrap()));
        let status = StatusCode::from_u16(status).map_err(|error| error.to_string())?;
        Ok((status, headers.into_iter().collect()))
    }

    /// Seconds to the next try; `None` when there is none.
    fn wait(answered: Answered, tries: u32) -> Option<f64> {
        match end(answered, "msg_1", tries, NOW) {
            End::Failed(next, _) => next.map(|at| (at.0 - NOW.0) as f64 / 1e6),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_hundreds_are_success_gone_is_gone_and_all_else_fails() {
        for status in [200, 201, 204, 299] {
            assert_eq!(end(answer(status, None), "msg_1", 0, NOW), End::Sent, "{status}");
        }
        assert!(matches!(end(answer(410, None), "msg_1", 0, NOW), End::Gone(_)));
        for status in [301, 302, 307, 308, 400, 401, 404, 429, 500, 503] {
            assert!(matches!(end(answer(status, None), "msg_1", 0, NOW), End::Failed(Some(_), _)), "{status}");
        }
    }

    #[test]
    fn ten_tries_take_seventy_five_hours_and_then_it_is_dead() {
        let mut total = 0.0;
        for (tries, usual) in (0..).zip(WAITS) {
            let wait = wait(Err("nobody is there".to_owned()), tries).unwrap();
            assert!((usual as f64..=usual as f64 * 1.1).contains(&wait), "{tries}: {wait}");
            total += wait;
        }
        assert!((75.0..84.0).contains(&(total / 3_600.0)), "{total}");
        assert_eq!(wait(answer(500, None), 9), None);
        assert_eq!(wait(answer(503, Some("60")), 9), None, "nor does asking help");
        let of = |id: &str| end(answer(500, None), id, 4, NOW);
        assert_eq!(of("msg_1"), of("msg_1"));
        assert_ne!(of("msg_1"), of("msg_2"), "what failed together does not come together again");
    }

    #[test]
    fn a_receiver_may_ask_for_time_within_bounds() {
        assert_eq!(wait(answer(429, Some("120")), 0), Some(120.0));
        assert_eq!(wait(answer(503, Some("Sun, 06 Nov 1994 08:59:37 GMT")), 0), Some(600.0));
        assert_eq!(wait(answer(503, Some("9999999")), 0), Some(86_400.0));
        assert_eq!(wait(answer(503, Some("99999999999999999999999")), 0), Some(86_400.0));
        for (status, text) in [(503, "1"), (503, "soon"), (503, "-5"), (503, ""), (503, "Sun, 06 Nov 1994 08:00:00 GMT"), (500, "600")] {
            assert!(wait(answer(status, Some(text)), 0).unwrap() < 6.0, "{status} {text}");
        }
    }
}
