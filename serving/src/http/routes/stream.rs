//! `POST /v1/score/stream`: any number of customers, a line each, in and out; or their events as Arrow has them.
//!
//! What comes is scored as it comes, and no more is read than the caller takes answers to: memory does not grow with its length.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Extension;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State as Shared};
use axum::http::{Extensions, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use lapwing_features::Timestamp;
use serde::Deserialize;
#[cfg(feature = "arrow")]
use tokio::sync::oneshot;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use utoipa::IntoParams;

use crate::audit::Record;
use crate::clock;
use crate::guard::Caller;
use crate::http::admission::Watch;
use crate::http::app::App;
use crate::http::envelope::{AnsweredBy, RequestId};
use crate::http::incoming;
#[cfg(feature = "arrow")]
use crate::http::ipc::{ARROW, Rows};
use crate::http::lineup::Lineup;
use crate::http::panel::Panel;
use crate::http::problem::Problem;
use crate::http::query;
use crate::http::scoring;
use crate::http::sheet::Sheet;
use crate::http::wire::{CustomerRequest, DEFAULT_EXPLAIN, Entry, EntryError, MAX_EXPLAIN, ProblemBody, RefusedEntry};

/// What lines are called.
const LINES: &str = "application/x-ndjson";
/// What is taken.
#[cfg(feature = "arrow")]
const KINDS: &[&str] = &[LINES, "application/ndjson", "application/jsonl", ARROW];
#[cfg(not(feature = "arrow"))]
const KINDS: &[&str] = &[LINES, "application/ndjson", "application/jsonl"];
/// Answers that wait for their caller, each to as many lines as one read gave.
const WAITING: usize = 2;

/// What holds for all lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// The cutoff: RFC 3339, or a date, which is midnight in the bundle's time zone.
    #[param(required = true)]
    as_of: Option<String>,
    /// How many contributions to tell of each customer, largest first; 5 when not given, at most 1000.
    #[param(value_type = Option<u32>)]
    explain: Option<String>,
}

