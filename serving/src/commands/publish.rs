//! `publish`: a scores file into the store, where it takes the place of the one before and opens alerts.

use serde::Serialize;
use sha2::{Digest, Sha256};

use lapwing_features::engine::{EngineError, each_parquet_batch, sha256_of};
use lapwing_features::{Timestamp, parted};
use lapwing_models::bundle::ModelBundle;

use crate::clock;
use crate::error::ServeError;
use crate::guard::key::hex;
use crate::settings::{Publish, Source};
use crate::store::{Loading, Outcome, Run, RunHead, Sealer, Store, StoreError};
use crate::talk;
use rows::{Rows, wanted};

mod events;
mod histories;
mod rows;

/// Customers that are loaded with one transaction.
const AT_ONCE: usize = 20_000;

/// Days after which scores are old: whoever scores nightly misses a week by then.
const OLD_DAYS: f64 = 7.0;

/// Of the digest, in the default name of a run.
const DIGITS: usize = 12;

/// What `publish --json` prints.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    store: String,
    #[serde(flatten)]
    outcome: &'a Outcome,
    warnings: &'a [String],
}

/// Why reading stopped early.
enum Stop {
    /// What was to be found is.
    Found(Box<RunHead>),
    /// It cannot go on.
    Failed(ServeError),
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Failed(error.into())
    }
}

/// Runs `publish`.
///
/// # Errors
/// [`ServeError::Store`] when the scores or the store do not allow it, [`ServeError::Engine`] when scores or events cannot be read,
/// [`ServeError::Bundle`] or [`ServeError::Registry`] when the bundle that says how cannot; then the run before is read on.
pub fn run(settings: &Publish) -> Result<(), ServeError> {
    let sealer = settings.place.sealer()?;
    let head = head(settings)?;
    let now = settings.at.unwrap_or_else(clock::now);
    let (outcome, before) = publish(settings, &head, sealer.as_ref(), now)?;
    let Outcome { run_id, as_of, already, .. } = &outcome;
    let [customers, forgotten, histories] = [outcome.customers, outcome.forgotten, outcome.histories].map(parted);
    let [opened, drawn, contacted] = [outcome.opened, outcome.drawn, outcome.contacted].map(parted);
    let [bought, cleared] = [outcome.bought, outcome.cleared].map(parted);
    let beside = before.as_ref().and_then(|before| beside(before, &outcome, now));
    let warnings: Vec<String> = [old(head.as_of, now), beside, undrawn(&outcome)].into_iter().flatten().collect();
    if *already {
        talk::say(&format!("run `{run_id}` is published already: nothing to do"));
    } else {
        talk::say(&format!("run `{run_id}`: {customers} customers as of {as_of} are read from `{}` from now on", settings.place.url));
        talk::say(&format!("alerts: {opened} opened, {bought} ended by a purchase, {cleared} as the risk cleared"));
        if outcome.drawn > 0 {
            talk::say(&format!("{drawn} alerts that were open before have a lot from now on: `held_out` says whom to leave alone"));
        }
        if settings.histories.is_some() {
            talk::say(&format!("the histories of {histories} customers are kept: `/v1/score` takes their ids alone"));
        }
        if settings.events.is_some() {
            talk::say(&format!("the events tell of contact with the customers of {contacted} alerts"));
        }
    }
    if outcome.forgotten > 0 {
        talk::say(&format!("{forgotten} customers are left out: they were to be forgotten"));
    }
    for warning in &warnings {
        talk::say(&format!("warning: {warning}"));
    }
    let printed = Printed { store: settings.place.url.to_string(), outcome: &outcome, warnings: &warnings };
    if settings.json { talk::result(&printed) } else { Ok(()) }
}

/// That scores are old when they are published.
fn old(as_of: Timestamp, now: Timestamp) -> Option<String> {
    let days = now.days_since(as_of);
    let text = || format!("the scores are as of {as_of}, {days:.0} days before this publication: is this the file that was meant?");
    (days > OLD_DAYS).then(text)
}

/// That alerts are open without a lot.
fn undrawn(outcome: &Outcome) -> Option<String> {
    let text = || {
        format!(
            "{} open alerts have no lot, since the scores have another campaign for their customers, or none: before contact, ask \
             `GET /v1/campaigns/CAMPAIGN/assignment?customer_id=ID` of each, and leave alone who is held out",
            parted(outcome.without_lot)
        )
    };
    (outcome.without_lot > 0 && !outcome.already).then(text)
}

/// That another run is read still, or was published after the time that this publication is said to take place at.
fn beside(before: &Run, outcome: &Outcome, now: Timestamp) -> Option<String> {
    let Run { run_id, as_of, published_at, .. } = before;
    if *run_id == outcome.run_id {
        return None;
    }
    if outcome.already {
        return Some(format!("run `{run_id}`, as of {as_of}, stays the one that is read"));
    }
    let text = || {
        format!(
            "this publication is of {now}, and took the place of run `{run_id}`, which was published at {published_at}: is `--at` right?"
        )
    };
    (*published_at > now).then(text)
}

