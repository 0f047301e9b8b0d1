//! The least that answers what `POST /v1/score` is asked: axum reads the same JSON into types and sends back as many bytes. What is got
//! under `/v1/customers/` is as many bytes too, without reading anything.
//!
//! `cargo run --release -p lapwing-serving --example bare -- ANSWER_BYTES` prints the address on which it listens.

use std::hint::black_box;

use axum::body::Bytes;
use axum::http::header;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Deserialize)]
#[expect(dead_code, reason = "that it is read is what is measured")]
struct Request {
    as_of: String,
    explain: Option<u32>,
    customers: Vec<Customer>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "that it is read is what is measured")]
struct Customer {
    customer_id: String,
    events: Vec<Event>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "that it is read is what is measured")]
struct Event {
    ts: String,
    kind: Option<String>,
    amount: Option<f64>,
    quantity: Option<f64>,
    order_id: Option<String>,
    channel: Option<String>,
    category: Option<String>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let length = std::env::args().nth(1).and_then(|length| length.parse().ok()).unwrap_or(1_000);
    let answer = Bytes::from(vec![b'x'; length]);
    let constant = answer.clone();
    let got = move || {
        let constant = constant.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], constant) }
    };
    let handler = move |Json(request): Json<Request>| {
        black_box(&request);
        let answer = answer.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], answer) }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{{\"addr\":\"{}\"}}", listener.local_addr()?);
    let app = Router::new().route("/v1/score", post(handler)).route("/v1/customers/{id}", get(got));
    axum::serve(listener, app.layer(axum::extract::DefaultBodyLimit::disable())).await
}
