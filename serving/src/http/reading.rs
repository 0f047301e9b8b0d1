//! From one customer of a request to a snapshot, or to that customer's error.

use lapwing_features::{
    Attribute, Attributes, Calendar, Cutoff, FeatureVector, HistoryBuilder, Id, Kind, NoKind, Population, RawEvent, Snapshot, Timestamp,
    schema,
};
use lapwing_models::lifecycle::{Replay, Spell};
use lapwing_models::{AttributeKind, bundle::ModelBundle};
use serde_json::value::RawValue;

use super::cell::{Cell, Named, Object};
use super::customer::{By, Customer};
use super::instant;
use super::kept::Kept;
use super::lineup::Served;
use super::members::{Listed, plain};
use super::place::{MAX_TEXT, Place, escape};
use super::tools::Tools;
use super::wire::{EntryError, EventRequest, MAX_EVENTS};

/// What was read of a customer.
#[derive(Debug)]
pub(super) struct Reading {
    /// Ready to be scored.
    pub(super) snapshot: Snapshot,
    /// Since when the customer is in its stage; not known of a customer that is given by features.
    pub(super) spell: Option<Spell>,
    /// Events that were not known before the cutoff.
    pub(super) ignored_events: u64,
    /// Events of a kind that is not known.
    pub(super) unknown_kinds: u64,
    /// Events that nothing tells the kind of.
    pub(super) without_kind: u64,
    /// Where the store knows what the customer did: until when.
    pub(super) history_until: Option<Timestamp>,
}

/// Reads the customers of one request; keeps its buffers from one to the next.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bundle: &'a ModelBundle,
    calendar: &'a Calendar,
    cutoff: Cutoff,
    replay: Replay<'a>,
    tools: Tools,
    counts: Counts,
}

/// What is told of events beside the score.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    ignored_events: u64,
    unknown_kinds: u64,
    without_kind: u64,
}

/// When something happened, as it was told.
#[cfg(feature = "arrow")]
#[derive(Debug)]
pub(super) enum When<'a> {
    /// In words, or by nothing.
    Told(Cell<'a>),
    /// As an instant; `None` where there is none.
    At(Option<Timestamp>),
}

/// A customer whose events are not all read, to be gone on with by another reader of the same model.
#[cfg(feature = "arrow")]
#[derive(Debug, Default)]
pub(super) struct Begun {
    builder: HistoryBuilder,
    counts: Counts,
}

impl<'a> Reader<'a> {
    /// A reader for customers at `as_of`.
    #[must_use]
    pub(super) fn new(served: &'a Served, as_of: Timestamp) -> Self {
        let Served { bundle, calendar, toolbox, .. } = served;
        let tools = toolbox.take(&bundle.shape);
        let replay = Replay::new(&bundle.thresholds, calendar);
        Self { bundle, calendar, cutoff: calendar.cutoff(as_of), replay, tools, counts: Counts::default() }
    }

    /// What it worked with.
    pub(super) fn into_tools(self) -> Tools {
        self.tools
    }