/// What was done, and the run that was read before.
fn publish(settings: &Publish, head: &RunHead, sealer: Option<&Sealer>, now: Timestamp) -> Result<(Outcome, Option<Run>), ServeError> {
    let bundle = settings.histories.as_ref().map(Source::load).transpose()?;
    let store = settings.place.open()?;
    // What else is sealed goes with a key that is taken out once no run is under it.
    sealer.map_or(Ok(0), |sealer| store.reseal_receivers(sealer))?;
    let before = store.in_office()?;
    let mut loading = match store.load(head.clone(), now)? {
        Ok(loading) => loading,
        Err(outcome) => return Ok((outcome, before)),
    };
    tracing::info!(run_id = head.run_id, "loading");
    let rows = Rows { head, personal: &settings.personal, sealer };
    let loaded = load(settings, &rows, &mut loading).and_then(|()| hear(settings, (bundle.as_ref(), sealer), &store, &mut loading, now));
    if let Err(error) = loaded {
        loading.give_up()?;
        return Err(error);
    }
    tracing::info!("publishing");
    Ok((loading.publish(now, &settings.place.alerts, settings.keep)?, before))
}

/// Adds what events tell of those who are waited for, where there are some of both; with a bundle, also what everybody did.
fn hear(
    settings: &Publish,
    (bundle, sealer): (Option<&ModelBundle>, Option<&Sealer>),
    store: &Store,
    loading: &mut Loading<'_>,
    now: Timestamp,
) -> Result<(), ServeError> {
    let Some(told) = &settings.events else { return Ok(()) };
    let awaited = store.awaited()?;
    if awaited.is_empty() && bundle.is_none() {
        return Ok(());
    }
    tracing::info!(awaited = awaited.len(), "reading events");
    let dataset = events::read(told, bundle, now)?;
    if bundle.is_some() {
        tracing::info!(customers = dataset.len(), "keeping histories");
        histories::keep(&dataset, loading, sealer, now)?;
    }
    if !awaited.is_empty() {
        loading.hear(events::of_awaited(&dataset, &awaited, told.calendar.cutoff(now))?);
    }
    Ok(())
}

fn load(settings: &Publish, rows: &Rows<'_>, loading: &mut Loading<'_>) -> Result<(), ServeError> {
    let shown = settings.scores.display().to_string();
    each_parquet_batch(&settings.scores, AT_ONCE, wanted, |batch| {
        let rows = rows.of(batch).map_err(|why| match why {
            rows::Wrong::Scores(why) => StoreError::Scores { file: shown.clone(), why },
            rows::Wrong::Store(error) => error,
        });
        Ok(loading.add(rows?)?)
    })
}

/// What the first row says of the run.
fn head(settings: &Publish) -> Result<RunHead, ServeError> {
    let wrong = |why: &str| StoreError::Scores { file: settings.scores.display().to_string(), why: why.to_owned() };
    if settings.scores.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        return Err(wrong("it is CSV, and only Parquet is taken, which has the type of each column").into());
    }
    let mut digest = sha256_of(&settings.scores)?;
    // With other attributes sealed it is another run, and so it is with histories.
    let others = settings.personal.iter().map(String::as_str).chain(settings.histories.is_some().then_some("\0histories"));
    for name in others {
        digest = hex(&Sha256::digest([digest.as_bytes(), b"\0", name.as_bytes()].concat()));
    }
    let asked = each_parquet_batch(
        &settings.scores,
        1,
        |name| rows::HEAD.contains(&name),
        |batch| {
            let found = rows::head(&batch, &digest).ok_or_else(|| wrong("it lacks `as_of`, `model_version` or `horizon_days`"));
            Err(found.map_or_else(|error| Stop::Failed(error.into()), |head| Stop::Found(Box::new(head))))
        },
    );
    match asked {
        Ok(()) => Err(wrong("it holds no customer").into()),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Found(mut head)) => {
            let short = digest.get(..DIGITS).unwrap_or_default();
            let day = head.as_of.to_string().chars().take(10).collect::<String>();
            head.run_id = settings.run_id.clone().unwrap_or_else(|| format!("{day}-{short}"));
            Ok(*head)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_more_than_a_week_before_are_old() {
        let as_of = Timestamp(1_577_836_800_000_000);
        for (days, expected) in [(-1, false), (0, false), (7, false), (8, true), (5_000, true)] {
            let warning = old(as_of, as_of.plus_days(days));
            assert_eq!(warning.is_some(), expected, "{days}");
            assert!(warning.is_none_or(|warning| warning.contains(&format!("{days} days before"))));
        }
    }
    #[test]
    fn a_run_that_is_read_still_or_was_published_later_is_named() {
        let (early, late) = (Timestamp(1_577_836_800_000_000), Timestamp(1_577_836_800_000_000).plus_days(1));
        let run = |name: &str| Run {
            run_id: name.to_owned(),
            as_of: early,
            published_at: late,
            model_version: "m".to_owned(),
            horizon_days: 90,
            customers: 1,
        };
        for (before, already, now, expected) in [
            ("this", true, late, None),
            ("this", false, early, None),
            ("other", false, late, None),
            ("other", true, late, Some("run `other`, as of 2020-01-01T00:00:00Z, stays")),
            ("other", false, early, Some("took the place of run `other`, which was published at 2020-01-02")),
        ] {
            let outcome = Outcome { run_id: "this".to_owned(), already, ..Outcome::default() };
            let told = beside(&run(before), &outcome, now);
            assert_eq!(told.is_some(), expected.is_some(), "{before} {already}");
            assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()));
        }
    }

    #[test]
    fn open_alerts_without_a_lot_are_warned_of_once() {
        let of = |without_lot, already| undrawn(&Outcome { without_lot, already, ..Outcome::default() });
        assert!(of(2, false).is_some_and(|warning| warning.starts_with("2 open alerts have no lot")));
        assert_eq!((of(0, false), of(2, true)), (None, None));
    }
}
