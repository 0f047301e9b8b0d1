//! A request as it comes in: whether its head announces JSON, and its body within limit and time.

use std::future::poll_fn;
use std::ops::Deref;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, header};

use super::admission::Room;
use super::app::App;
use super::problem::Problem;
use super::state::{Limits, State};

/// How many times the limit of a body is read before the connection is closed on it.
const PATIENCE: usize = 4;

/// Whether the head announces one of the content types `known`, as it is.
///
/// # Errors
/// [`Problem::ContentType`] or [`Problem::ContentEncoding`].
pub(super) fn check(headers: &HeaderMap, known: &[&str]) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !known.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Err(Problem::ContentType);
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
        drain(limits, body).await;
        return Err(Problem::TooLarge(limits.body_bytes));
    }
    let mut room = state.admission().room();
    let reading = gather(&mut body, &mut room, limits.body_bytes, announced.is_some());
    match tokio::time::timeout(limits.body_time, reading).await {
        Ok(Ok(bytes)) => Ok(Whole { bytes, _room: room }),
        Ok(Err(problem @ (Problem::TooLarge(_) | Problem::Overloaded))) => {
            drop(room);
            drain(limits, body).await;
            Err(problem)
        }
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err(Problem::BodyTimeout),
    }
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

/// Reads a refused body on for a while and forgets it, since a caller that is still sending would see a broken connection
/// instead of the answer.
pub(super) async fn drain(limits: Limits, mut body: Body) {
    let most = limits.body_bytes.saturating_mul(PATIENCE);
    let reading = async {
        let mut length = 0_usize;
        while length <= most
            && let Some(Ok(data)) = next(&mut body).await
        {
            length = length.saturating_add(data.len());
        }
    };
    // Whether it came to its end or not, the caller had its chance.
    let _ = tokio::time::timeout(limits.body_time, reading).await;
}

/// The answer to a path that is not there.
pub(super) async fn not_found(Shared(state): Shared<App>, request: Request) -> Problem {
    drain(state.limits(), request.into_body()).await;
    Problem::NotFound
}

/// The answer to a method that the path does not take.
pub(super) async fn method_not_allowed(Shared(state): Shared<App>, request: Request) -> Problem {
    drain(state.limits(), request.into_body()).await;
    Problem::Method
}

/// The next bytes; `None` at the end.
pub(super) async fn next(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
    // Trailers are no data.
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}
