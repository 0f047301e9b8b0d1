//! From TOML to a playbook that holds together. Nothing here opens a file.

use std::collections::HashSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::error::PlaybookError;
use super::{Action, Audience, Campaign, HOLD_OUT_SHARE, MOST_ACTIONS, MOST_HOURS, Playbook, cells};
use crate::lifecycle::{RiskBand, Segment, Stage, ValueTier};

/// Longest code.
const MOST_CODE: usize = 64;
/// Longest text.
const MOST_TEXT: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlaybook {
    #[serde(default)]
    campaign: Vec<Spanned<RawCampaign>>,
    #[serde(default)]
    action: Vec<Spanned<RawAction>>,
}

type Names = Option<Vec<Spanned<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCampaign {
    code: Spanned<String>,
    name: Spanned<String>,
    segments: Spanned<Vec<Spanned<String>>>,
    risk_bands: Names,
    stages: Names,
    value_tiers: Names,
    channel: Spanned<String>,
    within_hours: Spanned<i64>,
    contact_cost: Spanned<f64>,
    hold_out_share: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAction {
    code: Spanned<String>,
    campaign: Option<Spanned<String>>,
    text: Spanned<String>,
    risk_bands: Names,
    stages: Names,
    value_tiers: Names,
    channel: Option<Spanned<String>>,
    within_hours: Option<Spanned<i64>>,
    contact_cost: Option<Spanned<f64>>,
}

/// The text that is read, to say where something is wrong.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn error(&self, span: &Range<usize>, problem: impl Into<String>, hint: impl Into<String>) -> PlaybookError {
        let before = self.text.as_bytes().iter().take(span.start);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        PlaybookError { file: self.file.to_owned(), line, problem: problem.into(), hint: hint.into() }
    }

    /// The values that these names stand for; each once.
    fn named<T: Copy>(
        &self,
        what: &str,
        names: &[Spanned<String>],
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Result<Vec<T>, PlaybookError> {
        let mut seen = HashSet::new();
        let value = |given: &Spanned<String>| {
            let known = || all.iter().map(|value| format!("`{}`", name(*value))).collect::<Vec<_>>().join(", ");
            let found = all.iter().find(|value| name(**value) == given.get_ref());
            let found = found.ok_or_else(|| {
                let problem = format!("there is no {what} `{}`", given.get_ref());
                self.error(&given.span(), problem, format!("write one of {}", known()))
            })?;
            if !seen.insert(given.get_ref().clone()) {
                let problem = format!("the {what} `{}` is named twice", given.get_ref());
                return Err(self.error(&given.span(), problem, "name it once"));
            }
            Ok(*found)
        };
        names.iter().map(value).collect()
    }

    /// As [`named`](Self::named), where nothing given is everything and an empty list is nobody.
    fn some<T: Copy>(
        &self,
        what: &str,
        names: &Names,
        all: &[T],
        name: fn(T) -> &'static str,
        at: &Range<usize>,
    ) -> Result<Option<Vec<T>>, PlaybookError> {
        match names {
            Some(names) if names.is_empty() => {
                Err(self.error(at, format!("an empty list of {what}s is nobody"), "leave the key out for all of them"))
            }
            Some(names) => self.named(what, names, all, name).map(Some),
            None => Ok(None),
        }
    }

    /// A code of small letters, digits, `_` and `-`.
    fn code(&self, code: &Spanned<String>) -> Result<String, PlaybookError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        let text = code.get_ref();
        if text.is_empty() || text.len() > MOST_CODE || !text.bytes().all(is_plain) {
            let problem = format!("`{text}` is no code");
            return Err(self.error(&code.span(), problem, format!("write 1 to {MOST_CODE} small letters, digits, `_` and `-`")));
        }
        Ok(text.clone())
    }

    /// A text for people.
    fn text(&self, what: &str, text: &Spanned<String>) -> Result<String, PlaybookError> {
        let words = text.get_ref().trim();
        if words.is_empty() || words.chars().count() > MOST_TEXT || words.chars().any(char::is_control) {
            let problem = format!("`{what}` is empty, too long or more than one line");
            return Err(self.error(&text.span(), problem, format!("write one line of at most {MOST_TEXT} characters")));
        }
        Ok(words.to_owned())
    }

    fn hours(&self, hours: &Spanned<i64>) -> Result<u32, PlaybookError> {
        let given = *hours.get_ref();
        let checked = u32::try_from(given).ok().filter(|hours| (1..=MOST_HOURS).contains(hours));
        checked.ok_or_else(|| {
            let hint = format!("write a whole number from 1 to {MOST_HOURS}");
            self.error(&hours.span(), format!("`within_hours` is {given}"), hint)
        })
    }

    fn cost(&self, cost: &Spanned<f64>) -> Result<f64, PlaybookError> {
        let given = *cost.get_ref();
        if given.is_finite() && given >= 0.0 {
            return Ok(given + 0.0);
        }
        let hint = "write what reaching one customer costs: 0 or more, in the currency of the amounts";
        Err(self.error(&cost.span(), format!("`contact_cost` is {given}"), hint))
    }

    fn share(&self, share: Option<&Spanned<f64>>) -> Result<f64, PlaybookError> {
        let Some(share) = share else { return Ok(HOLD_OUT_SHARE) };
        let given = *share.get_ref();
        if (0.0..=1.0).contains(&given) {
            return Ok(given + 0.0);
        }
        Err(self.error(&share.span(), format!("`hold_out_share` is {given}"), "write a share from 0 to 1, as in 0.1 for a tenth"))
    }

    fn campaign(&self, raw: &Spanned<RawCampaign>) -> Result<Campaign, PlaybookError> {
        let (at, raw) = (raw.span(), raw.get_ref());
        let segments = self.named("segment", raw.segments.get_ref(), Segment::ALL, Segment::name)?;
        if segments.is_empty() {
            let hint = "name at least one of the eight segments; who is in none never bought";
            return Err(self.error(&raw.segments.span(), "`segments` is empty", hint));
        }
        Ok(Campaign {
            code: self.code(&raw.code)?,
            name: self.text("name", &raw.name)?,
            audience: Audience {
                segments,
                risk_bands: self.some("risk band", &raw.risk_bands, RiskBand::ALL, RiskBand::name, &at)?,
                stages: self.some("stage", &raw.stages, Stage::ALL, Stage::name, &at)?,
                value_tiers: self.some("value tier", &raw.value_tiers, ValueTier::ALL, ValueTier::name, &at)?,
            },
            channel: self.text("channel", &raw.channel)?,
            within_hours: self.hours(&raw.within_hours)?,
            contact_cost: self.cost(&raw.contact_cost)?,
            hold_out_share: self.share(raw.hold_out_share.as_ref())?,
        })
    }

    /// The place of an action's campaign.
    fn campaign_of(&self, raw: &Spanned<RawAction>, campaigns: &[Campaign]) -> Result<usize, PlaybookError> {
        let known = || campaigns.iter().map(|campaign| format!("`{}`", campaign.code)).collect::<Vec<_>>().join(", ");
        let code = raw.get_ref().code.get_ref();
        let Some(named) = &raw.get_ref().campaign else {
            let problem = format!("the action `{code}` is of no campaign");
            return Err(self.error(&raw.span(), problem, format!("add `campaign`, which is one of {}", known())));
        };
        campaigns.iter().position(|campaign| campaign.code == *named.get_ref()).ok_or_else(|| {
            let problem = format!("the action `{code}` is of the campaign `{}`, which there is not", named.get_ref());
            self.error(&named.span(), problem, format!("write one of {}, or add that campaign", known()))
        })
    }

    fn action(&self, raw: &Spanned<RawAction>, campaign: &Campaign) -> Result<Action, PlaybookError> {
        let (at, raw) = (raw.span(), raw.get_ref());
        let own = Audience {
            segments: campaign.audience.segments.clone(),
            risk_bands: self.some("risk band", &raw.risk_bands, RiskBand::ALL, RiskBand::name, &at)?,
            stages: self.some("stage", &raw.stages, Stage::ALL, Stage::name, &at)?,
            value_tiers: self.some("value tier", &raw.value_tiers, ValueTier::ALL, ValueTier::name, &at)?,
        };
        let code = self.code(&raw.code)?;
        let of = &campaign.audience;
        let audience = Audience {
            segments: own.segments.clone(),
            risk_bands: both(own.risk_bands.clone(), of.risk_bands.as_ref()),
            stages: both(own.stages.clone(), of.stages.as_ref()),
            value_tiers: both(own.value_tiers.clone(), of.value_tiers.as_ref()),
        };
        if !cells().any(|facts| audience.meets(facts)) {
            let problem = format!("the action `{code}` is for nobody: its campaign `{}` leaves out all whom it is for", campaign.code);
            return Err(self.error(&at, problem, "let both name a band, a stage and a tier in common, or leave the key out"));
        }
        Ok(Action {
            code,
            campaign: campaign.code.clone(),
            text: self.text("text", &raw.text)?,
            audience,
            channel: raw.channel.as_ref().map_or(Ok(campaign.channel.clone()), |channel| self.text("channel", channel))?,
            within_hours: raw.within_hours.as_ref().map_or(Ok(campaign.within_hours), |hours| self.hours(hours))?,
            contact_cost: raw.contact_cost.as_ref().map_or(Ok(campaign.contact_cost), |cost| self.cost(cost))?,
        })
    }
}

