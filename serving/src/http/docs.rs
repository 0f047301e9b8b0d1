//! The interface's description as one page for people: made from the document, without scripts, and with nothing from elsewhere.

use std::fmt::Write;
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::openapi;
use crate::guard::{Access, ROUTES, Route};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f;background:#fff}\
h2{margin-top:2.5rem;border-bottom:1px solid #ccc}h3{margin-top:2rem;font-size:1rem}code{font:14px ui-monospace,monospace}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-top:1px solid #ddd}\
.method{font-weight:700;margin-right:.5rem}a{color:#0b57d0}\
@media(prefers-color-scheme:dark){body{color:#e4e4e8;background:#16161a}a{color:#8ab4f8}h2,td,th{border-color:#444}}";

/// The page, and what browsers may do with it.
#[derive(Debug)]
pub(super) struct Page {
    /// The whole of it.
    pub(super) html: String,
    /// Its content security policy: this style and nothing else.
    pub(super) policy: String,
}

/// The page of this build.
pub(super) fn page() -> &'static Page {
    static PAGE: LazyLock<Page> = LazyLock::new(|| {
        let document = serde_json::to_value(openapi::document()).unwrap_or_default();
        let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        Page { html: html(&document), policy }
    });
    &PAGE
}

fn html(document: &Value) -> String {
    let [title, version, description] = ["title", "version", "description"].map(|member| text(&document["info"][member]));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} {version}</title><style>{STYLE}</style></head><body>\n<h1>{title} {version}</h1><p>{description} \
         <a href=\"/openapi.json\">The same for programs</a>.</p>\n<h2>Routes</h2>\n"
    );
    for route in ROUTES {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        page.push_str(&operation_of(route, operation));
    }
    page.push_str("<h2>Schemas</h2>\n");
    for (name, schema) in members(&document["components"]["schemas"]) {
        page.push_str(&schema_of(name, schema));
    }
    page.push_str("</body></html>\n");
    page
}

fn operation_of(route: &Route, operation: &Value) -> String {
    let role = match route.access {
        Access::Open => "Everybody may.".to_owned(),
        Access::Needs(role) => format!("Where keys are asked for, with the role <code>{}</code>.", role.name()),
    };
    let mut part = format!(
        "<h3 id=\"{id}\"><span class=\"method\">{method}</span><code>{path}</code></h3><p>{summary}. {role} {description}</p>\n<table>",
        id = text(&operation["operationId"]),
        method = route.method,
        path = escape(route.path),
        summary = text(&operation["summary"]),
        description = text(&operation["description"]),
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = format!("<code>{}</code> in the {}", text(&parameter["name"]), text(&parameter["in"]));
        row(&mut part, &name, &kind(&parameter["schema"]), &text(&parameter["description"]));
    }
    for (content, body) in members(&operation["requestBody"]["content"]) {
        row(&mut part, "the body", &kind(&body["schema"]), &escape(content));
    }
    for (status, response) in members(&operation["responses"]) {
        let body = members(&response["content"]).map(|(_, body)| kind(&body["schema"])).next().unwrap_or_default();
        row(&mut part, &format!("<code>{}</code>", escape(status)), &body, &text(&response["description"]));
    }
    part.push_str("</table>\n");
    part
}

fn schema_of(name: &str, schema: &Value) -> String {
    let name = escape(name);
    let mut part = format!("<h3 id=\"schema-{name}\"><code>{name}</code></h3><p>{}</p>\n<table>", text(&schema["description"]));
    if schema["properties"].is_null() {
        row(&mut part, "is", &kind(schema), "");
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (member, inner) in members(&schema["properties"]) {
        let always = if required.contains(&member.as_str()) { "" } else { ", if you like" };
        row(&mut part, &format!("<code>{}</code>{always}", escape(member)), &kind(inner), &text(&inner["description"]));
    }
    part.push_str("</table>\n");
    part
}

fn row(table: &mut String, name: &str, kind: &str, description: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(table, "<tr><th>{name}</th><td>{kind}</td><td>{description}</td></tr>");
}

/// A schema in a few words, with links to those that have a name.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(choices) = ["oneOf", "anyOf", "allOf"].iter().find_map(|way| schema[way].as_array()) {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("<code>{}</code>", text(value))).collect::<Vec<_>>().join(" or ");
    }
    let one = |name: &str| if name == "array" { format!("array of {}", kind(&schema["items"])) } else { escape(name) };
    match &schema["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().map(escape).unwrap_or_default()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_in_the_document_is_text_and_never_markup() {
        let document =
            json!({"info": {"title": "<script>\"&"}, "components": {"schemas": {"A<b>": {"description": "<img>", "type": "object"}}}});
        let page = html(&document);
        assert!(page.contains("&lt;script&gt;&quot;&amp;") && page.contains("A&lt;b&gt;") && !page.contains("<img>"), "{page}");
    }

    #[test]
    fn schemas_are_told_in_words() {
        assert_eq!(
            kind(&json!({"type": ["array", "null"], "items": {"$ref": "#/components/schemas/A"}})),
            "array of <a href=\"#schema-A\">A</a> or null"
        );
        assert_eq!(kind(&json!({"anyOf": [{"type": "string", "enum": ["x"]}, {}]})), "<code>x</code> or anything");
    }
}
