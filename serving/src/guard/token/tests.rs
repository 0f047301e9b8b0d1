//! Tokens that were signed elsewhere, good and bad; what was signed is in the file beside this, the secrets are gone.

use super::*;

/// Keys, good tokens and bad ones, made with another library.
fn golden() -> Value {
    serde_json::from_str(include_str!("golden.json")).unwrap()
}

fn keys() -> KeySet {
    KeySet::read(&golden()["jwks"].to_string()).unwrap()
}

fn wanted() -> Claims {
    Claims { issuer: "https://example.com".to_owned(), audience: "lapwing".to_owned(), roles: "roles".to_owned() }
}

const NOW: Timestamp = Timestamp(1_500_000_000);

#[test]
fn a_token_of_each_algorithm_is_taken_until_it_ends() {
    let golden = golden();
    for algorithm in ["RS256", "ES256", "EDDSA"] {
        let token = golden["good"][algorithm].as_str().unwrap();
        let caller = keys().check(token, &wanted(), NOW).unwrap_or_else(|| panic!("{algorithm}"));
        assert_eq!((caller.id.as_str(), caller.roles), ("crm", vec![Role::Score]), "another system's roles are none here");
        assert_eq!(keys().check(token, &wanted(), Timestamp(1_999_999_999)).map(|caller| caller.id), Some("crm".to_owned()));
        assert_eq!(keys().check(token, &wanted(), Timestamp(2_000_000_000)), None, "from the instant on");
        let (claim, other) = (Claims { roles: "scope".to_owned(), ..wanted() }, KeySet::default());
        assert_eq!(keys().check(token, &claim, NOW).unwrap().roles, []);
        assert_eq!(other.check(token, &wanted(), NOW), None);
    }
    let scope = golden["good"]["SCOPE"].as_str().unwrap();
    assert_eq!(keys().check(scope, &wanted(), NOW).unwrap().roles, [Role::Read, Role::Admin]);
    assert_eq!(keys().check(scope, &wanted(), Timestamp(999_999_999)), None, "not before it begins");
}

#[test]
fn whatever_is_off_is_refused() {
    let golden = golden();
    let bad = golden["bad"].as_object().unwrap();
    assert!(bad.len() > 10);
    for (why, token) in bad {
        assert_eq!(keys().check(token.as_str().unwrap(), &wanted(), NOW), None, "{why}");
    }
    let token = golden["good"]["EDDSA"].as_str().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let other = golden["good"]["SCOPE"].as_str().unwrap().split('.').nth(1).unwrap();
    let mixed = [parts[0], other, parts[2]].join(".");
    let long = format!("{token}{}", "A".repeat(MOST));
    for text in ["", ".", "..", "a.b.c", parts[0], &mixed, &long, &token[..token.len() - 1], &format!("{token}="), &format!("{token}.")] {
        assert_eq!(keys().check(text, &wanted(), NOW), None, "{text}");
    }
}

#[test]
fn a_set_without_a_key_that_can_be_used_is_none() {
    let weak = r#"{"keys": [{"kty": "oct", "k": "AAAA"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, 7]}"#;
    let encrypts = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "enc", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let other = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "ES256", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    for text in ["", "{}", "[]", r#"{"keys": {}}"#, weak, encrypts, other] {
        assert!(KeySet::read(text).is_none(), "{text}");
    }
}