/// What both ask for.
fn both<T: PartialEq + Clone>(one: Option<Vec<T>>, other: Option<&Vec<T>>) -> Option<Vec<T>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.into_iter().filter(|value| other.contains(value)).collect()),
        (one, other) => one.or_else(|| other.cloned()),
    }
}

impl Playbook {
    /// Reads a playbook; `file` is what messages call it.
    ///
    /// # Errors
    /// [`PlaybookError`] with the line: no TOML, an unknown key, segment, band, stage or tier, a code that is none or given twice, a share
    /// outside 0 to 1, a cost below 0, hours that are none, an action without a campaign or for nobody, a campaign without an action.
    ///
    /// ```
    /// use lapwing_models::playbook::Playbook;
    /// let error = Playbook::read("mine.toml", "[[campaign]]\ncode = \"a\"\ncolour = \"red\"").unwrap_err();
    /// assert_eq!((&*error.file, error.line), ("mine.toml", 3));
    /// ```
    pub fn read(file: &str, text: &str) -> Result<Self, PlaybookError> {
        let source = Source { file, text };
        let raw: RawPlaybook = toml::from_str(text).map_err(|error| {
            let hint = "`lapwing-serve playbook` prints the shipped one, which names and explains every key";
            source.error(&error.span().unwrap_or_default(), error.message().trim_end(), hint)
        })?;
        let (mut campaigns, mut actions, mut campaign_of) = (Vec::new(), Vec::<Action>::new(), Vec::new());
        for given in &raw.campaign {
            let campaign = source.campaign(given)?;
            if campaigns.iter().any(|known: &Campaign| known.code == campaign.code) {
                let problem = format!("there are two campaigns `{}`", campaign.code);
                return Err(source.error(&given.get_ref().code.span(), problem, "give each a code of its own: results are told by it"));
            }
            campaigns.push(campaign);
        }
        for given in &raw.action {
            let place = source.campaign_of(given, &campaigns)?;
            let action = source.action(given, &campaigns[place])?;
            if actions.iter().any(|known| known.code == action.code && known.campaign == action.campaign) {
                let problem = format!("the campaign `{}` has two actions `{}`", action.campaign, action.code);
                return Err(source.error(&given.get_ref().code.span(), problem, "give each a code of its own"));
            }
            actions.push(action);
            campaign_of.push(place);
        }
        for (place, given) in raw.campaign.iter().enumerate() {
            if !campaign_of.contains(&place) {
                let problem = format!("the campaign `{}` has no action", campaigns[place].code);
                return Err(source.error(&given.span(), problem, "add an `[[action]]` with this `campaign`, or take the campaign out"));
            }
        }
        match raw.action.get(MOST_ACTIONS) {
            Some(beyond) => Err(source.error(&beyond.span(), format!("there are more than {MOST_ACTIONS} actions"), "take some out")),
            None if actions.is_empty() => {
                Err(source.error(&(0..0), "there is no campaign", "`lapwing-serve playbook` prints one to begin with"))
            }
            None => Ok(Self::of(campaigns, actions, campaign_of)),
        }
    }
}
