//! Opens stores, by what the environment says of credentials and endpoints.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::client::SpawnedReqwestConnector;
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};
use tokio::runtime::Runtime;

use super::address::{Kind, Root};
use super::failure::Failure;
use crate::engine::error::EngineError;

/// No single answer takes longer; what is read or written at once is small enough for slow lines.
const ANSWER: &str = "30 seconds";

/// An open store.
pub(super) type Store = Arc<dyn ObjectStore>;

/// Connections live on a runtime of their own, so that they outlast the one that decodes and no decoder holds them up.
static RUNTIME: LazyLock<Result<Runtime, String>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("lapwing-store").enable_all().build();
    runtime.map_err(|error| error.to_string())
});

/// Stores by their URLs. They hold connections and credentials, and the environment does not change under them.
static OPEN: LazyLock<Mutex<HashMap<String, Store>>> = LazyLock::new(Mutex::default);

/// Waits for `future`; not for use within an async runtime.
pub(in crate::engine) fn block_on<T>(future: impl Future<Output = Result<T, EngineError>>) -> Result<T, EngineError> {
    runtime().map_err(Failure::told)?.block_on(future)
}

fn runtime() -> Result<&'static Runtime, Failure> {
    RUNTIME.as_ref().map_err(|error| Failure::of_runtime(error))
}

/// Opens the store, or takes the one that is open.
pub(super) fn open(root: &Root) -> Result<Store, Failure> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(store) = open.get(&root.url) {
        return Ok(Arc::clone(store));
    }
    let connector = SpawnedReqwestConnector::new(runtime()?.handle().clone());
    let store = build(root, connector).map_err(|error| Failure::of(root, None, &error))?;
    open.insert(root.url.clone(), Arc::clone(&store));
    Ok(store)
}

/// A store in memory stands for the bucket from now on.
#[cfg(test)]
pub(super) fn in_memory(bucket: &str) -> Store {
    let store: Store = Arc::new(object_store::memory::InMemory::new());
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).insert(format!("s3://{bucket}"), Arc::clone(&store));
    store
}

fn build(root: &Root, connector: SpawnedReqwestConnector) -> object_store::Result<Store> {
    let (url, timeout) = (root.url.as_str(), ClientConfigKey::Timeout);
    Ok(match root.kind {
        Kind::S3 => Arc::new(
            AmazonS3Builder::from_env()
                .with_url(url)
                .with_config(AmazonS3ConfigKey::Client(timeout), ANSWER)
                .with_retry(retry())
                .with_http_connector(connector)
                .build()?,
        ),
        Kind::Google => Arc::new(
            GoogleCloudStorageBuilder::from_env()
                .with_url(url)
                .with_config(GoogleConfigKey::Client(timeout), ANSWER)
                .with_retry(retry())
                .with_http_connector(connector)
                .build()?,
        ),
        Kind::Azure => Arc::new(
            MicrosoftAzureBuilder::from_env()
                .with_url(url)
                .with_config(AzureConfigKey::Client(timeout), ANSWER)
                .with_retry(retry())
                .with_http_connector(connector)
                .build()?,
        ),
        Kind::Http => Arc::new(
            HttpBuilder::new()
                .with_url(url)
                .with_config(timeout, ANSWER)
                // Whoever writes `http://` means it.
                .with_config(ClientConfigKey::AllowHttp, "true")
                .with_retry(retry())
                .with_http_connector(connector)
                .build()?,
        ),
    })
}

/// Some ten seconds of tries when each fails at once, and none begun after half a minute.
fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(3), base: 3.0 },
        max_retries: 10,
        retry_timeout: Duration::from_secs(30),
    }
}
