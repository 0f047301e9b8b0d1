//! What contacting customers would bring, under the costs of the settings.

use maud::{Markup, html};

use super::words::{number, percent};
use super::{figure, nothing, table};
use crate::backtest::schema::{Profit, Report, TargetBacktest};
use crate::charts::axis::Write;
use crate::charts::ink::Ink;
use crate::charts::{Curve, curves};

/// Profit curves and the expected maximum profit of each method.
pub(super) fn profit(_report: &Report, target: &TargetBacktest) -> Markup {
    let Some(profit) = &target.profit else {
        return nothing("Not told: what a contact gains is not known here.");
    };
    let drawn = profit.methods.iter().filter(|method| !method.points.is_empty());
    let lines: Vec<(&str, Vec<(f64, f64)>)> =
        drawn.map(|method| (method.name.as_str(), method.points.iter().map(|at| (at.contacted, at.profit)).collect())).collect();
    let nothing_gained = [(0.0, 0.0), (1.0, 0.0)];
    let guide = [Curve { points: &nothing_gained, ink: Ink::Guide }];
    let own = lines.iter().enumerate().map(|(index, (_, points))| Curve { points, ink: Ink::Line(index as u8) });
    let all: Vec<Curve<'_>> = guide.into_iter().chain(own).collect();
    let keys: Vec<(Ink, &str)> = lines
        .iter()
        .enumerate()
        .map(|(index, (name, _))| (Ink::Line(index as u8), *name))
        .chain([(Ink::Guide, "nobody contacted")])
        .collect();
    let names = ("share of customers contacted", "profit per customer scored");
    let desc = best(profit);
    let svg = curves("Profit by share contacted", &desc, names, Write::Number, &[0.0], &all);
    html! {
        p { (costs(profit)) " " (desc) }
        div.figures {
            (figure("Profit by share contacted", "At the mean acceptance. The curve shows how much it costs to contact too few or too many.", &keys, &svg))
            div { (methods(profit)) }
        }
    }
}

fn costs(profit: &Profit) -> String {
    let mean = profit.acceptance_alpha / (profit.acceptance_alpha + profit.acceptance_beta);
    format!(
        "A contact costs {}, the incentive {}, a customer who is kept is worth {}, and some {} of the contacted who would leave accept \
         (Beta {}, {}). These are examples until you put your own under `[profit]` in the config file; what the playbook counts for a contact is something else.",
        number(profit.contact_cost, 2),
        number(profit.incentive_cost, 2),
        number(profit.customer_value, 2),
        percent(mean),
        number(profit.acceptance_alpha, 1),
        number(profit.acceptance_beta, 1),
    )
}

fn best(profit: &Profit) -> String {
    let Some(model) = profit.methods.first() else { return String::new() };
    let (gain, share) = (number(model.expected_maximum, 2), percent(model.contacted));
    format!("By the model, contacting the first {share} brings most: {gain} per customer scored.")
}

fn methods(profit: &Profit) -> Markup {
    let rows = html! {
        @for (index, method) in profit.methods.iter().enumerate() {
            tr class=[(index == 0).then_some("own")] {
                th scope="row" { (method.name) }
                td { (number(method.expected_maximum, 2)) }
                td { (percent(method.contacted)) }
            }
        }
    };
    table("", "Expected maximum profit per customer scored", &["", "profit", "share to contact"], &rows)
}
