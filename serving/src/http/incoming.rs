//! A request as it comes in: whether its head announces JSON, and its body within limit and time.

use std::future::poll_fn;
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::admission::Room;
use super::app::App;
use super::problem::Problem;
use super::state::{Limits, State};

/// How many times the limit of a body is read before the connection is closed on it.
const PATIENCE: usize = 4;
/// How long a caller whose body is refused may send nothing of it before it is not waited for any more.
const SILENCE: Duration = Duration::from_secs(1);

/// Whether the head announces one of the content types `known`, as it is.
///
/// # Errors
/// [`Problem::ContentType`] or [`Problem::ContentEncoding`].
pub(super) fn check(headers: &HeaderMap, known: &'static [&'static str]) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !known.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Err(Problem::ContentType(known));
    }
    let plain = headers.get_all(header::CONTENT_ENCODING).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if plain { Ok(()) } else { Err(Problem::ContentEncoding) }
}

/// A body that is there, and the room that it takes.
#[derive(Debug)]
pub(super) struct Whole {
    bytes: Bytes,
    _room: Room,
}

impl Deref for Whole {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The body, within limit and time.
///
/// # Errors
/// [`Problem::TooLarge`], [`Problem::BodyTimeout`], [`Problem::Overloaded`] when there is no room for it, or, when it breaks off,
/// [`Problem::BodyCut`] or [`Problem::BadChunks`].
pub(super) async fn read(state: &State, headers: &HeaderMap, mut body: Body) -> Result<Whole, Problem> {
    let limits = state.limits();
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes as u64) {
        // The answer need not wait for what is under way.
        if !is_waiting(headers) {
            tokio::spawn(forget(limits, body));
        }
        return Err(Problem::TooLarge(limits.body_bytes));
    }
    let mut room = state.admission().room();
    let reading = gather(&mut body, &mut room, limits.body_bytes, announced.is_some());
    match tokio::time::timeout(limits.body_time, reading).await {
        Ok(Ok(bytes)) => Ok(Whole { bytes, _room: room }),
        Ok(Err(problem @ (Problem::TooLarge(_) | Problem::Overloaded))) => {
            drop(room);
            forget(limits, body).await;
            Err(problem)
        }
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err(Problem::BodyTimeout),
    }
}

/// A request that changes the store, checked and read: its head, and its body, `None` where there is none.
///
/// # Errors
/// As [`check`] and [`read`], or that there is no store, or the service is stopping.
pub(super) async fn sent(state: &State, request: Request) -> Result<(Parts, Option<Whole>), Problem> {
    let (head, body) = request.into_parts();
    let is_empty = body.is_end_stream();
    let is_nothing = is_empty && head.headers.get(header::CONTENT_TYPE).is_none();
    let checked = state.desk().map(drop).and_then(|()| state.check_running());
    let checked = checked.and_then(|()| if is_nothing { Ok(()) } else { check(&head.headers, &["application/json"]) });
    if let Err(problem) = checked {
        drain(state.limits(), &head.headers, body).await;
        return Err(problem);
    }
    let bytes = if is_empty { None } else { Some(read(state, &head.headers, body).await?) };
    Ok((head, bytes.filter(|bytes| !bytes.is_empty())))
}

/// The data of `body`, which is at most `most` bytes; what comes in one piece is not copied.
async fn gather(body: &mut Body, room: &mut Room, most: usize, is_announced: bool) -> Result<Bytes, Problem> {
    let (mut first, mut more) = (Bytes::new(), Vec::new());
    while let Some(data) = next(body).await {
        let data = data.map_err(|_| if is_announced { Problem::BodyCut } else { Problem::BadChunks })?;
        let length = first.len().max(more.len()) + data.len();
        if length > most {
            return Err(Problem::TooLarge(most));
        }
        room.take(data.len())?;
        if first.is_empty() && more.is_empty() {
            first = data;
            continue;
        }
        if more.is_empty() {
            more.extend_from_slice(&first);
            first = Bytes::new();
        }
        more.extend_from_slice(&data);
    }
    Ok(if more.is_empty() { first } else { more.into() })
}

/// Whether the caller sends no body before it is asked for it.
fn is_waiting(headers: &HeaderMap) -> bool {
    headers.get(header::EXPECT).is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// What is to be done with the body of a request that is refused by its head: it is not asked for, and if it comes all the same,
/// [`forget`] it.
pub(super) async fn drain(limits: Limits, headers: &HeaderMap, body: Body) {
    if !is_waiting(headers) {
        forget(limits, body).await;
    }
}

/// Reads a refused body on for a while and forgets it, since a caller that is still sending would see a broken connection
/// instead of the answer.
pub(super) async fn forget(limits: Limits, mut body: Body) {
    let most = limits.body_bytes.saturating_mul(PATIENCE);
    let reading = async {
        let mut length = 0_usize;
        while length <= most
            && let Ok(Some(Ok(data))) = tokio::time::timeout(SILENCE, next(&mut body)).await
        {
            length = length.saturating_add(data.len());
        }
    };
    // Whether it came to its end or not, the caller had its chance.
    let _ = tokio::time::timeout(limits.body_time, reading).await;
}

/// The answer to a path that is not there.
pub(super) async fn not_found(Shared(state): Shared<App>, request: Request) -> Problem {
    let (head, body) = request.into_parts();
    drain(state.limits(), &head.headers, body).await;
    Problem::NotFound
}

/// The answer to a method that the path does not take.
pub(super) async fn method_not_allowed(Shared(state): Shared<App>, request: Request) -> Problem {
    let (head, body) = request.into_parts();
    drain(state.limits(), &head.headers, body).await;
    Problem::Method
}

/// The next bytes; `None` at the end.
pub(super) async fn next(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
    // Trailers are no data.
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}
