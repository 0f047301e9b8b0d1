//! Cohorts: of those who first bought in a month, how many bought in each month after.

use std::collections::BTreeMap;

use lapwing_features::{Calendar, Observed, Token};

/// Customers by the month of their first purchase and their first channel. Months are local ones, counted from 1970-01.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cohorts(BTreeMap<(i32, Token), Cohort>);

/// Customers who began together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    /// How many there are.
    pub customers: u64,
    /// How many of them bought in the month that lies so many months after the first.
    pub buyers: Vec<u64>,
}

/// What became of a cohort so many months after its first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retained {
    /// How many months after the first purchase.
    pub months_after: u32,
    /// Customers for whom that month is over.
    pub customers: u64,
    /// Those of them who bought in it.
    pub buyers: u64,
}

impl Retained {
    /// The share that bought; `None` where the month is over for nobody.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.customers > 0).then(|| self.buyers as f64 / self.customers as f64)
    }
}

impl Cohorts {
    /// Takes in a customer; who never bought is in no cohort.
    ///
    /// The first channel is that of the earliest event up to the first purchase that names one, the purchase included; without one it
    /// is [`Token::NONE`]. A message that was sent is no event of the customer's.
    ///
    /// ```
    /// use lapwing_features::{Token, example};
    /// use lapwing_models::insight::Cohorts;
    /// let history = example::history(&example::rows("purchase", &["2024-01-05", "2024-01-20", "2024-03-01"]));
    /// let mut cohorts = Cohorts::default();
    /// cohorts.add(&history.observe(example::cutoff("2024-03-10")));
    /// let march = 54 * 12 + 2;
    /// let by_month = cohorts.by_month(march);
    /// let january = &by_month[&(march - 2)];
    /// let shares: Vec<_> = january.iter().map(|retained| retained.share()).collect();
    /// assert_eq!(shares, [Some(1.0), Some(0.0), None]); // March is not over
    /// ```
    pub fn add(&mut self, observed: &Observed<'_>) {
        let mut months = observed.purchases().map(|purchase| Calendar::month_of_day(purchase.day));
        let (Some(first), Some(purchase)) = (months.next(), observed.purchases().next()) else { return };
        let until = observed.events().take_while(|event| event.ts <= purchase.ts);
        let own = until.filter(|event| event.kind.is_interaction() || std::ptr::eq(*event, purchase));
        let channel = own.map(|event| event.channel).find(|channel| channel.is_some()).unwrap_or(Token::NONE);
        let cohort = self.0.entry((first, channel)).or_default();
        cohort.customers += 1;
        let mut last = None;
        for after in std::iter::once(first).chain(months).map(|month| month.saturating_sub(first).max(0) as usize) {
            if last.is_none_or(|last| last < after) {
                cohort.note(after, 1);
                last = Some(after);
            }
        }
    }

    /// Takes in what another tally holds.
    pub fn merge(&mut self, other: &Self) {
        for (of, theirs) in &other.0 {
            self.0.entry(*of).or_default().merge(theirs);
        }
    }

    /// By the month of the first purchase: what became of it in each month up to `running`, the first that is not over, for which
    /// and after which nothing is known.
    #[must_use]
    pub fn by_month(&self, running: i32) -> BTreeMap<i32, Vec<Retained>> {
        let mut months: BTreeMap<i32, Cohort> = BTreeMap::new();
        for ((month, _), cohort) in &self.0 {
            months.entry(*month).or_default().merge(cohort);
        }
        months.into_iter().map(|(month, cohort)| (month, cohort.retained(month, running))).collect()
    }

    /// By the first channel: of so many months after, those customers alone for whom that month is over.
    #[must_use]
    pub fn by_channel(&self, running: i32) -> BTreeMap<Token, Vec<Retained>> {
        let mut channels: BTreeMap<Token, Vec<Retained>> = BTreeMap::new();
        for ((month, channel), cohort) in &self.0 {
            let all = channels.entry(*channel).or_default();
            for of_month in cohort.retained(*month, running) {
                let place = of_month.months_after as usize;
                if all.len() <= place {
                    all.resize_with(place + 1, || Retained { months_after: 0, customers: 0, buyers: 0 });
                }
                let Retained { customers, buyers, .. } = all[place];
                all[place] = Retained { customers: customers + of_month.customers, buyers: buyers + of_month.buyers, ..of_month };
            }
        }
        channels
    }

    /// How many customers are in each channel's cohorts, whatever is known of them.
    #[must_use]
    pub fn customers_of(&self, channel: Token) -> u64 {
        self.0.iter().filter(|((_, of), _)| *of == channel).map(|(_, cohort)| cohort.customers).sum()
    }

