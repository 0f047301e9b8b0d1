//! Who is let through: the whole table of routes, for every role and for nobody.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

use super::{Answer, ask, fixture, get, good, post, send, state};
use crate::guard::key::{digest, minted};
use crate::guard::{Access, Claims, Key, KeyFile, KeyFileError, ROUTES, Role};
use crate::http::{Gate, Jwks, Limits, Served, Setup, State, Tokens};
use lapwing_features::Timestamp;

/// A key with these roles, by number; its text is `text(number)`.
fn key(number: u8, roles: &[Role], expires: Option<Timestamp>) -> Key {
    let (text, id) = minted([number; 32]);
    Key { id, name: String::new(), roles: roles.to_vec(), sha256: digest(&text), expires }
}

fn text(number: u8) -> String {
    minted([number; 32]).0
}

/// Keys 0 to 2 have one role each, key 3 has all and key 4 had, until 1970.
fn write_keys(path: &Path) {
    let mut keys: Vec<Key> = (0..).zip(Role::ALL).map(|(number, role)| key(number, &[role], None)).collect();
    keys.extend([key(3, &Role::ALL, None), key(4, &Role::ALL, Some(Timestamp(0)))]);
    KeyFile::update(path, |held| {
        *held = keys;
        Ok(())
    })
    .unwrap();
}

fn guarded(path: &Path) -> Arc<State> {
    write_keys(path);
    let gate = Some(Gate::new(Some(path.to_owned()), None).unwrap());
    State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), Setup { gate, ..Setup::default() })
}

/// A request that every handler answers with something other than 401, 403 and 405.
fn request(method: &str, path: &str, key: Option<&str>) -> Request<Body> {
    let mut builder = Request::builder()
        .method(method)
        .uri(path.replace("{name}", "churn").replace("{version}", "none").replace("{id}", "none"))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        builder = builder.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    builder.body(Body::from(ask(&[good()]).to_string())).unwrap()
}

fn problem(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["type"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_route_lets_its_role_through_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let state = guarded(&folder.path().join("keys.json"));
    for route in ROUTES {
        let ask = async |key: Option<&str>| send(&state, request(route.method, route.path, key)).await;
        for (number, role) in (0..).zip(Role::ALL) {
            let answer = ask(Some(&text(number))).await;
            match route.access {
                Access::Needs(needed) if needed != role => {
                    assert_eq!(problem(&answer), (403, "urn:lapwing:problem:forbidden".to_owned()), "{route:?} {role:?}");
                    assert!(answer.json()["detail"].as_str().unwrap().contains(needed.name()));
                }
                _ => assert!(![401, 403, 405].contains(&answer.status.as_u16()), "{route:?} {role:?}: {}", answer.text),
            }
        }
        assert!(![401, 403, 405].contains(&ask(Some(&text(3))).await.status.as_u16()), "{route:?}");
        for bad in [None, Some(""), Some("lapwing_"), Some(&*text(4)), Some(&*text(9))] {
            let answer = ask(bad).await;
            if route.access == Access::Open {
                assert_eq!(answer.status, 200, "{route:?}");
            } else {
                assert_eq!(problem(&answer), (401, "urn:lapwing:problem:unauthorized".to_owned()), "{route:?} {bad:?}");
                assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"lapwing\"");
                assert_eq!(answer.header("content-type"), "application/problem+json");
            }
        }
    }
}

#[tokio::test]
async fn the_table_has_every_route_that_the_interface_describes() {
    let document = get(&state(), "/openapi.json").await.json();
    let mut described: Vec<(String, String)> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        described.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    let mut table: Vec<_> = ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    described.sort();
    table.sort();
    assert_eq!(table, described);
}

