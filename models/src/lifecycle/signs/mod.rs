//! Fifteen warning signs: what a customer does less, later or worse than usual.
//!
//! Each goes by facts of the history alone. It is `raised` or `clear` where the data tells what its rule asks, and `unknown` where
//! it does not: because the data holds no events of the kind before the cutoff, or begins too late to cover a window, or because
//! this customer has not done what the rule measures by. Never is a sign clear for want of data.
//!
//! | sign | raised when | unknown when |
//! |---|---|---|
//! | `overdue` | R > `overdue_ratio` x C | no purchase yet, or no cycle: fewer than three purchase days and no gap in the population |
//! | `missed_cycles` | R >= `missed_cycles` x C | as `overdue` |
//! | `purchase_rate_drop` | purchases in 90 days <= half of those in the 90 before, of which there are at least 2 | the data covers less than 180 days of purchases |
//! | `order_value_drop` | mean of the last 3 orders at least 20 % below the own mean before | no amounts, or fewer than 3 orders with one before the last 3 |
//! | `spend_drop` | spend in 90 days at least 30 % below the own 90-day mean of the year before | no amounts, or less than half of that year covered, or own purchases without any amount |
//! | `activity_drop` | interactions in 30 days more than 30 % below the own 30-day mean of the 180 days before | less than 210 days of interactions covered |
//! | `visit_gap_longer` | mean of the last 3 gaps between days with a visit > 1.5 x the own mean before | fewer than 5 such days |
//! | `coupon_use_drop` | redemptions in 90 days <= half of those in the 90 before, of which there are at least 2 | less than 180 days of redemptions covered |
//! | `silent` | nothing of the customer's own doing for 15 days, and a message was sent in them | the data holds messages, or interactions, for fewer days than that |
//! | `unresponsive` | at least 3 messages in 60 days, none opened or clicked | less than 60 days of messages, or of answers to them, covered |
//! | `complaints_up` | complaints and tickets in 30 days above the own 30-day mean of the 180 before, at least 1 | less than 30 days covered; less than 210 unless there are none |
//! | `low_satisfaction` | last survey score <= 6, or 2 or more below the own mean before | no survey with a score |
//! | `returns_up` | share of returns among purchases and returns in 90 days above the own share before, at least 1 | less than 90 days of returns covered; nothing before, unless there are no returns |
//! | `cart_abandonment` | carts in 30 days without a purchase after them above the own mean of 30 days in the 180 before, at least 1 | less than 30 days covered; less than 210 unless there are none |
//! | `breadth_shrinking` | distinct categories in 90 days <= half of those in the 90 before, of which there are at least 2 | less than 180 days of categories covered |
//!
//! R are the days since the last purchase day and C is the cycle, as for the stages; numbers are the defaults of
//! [`SignSettings`]. A purchase, a return and a call for help end a silence as an interaction does. A cart is abandoned when no
//! purchase follows within 30 days, or until the cutoff. A customer without interactions, redemptions or categories in the
//! earlier window has nothing to fall from, and its sign is clear.
//!
//! Where they come from: time between purchases against the own rhythm, falling order value, spend, visits, coupon use and
//! breadth, and rising returns, are the signs of partial defection of W. Buckinx and D. Van den Poel, "Customer base analysis:
//! partial defection of behaviourally loyal clients in a non-contractual FMCG retail setting", European Journal of Operational
//! Research 164 (2005) 252-268; complaints are those of B. Larivière and D. Van den Poel, "Predicting customer retention and
//! profitability by using random forests", Expert Systems with Applications 29 (2005) 472-484; 6 of 10 as a detractor is
//! F. F. Reichheld, "The one number you need to grow", Harvard Business Review 81 (2003) 46-54. Windows and thresholds are the
//! trade's, and the user's to set.

mod settings;
mod tally;
mod text;

use lapwing_features::{Compared, Habit, Messages, SignFacts, Snapshot, StageFacts};

use super::Thresholds;
pub use settings::SignSettings;
pub use tally::{Group, SignTally};

named! {
    /// A warning sign.
    Sign {
        /// Later than usual.
        Overdue = "overdue",
        /// Usual purchases did not come.
        MissedCycles = "missed_cycles",
        /// Buys less often.
        PurchaseRateDrop = "purchase_rate_drop",
        /// Buys for less.
        OrderValueDrop = "order_value_drop",
        /// Spends less.
        SpendDrop = "spend_drop",
        /// Interacts less.
        ActivityDrop = "activity_drop",
        /// Visits further apart.
        VisitGapLonger = "visit_gap_longer",
        /// Uses fewer coupons.
        CouponUseDrop = "coupon_use_drop",
        /// Nothing heard while messages were sent.
        Silent = "silent",
        /// Messages stay unopened.
        Unresponsive = "unresponsive",
        /// Complains more.
        ComplaintsUp = "complaints_up",
        /// Not satisfied, or less than before.
        LowSatisfaction = "low_satisfaction",
        /// Returns more.
        ReturnsUp = "returns_up",
        /// Leaves carts.
        CartAbandonment = "cart_abandonment",
        /// Buys and looks at fewer kinds of things.
        BreadthShrinking = "breadth_shrinking",
    }
}