    /// How many customers began in a month.
    #[must_use]
    pub fn customers_in(&self, month: i32) -> u64 {
        self.0.iter().filter(|((in_month, _), _)| *in_month == month).map(|(_, cohort)| cohort.customers).sum()
    }
}

impl Cohort {
    fn note(&mut self, after: usize, buyers: u64) {
        if self.buyers.len() <= after {
            self.buyers.resize(after + 1, 0);
        }
        self.buyers[after] += buyers;
    }

    fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        other.buyers.iter().enumerate().for_each(|(after, buyers)| self.note(after, *buyers));
    }

    fn retained(&self, month: i32, running: i32) -> Vec<Retained> {
        let months = running.saturating_sub(month).max(0) as u32;
        let known = |months_after: u32| Retained {
            months_after,
            customers: self.customers,
            buyers: self.buyers.get(months_after as usize).copied().unwrap_or(0),
        };
        (0..months).map(known).chain([Retained { months_after: months, customers: 0, buyers: 0 }]).collect()
    }
}

#[cfg(test)]
mod tests {
    use lapwing_features::{Duplicates, History, HistoryBuilder, Kind, RawEvent, example};

    use super::*;

    const JANUARY: i32 = 54 * 12;

    fn history(rows: &[(&str, Kind, &str)]) -> History {
        let mut builder = HistoryBuilder::new();
        for (date, kind, channel) in rows {
            let channel = Token::of_option(Some(*channel).filter(|name| !name.is_empty()));
            builder.push(RawEvent { channel, ..RawEvent::new(example::cutoff(date).at, *kind, Some(5.0)) });
        }
        builder.build(&Calendar::utc(), Duplicates::Drop)
    }

    fn cohorts(histories: &[History], until: &str) -> Cohorts {
        let mut whole = Cohorts::default();
        for history in histories {
            let mut part = Cohorts::default();
            part.add(&history.observe(example::cutoff(until)));
            whole.merge(&part);
        }
        whole
    }

    #[test]
    fn shares_are_those_worked_out_by_hand() {
        use Kind::{Purchase, Visit};
        let all = cohorts(
            &[
                history(&[("2024-01-01", Visit, "mail"), ("2024-01-05", Purchase, "web"), ("2024-02-10", Purchase, "web")]),
                history(&[("2024-01-31", Purchase, "shop"), ("2024-03-01", Purchase, ""), ("2024-03-02", Purchase, "")]),
                history(&[("2024-02-29", Purchase, "shop")]),
                history(&[("2024-03-03", Purchase, "")]),
                history(&[("2024-01-01", Visit, "mail")]),
            ],
            "2024-04-01",
        );
        let shares = |rows: &[Retained]| rows.iter().map(Retained::share).collect::<Vec<_>>();
        let april = all.by_month(JANUARY + 3);
        assert_eq!(shares(&april[&JANUARY]), [Some(1.0), Some(0.5), Some(0.5), None]);
        assert_eq!(shares(&april[&(JANUARY + 1)]), [Some(1.0), Some(0.0), None]);
        assert_eq!(shares(&april[&(JANUARY + 2)]), [Some(1.0), None]);
        assert_eq!(all.customers_in(JANUARY), 2);
        let channels = all.by_channel(JANUARY + 3);
        assert_eq!(shares(&channels[&Token::of("shop")]), [Some(1.0), Some(0.0), Some(1.0), None]);
        assert_eq!(channels[&Token::of("shop")][1].customers, 2);
        assert_eq!(shares(&channels[&Token::of("mail")]), [Some(1.0), Some(1.0), Some(0.0), None]);
        assert_eq!(all.customers_of(Token::NONE), 1);
        assert_eq!(channels.len(), 3);
    }

    #[test]
    fn a_cohort_whose_first_month_runs_is_known_by_nothing() {
        let all = cohorts(&[history(&[("2024-03-03", Kind::Purchase, "")])], "2024-03-10");
        let march = &all.by_month(JANUARY + 2)[&(JANUARY + 2)];
        assert_eq!(march.as_slice(), [Retained { months_after: 0, customers: 0, buyers: 0 }]);
        assert_eq!(all.customers_in(JANUARY + 2), 1);
    }

    #[test]
    fn a_message_that_was_sent_brought_nobody() {
        use Kind::{MessageClick, MessageSent, Purchase};
        let all = cohorts(
            &[
                history(&[("2024-01-01", MessageSent, "mail"), ("2024-01-05", Purchase, "web")]),
                history(&[("2024-01-01", MessageClick, "mail"), ("2024-01-05", Purchase, "web")]),
            ],
            "2024-02-01",
        );
        assert_eq!([all.customers_of(Token::of("web")), all.customers_of(Token::of("mail"))], [1, 1]);
    }
}
