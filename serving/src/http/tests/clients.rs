//! The README's examples in other languages, run as they stand there but for the address.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{score, state};
use crate::http::{Connections, app, serve};

/// What the README says; the system chooses another port.
const ADDRESS: &str = concat!("127.0.0.1", ":8080");

/// The last example in this language that scores by the usual address.
fn example(language: &str) -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let fence = format!("```{language}\n");
    let all = readme.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
    let fit = all.filter(|example| example.contains(ADDRESS) && example.contains("15523") && example.contains("explain"));
    fit.last().unwrap_or_else(|| panic!("the README has no example in {language}")).to_owned()
}

/// What the examples ask.
fn asked() -> Value {
    let bought = json!({"ts": "2011-09-16T16:29:00Z", "kind": "purchase", "amount": 412.01, "order_id": "0"});
    json!({"as_of": "2011-12-10", "explain": 0, "customers": [{"customer_id": "15523", "events": [bought]}]})
}

fn run(program: &str, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } =
        Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(status.success(), "{program}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_of_the_readme_run_and_tell_what_the_service_does() {
    if std::env::var_os("LAPWING_TEST_CLIENTS").is_none_or(|value| value != "1") {
        println!("skipped: LAPWING_TEST_CLIENTS is not 1; `.ci/run` sets it, and needs curl, python3 and node");
        return;
    }
    let state = state();
    let told = score(&state, &asked()).await.json();
    let probability = told["scores"][0]["churn_probability"].as_f64().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(serve(listener, app(state), Connections::default(), async move {
        let _ = stopped.await;
    }));
    let printed = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        [("sh", "sh", "score.sh"), ("python", "python3", "score.py"), ("js", "node", "score.mjs")].map(|(language, program, name)| {
            let path = folder.path().join(name);
            std::fs::write(&path, example(language).replace(ADDRESS, &address)).unwrap();
            run(program, &[path.to_str().unwrap()])
        })
    });
    let [by_curl, by_python, by_node] = printed.await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&by_curl).unwrap(), told);
    for printed in [by_python, by_node] {
        let (id, number) = printed.trim().split_once(' ').unwrap();
        assert_eq!((id, number.parse::<f64>().unwrap()), ("15523", probability), "{printed}");
    }
    stop.send(()).unwrap();
    serving.await.unwrap();
}
