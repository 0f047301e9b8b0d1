//! One job at the scheduler: handed in, asked about, fetched.

use std::io;
use std::time::Duration;

use ballista_core::client::BallistaClient;
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::job_status::Status;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, CleanJobDataParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair, PartitionLocation, RemoveSessionParams,
    execute_query_result,
};
use ballista_core::version::insert_version_header;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::SessionConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};

use super::MESSAGE;
use super::operators::BATCH;

/// No single answer of the scheduler takes longer.
pub(super) const ANSWER: Duration = Duration::from_secs(10);

/// A connection to the scheduler.
pub(super) struct Scheduler {
    address: String,
    client: SchedulerGrpcClient<Channel>,
}

/// No farewell holds up who has what it wants.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// A job at the scheduler.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) id: String,
    session_id: String,
}

/// What was asked did not happen, in words for people.
pub(super) type Asked<T> = Result<T, String>;

impl Scheduler {
    pub(super) async fn connect(address: &str) -> Asked<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).map_err(|error| error.to_string())?;
        let endpoint = endpoint.connect_timeout(ANSWER).tcp_nodelay(true);
        let channel = timeout(ANSWER, endpoint.connect()).await.map_err(|_| "no answer".to_owned())?;
        let client = SchedulerGrpcClient::new(channel.map_err(|error| innermost(&error))?);
        let client = client.max_encoding_message_size(MESSAGE).max_decoding_message_size(MESSAGE);
        Ok(Self { address: address.to_owned(), client })
    }

    /// Hands a plan in; no other job has this name.
    pub(super) async fn submit(&mut self, plan: Vec<u8>, name: &str) -> Asked<Job> {
        // Few rows, for a row may be large.
        let config = SessionConfig::new_with_ballista().with_batch_size(BATCH);
        let entries = config.options().entries().into_iter();
        let settings = entries.map(|entry| KeyValuePair { key: entry.key, value: entry.value }).collect();
        let (session_id, operation_id) = (name.to_owned(), name.to_owned());
        let mut request =
            tonic::Request::new(ExecuteQueryParams { query: Some(Query::PhysicalPlan(plan)), settings, session_id, operation_id });
        insert_version_header(request.metadata_mut());
        // A long list of files takes its time to arrive.
        let answer = timeout(ANSWER * 6, self.client.execute_query(request)).await.map_err(|_| "no answer".to_owned())?;
        match answer.map_err(|status| said(&status))?.into_inner().result {
            Some(execute_query_result::Result::Success(success)) => Ok(Job { id: success.job_id, session_id: name.to_owned() }),
            other => Err(format!("{other:?}").chars().take(200).collect()),
        }
    }

    /// How far the job is; `None` when the scheduler does not know it.
    pub(super) async fn status(&mut self, job: &Job) -> Asked<Option<Status>> {
        let asked = self.client.get_job_status(GetJobStatusParams { job_id: job.id.clone() });
        let answer = timeout(ANSWER, asked).await.map_err(|_| "no answer".to_owned())?;
        Ok(answer.map_err(|status| said(&status))?.into_inner().status.and_then(|status| status.status))
    }

    /// Whether the scheduler hears of an executor. Only its page for those who watch it tells.
    pub(super) async fn has_executors(&self) -> io::Result<bool> {
        let asked = async {
            let mut stream = TcpStream::connect(&self.address).await?;
            stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: scheduler\r\nConnection: close\r\n\r\n").await?;
            let mut line = [0; 12];
            stream.read_exact(&mut line).await?;
            Ok(line.ends_with(b" 200"))
        };
        timeout(ANSWER, asked).await?
    }

    /// Lets nobody work on it any more, and lets go of its results. Who does not answer has lost them, or will in the end.
    pub(super) async fn forget(&mut self, job: Job, is_done: bool) {
        let Job { id: job_id, session_id } = job;
        let forgotten = async {
            if is_done {
                let _ = self.client.clean_job_data(CleanJobDataParams { job_id, remove_stage_ids: Vec::new() }).await;
            } else {
                let _ = self.client.cancel_job(CancelJobParams { job_id }).await;
            }
            self.client.remove_session(RemoveSessionParams { session_id }).await
        };
        let _ = timeout(FAREWELL, forgotten).await;
    }
}

/// The rows of a part of the result, from the executor that keeps it.
pub(super) async fn fetch(location: PartitionLocation) -> Asked<SendableRecordBatchStream> {
    let layout = location.layout();
    let PartitionLocation { executor_meta: Some(executor), partition_id: Some(partition), file_id, .. } = location else {
        return Err("it does not say where the results are".to_owned());
    };
    let (host, port) = (executor.host.as_str(), executor.port as u16);
    let fetched = async {
        let mut client = BallistaClient::try_new(host, port, MESSAGE, false, None, 3, 500, 0, 0).await?;
        client.fetch_partition(&executor.id, &partition.into(), file_id, layout, true).await
    };
    match timeout(ANSWER * 3, fetched).await {
        Ok(Ok(rows)) => Ok(rows),
        Ok(Err(error)) => Err(format!("the executor at `{host}:{port}` does not give its results: {error}")),
        Err(_) => Err(format!("the executor at `{host}:{port}` does not answer")),
    }
}

fn said(status: &tonic::Status) -> String {
    format!("it answered `{}`", status.message().lines().next().unwrap_or_default())
}

/// The last words of an error.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source()).take(16).last().map(ToString::to_string).unwrap_or_default()
}
