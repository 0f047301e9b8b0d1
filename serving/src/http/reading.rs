//! From one customer of a request to a snapshot, or to that customer's error.

use lapwing_features::{
    Attribute, Attributes, Calendar, Cutoff, FeatureVector, HistoryBuilder, Id, Kernel, Kind, Population, RawEvent, Snapshot, Timestamp,
    Token, schema,
};
use lapwing_models::{AttributeKind, bundle::ModelBundle};

use super::body::escape;
use super::wire::{Cell, CustomerRequest, EntryError, EventRequest, Events, MAX_EVENTS, Named};

/// Numbers beyond this are taken for mistakes, as in files.
const LARGEST: f64 = 1e12;

/// What was read of a customer.
#[derive(Debug)]
pub(super) struct Reading {
    /// Ready to be scored.
    pub(super) snapshot: Snapshot,
    /// Events that were not known before the cutoff.
    pub(super) ignored_events: u64,
    /// Events of a kind that is not known.
    pub(super) unknown_kinds: u64,
}

/// Reads the customers of one request; keeps its buffers from one to the next.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bundle: &'a ModelBundle,
    calendar: &'a Calendar,
    cutoff: Cutoff,
    kernel: Kernel,
}

impl<'a> Reader<'a> {
    /// A reader for customers at `cutoff`.
    #[must_use]
    pub(super) fn new(bundle: &'a ModelBundle, calendar: &'a Calendar, cutoff: Cutoff) -> Self {
        Self { bundle, calendar, cutoff, kernel: Kernel::new(bundle.shape.clone()) }
    }

