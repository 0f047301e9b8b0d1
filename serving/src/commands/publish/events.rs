//! From events to what became of customers: what they bought, and when we reached out to them.

use std::collections::{BTreeMap, HashMap};

use lapwing_features::engine::{self, Customer, Dataset, EngineError, Part};
use lapwing_features::{Cutoff, Event, Kind, Timestamp};
use lapwing_models::bundle::ModelBundle;

use crate::commands::as_fitted;
use crate::error::ServeError;
use crate::settings::ToldBy;
use crate::store::{Happened, Happening};

/// The events before `now`; as a batch of the bundle reads them, where there is one.
pub(super) fn read(told: &ToldBy, bundle: Option<&ModelBundle>, now: Timestamp) -> Result<Dataset, ServeError> {
    let zone = |source| ServeError::Time { setting: "the bundle's time zone", source };
    let calendar = bundle.map(ModelBundle::calendar).transpose().map_err(zone)?;
    let config = bundle.map(|bundle| as_fitted(bundle, &told.reading));
    Ok(engine::read(&engine::Request {
        events: &told.paths,
        config: config.as_ref().unwrap_or(&told.reading),
        customers: None,
        calendar: calendar.as_ref().unwrap_or(&told.calendar),
        until: Some(now),
        resources: &told.resources,
        progress: &|_| (),
    })?)
}

/// What events tell of these customers, of each from an instant on and before the cutoff, in no order.
pub(super) fn of_awaited(dataset: &Dataset, awaited: &HashMap<String, Timestamp>, cutoff: Cutoff) -> Result<Vec<Happened>, ServeError> {
    let mut all = Vec::new();
    let work = |part: Part<'_>| {
        let mut found = Vec::new();
        part.each(|customer| {
            if let Some(since) = awaited.get(customer.id) {
                found.extend(of(customer, *since, cutoff));
            }
        })?;
        Ok::<_, EngineError>(found)
    };
    dataset.sweep(work, |found| {
        all.extend(found);
        Ok::<_, EngineError>(())
    })?;
    Ok(all)
}

fn of(customer: Customer<'_>, since: Timestamp, cutoff: Cutoff) -> Vec<Happened> {
    // The lines of an order are one purchase, at the time of the first; so are orders of one instant.
    let mut orders: HashMap<u32, Timestamp> = HashMap::new();
    let mut bought: BTreeMap<Timestamp, Option<f64>> = BTreeMap::new();
    let mut contacts = Vec::new();
    for Event { ts, kind, amount, order, .. } in customer.history.observe(cutoff).events().copied() {
        match kind {
            Kind::Purchase => {
                let at = if order == Event::NO_ORDER { ts } else { *orders.entry(order).or_insert(ts) };
                let amount = Some(amount).filter(|amount| !amount.is_nan());
                bought.entry(at).and_modify(|sum| *sum = sum.zip(amount).map(|(sum, amount)| sum + amount)).or_insert(amount);
            }
            Kind::MessageSent if ts >= since => contacts.push((ts, Happening::Contact)),
            _ => {}
        }
    }
    let purchases = bought.into_iter().filter(|(at, _)| *at >= since).map(|(at, amount)| (at, Happening::Purchase(amount)));
    let happened = |(at, what)| Happened { customer_id: customer.id.to_owned(), at, what };
    contacts.into_iter().chain(purchases).map(happened).collect()
}