named! {
    /// What is known of a sign.
    SignState {
        /// The rule holds.
        Raised = "raised",
        /// The rule does not hold.
        Clear = "clear",
        /// The data does not tell.
        Unknown = "unknown",
    }
}

/// Number of signs.
pub const SIGNS: usize = Sign::ALL.len();

/// One sign of one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignReading {
    /// Which.
    pub sign: Sign,
    /// What is known of it.
    pub state: SignState,
    /// The customer's own value; `None` when not known.
    pub value: Option<f64>,
    /// What is normal; `None` when not known. It is the population's gap for `overdue` and `missed_cycles` of whom has no cycle
    /// of its own, the days that it takes for `silent`, the messages sent for `unresponsive`, and else the customer's own before.
    pub normal: Option<f64>,
}

/// The states of all signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignStates {
    /// A bit for each that is raised, in the order of [`Sign::ALL`].
    raised: u16,
    /// A bit for each that is known.
    known: u16,
}

impl SignStates {
    #[inline]
    fn note(&mut self, reading: &SignReading) {
        let bit = 1 << reading.sign as u16;
        self.raised |= if reading.state == SignState::Raised { bit } else { 0 };
        self.known |= if reading.state == SignState::Unknown { 0 } else { bit };
    }

    /// The state of one.
    ///
    /// ```
    /// use lapwing_models::lifecycle::{Sign, SignState, SignStates};
    /// assert_eq!(SignStates::default().state(Sign::Overdue), SignState::Unknown);
    /// ```
    #[must_use]
    pub fn state(self, sign: Sign) -> SignState {
        match self.raised(sign) {
            None => SignState::Unknown,
            Some(true) => SignState::Raised,
            Some(false) => SignState::Clear,
        }
    }

    /// Whether one is raised; `None` when that is not known.
    #[must_use]
    pub fn raised(self, sign: Sign) -> Option<bool> {
        let bit = 1 << sign as u16;
        (self.known & bit > 0).then_some(self.raised & bit > 0)
    }

    /// How many are raised.
    #[must_use]
    pub fn count(self) -> u32 {
        self.raised.count_ones()
    }
}

impl Thresholds {
    /// All signs, in the order of [`Sign::ALL`]; all unknown for a snapshot without facts.
    ///
    /// ```
    /// use lapwing_features::{Attributes, FactSettings, Snapshot, example};
    /// use lapwing_models::lifecycle::{Sign, SignState, Thresholds};
    /// let history = example::history(&example::rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-21"]));
    /// let settings = FactSettings { active_days: 90, returned_days: 60 };
    /// let snapshot = Snapshot::take(&mut example::kernel(), &history, example::cutoff("2024-02-10"), settings, Attributes::new()).unwrap();
    /// let overdue = Thresholds::default().signs(&snapshot)[0];
    /// assert_eq!((overdue.sign, overdue.state), (Sign::Overdue, SignState::Raised));
    /// assert_eq!((overdue.value, overdue.normal), (Some(20.0), Some(10.0)));
    /// ```
    #[must_use]
    pub fn signs(&self, snapshot: &Snapshot) -> [SignReading; SIGNS] {
        let mut readings = std::array::from_fn(|place| SignReading::of(Sign::ALL[place], None));
        self.judge(snapshot, |reading| readings[reading.sign as usize] = reading);
        readings
    }

    /// As [`signs`](Self::signs), without values.
    #[must_use]
    pub fn sign_states(&self, snapshot: &Snapshot) -> SignStates {
        let mut states = SignStates::default();
        self.judge(snapshot, |reading| states.note(&reading));
        states
    }

