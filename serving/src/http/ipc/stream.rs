//! One caller's stream: messages are read, scored piece by piece and answered, and no more are read than are answered.

use std::sync::Arc;

use arrow::array::RecordBatch;
use axum::body::{Body, Bytes};
use lapwing_features::Timestamp;
use lapwing_models::playbook::Advice;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::answer::{Encoder, batch, ended};
use super::cells::Cells;
use super::decode::Decoder;
use super::frames::{Frame, Frames, damaged};
use super::rows::{self, Open};
use super::schema::Column;
use crate::audit::Record;
use crate::clock;
use crate::http::admission::Watch;
use crate::http::app::App;
use crate::http::incoming;
use crate::http::lineup::Lineup;
use crate::http::problem::Problem;
use crate::http::sheet::Sheet;

/// Rows that are scored in one turn.
const PIECE: usize = 8_192;

/// The rows of one caller.
pub(in crate::http) struct Rows {
    /// What requests share.
    pub(in crate::http) state: App,
    /// The models in office when it began.
    pub(in crate::http) lineup: Arc<Lineup>,
    /// The cutoff.
    pub(in crate::http) as_of: Timestamp,
    /// What was advised when it began.
    pub(in crate::http) advice: Arc<Advice>,
    /// Where answers go.
    pub(in crate::http) send: mpsc::Sender<Bytes>,
    /// Is told that there is an answer, or why there is none.
    pub(in crate::http) begun: Option<oneshot::Sender<Result<(), Problem>>>,
    /// What the audit log has of the request.
    pub(in crate::http) record: Record,
    /// Held to the end.
    pub(in crate::http) _place: OwnedSemaphorePermit,
}

/// What goes on from one message to the next.
#[derive(Default)]
struct Flow {
    decoder: Option<Decoder>,
    open: Option<Open>,
}

impl Rows {
    /// Answers rows until there are no more, or nobody listens.
    pub(in crate::http) async fn answer(mut self, mut body: Body) {
        let Ok(mut encoder) = Encoder::new(&self.advice) else { return self.refuse(Problem::Fault) };
        match self.read(&mut body, &mut encoder).await {
            Err(problem) if self.begun.is_some() => {
                incoming::forget(self.state.limits(), body).await;
                return self.refuse(problem);
            }
            Err(problem) => {
                let last = batch(vec![ended(&problem)], &self.advice).and_then(|last| encoder.encode(&last));
                if let Ok(last) = last {
                    // When nobody listens any more there is nothing to tell.
                    let _ = self.send(last).await;
                }
            }
            Ok(()) => {}
        }
        if let Ok(end) = encoder.finish() {
            let _ = self.send(end).await;
        }
    }

    /// Tells why there is no answer.
    fn refuse(self, problem: Problem) {
        if let Some(begun) = self.begun {
            // Nobody waits any more for a caller that has gone.
            let _ = begun.send(Err(problem));
        }
    }

    async fn read(&mut self, body: &mut Body, encoder: &mut Encoder) -> Result<(), Problem> {
        let limits = self.state.limits();
        let (mut room, mut frames, mut flow) = (self.state.admission().room(), Frames::new(limits.body_bytes), Flow::default());
        loop {
            while let Some(frame) = frames.next()? {
                let (bytes, before) = (frame.bytes, flow.kept());
                self.message(frame, &mut flow, encoder).await?;
                // Dictionaries stay until others take their place.
                room.give_back((bytes + before).saturating_sub(flow.kept()));
            }
            let data = tokio::time::timeout(limits.body_time, incoming::next(body)).await.map_err(|_| Problem::BodyTimeout)?;
            let Some(data) = data else { break };
            let data = data.map_err(|_| Problem::BodyCut)?;
            room.take(data.len())?;
            frames.push(&data);
        }
        frames.finish()?;
        let open = flow.open.take();
        self.score(encoder, move |sheet, _| rows::finish(sheet, open)).await
    }

    async fn message(&mut self, frame: Frame, flow: &mut Flow, encoder: &mut Encoder) -> Result<(), Problem> {
        let (lineup, most) = (Arc::clone(&self.lineup), self.state.limits().body_bytes);
        let decoder = flow.decoder.take();
        let decode = move |_: &Watch| match decoder {
            None => Decoder::begin(&frame, &lineup, most).map(|decoder| (decoder, None)),
            Some(mut decoder) => decoder.decode(&frame).map(|batch| (decoder, batch)),
        };
        let (decoder, batch) = self.state.admission().compute_in_turn(decode).await?;
        let columns = Arc::clone(&decoder.columns);
        flow.decoder = Some(decoder);
        let Some(batch) = batch else { return Ok(()) };
        for begin in (0..batch.num_rows()).step_by(PIECE) {
            let piece = batch.slice(begin, PIECE.min(batch.num_rows() - begin));
            flow.open = self.piece(piece, Arc::clone(&columns), flow.open.take(), encoder).await?;
        }
        Ok(())
    }

    /// Scores the customers who end within some rows.
    async fn piece(
        &mut self,
        piece: RecordBatch,
        columns: Arc<[Column]>,
        open: Option<Open>,
        encoder: &mut Encoder,
    ) -> Result<Option<Open>, Problem> {
        self.score(encoder, move |sheet, watch| {
            let cells = Cells::of(&columns, &piece).map_err(|_| damaged())?;
            rows::score(sheet, &cells, open, watch)
        })
        .await
    }

    /// Does `work` in its turn and sends what it answers.
    async fn score<T: Send + 'static>(
        &mut self,
        encoder: &mut Encoder,
        work: impl FnOnce(&mut Sheet<'_>, &Watch) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (lineup, state, as_of) = (Arc::clone(&self.lineup), Arc::clone(&self.state), self.as_of);
        let advice = Arc::clone(&self.advice);
        let turn = move |watch: &Watch| {
            let mut sheet = Sheet::of_rows(&lineup, state.notes(), as_of);
            let done = work(&mut sheet, watch)?;
            sheet.count(state.metrics());
            let (rows, customers) = (sheet.take_rows(), sheet.take_customers());
            let scores = if rows.is_empty() { None } else { Some(batch(rows, &advice)?) };
            Ok((scores, customers, done))
        };
        let (scores, customers, done) = self.state.admission().compute_in_turn(turn).await?;
        if !customers.is_empty() {
            self.state.note(Record { customers, ..self.record.clone() }.at(clock::now())).await;
        }
        if let Some(scores) = scores {
            self.send(encoder.encode(&scores)?).await?;
        }
        Ok(done)
    }

    /// Sends a part of the answer, the first of which begins it.
    async fn send(&mut self, part: Bytes) -> Result<(), Problem> {
        if let Some(begun) = self.begun.take() {
            let _ = begun.send(Ok(()));
        }
        // When nobody listens any more there is nothing to tell.
        self.send.send(part).await.map_err(|_| Problem::BodyCut)
    }
}

impl Flow {
    /// Bytes of the dictionaries that are kept.
    fn kept(&self) -> usize {
        self.decoder.as_ref().map_or(0, Decoder::kept)
    }
}
