//! Pages of customers and alerts as CSV (RFC 4180), which spreadsheets open.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::wire::{AlertBody, PublishedCustomer};

/// Where the next page begins, for which CSV has no other place.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("lapwing-next-cursor");

/// A text field. What a spreadsheet would take for a formula is kept from being one by an apostrophe before it.
fn text(out: &mut String, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let quoted = formula || text.contains([',', ';', '\t', '"', '\n', '\r']) || text != text.trim();
    if !quoted {
        out.push_str(text);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

/// The columns of a page of customers.
const CUSTOMERS: &str = "customer_id,run_id,as_of,model_version,population,stage,phase,stage_entered_at,previous_stage,segment,risk_band,value_tier,\
                    churn_probability,churn_probability_low,churn_probability_high,reactivation_probability,reactivation_probability_low,\
                    reactivation_probability_high,health,intent,expected_purchases_365d,clv_365d,at_stake,rfm_r,rfm_f,rfm_m,\
                    probability_basis,last_purchase_at,action,campaign,action_within_hours,held_out,reasons,signs_raised,signs_unknown\r\n";

/// The columns of a page of alerts.
const ALERTS: &str = "alert_id,customer_id,state,due_at,act_by,opened_at,contacted_at,ended_at,because,with_contact,run_id,as_of,stage,\
                      segment,churn_probability,clv_365d,at_stake,action,text,campaign,channel,within_hours,held_out,warnings,reasons\r\n";

/// Rows in work.
struct Rows(String);

impl Rows {
    fn text(&mut self, field: &str) {
        text(&mut self.0, field);
        self.0.push(',');
    }

    fn names<'a>(&mut self, fields: impl IntoIterator<Item = &'a String>) {
        fields.into_iter().for_each(|field| self.text(field));
    }

    fn texts<'a>(&mut self, fields: impl IntoIterator<Item = &'a Option<String>>) {
        fields.into_iter().for_each(|field| self.text(field.as_deref().unwrap_or_default()));
    }

    /// Each list is one field.
    fn lists<'a>(&mut self, lists: impl IntoIterator<Item = &'a Vec<String>>) {
        lists.into_iter().for_each(|list| self.text(&list.join(" | ")));
    }

    /// Numbers and truth values.
    fn values<T: ToString>(&mut self, fields: impl IntoIterator<Item = Option<T>>) {
        for field in fields {
            self.0.push_str(&field.map(|field| field.to_string()).unwrap_or_default());
            self.0.push(',');
        }
    }

    /// Ends the row, which has a field.
    fn end(&mut self) {
        self.0.pop();
        self.0.push_str("\r\n");
    }
}

/// The page, a head line first. Attributes are not in it.
pub(super) fn customers(customers: &[PublishedCustomer]) -> String {
    let mut rows = Rows(CUSTOMERS.to_owned());
    for customer in customers {
        rows.names([&customer.customer_id, &customer.run_id, &customer.as_of, &customer.model_version]);
        rows.texts([&customer.population, &customer.stage, &customer.phase, &customer.stage_entered_at]);
        rows.texts([&customer.previous_stage, &customer.segment, &customer.risk_band, &customer.value_tier]);
        let ends = |interval: Option<[f64; 2]>| interval.map_or([None, None], |interval| interval.map(Some));
        for (probability, interval) in
            [(customer.churn_probability, customer.churn_interval), (customer.reactivation_probability, customer.reactivation_interval)]
        {
            rows.values([probability]);
            rows.values(ends(interval));
        }
        rows.values([customer.health, customer.intent, customer.expected_purchases_365d, customer.clv_365d, customer.at_stake]);
        rows.values(customer.rfm);
        rows.texts([&customer.probability_basis, &customer.last_purchase_at, &customer.action, &customer.campaign]);
        rows.values([customer.action_within_hours]);
        rows.values([customer.held_out]);
        rows.lists([&customer.reasons, &customer.signs_raised, &customer.signs_unknown]);
        rows.end();
    }
    rows.0
}

