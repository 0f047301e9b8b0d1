//! Feature tables, as clients of other servers send them.

use axum::body::Body;
use axum::http::{Request, header};
use lapwing_features::FEATURES;
use serde_json::{Map, Value, json};

use super::scores::features;
use super::{Answer, ask, fixture, get, score, send, state};
use crate::http::State;
use crate::http::columns::is_column;
use std::sync::Arc;

const INFER: &str = "/v2/models/churn/infer";

async fn post(state: &Arc<State>, path: &str, body: &Value) -> Answer {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()));
    send(state, request.unwrap()).await
}

/// What `/v1/score` says of customers by their features.
async fn told(state: &Arc<State>, rows: &[Map<String, Value>]) -> Vec<Value> {
    let customers: Vec<Value> = (0..).zip(rows).map(|(id, row): (u32, _)| json!({"customer_id": id, "features": row})).collect();
    score(state, &ask(&customers)).await.json()["scores"].as_array().unwrap().clone()
}

fn values(row: &Map<String, Value>) -> Vec<Value> {
    FEATURES.iter().map(|feature| row[feature.name].clone()).collect()
}

fn rows() -> Vec<Map<String, Value>> {
    (0..12).map(features).collect()
}

fn output<'a>(answer: &'a Value, name: &str) -> &'a Value {
    answer["outputs"].as_array().unwrap().iter().find(|output| output["name"] == name).unwrap()
}

fn whole(rows: &[Map<String, Value>]) -> Value {
    json!([{"name": "features", "datatype": "FP64", "shape": [rows.len(), FEATURES.len()],
            "data": rows.iter().flat_map(values).collect::<Vec<_>>()}])
}

fn apart(rows: &[Map<String, Value>]) -> Value {
    let tensor = |name: &str| {
        let data: Vec<Value> = rows.iter().map(|row| row[name].clone()).collect();
        json!({"name": name, "datatype": "FP64", "shape": [rows.len()], "data": data})
    };
    FEATURES.iter().map(|feature| tensor(feature.name)).collect()
}

#[tokio::test]
async fn tensors_are_scored_as_features_are_to_the_bit() {
    let (state, rows) = (state(), rows());
    let told = told(&state, &rows).await;
    let nested = json!([{"name": "features", "datatype": "FP64", "shape": [rows.len(), FEATURES.len()],
                         "data": rows.iter().map(values).collect::<Vec<_>>()}]);
    let version = format!("/v2/models/churn/versions/{}/infer", state.version());
    for (path, inputs) in [(INFER, whole(&rows)), (INFER, apart(&rows)), (INFER, nested), (&*version, whole(&rows))] {
        let answer = post(&state, path, &json!({"id": "one", "parameters": {"as_of": fixture::AS_OF}, "inputs": inputs})).await;
        assert_eq!((answer.status.as_u16(), answer.header("lapwing-model-version")), (200, &*state.version()), "{}", answer.text);
        let answer = answer.json();
        assert_eq!(
            (&answer["model_name"], &answer["model_version"], &answer["id"]),
            (&json!("churn"), &json!(state.version()), &json!("one"))
        );
        for (name, member) in [
            ("churn_probability", "/churn_probability"),
            ("churn_low", "/churn_interval/0"),
            ("reactivation_probability", "/reactivation_probability"),
            ("reactivation_high", "/reactivation_interval/1"),
            ("health", "/health"),
            ("intent", "/intent"),
            ("clv_365d", "/clv_365d"),
            ("log_odds", "/log_odds"),
            ("population", "/population"),
        ] {
            let output = output(&answer, name);
            assert_eq!(output["shape"], json!([rows.len()]));
            let expected: Vec<Value> = told.iter().map(|entry| entry.pointer(member).cloned().unwrap_or_default()).collect();
            assert_eq!(output["data"], json!(expected), "{name}");
        }
        let [churn, reactivation] =
            ["churn_probability", "reactivation_probability"].map(|name| output(&answer, name)["data"].as_array().unwrap());
        assert!(churn.iter().zip(reactivation).all(|(one, other)| one.is_null() != other.is_null()), "the population decides");
    }
}

#[tokio::test]
async fn only_the_outputs_that_are_asked_for_are_told_in_their_order() {
    let asked = json!({"inputs": whole(&rows()), "outputs": [{"name": "population"}, {"name": "churn_probability"}]});
    let answer = post(&state(), INFER, &asked).await.json();
    let names: Vec<&Value> = answer["outputs"].as_array().unwrap().iter().map(|output| &output["name"]).collect();
    assert_eq!(names, ["population", "churn_probability"]);
    assert!(answer.get("id").is_none());
}

