//! What `uplift` tells.

use std::fmt::Write;

use lapwing_models::Estimate;
use lapwing_models::fit::uplift::{Choice, Value};

use super::{count, indented};
use crate::commands::uplift::Learned;

/// Whom to contact, and how sure that is, as text.
#[must_use]
pub fn text(learned: &Learned) -> String {
    let mut text = format!(
        "{} customers, drawn by lot; counted: `{}`; those left alone are `{}`\n",
        count(learned.customers),
        learned.outcome,
        learned.control
    );
    for arm in &learned.arms {
        let _ = write!(text, "\n`{}`\n", arm.name);
        let qini = format!("order by uplift: Qini {}, area under the uplift curve {}", small(arm.qini.qini), small(arm.qini.auuc));
        let verdict = if arm.beats_random {
            "the model tells whom it moves: its order is better than a random one, beyond noise"
        } else {
            "the model does not tell whom it moves: its order is no better than a random one beyond noise, so the mean effect is taken for all"
        };
        let sentences = arm.results.told(&format!("{} rate", learned.outcome));
        for sentence in sentences.iter().map(String::as_str).chain([qini.as_str(), verdict]) {
            let _ = writeln!(text, "{}", indented(sentence));
        }
    }
    let policy = &learned.policy;
    let better = |value: &Value| value.by_customer_minus_this.low > 0.0;
    let advice = match policy.choice {
        Choice::ByCustomer if policy.everybody.iter().all(better) => {
            "to each what moves it, which earns more than the same for all beyond noise".to_owned()
        }
        Choice::ByCustomer => "to each what moves it; that it earns more than the same for all is not beyond noise".to_owned(),
        Choice::Everybody(arm) => {
            let (name, profit) = (&learned.arms[arm].name, policy.everybody[arm].profit);
            if profit.low > 0.0 {
                format!("`{name}` to everybody: choosing customer by customer earns no more")
            } else {
                format!(
                    "none yet: `{name}` to everybody did best, but that it earns anything at all is not shown ({:+.4} to {:+.4} a customer); \
                     ask again with more customers, some of them left alone",
                    profit.low, profit.high
                )
            }
        }
        Choice::Nobody => "leave everybody alone: nothing earns what it costs".to_owned(),
    };
    let _ = write!(text, "\nADVICE: {advice}\n");
    let ways = learned.arms.iter().map(|arm| format!("contact with `{}`", arm.name)).chain(["leave alone".to_owned()]);
    for (way, customers) in ways.zip(&learned.advised) {
        let _ = writeln!(text, "  {:<40} {:>10} customers", way, count(*customers));
    }
    for value in std::iter::once(&learned.policy.by_customer).chain(&learned.policy.everybody) {
        let _ = writeln!(text, "{}", indented(&told(value)));
    }
    let _ = writeln!(text, "\nwhat each customer gets is in `{}`", learned.out.display());
    text.push_str("in brackets: 95 % intervals over customers; each was judged by models that had not seen it\n");
    text
}

fn told(value: &Value) -> String {
    let Estimate { value: profit, low, high } = value.profit;
    let contacted = 100.0 * value.contacted;
    format!("{}: {contacted:.0} % contacted, profit {profit:+.4} a customer ({low:+.4} to {high:+.4})", value.way)
}

fn small(estimate: Estimate) -> String {
    format!("{:+.4} ({:+.4} to {:+.4})", estimate.value, estimate.low, estimate.high)
}