#[tokio::test]
async fn a_key_is_taken_from_either_header_and_the_bearer_wins() {
    let folder = tempfile::tempdir().unwrap();
    let state = guarded(&folder.path().join("keys.json"));
    let ask = async |headers: &[(&str, String)]| {
        let mut request = post(ask(&[good()]).to_string());
        for (name, value) in headers {
            request.headers_mut().insert(axum::http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        send(&state, request).await.status.as_u16()
    };
    let (good, bad) = (text(0), text(9));
    assert_eq!(ask(&[("x-api-key", good.clone())]).await, 200);
    assert_eq!(ask(&[("authorization", format!("bearer  {good}"))]).await, 200);
    assert_eq!(ask(&[("authorization", format!("Bearer {bad}")), ("x-api-key", good.clone())]).await, 401);
    assert_eq!(ask(&[("authorization", format!("Basic {good}"))]).await, 401);
    assert_eq!(ask(&[("authorization", good.clone())]).await, 401);
}

#[tokio::test]
async fn no_key_is_no_key_whatever_is_in_the_ring() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let state = guarded(&path);
    KeyFile::update(&path, |keys| {
        // What is looked at where nothing was shown, and nothing.
        *keys = vec![key(255, &Role::ALL, None), Key { sha256: digest(""), ..key(8, &Role::ALL, None) }];
        Ok(())
    })
    .unwrap();
    state.gate().unwrap().reload().unwrap();
    let status = async |key: Option<&str>| send(&state, request("GET", "/v1/models", key)).await.status.as_u16();
    assert_eq!((status(Some(&text(255))).await, status(None).await), (200, 401));
}

#[tokio::test]
async fn a_caller_who_asks_too_often_is_429_and_no_other_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    write_keys(&path);
    let gate = Some(Gate::new(Some(path), None).unwrap().held_to(1));
    let state = State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), Setup { gate, ..Setup::default() });
    let ask = async |number: u8| send(&state, request("GET", "/v1/models", Some(&text(number)))).await;
    assert_eq!(ask(1).await.status, 200);
    let refused = ask(1).await;
    assert_eq!((problem(&refused), refused.header("retry-after")), ((429, "urn:lapwing:problem:too_often".to_owned()), "1"));
    assert_eq!((ask(3).await.status.as_u16(), ask(9).await.status.as_u16(), ask(9).await.status.as_u16()), (200, 401, 401));
    assert_eq!(get(&state, "/health/live").await.status, 200);
    assert_eq!(ask(0).await.status, 403, "who may not ask at all is counted too");
    assert_eq!(ask(0).await.status, 429);
}

#[tokio::test]
async fn what_the_table_does_not_have_is_refused_before_its_handler() {
    let folder = tempfile::tempdir().unwrap();
    let state = guarded(&folder.path().join("keys.json"));
    let answer = send(&state, request("DELETE", "/v1/models", Some(&text(3)))).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET"));
    let answer = send(&state, request("GET", "/v1/secrets", None)).await;
    assert_eq!(problem(&answer), (404, "urn:lapwing:problem:not_found".to_owned()));
    assert_eq!(send(&state, request("HEAD", "/metrics", None)).await.status, 401);
}

#[tokio::test]
async fn keys_are_read_again_and_a_file_that_is_none_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let state = guarded(&path);
    let status = async |number: u8| send(&state, request("GET", "/v1/models", Some(&text(number)))).await.status.as_u16();
    assert_eq!((status(1).await, status(7).await), (200, 401));
    KeyFile::update(&path, |keys| {
        *keys = vec![key(7, &[Role::Read], None)];
        Ok(())
    })
    .unwrap();
    assert_eq!(status(1).await, 200, "not before it is told");
    state.gate().unwrap().reload().unwrap();
    assert_eq!((status(1).await, status(7).await), (401, 200));
    std::fs::write(&path, "half a li").unwrap();
    assert!(state.gate().unwrap().reload().is_err());
    assert_eq!(status(7).await, 200);
    assert!(Gate::new(Some(path), None).is_err(), "a service does not begin without its keys");
}

#[tokio::test]
async fn without_a_gate_everybody_may() {
    assert_eq!(get(&state(), "/metrics").await.status, 200);
    assert_eq!(get(&state(), "/health/ready").await.json(), json!({"status": "ready"}));
}

#[tokio::test]
async fn tokens_are_taken_beside_keys_and_their_keys_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, jwks) = (folder.path().join("keys.json"), folder.path().join("jwks.json"));
    write_keys(&path);
    let claims = Claims { issuer: "https://example.com".to_owned(), audience: "lapwing".to_owned(), roles: "roles".to_owned() };
    let tokens = Tokens { jwks: Jwks::File(jwks.clone()), claims };
    assert!(matches!(Gate::new(Some(path.clone()), Some(tokens.clone())), Err(KeyFileError::Jwks { .. })));
    let golden: serde_json::Value = serde_json::from_str(include_str!("../../guard/token/golden.json")).unwrap();
    std::fs::write(&jwks, golden["jwks"].to_string()).unwrap();
    let gate = Gate::new(Some(path), Some(tokens)).unwrap();
    // Long over by the clock; whether it is good at a time that is told is the token's own test.
    let token = golden["good"]["EDDSA"].as_str().unwrap();
    let setup = Setup { gate: Some(gate), ..Setup::default() };
    let state = State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup);
    assert_eq!(send(&state, request("POST", "/v1/score", Some(token))).await.status, 401);
    assert_eq!(send(&state, request("POST", "/v1/score", Some(&text(0)))).await.status, 200);
    let headers = request("POST", "/v1/score", Some(token)).headers().clone();
    let gate = state.gate().unwrap();
    assert_eq!(gate.caller(&headers, Timestamp(0)).unwrap().roles, [Role::Score]);
    std::fs::write(&jwks, "{}").unwrap();
    assert!(gate.reload().is_err() && gate.caller(&headers, Timestamp(0)).is_some());
}