#[tokio::test]
async fn every_form_of_an_invocation_is_scored_alike() {
    let (state, rows) = (state(), rows());
    let told = told(&state, &rows).await;
    let names: Vec<&str> = FEATURES.iter().map(|feature| feature.name).collect();
    let lists: Vec<Vec<Value>> = rows.iter().map(values).collect();
    let columns: Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), rows.iter().map(|row| row[*name].clone()).collect())).collect();
    for table in [
        json!({"dataframe_split": {"columns": names, "data": lists, "index": [3]}}),
        json!({"dataframe_records": rows}),
        json!({"instances": rows}),
        json!({"instances": lists}),
        json!({"inputs": lists}),
        json!({"inputs": columns}),
    ] {
        let mut body = table;
        body["params"] = json!({"as_of": fixture::AS_OF});
        let answer = post(&state, "/invocations", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json(), json!({"predictions": told}));
    }
}

#[tokio::test]
async fn ids_populations_and_attributes_are_columns_too() {
    let (state, mut row) = (state(), features(1));
    let attributes = json!({"region": "south", "points": 16, "signed_up": "2021-01-01"});
    let customer = json!({"customer_id": "a", "features": row, "attributes": attributes, "population": "current"});
    let expected = score(&state, &ask(&[customer])).await.json()["scores"].clone();
    row.extend(attributes.as_object().unwrap().clone());
    row.extend(json!({"customer_id": "a", "population": "current", "churned": null, "cutoff": "2024-01-01"}).as_object().unwrap().clone());
    let answer = post(&state, "/invocations", &json!({"dataframe_records": [row], "params": {"as_of": fixture::AS_OF}})).await.json();
    assert_eq!(answer["predictions"], expected);
    assert!(answer["predictions"][0]["error"].is_null(), "{answer}");
    let bytes = |name: &str, value: &str| json!({"name": name, "datatype": "BYTES", "shape": [1], "data": [value]});
    let mut inputs = whole(&[features(1)]);
    inputs.as_array_mut().unwrap().extend([bytes("customer_id", "a"), bytes("region", "south"), bytes("signed_up", "2021-01-01")]);
    inputs.as_array_mut().unwrap().push(json!({"name": "points", "datatype": "INT32", "shape": [1, 1], "data": [[16]]}));
    let answer = post(&state, INFER, &json!({"inputs": inputs})).await.json();
    assert_eq!(output(&answer, "log_odds")["data"][0], expected[0]["log_odds"], "the date of the fit is the cutoff when none is given");
}

#[tokio::test]
async fn a_bad_row_is_told_by_its_place_and_the_others_are_scored_where_they_can_be() {
    let state = state();
    let mut bad = features(1);
    bad["purchases_count"] = json!("many");
    let answer = post(&state, "/invocations", &json!({"dataframe_records": [features(0), bad.clone(), {"shoe_size": 3}, {}]})).await.json();
    let predictions = answer["predictions"].as_array().unwrap();
    assert!(predictions[0]["error"].is_null(), "{answer}");
    let told: Vec<_> = predictions[1..].iter().map(|entry| (entry["error"]["code"].as_str(), entry["error"]["pointer"].as_str())).collect();
    assert_eq!(
        told,
        [
            (Some("wrong_type"), Some("/dataframe_records/1/purchases_count")),
            (Some("unknown_column"), Some("/dataframe_records/2/shoe_size")),
            (Some("population_unclear"), Some("/dataframe_records/3")),
        ]
    );
    let answer = post(&state, INFER, &json!({"inputs": apart(&[features(0), bad])})).await;
    let place = FEATURES.iter().position(|feature| feature.name == "purchases_count").unwrap();
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["errors"][0]["pointer"]), (422, &json!(format!("/inputs/{place}/data/1"))));
    assert!(body["error"].as_str().unwrap().contains("row 1: `purchases_count` must be a number or null"), "{body}");
}