/// The page, a head line first.
pub(super) fn alerts(alerts: &[AlertBody]) -> String {
    let mut rows = Rows(ALERTS.to_owned());
    for alert in alerts {
        rows.names([&alert.alert_id, &alert.customer_id, &alert.state, &alert.due_at]);
        rows.texts([&alert.act_by]);
        rows.names([&alert.opened_at]);
        rows.texts([&alert.contacted_at, &alert.ended_at, &alert.because]);
        rows.values([alert.with_contact]);
        rows.names([&alert.run_id, &alert.as_of]);
        rows.texts([&alert.stage, &alert.segment]);
        rows.values([Some(alert.churn_probability), alert.clv_365d, Some(alert.at_stake)]);
        let action = alert.action.as_ref();
        rows.text(action.map_or("", |action| &action.code));
        rows.texts([
            &action.and_then(|action| action.text.clone()),
            &action.and_then(|action| action.campaign.clone()),
            &action.and_then(|action| action.channel.clone()),
        ]);
        rows.values([action.and_then(|action| action.within_hours)]);
        rows.values([action.and_then(|action| action.held_out)]);
        rows.lists([&alert.warnings, &alert.reasons]);
        rows.end();
    }
    rows.0
}

/// The answer that a page is.
pub(super) fn answer(page: String, next_cursor: Option<String>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], page).into_response();
    if let Some(Ok(next)) = next_cursor.map(|next| HeaderValue::from_str(&next)) {
        response.headers_mut().insert(NEXT_CURSOR, next);
    }
    response
}

/// Whether the caller would rather have CSV than JSON: by its quality values, then by what names the type more exactly, then by what
/// comes first. Whoever wants neither gets JSON.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let ranges: Vec<(String, f64)> = accepted.map(range).collect();
    // How exactly the best range names the type, its quality, and where it stands.
    let wish = |kind: &str, group: &str| {
        let exact = |range: &str| [group, kind].iter().position(|name| *name == range).map_or(usize::from(range == "*/*"), |at| at + 2);
        let fits = ranges.iter().enumerate().map(|(at, (range, quality))| (exact(range), *quality, at)).filter(|fit| fit.0 > 0);
        fits.max_by_key(|fit| (fit.0, std::cmp::Reverse(fit.2)))
    };
    let Some((exact, quality, at)) = wish("text/csv", "text/*").filter(|(_, quality, _)| *quality > 0.0) else { return false };
    let Some((other_exact, other, other_at)) = wish("application/json", "application/*") else { return true };
    quality.total_cmp(&other).then(exact.cmp(&other_exact)).then(other_at.cmp(&at)).is_gt()
}

/// A range of content types, and how much it is wanted.
fn range(text: &str) -> (String, f64) {
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    let range = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=").map(|quality| quality.parse().unwrap_or(0.0)));
    (range, quality.unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_for_whoever_would_rather_have_it() {
        let wanted = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            is_wanted(&headers)
        };
        for accept in [
            "text/csv",
            "Text/CSV; charset=utf-8",
            "text/csv, */*;q=0.1",
            "*/*, text/csv",
            "text/csv, application/json",
            "application/json;q=0.5, text/csv;q=0.9",
            "text/*",
            "application/*;q=0.2, text/*;q=0.3",
        ] {
            assert!(wanted(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/json",
            "application/json, text/csv",
            "text/csv;q=0.5, application/json",
            "text/csv;q=0",
            "text/csv;q=0, text/*",
            "text/csv;q=0.1, */*",
            "text/csv;q=much",
            "text/html, application/xml;q=0.9, */*;q=0.8",
        ] {
            assert!(!wanted(accept), "{accept}");
        }
        assert!(!is_wanted(&HeaderMap::new()));
    }

    #[test]
    fn formulas_quotes_and_lines_are_texts() {
        let written = |field: &str| {
            let mut out = String::new();
            text(&mut out, field);
            out
        };
        for (field, expected) in [
            ("12347", "12347"),
            ("a, b", "\"a, b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("＝1", "\"'＝1\""),
            ("x;=cmd", "\"x;=cmd\""),
            ("+1", "\"'+1\""),
            ("-2+3", "\"'-2+3\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            (" a", "\" a\""),
            ("", ""),
        ] {
            assert_eq!(written(field), expected, "{field:?}");
        }
    }
}
