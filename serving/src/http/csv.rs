//! A page of customers as CSV (RFC 4180), which spreadsheets open.

use super::wire::PublishedCustomer;

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

const HEAD: &str = "customer_id,run_id,as_of,model_version,population,stage,phase,stage_entered_at,previous_stage,segment,risk_band,value_tier,\
                    churn_probability,churn_probability_low,churn_probability_high,reactivation_probability,reactivation_probability_low,\
                    reactivation_probability_high,health,intent,expected_purchases_365d,clv_365d,at_stake,rfm_r,rfm_f,rfm_m,\
                    probability_basis,last_purchase_at,action,campaign,held_out,reasons,signs_raised,signs_unknown\r\n";

/// The page, a head line first; lists are joined with `; `. Attributes are not in it.
pub(super) fn page(customers: &[PublishedCustomer]) -> String {
    let mut out = HEAD.to_owned();
    for customer in customers {
        let lists = [customer.reasons.join("; "), customer.signs_raised.join("; "), customer.signs_unknown.join("; ")];
        let option = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        let first = [
            customer.customer_id.clone(),
            customer.run_id.clone(),
            customer.as_of.clone(),
            customer.model_version.clone(),
            option(&customer.population),
            option(&customer.stage),
            option(&customer.phase),
            option(&customer.stage_entered_at),
            option(&customer.previous_stage),
            option(&customer.segment),
            option(&customer.risk_band),
            option(&customer.value_tier),
        ];
        for field in &first {
            text(&mut out, field);
            out.push(',');
        }
        let [churn_low, churn_high] = customer.churn_interval.map_or([None, None], |interval| interval.map(Some));
        let [back_low, back_high] = customer.reactivation_interval.map_or([None, None], |interval| interval.map(Some));
        let numbers = [
            customer.churn_probability,
            churn_low,
            churn_high,
            customer.reactivation_probability,
            back_low,
            back_high,
            customer.health,
            customer.intent,
            customer.expected_purchases_365d,
            customer.clv_365d,
            customer.at_stake,
        ];
        for number in numbers {
            out.push_str(&number.map(|number| number.to_string()).unwrap_or_default());
            out.push(',');
        }
        for rank in customer.rfm {
            out.push_str(&rank.map(|rank| rank.to_string()).unwrap_or_default());
            out.push(',');
        }
        let held_out = customer.held_out.map(|held_out| held_out.to_string()).unwrap_or_default();
        let last = [
            option(&customer.probability_basis),
            option(&customer.last_purchase_at),
            option(&customer.action),
            option(&customer.campaign),
            held_out,
        ];
        for field in last.iter().chain(&lists[..2]) {
            text(&mut out, field);
            out.push(',');
        }
        text(&mut out, &lists[2]);
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

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