    /// Reads the customer that stands at `place` in the request; one that is given by its id alone, as it is kept.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub(super) fn read(&mut self, place: Option<usize>, customer: &Customer<'_>, kept: &Kept) -> Result<Reading, EntryError> {
        let at = Place::of_customer(place);
        let attributes = |reader: &Self| reader.attributes(&at, &customer.attributes);
        match &customer.by {
            By::Events(events) => attributes(self).and_then(|attributes| self.by_events(&at, events, attributes)),
            By::Features(features, population) => self.by_features(&at, features, *population, attributes(self)?),
            By::Kept => self.by_kept(&at, customer, kept),
        }
    }

    fn by_events(&mut self, at: &Place, events: &Listed<'_, MAX_EVENTS>, attributes: Attributes) -> Result<Reading, EntryError> {
        if events.count > MAX_EVENTS {
            return Err(at.error("too_many_events", "/events", &format!("must hold at most {MAX_EVENTS} events")));
        }
        self.begin();
        for (place, json) in events.kept.iter().enumerate() {
            let at = at.event(place);
            self.push(&at, &event(&at, json)?)?;
        }
        self.finish(at, attributes)
    }

    /// Forgets the events of the customer before.
    pub(super) fn begin(&mut self) {
        // A customer that could not be read to its end leaves events behind.
        if !self.tools.builder.is_empty() {
            self.tools.builder = HistoryBuilder::new();
        }
        self.counts = Counts::default();
    }

    /// Lays the customer aside whose events were taken in since [`begin`](Self::begin).
    #[cfg(feature = "arrow")]
    pub(super) fn suspend(&mut self) -> Begun {
        Begun { builder: std::mem::take(&mut self.tools.builder), counts: std::mem::take(&mut self.counts) }
    }

    /// Goes on with a customer instead of the one before.
    #[cfg(feature = "arrow")]
    pub(super) fn resume(&mut self, begun: Begun) {
        (self.tools.builder, self.counts) = (begun.builder, begun.counts);
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub(super) fn push(&mut self, at: &Place, event: &EventRequest<'_>) -> Result<(), EntryError> {
        let ts = self.when(at, "/ts", &event.ts, Place::text)?;
        self.push_times(at, ts, |reader| reader.when(at, "/known_at", &event.known_at, Place::word), event)
    }

    /// As [`push`](Self::push) of an event of which this is told of its times.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    #[cfg(feature = "arrow")]
    pub(super) fn push_at(&mut self, at: &Place, [ts, known_at]: &[When<'_>; 2], event: &EventRequest<'_>) -> Result<(), EntryError> {
        let read = |reader: &Self, when: &When<'_>, member| match when {
            When::Told(cell) => reader.when(at, member, cell, Place::word),
            When::At(instant) => Ok(*instant),
        };
        let ts = read(self, ts, "/ts")?;
        self.push_times(at, ts, |reader| read(reader, known_at, "/known_at"), event)
    }

    /// Takes an event in that was read before.
    pub(super) fn push_read(&mut self, event: RawEvent) {
        let is_known = event.ts < self.cutoff.at && event.known_at.is_none_or(|known_at| known_at <= self.cutoff.at);
        if is_known {
            self.tools.builder.push(event);
        } else {
            self.counts.ignored_events += 1;
        }
    }

    fn push_times(
        &mut self,
        at: &Place,
        ts: Option<Timestamp>,
        known_at: impl FnOnce(&Self) -> Result<Option<Timestamp>, EntryError>,
        event: &EventRequest<'_>,
    ) -> Result<(), EntryError> {
        let Some((ts, known_at)) = self.times(at, ts, known_at)? else {
            self.counts.ignored_events += 1;
            return Ok(());
        };
        let amount = at.number("/amount", &event.amount)?;
        let kind = self.bundle.kind_of(at.word("/kind", &event.kind)?, amount, ts).unwrap_or_else(|why| {
            match why {
                NoKind::Unknown => self.counts.unknown_kinds += 1,
                NoKind::NotGiven => self.counts.without_kind += 1,
            }
            Kind::Other
        });
        self.tools.builder.push(RawEvent {
            ts,
            known_at,
            kind,
            amount,
            quantity: at.number("/quantity", &event.quantity)?,
            order: at.token("/order_id", &event.order_id)?,
            line: at.token("/line_id", &event.line_id)?,
            channel: at.token("/channel", &event.channel)?,
            category: at.token("/category", &event.category)?,
        });
        Ok(())
    }

    /// The snapshot of the customer whose events were taken in since [`begin`](Self::begin).
    ///
    /// # Errors
    /// There was none that was known before the cutoff.
    pub(super) fn finish(&mut self, at: &Place, attributes: Attributes) -> Result<Reading, EntryError> {
        let Tools { kernel, builder, history } = &mut self.tools;
        builder.build_into(self.calendar, self.bundle.duplicates, history);
        let mut walk = kernel.follow(history);
        let snapshot = walk
            .whole_snapshot(self.cutoff, self.bundle.fact_settings(), attributes)
            .ok_or_else(|| at.error("nothing_known", "/events", "must hold an event that was known before `as_of`"))?;
        let spell = self.replay.of(&mut walk, &snapshot);
        let Counts { ignored_events, unknown_kinds, without_kind } = self.counts;
        Ok(Reading { snapshot, spell, ignored_events, unknown_kinds, without_kind, history_until: None })
    }

    /// When an event happened and became known; `None` when that was not before the cutoff, and then nothing else of it is read.
    fn times(
        &self,
        at: &Place,
        ts: Option<Timestamp>,
        known_at: impl FnOnce(&Self) -> Result<Option<Timestamp>, EntryError>,
    ) -> Result<Option<(Timestamp, Option<Timestamp>)>, EntryError> {
        let ts = ts.ok_or_else(|| at.error("missing_time", "/ts", "must be given"))?;
        if ts >= self.cutoff.at {
            return Ok(None);
        }
        if !ts.is_plausible() {
            return Err(at.error("implausible_time", "/ts", "must not lie before 1900"));
        }
        let known_at = known_at(self)?;
        Ok(known_at.is_none_or(|known_at| known_at <= self.cutoff.at).then_some((ts, known_at)))
    }

    /// The instant that `cell` tells as `text` reads it.
    fn when<'c>(
        &self,
        at: &Place,
        member: &str,
        cell: &'c Cell<'_>,
        text: impl Fn(&Place, &str, &'c Cell<'_>) -> Result<Option<&'c str>, EntryError>,
    ) -> Result<Option<Timestamp>, EntryError> {
        text(at, member, cell)?.map(|text| self.instant(at, member, text)).transpose()
    }

    fn instant(&self, at: &Place, member: &str, text: &str) -> Result<Timestamp, EntryError> {
        if let Some(instant) = instant::plain(text) {
            return Ok(instant);
        }
        // Many systems write the calendar's last day for "never". In UTC it may be later than an instant can be, so an earlier
        // day, which is as far from any cutoff, stands in.
        let read = self.calendar.parse(text).or_else(|_| self.calendar.parse(&text.replacen("9999-12-31", "9999-12-29", 1)));
        read.map_err(|_| at.error("unreadable_time", member, "must be RFC 3339 or a date"))
    }

    /// The snapshot of a customer that is given by its features.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub(super) fn by_features(
        &self,
        at: &Place,
        named: &Named<'_>,
        population: Option<Population>,
        attributes: Attributes,
    ) -> Result<Reading, EntryError> {
        let mut features = FeatureVector::missing();
        let mut seen = [false; FeatureVector::LEN];
        for (name, cell) in &named.entries {
            let Some(place) = schema::position(name) else {
                let (member, rule) = plain(name)
                    .map_or(("/features".to_owned(), "has an unknown feature"), |name| (format!("/features/{name}"), "is no feature"));
                return Err(at.error("unknown_feature", &member, &format!("{rule}; `/v1/models` lists them")));
            };
            let member = || format!("/features/{name}");
            if std::mem::replace(&mut seen[place], true) {
                return Err(at.error("repeated_feature", &member(), "is given twice"));
            }
            features.as_mut_slice()[place] = match cell {
                Cell::Null => f64::NAN,
                cell => cell.number().ok_or_else(|| at.error("wrong_type", &member(), "must be a number or null"))?,
            };
        }
        let population = match (population, self.population_of(&features)) {
            (Some(given), Some((told, by))) if given != told => {
                return Err(at.error("population_contradicts", "/population", &format!("must agree with `{by}`")));
            }
            (None, None) => {
                let rule = "must have `days_since_last_purchase`, or a `purchases_count` of 0, unless `population` is given";
                return Err(at.error("population_unclear", "/features", rule));
            }
            (Some(given), None) if given == Population::Prospect && features[Id::purchases_count] > 0.0 => {
                return Err(at.error("population_contradicts", "/population", "must agree with `purchases_count`"));
            }
            (Some(population), _) | (None, Some((population, _))) => population,
        };
        let snapshot = Snapshot { cutoff: self.cutoff, population, features, facts: None, signs: None, attributes };
        Ok(Reading { snapshot, spell: None, ignored_events: 0, unknown_kinds: 0, without_kind: 0, history_until: None })
    }

    /// The population that the features tell, and which of them does; `None` when none of them was given that could.
    fn population_of(&self, features: &FeatureVector) -> Option<(Population, &'static str)> {
        let days = features[Id::days_since_last_purchase];
        if days.is_nan() {
            return (features[Id::purchases_count] == 0.0).then_some((Population::Prospect, "purchases_count"));
        }
        let is_current = days <= f64::from(self.bundle.windows.active_days);
        Some((if is_current { Population::Current } else { Population::Lapsed }, "days_since_last_purchase"))
    }

    /// The attributes that a model knows, as it knows them; the others are left out, as it would not look at them.
    pub(super) fn attributes(&self, at: &Place, named: &Named<'_>) -> Result<Attributes, EntryError> {
        let mut attributes = Attributes::new();
        for (name, cell) in &named.entries {
            let specs = self.bundle.models().flat_map(|model| &model.inputs.attributes);
            let Some(spec) = specs.into_iter().find(|spec| spec.name == *name) else { continue };
            let member = format!("/attributes/{}", escape(name));
            let value = match (&spec.kind, cell) {
                (_, Cell::Null) => continue,
                (_, Cell::Text(text)) if text.trim().is_empty() => continue,
                (_, Cell::Text(text)) if text.len() > MAX_TEXT => return Err(at.too_long(&member)),
                (AttributeKind::Numeric, cell) => {
                    cell.number().map(Attribute::Number).ok_or_else(|| at.error("wrong_type", &member, "must be a number or null"))?
                }
                (AttributeKind::Days, cell) => {
                    let text = at.text(&member, cell)?.unwrap_or_default();
                    let time = self.calendar.parse(text);
                    time.map(|at| Attribute::Instant { at })
                        .map_err(|_| at.error("unreadable_time", &member, "must be RFC 3339 or a date"))?
                }
                (AttributeKind::Categorical { .. }, Cell::Text(text)) => Attribute::Text(text.clone().into_owned()),
                (AttributeKind::Categorical { .. }, Cell::Flag(flag)) => Attribute::Text(flag.to_string()),
                (AttributeKind::Categorical { .. }, _) => return Err(at.error("wrong_type", &member, "must be text or null")),
            };
            if attributes.insert(spec.name.clone(), value).is_some() {
                return Err(at.error("repeated_attribute", &member, "is given twice"));
            }
        }
        Ok(attributes)
    }
}

/// The members of one event, whatever they hold.
fn event<'a>(at: &Place, json: &'a RawValue) -> Result<EventRequest<'a>, EntryError> {
    let read = serde_json::from_str(json.get()).map(|Object(event)| event);
    read.map_err(|error: serde_json::Error| match (json.get().starts_with('{'), error.is_data()) {
        (false, _) => at.error("wrong_type", "", "an event must be an object"),
        (true, true) => at.error("repeated_member", "", "an event must not have a member twice"),
        (true, false) => at.error("unreadable_member", "", "an event must hold text and numbers that fit a double"),
    })
}
