//! Through which channel a customer answers.

use std::collections::BTreeMap;

use lapwing_features::{Kind, Observed, Timestamp, Token};

/// What a customer did through one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Messages opened.
    pub opens: u32,
    /// Links in messages followed.
    pub clicks: u32,
    /// Purchases; the lines of an order are one.
    pub purchases: u32,
    last: Option<Timestamp>,
}

impl Answers {
    /// All of them.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.opens + self.clicks + self.purchases
    }
}

/// What a customer did through each channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Responses(BTreeMap<Token, Answers>);

impl Responses {
    /// The opens, clicks and purchases that are observed and name a channel.
    ///
    /// ```
    /// use lapwing_features::example;
    /// use lapwing_models::insight::Responses;
    /// let history = example::history(&[("2024-01-01", "purchase", 5.0)]);
    /// assert!(Responses::of(&history.observe(example::cutoff("2024-02-01"))).preferred().is_none()); // it names no channel
    /// ```
    #[must_use]
    pub fn of(observed: &Observed<'_>) -> Self {
        let mut all = Self::default();
        let answers = observed.events().filter(|event| matches!(event.kind, Kind::MessageOpen | Kind::MessageClick));
        for event in answers.chain(observed.purchases()).filter(|event| event.channel.is_some()) {
            let answers = all.0.entry(event.channel).or_default();
            *(match event.kind {
                Kind::MessageOpen => &mut answers.opens,
                Kind::MessageClick => &mut answers.clicks,
                _ => &mut answers.purchases,
            }) += 1;
            answers.last = answers.last.max(Some(event.ts));
        }
        all
    }

    /// All answers that name a channel.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.values().map(Answers::count).sum()
    }

    /// The channel with the most answers, of several the one with the latest; `None` where there is none.
    #[must_use]
    pub fn preferred(&self) -> Option<(Token, Answers)> {
        let best = self.0.iter().max_by_key(|(channel, answers)| (answers.count(), answers.last, std::cmp::Reverse(**channel)));
        best.map(|(channel, answers)| (*channel, *answers))
    }
}

#[cfg(test)]
mod tests {
    use lapwing_features::{Calendar, Duplicates, HistoryBuilder, RawEvent, example};

    use super::*;

    fn preferred(rows: &[(&str, Kind, &str)]) -> Option<(Token, u32, u32)> {
        let mut builder = HistoryBuilder::new();
        for (date, kind, channel) in rows {
            builder.push(RawEvent { channel: Token::of(channel), ..RawEvent::new(example::cutoff(date).at, *kind, None) });
        }
        let history = builder.build(&Calendar::utc(), Duplicates::Drop);
        let responses = Responses::of(&history.observe(example::cutoff("2024-02-01")));
        responses.preferred().map(|(channel, answers)| (channel, answers.count(), responses.count()))
    }

    #[test]
    fn the_channel_with_the_most_answers_is_preferred_and_of_several_the_latest() {
        use Kind::{MessageClick, MessageOpen, MessageSent, Purchase, Visit};
        let [mail, app] = ["mail", "app"].map(Token::of);
        let first = [("2024-01-01", MessageOpen, "mail"), ("2024-01-02", MessageClick, "mail"), ("2024-01-03", Purchase, "app")];
        assert_eq!(preferred(&first), Some((mail, 2, 3)));
        let even = [&first[..], &[("2024-01-04", MessageOpen, "app")]].concat();
        assert_eq!(preferred(&even), Some((app, 2, 4)));
        assert_eq!(preferred(&[("2024-01-01", MessageSent, "mail"), ("2024-01-02", Visit, "app")]), None, "nobody has answered");
    }
}