    /// Reads the customer that stands at `place` in the request.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub(super) fn read(&mut self, place: usize, customer: &CustomerRequest) -> Result<Reading, EntryError> {
        let at = Place(format!("/customers/{place}"));
        if customer.customer_id.name().is_none_or(|id| id.trim().is_empty()) {
            return Err(at.error("empty_id", "/customer_id", "must not be empty"));
        }
        let attributes = customer.attributes.as_ref().map_or(Ok(Attributes::new()), |named| self.attributes(&at, named))?;
        match (&customer.events, &customer.features) {
            (Some(events), _) => self.by_events(&at, events, attributes),
            (None, Some(features)) => self.by_features(&at, features, customer.population, attributes),
            (None, None) => Err(at.error("nothing_given", "", "must have either `events` or `features`")),
        }
    }

    fn by_events(&mut self, at: &Place, events: &Events, attributes: Attributes) -> Result<Reading, EntryError> {
        if events.kept.len() >= MAX_EVENTS && events.count > MAX_EVENTS {
            return Err(at.error("too_many_events", "/events", &format!("must hold at most {MAX_EVENTS} events")));
        }
        let mut history = HistoryBuilder::new();
        let (mut ignored_events, mut unknown_kinds) = (0, 0);
        for (place, event) in events.kept.iter().enumerate() {
            let at = Place(format!("{}/events/{place}", at.0));
            let Some((ts, known_at)) = self.times(&at, event)? else {
                ignored_events += 1;
                continue;
            };
            let amount = at.number("/amount", &event.amount)?;
            let kind = match at.text("/kind", &event.kind)? {
                None => self.bundle.kind_of(amount),
                Some(name) => name.parse().unwrap_or_else(|_| {
                    unknown_kinds += 1;
                    Kind::Other
                }),
            };
            history.push(RawEvent {
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
        }
        let history = history.build(self.calendar, self.bundle.duplicates);
        let snapshot = Snapshot::take(&mut self.kernel, &history, self.cutoff, self.bundle.fact_settings(), attributes)
            .ok_or_else(|| at.error("nothing_known", "/events", "must hold an event that was known before `as_of`"))?;
        Ok(Reading { snapshot, ignored_events, unknown_kinds })
    }

    /// When an event happened and became known; `None` when that was not before the cutoff, and then nothing else of it is read.
    fn times(&self, at: &Place, event: &EventRequest) -> Result<Option<(Timestamp, Option<Timestamp>)>, EntryError> {
        let ts = self.time(at, "/ts", &event.ts)?.ok_or_else(|| at.error("missing_time", "/ts", "must be given"))?;
        if !ts.is_plausible() {
            return Err(at.error("implausible_time", "/ts", "must lie between 1900 and 2200"));
        }
        if ts >= self.cutoff.at {
            return Ok(None);
        }
        let known_at = self.time(at, "/known_at", &event.known_at)?;
        Ok(known_at.is_none_or(|known_at| known_at <= self.cutoff.at).then_some((ts, known_at)))
    }

    fn time(&self, at: &Place, member: &str, cell: &Cell) -> Result<Option<Timestamp>, EntryError> {
        let Some(text) = at.text(member, cell)? else { return Ok(None) };
        self.calendar.parse(text).map(Some).map_err(|_| at.error("unreadable_time", member, "must be RFC 3339 or a date"))
    }

    fn by_features(
        &self,
        at: &Place,
        named: &Named,
        population: Option<Population>,
        attributes: Attributes,
    ) -> Result<Reading, EntryError> {
        let mut features = FeatureVector::missing();
        let mut seen = [false; FeatureVector::LEN];
        for (name, cell) in &named.entries {
            let member = format!("/features/{}", escape(name));
            let Some(place) = schema::position(name) else {
                return Err(at.error("unknown_feature", &member, "is no feature; `/v1/models` gives the fingerprint of the table"));
            };
            if std::mem::replace(&mut seen[place], true) {
                return Err(at.error("repeated_feature", &member, "must stand there once"));
            }
            features.as_mut_slice()[place] = match cell {
                Cell::Null => f64::NAN,
                cell => cell.number().ok_or_else(|| at.error("wrong_type", &member, "must be a number or null"))?,
            };
        }
        let told = self.population_of(&features);
        let population = match (population, told) {
            (Some(given), Some(told)) if given != told => {
                return Err(at.error("population_contradicts", "/population", "must agree with `days_since_last_purchase`"));
            }
            (given, told) => given.or(told).ok_or_else(|| {
                at.error("population_unclear", "/features", "must have `days_since_last_purchase`, unless `population` is given")
            })?,
        };
        let snapshot = Snapshot { cutoff: self.cutoff, population, features, facts: None, attributes };
        Ok(Reading { snapshot, ignored_events: 0, unknown_kinds: 0 })
    }

    /// The population that the features tell; `None` when they count purchases and do not say when the last one was.
    fn population_of(&self, features: &FeatureVector) -> Option<Population> {
        let (days, count) = (features[Id::days_since_last_purchase], features[Id::purchases_count]);
        if days <= f64::from(self.bundle.windows.active_days) {
            Some(Population::Current)
        } else if !days.is_nan() {
            Some(Population::Lapsed)
        } else {
            (count.is_nan() || count == 0.0).then_some(Population::Prospect)
        }
    }

    /// The attributes that a model knows, as it knows them; the others are left out, as it would not look at them.
    fn attributes(&self, at: &Place, named: &Named) -> Result<Attributes, EntryError> {
        let mut attributes = Attributes::new();
        for (name, cell) in &named.entries {
            let specs = [&self.bundle.churn, &self.bundle.reactivation].into_iter().flat_map(|model| &model.inputs.attributes);
            let Some(spec) = specs.into_iter().find(|spec| &spec.name == name) else { continue };
            let member = format!("/attributes/{}", escape(name));
            let value = match (&spec.kind, cell) {
                (_, Cell::Null) => continue,
                (_, Cell::Text(text)) if text.trim().is_empty() => continue,
                (AttributeKind::Numeric, cell) => {
                    cell.number().map(Attribute::Number).ok_or_else(|| at.error("wrong_type", &member, "must be a number or null"))?
                }
                (AttributeKind::Days, cell) => {
                    let time = self.time(at, &member, cell)?;
                    time.map(|time| Attribute::Instant { at: time }).ok_or_else(|| at.error("wrong_type", &member, "must be a date"))?
                }
                (AttributeKind::Categorical { .. }, Cell::Text(text)) => Attribute::Text(text.clone()),
                (AttributeKind::Categorical { .. }, Cell::Flag(flag)) => Attribute::Text(flag.to_string()),
                (AttributeKind::Categorical { .. }, _) => return Err(at.error("wrong_type", &member, "must be text or null")),
            };
            if attributes.insert(name.clone(), value).is_some() {
                return Err(at.error("repeated_attribute", &member, "must stand there once"));
            }
        }
        Ok(attributes)
    }
}

/// Where in the request something stands, as a JSON Pointer.
struct Place(String);

impl Place {
    fn error(&self, code: &'static str, member: &str, rule: &str) -> EntryError {
        let name = member.rsplit('/').next().unwrap_or_default();
        let detail = if name.is_empty() { rule.to_owned() } else { format!("`{name}` {rule}") };
        EntryError { code, detail, pointer: format!("{}{member}", self.0) }
    }

    fn number(&self, member: &str, cell: &Cell) -> Result<Option<f64>, EntryError> {
        if *cell == Cell::Null {
            return Ok(None);
        }
        let number = cell.number().ok_or_else(|| self.error("wrong_type", member, "must be a number or null"))?;
        if number.is_finite() && number.abs() <= LARGEST {
            // Rids zero of its sign, as files do.
            Ok(Some(number + 0.0))
        } else {
            Err(self.error("number_out_of_range", member, "must lie between -1e12 and 1e12"))
        }
    }

    fn text<'a>(&self, member: &str, cell: &'a Cell) -> Result<Option<&'a str>, EntryError> {
        match cell {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            _ => Err(self.error("wrong_type", member, "must be text or null")),
        }
    }

    fn token(&self, member: &str, cell: &Cell) -> Result<Token, EntryError> {
        match cell {
            Cell::Null => Ok(Token::NONE),
            cell => cell
                .name()
                .map(|name| Token::of_option(Some(name.as_str()).filter(|name| !name.trim().is_empty())))
                .ok_or_else(|| self.error("wrong_type", member, "must be text, a whole number or null")),
        }
    }
}
