//! Bad requests over HTTP: the right status, a problem in JSON that names the field and the rule, and never the caller's data.

use lapwing_serving::http::wire::MAX_CUSTOMERS;
use serde_json::{Value, json};

use crate::support::fitted;
use crate::support::http::{Answer, Server};

/// What no answer may repeat.
const SECRET: &str = "s3cr3t-customer-data";
const JSON: (&str, &str) = ("content-type", "application/json");

/// What is wrong, the body, the status, and where the fault lies.
type Case = (&'static str, fn() -> Vec<u8>, u16, &'static [&'static str]);

fn body(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// A request that is right but for the members given.
fn request(customer: &Value) -> Vec<u8> {
    body(&json!({ "as_of": "2011-09-10", "customers": [customer] }))
}

const BODIES: &[Case] = &[
    ("nothing", Vec::new, 400, &[]),
    ("no JSON", || format!("{{ {SECRET}").into_bytes(), 400, &[]),
    (
        "half of some JSON",
        || {
            let whole = request(&json!({ "customer_id": SECRET, "events": [] }));
            whole[..whole.len() / 2].to_vec()
        },
        400,
        &[],
    ),
    ("two bodies in one", || b"{}{}".to_vec(), 400, &[]),
    ("no UTF-8", || vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}'], 400, &[]),
    ("a number beyond a double", || br#"{"as_of": 1e999, "customers": [{}]}"#.to_vec(), 422, &["/as_of"]),
    ("a member given twice", || br#"{"as_of": "2011-09-10", "as_of": "2011-09-10", "customers": [{}]}"#.to_vec(), 422, &["/as_of"]),
    ("an array", || b"[]".to_vec(), 422, &[""]),
    ("a number", || b"7".to_vec(), 422, &[""]),
    ("no members", || b"{}".to_vec(), 422, &["/as_of", "/customers"]),
    (
        "an unknown member",
        || body(&json!({ "as_of": "2011-09-10", "customers": [], "custommers": SECRET })),
        422,
        &["/custommers", "/customers"],
    ),
    (
        "a member whose name is data",
        || body(&json!({ "as_of": "2011-09-10", "customers": [{}], format!("{SECRET} {SECRET}"): 1 })),
        422,
        &[""],
    ),
    ("an as-of that is none", || body(&json!({ "as_of": SECRET, "customers": [{ "customer_id": "1", "events": [] }] })), 422, &["/as_of"]),
    (
        "an as-of that is a number",
        || body(&json!({ "as_of": 20_110_910, "customers": [{ "customer_id": "1", "events": [] }] })),
        422,
        &["/as_of"],
    ),
    ("no customers", || body(&json!({ "as_of": "2011-09-10", "customers": [] })), 422, &["/customers"]),
    ("customers that are no list", || body(&json!({ "as_of": "2011-09-10", "customers": SECRET })), 422, &["/customers"]),
    (
        "more customers than are taken",
        || body(&json!({ "as_of": "2011-09-10", "customers": vec![json!({ "customer_id": "1", "events": [] }); MAX_CUSTOMERS + 1] })),
        422,
        &["/customers"],
    ),
    (
        "more reasons than there are",
        || body(&json!({ "as_of": "2011-09-10", "explain": 1001, "customers": [{ "customer_id": "1", "events": [] }] })),
        422,
        &["/explain"],
    ),
];

/// Fails unless the answer is a problem of this status that keeps the caller's data to itself.
fn assert_problem(what: &str, answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{what}: {}", answer.body);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/problem+json")), "{what}: {answer:?}");
    assert!(answer.header("x-request-id").is_some() && answer.header("lapwing-model-version").is_some(), "{what}: {answer:?}");
    assert!(!answer.body.contains(SECRET), "{what}: the answer repeats what was sent: {}", answer.body);
    let problem = answer.json();
    for member in ["type", "title", "detail", "instance", "error"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{what}: no `{member}` in {problem}");
    }
    assert_eq!(problem["status"], status, "{what}");
    problem
}

#[test]
fn a_body_that_is_wrong_is_refused_with_a_pointer_to_the_fault() {
    let server = Server::start(&fitted::shipped().bundle);
    for (what, body, status, pointers) in BODIES {
        let problem = assert_problem(what, &server.send("POST", "/v1/score", &[JSON], &body()), *status);
        let told: Vec<&str> = problem["errors"].as_array().into_iter().flatten().filter_map(|error| error["pointer"].as_str()).collect();
        assert_eq!(&told, pointers, "{what}: {problem}");
    }
    server.get("/health/live").ok();
}

#[test]
fn a_request_that_is_wrong_around_its_body_is_refused() {
    let server = Server::start(&fitted::shipped().bundle);
    let good = request(&json!({ "customer_id": "1", "events": [] }));
    let large = vec![b' '; 9 << 20];
    assert_problem("too large", &server.send("POST", "/v1/score", &[JSON], &large), 413);
    assert_problem("no content type", &server.send("POST", "/v1/score", &[], &good), 415);
    assert_problem("another content type", &server.send("POST", "/v1/score", &[("content-type", "text/csv")], &good), 415);
    assert_problem("no such path", &server.get("/v1/no-such-thing"), 404);
    assert_problem("no such path with data in it", &server.get(&format!("/v1/customers/{SECRET}/x/y")), 404);
    let wrong = server.get("/v1/score");
    assert_problem("the wrong method", &wrong, 405);
    assert_eq!(wrong.header("allow"), Some("POST"));
    assert_eq!(server.send("POST", "/v1/score", &[("content-type", "application/json; charset=utf-8")], &good).status, 200);
}

#[test]
fn no_head_however_odd_ends_the_server() {
    let server = Server::start(&fitted::shipped().bundle);
    for head in ["\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"] {
        let answer = server.raw(head.as_bytes());
        assert!(answer.as_ref().is_none_or(|answer| (400..=505).contains(&answer.status)), "{head:?}: {answer:?}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1 << 20));
    let answer = server.raw(long.as_bytes());
    assert!(answer.as_ref().is_none_or(|answer| answer.status >= 400), "{answer:?}");
    server.get("/health/ready").ok();
}

#[test]
fn one_bad_customer_among_good_ones_is_told_and_the_rest_scored() {
    let server = Server::start(&fitted::shipped().bundle);
    let good = json!({ "customer_id": "good", "events": [{ "ts": "2011-08-01T10:00:00Z", "amount": 20.0 }] });
    let bad = |members: Value| {
        let mut customer = json!({ "customer_id": "bad" });
        customer.as_object_mut().expect("an object").extend(members.as_object().expect("members").clone());
        customer
    };
    let cases = [
        ("a time that is none", bad(json!({ "events": [{ "ts": SECRET, "amount": 20.0 }] })), "/events/0/ts"),
        ("no time", bad(json!({ "events": [{ "amount": 20.0 }] })), "/events/0/ts"),
        ("an amount that is none", bad(json!({ "events": [{ "ts": "2011-08-01", "amount": SECRET }] })), "/events/0/amount"),
        ("an amount beyond reason", bad(json!({ "events": [{ "ts": "2011-08-01", "amount": 1e13 }] })), "/events/0/amount"),
        ("no events at all", bad(json!({ "events": [] })), "/events"),
        ("a feature that is none", bad(json!({ "features": { "shoe_size": 44 } })), "/features/shoe_size"),
        ("a feature that is no number", bad(json!({ "features": { "tenure_days": SECRET } })), "/features/tenure_days"),
        ("neither events nor features", bad(json!({})), ""),
        ("both", bad(json!({ "events": [], "features": {} })), ""),
        ("events that are no list", bad(json!({ "events": SECRET })), "/events"),
        ("an event that is no object", bad(json!({ "events": [SECRET] })), "/events/0"),
        ("an event that is null", bad(json!({ "events": [null] })), "/events/0"),
        ("a population that is none", bad(json!({ "features": {}, "population": SECRET })), "/population"),
        ("a population that is a number", bad(json!({ "features": {}, "population": 1 })), "/population"),
        ("an unknown member", bad(json!({ "events": [], "shoes": SECRET })), "/shoes"),
        ("a member whose name is data", bad(json!({ "events": [], format!("{SECRET} {SECRET}"): 1 })), ""),
        ("no object", json!(SECRET), ""),
        ("no id", json!({ "events": [] }), "/customer_id"),
        ("an id that is a list", json!({ "customer_id": [SECRET], "events": [] }), "/customer_id"),
    ];
    let alone = server.post("/v1/score", &json!({ "as_of": "2011-09-10", "customers": [good] })).ok()["scores"][0].clone();
    for (what, bad, pointer) in cases {
        let answer = server.post("/v1/score", &json!({ "as_of": "2011-09-10", "customers": [good, bad, good] }));
        let scores = answer.ok()["scores"].clone();
        assert_eq!([&scores[0], &scores[2]], [&alone, &alone], "{what}: the good ones are scored as if alone");
        assert_eq!(scores[1]["customer_id"].as_str(), bad["customer_id"].as_str(), "{what}");
        assert_eq!(scores[1]["error"]["pointer"], format!("/customers/1{pointer}"), "{what}: {}", scores[1]);
        assert!(!answer.body.contains(SECRET), "{what}: {}", answer.body);
    }
}
