//! A request as it comes in: whether its head announces JSON, and its body within limit and time.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, header};

use super::app::App;
use super::problem::Problem;
use super::state::Limits;

/// How many times the limit of a body is read before the connection is closed on it.
const PATIENCE: usize = 4;

/// Whether the head announces JSON as it is.
///
/// # Errors
/// [`Problem::ContentType`] or [`Problem::ContentEncoding`].
pub(super) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Problem::ContentType);
    }
    let plain = headers.get_all(header::CONTENT_ENCODING).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if plain { Ok(()) } else { Err(Problem::ContentEncoding) }
}

/// The body, within limit and time.
///
/// # Errors
/// [`Problem::TooLarge`], [`Problem::BodyTimeout`], or, when it breaks off, [`Problem::BodyCut`] or [`Problem::BadChunks`].
pub(super) async fn read(limits: Limits, headers: &HeaderMap, mut body: Body) -> Result<Vec<u8>, Problem> {
    let limit = limits.body_bytes;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        drain(limits, body).await;
        return Err(Problem::TooLarge(limit));
    }
    let reading = async {
        let mut bytes = Vec::new();
        while let Some(data) = next(&mut body).await {
            let data = data.map_err(|_| if announced.is_some() { Problem::BodyCut } else { Problem::BadChunks })?;
            if bytes.len() + data.len() > limit {
                return Ok(None);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Some(bytes))
    };
    match tokio::time::timeout(limits.body_time, reading).await {
        Err(_) => Err(Problem::BodyTimeout),
        Ok(Err(problem)) => Err(problem),
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => {
            drain(limits, body).await;
            Err(Problem::TooLarge(limit))
        }
    }
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

async fn next(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
    // Trailers are no data.
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}