    /// Tells each sign, once.
    #[inline]
    fn judge(&self, snapshot: &Snapshot, mut tell: impl FnMut(SignReading)) {
        let (set, unknown) = (&self.signs, SignFacts::default());
        let facts = snapshot.signs.as_ref().unwrap_or(&unknown);
        let late = snapshot.facts.as_ref().and_then(|facts| self.late(facts));
        let mut judge = |sign, judged: Judged| tell(SignReading::of(sign, judged));
        judge(Sign::Overdue, late.map(|(silent, cycle)| (silent, cycle, silent > self.overdue_ratio * cycle)));
        judge(Sign::MissedCycles, late.map(|(silent, cycle)| (silent, cycle, silent >= self.missed_cycles * cycle)));
        judge(Sign::PurchaseRateDrop, fewer(facts.purchases_90d, set.purchase_rate_ratio, set.purchase_rate_least));
        let value = facts.order_value.filter(|value| value.count_before >= set.order_value_least);
        judge(Sign::OrderValueDrop, value.map(|value| dropped(value.last, value.before, set.order_value_drop)));
        judge(Sign::SpendDrop, facts.spend_90d.map(|spend| dropped(spend.now, spend.before, set.spend_drop)));
        let less = |count: Compared<f64>| (count.now, count.before, count.now < (1.0 - self.activity_drop) * count.before);
        judge(Sign::ActivityDrop, facts.interactions_30d.map(less));
        let longer = |gap: Compared<f64>| (gap.now, gap.before, is_above(gap.now, set.visit_gap_ratio * gap.before));
        judge(Sign::VisitGapLonger, facts.visit_gap_days.map(longer));
        judge(Sign::CouponUseDrop, fewer(facts.coupons_90d, set.coupon_use_ratio, set.coupon_use_least));
        judge(Sign::Silent, silent(facts, set));
        let unanswered = |messages: Messages| messages.sent >= set.unresponsive_messages && messages.answered == 0;
        let messages = |messages: Messages| (messages.answered.into(), messages.sent.into(), unanswered(messages));
        judge(Sign::Unresponsive, facts.messages_60d.map(messages));
        judge(Sign::BreadthShrinking, fewer(facts.categories_90d, set.breadth_ratio, set.breadth_least));
        tell(SignReading::of_habit(Sign::ComplaintsUp, facts.complaints_30d, set.complaints_least));
        tell(SignReading::of_survey(facts, set));
        tell(SignReading::of_returns(facts, set));
        tell(SignReading::of_habit(Sign::CartAbandonment, facts.abandoned_carts_30d, set.carts_least));
    }

    /// R and C, where both are known.
    fn late(&self, facts: &StageFacts) -> Option<(f64, f64)> {
        let cycle = facts.gap_days_median.or(self.norm_gap_days)?;
        Some((facts.days_since_last_purchase_day?.into(), cycle))
    }
}

/// Value, normal, and whether the rule holds.
type Judged = Option<(f64, f64, bool)>;

impl SignReading {
    fn of(sign: Sign, judged: Judged) -> Self {
        match judged {
            None => Self { sign, state: SignState::Unknown, value: None, normal: None },
            Some((value, normal, raised)) => Self { sign, state: state(raised), value: Some(value), normal: Some(normal) },
        }
    }

    /// More than usual, and at least so many; what is usual is not asked when there are fewer.
    fn of_habit(sign: Sign, habit: Option<Habit>, least: u32) -> Self {
        let Some(Habit { now, usual }) = habit else { return Self::of(sign, None) };
        let state = match usual {
            _ if now < least => SignState::Clear,
            None => SignState::Unknown,
            Some(usual) => state(f64::from(now) > usual),
        };
        Self { sign, state, value: Some(now.into()), normal: usual }
    }

    fn of_survey(facts: &SignFacts, set: &SignSettings) -> Self {
        let Some(survey) = facts.survey else { return Self::of(Sign::LowSatisfaction, None) };
        let fell = survey.before.is_some_and(|before| is_at_most(survey.last, before - set.satisfaction_drop));
        let raised = survey.last <= set.detractor_points || fell;
        Self { sign: Sign::LowSatisfaction, state: state(raised), value: Some(survey.last), normal: survey.before }
    }

    /// The own share is not asked when there are fewer returns than it takes.
    fn of_returns(facts: &SignFacts, set: &SignSettings) -> Self {
        let Some(Compared { now, before }) = facts.returns_90d else { return Self::of(Sign::ReturnsUp, None) };
        let (share, usual) = (now.share().unwrap_or(0.0), before.share());
        let state = match usual {
            _ if now.returns < set.returns_least => SignState::Clear,
            None => SignState::Unknown,
            Some(usual) => state(is_above(share, usual)),
        };
        Self { sign: Sign::ReturnsUp, state, value: Some(share), normal: usual }
    }
}

fn state(raised: bool) -> SignState {
    if raised { SignState::Raised } else { SignState::Clear }
}

/// Means and products are a hair off in binary; 20 % below is 20 % below.
const HAIR: f64 = 1e-9;

fn is_at_most(value: f64, limit: f64) -> bool {
    value <= limit + HAIR * limit.abs()
}

fn is_above(value: f64, limit: f64) -> bool {
    value > limit + HAIR * limit.abs()
}

/// Down to a share of what was before, of which there must be so many.
fn fewer(counts: Option<Compared<u32>>, ratio: f64, least: u32) -> Judged {
    let Compared { now, before } = counts?;
    let (value, normal) = (f64::from(now), f64::from(before));
    Some((value, normal, before >= least && is_at_most(value, ratio * normal)))
}

/// Lower by a share of what was before, which must be something.
fn dropped(now: f64, before: f64, drop: f64) -> (f64, f64, bool) {
    (now, before, before > 0.0 && is_at_most(now, (1.0 - drop) * before))
}

fn silent(facts: &SignFacts, set: &SignSettings) -> Judged {
    let days = f64::from(set.silent_days);
    let silence = facts.silence.filter(|silence| silence.covered_days >= days)?;
    // An event so many days ago to the instant is still in the window.
    let addressed = silence.message_days.is_some_and(|message| message <= days);
    Some((silence.own_days, days, silence.own_days > days && addressed))
}

#[cfg(test)]
mod tests;
