//! What a scoring run cannot do, and what it does with a warning: the input against what the bundle was fitted with.

use std::collections::BTreeSet;
use std::path::Path;

use lapwing_features::Attributes;
use lapwing_features::engine::{self, Dataset};
use lapwing_features::{Attribute, Kind, Timestamp};
use lapwing_models::bundle::ModelBundle;
use lapwing_models::{AttributeKind, AttributeSpec, ValueReport};

use crate::error::ServeError;
use crate::settings::{FitKeys, Score};

/// So many quiet days before as-of are worth a word.
const QUIET_DAYS: f64 = 7.0;

/// Data that begin so many days later than those of the fit are worth a word.
const LATER_DAYS: f64 = 30.0;

/// The attributes of the bundle's fitted models.
fn specs(bundle: &ModelBundle) -> impl Iterator<Item = &AttributeSpec> {
    let models = bundle.models().filter(|model| model.basis.why().is_none());
    models.flat_map(|model| &model.inputs.attributes)
}

/// The names of the attributes that the bundle's models weigh.
fn wanted(bundle: &ModelBundle) -> BTreeSet<&str> {
    specs(bundle).map(|spec| spec.name.as_str()).collect()
}

/// Refuses to score without the attributes that the models weigh.
///
/// # Errors
/// [`ServeError::NoCustomers`] without a table, [`ServeError::NoAttribute`] when it lacks a column.
pub(super) fn check_attributes(settings: &Score, bundle: &ModelBundle) -> Result<(), ServeError> {
    let wanted = wanted(bundle);
    let Some(first) = wanted.first() else { return Ok(()) };
    let Some((path, _)) = &settings.customers else { return Err(ServeError::NoCustomers((*first).to_owned())) };
    let columns = engine::column_names(Path::new(path))?;
    match wanted.iter().find(|name| !columns.iter().any(|column| column == *name)) {
        None => Ok(()),
        Some(name) => Err(ServeError::NoAttribute { path: path.clone(), name: (*name).to_owned() }),
    }
}

/// Refuses to score when a column has become one of another type, as the models would take its values for missing.
///
/// # Errors
/// [`ServeError::AttributeType`].
pub(super) fn check_types(bundle: &ModelBundle, dataset: &Dataset) -> Result<(), ServeError> {
    for AttributeSpec { name, kind } in specs(bundle) {
        let fits = |value: &Attribute| match kind {
            AttributeKind::Numeric => matches!(value, Attribute::Number(_)),
            AttributeKind::Days => matches!(value, Attribute::Instant { .. }),
            AttributeKind::Categorical { .. } => matches!(value, Attribute::Text(_)),
        };
        let values = || dataset.all_attributes().filter_map(|attributes| attributes.get(name));
        let count = values().filter(|value| !fits(value)).count();
        if count > 0 && count == values().count() {
            let expected = match kind {
                AttributeKind::Numeric => "numbers",
                AttributeKind::Days => "dates",
                AttributeKind::Categorical { .. } => "texts",
            };
            return Err(ServeError::AttributeType { name: name.clone(), expected, count });
        }
    }
    Ok(())
}

/// What to be wary of, a sentence each.
pub(super) fn of(settings: &Score, bundle: &ModelBundle, dataset: &Dataset, as_of: Timestamp) -> Vec<String> {
    let mut warnings = other_fit(&settings.fit_keys, bundle);
    warnings.extend(crate::commands::without_skill(bundle));
    if let Some(last) = dataset.last_event
        && as_of.days_since(last) >= QUIET_DAYS
    {
        let quiet = as_of.days_since(last);
        warnings.push(format!("the last event is at {last}, {quiet:.0} days before as-of: is a delivery missing?"));
    }
    warnings.extend(shorter(bundle, dataset));
    warnings.extend(bundle.value_report.iter().flat_map(ValueReport::lacks));
    let wanted = wanted(bundle);
    let with = |attributes: &&Attributes| wanted.iter().any(|name| attributes.contains_key(*name));
    let all = dataset.len();
    let count = all - dataset.all_attributes().filter(with).count();
    if count > 0 && !wanted.is_empty() {
        warnings.push(format!("{count} of {all} customers have none of the attributes that the model weighs: they are scored without"));
    }
    warnings
}

/// Whether the data begin later than those of the fit.
fn shorter(bundle: &ModelBundle, dataset: &Dataset) -> Option<String> {
    let (fitted, given) = (&bundle.shape, &dataset.shape);
    let begins =
        [("event", fitted.since(), given.since()), ("purchase", fitted.since_kind(Kind::Purchase), given.since_kind(Kind::Purchase))];
    begins.into_iter().find_map(|(what, fitted, given)| {
        let (fitted, given) = (fitted?, given?);
        let days = given.days_since(fitted);
        (days > LATER_DAYS).then(|| {
            format!(
                "the first {what} is at {given}, {days:.0} days later than in the data of the fit: is the export shorter? \
                 features count nothing where it holds nothing"
            )
        })
    })
}

/// Where the config file and the bundle differ; the bundle's are taken.
fn other_fit(keys: &FitKeys, bundle: &ModelBundle) -> Vec<String> {
    let windows = bundle.windows;
    let days = [
        ("horizon_days", keys.horizon_days, windows.horizon_days),
        ("active_days", keys.active_days, windows.active_days),
        ("gap_days", keys.gap_days, windows.gap_days),
    ];
    let days = days.into_iter().map(|(name, asked, fitted)| (name, asked.map(|days| days.to_string()), fitted.to_string()));
    let all = days.chain([("timezone", keys.timezone.clone(), bundle.timezone.clone())]);
    all.filter_map(|(name, asked, fitted)| {
        let asked = asked.filter(|asked| *asked != fitted)?;
        Some(format!("`{name}` is {asked} in the config file, and the bundle was fitted with {fitted}, which is taken"))
    })
    .collect()
}