/// Scores the customers of the lines.
#[utoipa::path(
    post,
    path = "/v1/score/stream",
    summary = "Score any number of customers, one a line, while they are sent",
    description = "Each line is a customer as in `/v1/score`, and each line of the answer its entry, in the same order. Read while you \
                   send: when answers are not taken, no more lines are. A line that cannot be read has an entry with an `error`; so has \
                   the end, when the body broke off or did not go on in time.\n\n\
                   An Arrow stream (where the build has Arrow, as it has by default) holds a row for each event, with the columns that \
                   `lapwing-serve score` reads: `customer_id` and `ts`, and where they are there `kind`, `amount`, `quantity`, \
                   `order_id`, `line_id`, `channel`, `category` and `known_at`, besides `attribute_NAME` for columns of the customers \
                   table, of which the customer's first row counts. Other columns are passed over. Rows that follow each other and bear \
                   one id are one customer, so sort them by it. The answer is an Arrow stream with the columns of a table of scores, \
                   then `ignored_events`, `unknown_kinds`, `without_kind`, `error_code`, `error` and `error_pointer`: a row for each \
                   customer, in the same order, and a last one without a customer where the stream ended before its time. `explain` \
                   has no effect on it.",
    params(Terms),
    request_body(content((CustomerRequest = "application/x-ndjson"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
    responses(
        (status = 200, description = "One line, or one row, for each customer", content((Entry = "application/x-ndjson"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
        (status = 400, description = "The body is no Arrow stream, or broke off before there was an answer", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly for there to be an answer", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "A batch of the Arrow stream is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is neither, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`as_of`, `explain` or a column is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many streams at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(Shared(state): Shared<App>, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let lineup = state.lineup();
    let begun = incoming::check(&head.headers, KINDS)
        .and_then(|()| state.check_running())
        .and_then(|()| checked(&lineup, &head.uri))
        .and_then(|terms| Ok((terms, state.admission().stream()?)));
    let ((as_of, explain), place) = match begun {
        Ok(begun) => begun,
        Err(problem) => {
            incoming::drain(state.limits(), &head.headers, body).await;
            return Err(problem);
        }
    };
    let by = AnsweredBy { served: Arc::clone(&lineup.champion), customers: Vec::new() };
    let record = record(&head.extensions, &lineup);
    let (send, receive) = mpsc::channel(WAITING);
    #[cfg(feature = "arrow")]
    if incoming::check(&head.headers, &[ARROW]).is_ok() {
        let (begun, told) = oneshot::channel();
        let advice = state.advice();
        let rows = Rows { state, lineup, as_of, advice, send, begun: Some(begun), record, _place: place };
        tokio::spawn(rows.answer(body));
        told.await.map_err(|_| Problem::Fault)??;
        return Ok(([(header::CONTENT_TYPE, ARROW)], Extension(by), Body::new(Answers(receive))).into_response());
    }
    let lines = Lines { state, lineup, as_of, explain, send, number: 0, record, _place: place };
    tokio::spawn(lines.answer(body));
    Ok(([(header::CONTENT_TYPE, LINES)], Extension(by), Body::new(Answers(receive))).into_response())
}

/// What the audit log has of each part of a stream, but for its customers and its time.
fn record(extensions: &Extensions, lineup: &Lineup) -> Record {
    Record {
        caller: extensions.get::<Caller>().map(|caller| caller.id.clone()),
        route: Some("POST /v1/score/stream".to_owned()),
        request_id: extensions.get::<RequestId>().map(|RequestId(id)| id.to_string()),
        model_version: Some(lineup.champion.version.clone()),
        ..Record::of("lines", clock::now())
    }
}

fn checked(lineup: &Lineup, uri: &Uri) -> Result<(Timestamp, usize), Problem> {
    let terms: Terms = query::read(uri)?;
    let rule = format!("must be a whole number from 0 to {MAX_EXPLAIN}");
    let explain = query::value("explain", terms.explain.as_deref(), &rule, |explain| *explain <= MAX_EXPLAIN)?;
    let as_of = terms.as_of.and_then(|as_of| scoring::instant(lineup, &as_of));
    let as_of = as_of.ok_or_else(|| Problem::term("as_of", "must be RFC 3339 or a date, between 1900 and 2200"))?;
    Ok((as_of, explain.unwrap_or(DEFAULT_EXPLAIN) as usize))
}

/// The lines of one caller.
struct Lines {
    state: App,
    lineup: Arc<Lineup>,
    as_of: Timestamp,
    explain: usize,
    send: mpsc::Sender<Bytes>,
    /// Lines that were answered.
    number: u64,
    /// What the audit log has of the request.
    record: Record,
    _place: OwnedSemaphorePermit,
}

impl Lines {
    /// Answers lines until there are no more, or nobody listens.
    async fn answer(mut self, mut body: Body) {
        if let Err(problem) = self.read(&mut body).await
            && let Ok(line) = serde_json::to_vec(&ended(&problem))
        {
            let _ = self.send.send([&line[..], b"\n"].concat().into()).await;
        }
    }

    async fn read(&mut self, body: &mut Body) -> Result<(), Problem> {
        let limits = self.state.limits();
        let (mut room, mut held) = (self.state.admission().room(), Vec::new());
        loop {
            let data = tokio::time::timeout(limits.body_time, incoming::next(body)).await.map_err(|_| Problem::BodyTimeout)?;
            let Some(data) = data else { break };
            let data = data.map_err(|_| Problem::BodyCut)?;
            room.take(data.len())?;
            held.extend_from_slice(&data);
            let Some(end) = held.iter().rposition(|byte| *byte == b'\n') else {
                if held.len() > limits.body_bytes {
                    return Err(Problem::TooLarge(limits.body_bytes));
                }
                continue;
            };
            let rest = held.split_off(end + 1);
            room.give_back(held.len());
            self.score(std::mem::replace(&mut held, rest)).await?;
        }
        self.score(held).await
    }

    /// Scores whole lines and waits until their answers can be sent.
    async fn score(&mut self, lines: Vec<u8>) -> Result<(), Problem> {
        let (lineup, state, as_of, explain) = (Arc::clone(&self.lineup), Arc::clone(&self.state), self.as_of, self.explain);
        let before = self.number;
        let work = move |watch: &Watch| {
            let mut sheet = Sheet::of_lines(&lineup, state.notes(), as_of, explain);
            let number = score(&lineup, &mut sheet, as_of, (before, &lines), watch)?;
            sheet.count(state.metrics());
            let customers = sheet.take_customers();
            Ok((sheet.into_lines(), customers, number))
        };
        let (answers, customers, number) = self.state.admission().compute_in_turn(work).await?;
        self.number = number;
        if !customers.is_empty() {
            self.state.note(Record { customers, ..self.record.clone() }.at(clock::now())).await;
        }
        if answers.is_empty() {
            return Ok(());
        }
        // When nobody listens any more there is nothing to tell.
        self.send.send(answers.into()).await.map_err(|_| Problem::BodyCut)
    }
}

/// Scores lines, of which some number came before; how many there were at their end.
fn score<'a>(
    lineup: &'a Lineup,
    sheet: &mut Sheet<'a>,
    as_of: Timestamp,
    (mut number, lines): (u64, &[u8]),
    watch: &Watch,
) -> Result<u64, Problem> {
    let mut panel = Panel::new(lineup, as_of);
    for line in lines.split(|byte| *byte == b'\n') {
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        watch.check()?;
        scoring::line(&mut panel, sheet, line, number)?;
    }
    panel.put_back();
    // What follows the last line break is no line yet.
    Ok(number - 1)
}

/// The last line of a stream that ended before its time.
fn ended(problem: &Problem) -> RefusedEntry {
    RefusedEntry { customer_id: None, error: EntryError { code: problem.code(), detail: problem.detail(), pointer: String::new() } }
}

/// The answers as the caller takes them.
struct Answers(mpsc::Receiver<Bytes>);

impl HttpBody for Answers {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|answers| answers.map(|answers| Ok(Frame::data(answers))))
    }
}