#[tokio::test]
async fn what_is_no_table_is_refused_with_a_pointer() {
    let state = state();
    let tensor = |change: Value| {
        let mut tensor = json!({"name": "purchases_count", "datatype": "FP64", "shape": [2], "data": [1, 2]});
        tensor.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"inputs": [tensor]})
    };
    for (path, body, pointer) in [
        (INFER, json!({}), "/inputs"),
        (INFER, json!([]), ""),
        (INFER, json!({"inputs": []}), "/inputs"),
        (INFER, json!({"inputs": [3]}), "/inputs/0"),
        (INFER, json!({"input": []}), "/input"),
        (INFER, tensor(json!({"name": null})), "/inputs/0/name"),
        (INFER, tensor(json!({"datatype": "FP128"})), "/inputs/0/datatype"),
        (INFER, tensor(json!({"name": "features"})), "/inputs/0/shape"),
        (INFER, tensor(json!({"shape": [2, 2]})), "/inputs/0/shape"),
        (INFER, tensor(json!({"shape": [0], "data": []})), "/inputs/0/shape"),
        (INFER, tensor(json!({"shape": [1001]})), "/inputs/0/shape"),
        (INFER, tensor(json!({"shape": [3]})), "/inputs/0/data"),
        (INFER, tensor(json!({"data": [[1], [2, 3]]})), "/inputs/0/data"),
        (INFER, json!({"parameters": {"as_of": 3}, "inputs": whole(&[features(0)])}), "/parameters/as_of"),
        (INFER, json!({"parameters": {"as_of": "soon"}, "inputs": whole(&[features(0)])}), "/parameters/as_of"),
        (INFER, json!({"outputs": [{"name": "mood"}], "inputs": whole(&[features(0)])}), "/outputs/0/name"),
        (INFER, json!({"outputs": vec![json!({"name": "intent"}); 17], "inputs": whole(&[features(0)])}), "/outputs"),
        ("/invocations", json!({}), ""),
        ("/invocations", json!({"inputs": [], "instances": []}), ""),
        ("/invocations", json!({"instances": [[1, 2]]}), "/instances"),
        ("/invocations", json!({"instances": []}), "/instances"),
        ("/invocations", json!({"instances": [{}, 3]}), "/instances/1"),
        ("/invocations", json!({"inputs": {"a": [1], "b": [1, 2]}}), "/inputs"),
        ("/invocations", json!({"dataframe_split": {"columns": ["purchases_count"], "data": [[1, 2]]}}), "/dataframe_split/data/0"),
        ("/invocations", json!({"dataframe_split": {"columns": [], "data": [[]]}}), "/dataframe_split/columns"),
        ("/invocations", json!({"dataframe_split": {"columns": ["a"]}}), "/dataframe_split/data"),
        ("/invocations", json!({"dataframe_records": vec![json!({}); 1_001]}), "/dataframe_records"),
        ("/invocations", json!({"params": {"explain": -1}, "instances": [{}]}), "/params/explain"),
    ] {
        let answer = post(&state, path, &body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (422, &json!(pointer)), "{body}: {}", answer.text);
    }
    for path in [INFER, "/invocations"] {
        assert_eq!(send(&state, Request::post(path).body(Body::empty()).unwrap()).await.status, 415);
        assert_eq!(
            send(&state, Request::post(path).header("content-type", "application/json").body("{".into()).unwrap()).await.status,
            400
        );
    }
}

#[tokio::test]
async fn the_protocol_tells_server_model_and_health() {
    let state = state();
    assert_eq!(get(&state, "/v2").await.json()["name"], "lapwing");
    let version = format!("/v2/models/churn/versions/{}", state.version());
    for path in ["/v2/models/churn", &version] {
        let model = get(&state, path).await.json();
        assert_eq!((&model["name"], &model["versions"]), (&json!("churn"), &json!([state.version()])));
        assert_eq!(model["inputs"][0], json!({"name": "features", "datatype": "FP64", "shape": [-1, FEATURES.len()]}));
        assert_eq!(model["inputs"][1]["name"], FEATURES[0].name);
        assert!(model["outputs"].as_array().unwrap().iter().all(|output| is_column(output["name"].as_str().unwrap())));
        assert_eq!(get(&state, &format!("{path}/ready")).await.json(), json!({"name": "churn", "ready": true}));
    }
    for path in ["/v2/models/other", "/v2/models/other/ready", "/v2/models/churn/versions/1", "/v2/models/churn/versions/1/ready"] {
        assert_eq!(get(&state, path).await.json()["type"], "urn:lapwing:problem:no_model", "{path}");
    }
    assert_eq!(post(&state, "/v2/models/other/infer", &json!({})).await.status, 404);
    assert_eq!(get(&state, "/v2/health/live").await.json(), json!({"live": true}));
    for path in ["/v2/health/ready", "/ping"] {
        assert_eq!(get(&state, path).await.json(), json!({"ready": true}), "{path}");
    }
    state.stop();
    for path in ["/v2/health/ready", "/ping", "/v2/models/churn/ready"] {
        assert_eq!(get(&state, path).await.status, 503, "{path}");
    }
    assert_eq!(get(&state, "/v2/health/live").await.status, 200);
    assert_eq!(post(&state, INFER, &json!({})).await.status, 503);
}
