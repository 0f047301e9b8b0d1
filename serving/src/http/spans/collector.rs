//! The collector: what speaks OTLP is others', the connection is the one that public keys are fetched over.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, Response};
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use rustls::ClientConfig;

use super::Answered;
use crate::clock;
use crate::http::client::{Address, exchange, tls};
use crate::http::trace::Trace;

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends spans from a thread of its own.
#[derive(Debug)]
pub(super) struct Sender {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Sender {
    pub(super) fn to(address: Address) -> Result<Self, String> {
        let endpoint = address.to_string();
        let client = Client { tls: tls(&address, None)?, address };
        let exporter = SpanExporter::builder().with_http().with_http_client(client).with_endpoint(endpoint);
        let exporter = exporter.with_protocol(Protocol::HttpBinary).build().map_err(|error| error.to_string())?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name("lapwing-serve").with_attribute(version).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            // A caller that does not record a trace is not to pay for its spans.
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_batch_exporter(exporter)
            .build();
        Ok(Self { tracer: provider.tracer("lapwing"), provider })
    }

    pub(super) fn record(&self, answered: &Answered<'_>) -> Option<HeaderValue> {
        let end = UNIX_EPOCH + Duration::from_micros(clock::now().0.cast_unsigned());
        let attributes = [
            KeyValue::new("http.request.method", answered.method.to_owned()),
            KeyValue::new("http.route", answered.route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(answered.status)),
            KeyValue::new("lapwing.model_version", answered.model_version.to_owned()),
        ];
        let problem = answered.problem.map(|code| KeyValue::new("error.type", code.to_owned()));
        let span = SpanBuilder::from_name(format!("{} {}", answered.method, answered.route))
            .with_kind(SpanKind::Server)
            .with_start_time(end.checked_sub(answered.took).unwrap_or(end))
            .with_attributes(attributes.into_iter().chain(problem));
        let parent = answered.trace.and_then(parent).map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let mut span = span.start_with_context(&self.tracer, &parent);
        if answered.status >= 500 {
            span.set_status(Status::error(""));
        }
        let own = span.span_context().clone();
        span.end_with_timestamp(end);
        let flags = u8::from(own.is_sampled());
        HeaderValue::from_str(&format!("00-{}-{}-{flags:02x}", own.trace_id(), own.span_id())).ok()
    }

    pub(super) fn end(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(why = %error, "the last spans may be lost");
        }
    }
}

/// The caller's part of its trace.
fn parent(trace: &Trace) -> Option<SpanContext> {
    let flags = if trace.is_recorded() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let (id, parent) = (TraceId::from_hex(trace.id()).ok()?, SpanId::from_hex(trace.parent()).ok()?);
    Some(SpanContext::new(id, parent, flags, true, TraceState::NONE))
}

/// What spans are sent by.
#[derive(Debug)]
struct Client {
    address: Address,
    tls: Option<Arc<ClientConfig>>,
}

#[async_trait]
impl HttpClient for Client {
    /// Waits for the answer on the thread that spans are sent from, which has nothing else to do.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (head, body) = request.into_parts();
        let mut asked = Request::new(Body::from(body));
        (*asked.method_mut(), *asked.headers_mut()) = (head.method, head.headers);
        *asked.uri_mut() = self.address.path().parse()?;
        let sent = runtime.block_on(async {
            let sent = tokio::time::timeout(PATIENCE, exchange(&self.address, self.tls.clone(), asked)).await;
            sent.unwrap_or_else(|_| Err("there was no answer in time".to_owned()))
        });
        match sent {
            Ok(body) => Ok(Response::new(body.into())),
            Err(why) => {
                tracing::warn!(address = %self.address, why, "spans were not taken");
                Err(why.into())
            }
        }
    }
}
