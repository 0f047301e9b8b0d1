//! The link table: which ids are other names of one customer.
//!
//! It is applied where an event is given to its customer, so that everything after it is as if the events had had the customers'
//! own ids. A task asks for an id when it first meets it, which is why a table costs little and none costs nothing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::error::EngineError;
use super::read_table::{TextColumn, read_texts};

/// The columns of a link table.
const COLUMNS: [TextColumn<'static>; 3] = [
    TextColumn { name: "alias_id", needed: true, id: true },
    TextColumn { name: "customer_id", needed: true, id: true },
    TextColumn { name: "status", needed: false, id: false },
];
/// What rows say that are applied, where the table has a status.
const ACCEPTED: &str = "accepted";
/// What rows say that are not.
const PROPOSED: &str = "proposed";

/// Ids by the aliases that stand for them: no id is both, so that one look-up is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Links(HashMap<String, String>);

impl Links {
    /// Reads a link table, Parquet or CSV, at a path or a URL: `alias_id`, `customer_id` and, as `lapwing-train link` writes it,
    /// `status`, of which only `accepted` rows count.
    ///
    /// # Errors
    /// [`EngineError::Links`] names the row that is no link, or makes a chain, a cycle or a contradiction with another.
    pub(in crate::engine) fn read(path: &str) -> Result<Self, EngineError> {
        let hint = "a link table has `alias_id` and `customer_id`, as `lapwing-train link` writes them";
        let columns = read_texts(path, &COLUMNS, hint)?;
        let [Some(aliases), Some(customers), statuses] = columns.as_slice() else { return Ok(Self::default()) };
        Self::of_rows(aliases, customers, statuses.as_deref()).map_err(|(problem, hint)| EngineError::Links {
            file: path.to_owned(),
            problem,
            hint,
        })
    }

    fn of_rows(
        aliases: &[Option<String>],
        customers: &[Option<String>],
        statuses: Option<&[Option<String>]>,
    ) -> Result<Self, (String, &'static str)> {
        let mut links: HashMap<&str, (&str, usize)> = HashMap::new();
        for (row, (alias, customer)) in aliases.iter().zip(customers).enumerate() {
            match statuses.map(|statuses| statuses[row].as_deref()) {
                None | Some(Some(ACCEPTED)) => {}
                Some(Some(PROPOSED)) => continue,
                Some(_) => return Err((format!("row {} has another `status`", row + 1), "write `accepted` or `proposed`")),
            }
            let (Some(alias), Some(customer)) = (alias, customer) else {
                return Err((format!("row {} lacks an id", row + 1), "give every row an `alias_id` and a `customer_id`"));
            };
            if alias == customer {
                return Err((format!("row {} links an id to itself", row + 1), "leave the customers' own ids out"));
            }
            if let Some((other, before)) = links.insert(alias, (customer, row))
                && other != customer
            {
                let problem = format!("rows {} and {} link one alias to two customers", before + 1, row + 1);
                return Err((problem, "keep one of the two, or `proposed` in `status` for the other"));
            }
        }
        let mut rows: Vec<(&str, (&str, usize))> = links.iter().map(|(alias, link)| (*alias, *link)).collect();
        rows.sort_unstable_by_key(|(_, (_, row))| *row);
        for (alias, (customer, row)) in rows {
            if let Some((next, further)) = links.get(customer) {
                let what = if *next == alias { "make a cycle" } else { "make a chain" };
                return Err((format!("rows {} and {} {what}", row + 1, further + 1), "link every alias to the last id of its chain"));
            }
        }
        Ok(Self(links.into_iter().map(|(alias, (customer, _))| (alias.to_owned(), customer.to_owned())).collect()))
    }

    /// Whose id it is; the id itself unless it is an alias.
    pub(in crate::engine) fn customer<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(rows: &[(&str, &str, &str)]) -> Result<Links, (String, &'static str)> {
        let column = |of: fn(&(&str, &str, &str)) -> String| -> Vec<Option<String>> {
            rows.iter().map(|row| Some(of(row)).filter(|text| !text.is_empty())).collect()
        };
        let statuses = column(|row| row.2.to_owned());
        let given = statuses.iter().any(Option::is_some).then_some(statuses.as_slice());
        Links::of_rows(&column(|row| row.0.to_owned()), &column(|row| row.1.to_owned()), given)
    }

    #[test]
    fn an_alias_is_its_customer_and_anybody_else_themselves() {
        let links = links(&[("b", "a", ""), ("c", "a", ""), ("b", "a", "")]).unwrap();
        assert_eq!(["a", "b", "c", "d"].map(|id| links.customer(id)), ["a", "a", "a", "d"]);
    }

    #[test]
    fn what_is_only_proposed_links_nobody() {
        let links = links(&[("b", "a", "accepted"), ("c", "b", "proposed"), ("c", "a", "proposed")]).unwrap();
        assert_eq!(["b", "c"].map(|id| links.customer(id)), ["a", "c"]);
    }

    #[test]
    fn what_cannot_be_one_look_up_is_refused_by_its_rows() {
        type Rows = [(&'static str, &'static str, &'static str)];
        let cases: [(&Rows, &str); 7] = [
            (&[("b", "a", ""), ("c", "b", "")], "rows 2 and 1 make a chain"),
            (&[("x", "y", ""), ("b", "a", ""), ("a", "b", "")], "rows 2 and 3 make a cycle"),
            (&[("a", "b", ""), ("b", "c", ""), ("c", "a", "")], "rows 1 and 2 make a chain"),
            (&[("a", "a", "")], "row 1 links an id to itself"),
            (&[("b", "a", ""), ("b", "c", "")], "rows 1 and 2 link one alias to two customers"),
            (&[("b", "a", ""), ("", "c", "")], "row 2 lacks an id"),
            (&[("b", "a", "sure")], "row 1 has another `status`"),
        ];
        for (rows, problem) in cases {
            assert_eq!(links(rows).unwrap_err().0, problem);
        }
    }
}
