//! The screen of `demo`: one that a manager can read.

use std::fmt::Write;

use super::{WIDTH, count, judge, percent, wrapped};
use crate::commands::demo::{Outcome, StageRow, Urgent};

/// What starts and ends red text on a terminal.
const RED: (&str, &str) = ("\x1b[31m", "\x1b[0m");
/// What starts and ends headings on a terminal.
const BOLD: (&str, &str) = ("\x1b[1m", "\x1b[0m");

/// The screen, at most [`WIDTH`] columns wide but for the command lines.
#[must_use]
pub fn text(outcome: &Outcome<'_>, colours: bool) -> String {
    let heading = |text: String| painted(&text, BOLD, colours) + "\n";
    let day = |instant: &str| instant.chars().take(10).collect::<String>();
    let (first, last, as_of) = (day(&outcome.first_event), day(&outcome.last_event), day(&outcome.as_of));
    let (invoices, customers, days) = (count(outcome.invoices), count(outcome.customers), outcome.horizon_days);
    let mut text = heading(format!("Lapwing demo: {invoices} invoices of {customers} customers of an online shop, {first} to {last}"));
    text.push_str("Chen (2015), Online Retail, UCI, doi 10.24432/C5BW33, CC BY 4.0; derived: one row an invoice\n\n");
    text.push_str(&heading(format!("CUSTOMERS ON {as_of} BY STAGE AND RISK  (red: the riskiest tenth, yellow: the next fifth)")));
    text.push_str(&stages(&outcome.stages));
    text.push('\n');
    text.push_str(&heading(format!("TEN TO LOOK AFTER FIRST  (red; by risk, of no purchase in {days} days, x spend expected in a year)")));
    text.push_str("  customer stage     risk expected  why the risk is above average (usual: the middle customer)\n");
    for urgent in &outcome.urgent {
        text.push_str(&urgent_row(urgent, colours));
    }
    if outcome.urgent.iter().any(|urgent| urgent.one_day) {
        text.push_str("  ~ bought on one day so far: buyers like them spend that; good for this order, not for a budget\n");
    }
    let judged = day(&outcome.backtest.as_of);
    text.push('\n');
    text.push_str(&heading(format!("HOW GOOD IS THAT?  Fitted on {judged}, judged on the {days} days after, which the fit had not seen")));
    text.push_str(&judge::table(&outcome.backtest.targets));
    text.push_str(&verdicts(outcome));
    text.push_str(judge::WORDS);
    text.push('\n');
    text.push_str(&heading("WHAT NEXT".to_owned()));
    let _ = writeln!(text, "read {}; everyone's scores are in {}", outcome.bundle.join("card.md").display(), outcome.scores.display());
    text.push_str("whom to contact today, with what, until when: README.md, \"From events to a customer won back\"\n");
    let _ = writeln!(text, "open {} in a browser: the same question at several past dates, with charts", outcome.report.display());
    let _ = writeln!(text, "start the server:  {}", outcome.serve_command);
    let _ = writeln!(text, "score a customer, whose churn_probability is {:.6}:\n{}", outcome.curl_expects, outcome.curl);
    text
}

/// The verdicts of this one date, then in the same words those of all dates of the report.
fn verdicts(outcome: &Outcome<'_>) -> String {
    let dates = outcome.report_dates.len();
    let all = outcome.report_verdicts.iter().map(|told| wrapped(told, WIDTH, "  ") + "\n").collect::<String>();
    format!(
        "AT THIS ONE DATE\n{}AT {dates} PAST DATES TOGETHER, as the report has it; of the two, go by the many dates\n{all}",
        judge::verdicts(&outcome.backtest.targets)
    )
}

fn stages(rows: &[StageRow]) -> String {
    let line = |name: &str, cells: [String; 6]| {
        let [green, yellow, red, none, all, spend] = cells;
        format!("  {name:<12} {green:>8} {yellow:>8} {red:>8} {none:>8} {all:>8} {spend:>18}\n")
    };
    let titles = ["green", "yellow", "red", "no model", "all", "net spend, a year"];
    let mut text = line("stage", titles.map(str::to_owned));
    let mut total = StageRow { stage: "all", ..StageRow::default() };
    let cells = |row: &StageRow| {
        let [green, yellow, red, none, all] = [row.green, row.yellow, row.red, row.without_band, row.all].map(count);
        [green, yellow, red, none, all, count(row.spend.max(0.0).round() as usize)]
    };
    for row in rows {
        text.push_str(&line(row.stage, cells(row)));
        total.green += row.green;
        total.yellow += row.yellow;
        total.red += row.red;
        total.without_band += row.without_band;
        total.all += row.all;
        total.spend += row.spend;
    }
    text + &line(total.stage, cells(&total))
}

fn urgent_row(urgent: &Urgent, colours: bool) -> String {
    let risk = painted(&format!("{:>5}", percent(urgent.churn_probability)), RED, colours);
    let expected = format!("{}{}", if urgent.one_day { "~" } else { "" }, count(urgent.clv_365d.max(0.0).round() as usize));
    let who = format!("  {:<8} {:<8} ", urgent.customer_id, urgent.stage);
    let room = WIDTH.saturating_sub(who.chars().count() + 5 + 1 + 8 + 2);
    format!("{who}{risk} {expected:>8}  {}\n", fitting(&urgent.reasons, room))
}

/// As many reasons as fit, each without what is usual if only so it fits; at least the first, cut if it must be.
fn fitting(reasons: &[String], room: usize) -> String {
    let mut text = String::new();
    for reason in reasons {
        let short = reason.rsplit_once("; ").map_or(reason.as_str(), |(clause, _)| clause);
        let joined = |reason: &str| if text.is_empty() { reason.to_owned() } else { format!("{text} · {reason}") };
        if let Some(longer) = [joined(reason), joined(short)].into_iter().find(|longer| longer.chars().count() <= room) {
            text = longer;
        } else if text.is_empty() {
            return short.chars().take(room.saturating_sub(1)).chain(['…']).collect();
        }
    }
    text
}

fn painted(text: &str, (start, end): (&str, &str), colours: bool) -> String {
    if colours { format!("{start}{text}{end}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_fill_the_line_and_no_more() {
        let reasons = ["one".to_owned(), "two".to_owned(), "three".to_owned()];
        assert_eq!(fitting(&reasons, 9), "one · two");
        assert_eq!(fitting(&reasons, 100), "one · two · three");
        assert_eq!(fitting(&["unfittable".to_owned()], 5), "unfi…");
        let usual = ["one day; usual is two".to_owned(), "three; usual is four".to_owned()];
        assert_eq!(fitting(&usual, 20), "one day · three");
        assert_eq!(fitting(&usual, 30), "one day; usual is two · three");
        assert_eq!(fitting(&[], 5), "");
    }

    #[test]
    fn what_is_expected_of_somebody_who_bought_on_one_day_is_marked() {
        let urgent = |one_day| Urgent {
            customer_id: "15992".to_owned(),
            stage: "new",
            churn_probability: 0.7025,
            clv_365d: 1_655.2,
            one_day,
            reasons: vec!["spent 90".to_owned()],
        };
        assert_eq!(urgent_row(&urgent(true), false), "  15992    new       70 %   ~1,655  spent 90\n");
        assert_eq!(urgent_row(&urgent(false), false), "  15992    new       70 %    1,655  spent 90\n");
    }

    #[test]
    fn colours_are_for_terminals() {
        assert_eq!(painted("x", RED, false), "x");
        assert_eq!(painted("x", RED, true), "\x1b[31mx\x1b[0m");
    }
}
