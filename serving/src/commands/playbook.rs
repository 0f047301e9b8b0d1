//! `playbook`: checks a playbook and prints it, so that there is one to begin with.

use lapwing_models::lifecycle::{RiskBand, Segment};
use lapwing_models::playbook::{Action, Campaign, Facts, Playbook};
use serde::Serialize;

use crate::error::ServeError;
use crate::{playbook, settings, talk};

/// What `playbook --json` prints.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    file: &'a str,
    campaigns: &'a [Campaign],
    actions: &'a [Action],
    /// What each group of buyers gets, and nobody else.
    who_gets: Vec<Row<'a>>,
}

/// A cell of segment and risk.
#[derive(Debug, Serialize)]
struct Row<'a> {
    segment: &'static str,
    risk_band: &'static str,
    /// Codes of the actions in any stage and of any value, the first thing first.
    actions: Vec<&'a str>,
}

/// Runs `playbook`.
///
/// # Errors
/// [`ServeError::PlaybookUnreadable`], or [`ServeError::Playbook`] when it does not hold together.
pub fn run(settings: &settings::Playbook) -> Result<(), ServeError> {
    let (file, text) = playbook::text(settings.file.as_deref())?;
    let playbook = Playbook::read(&file, &text)?;
    let checked = describe(&file, &playbook);
    for line in told(&checked) {
        talk::say(&line);
    }
    if settings.json { talk::result(&checked) } else { talk::line(text.trim_end()) }
}

fn describe<'a>(file: &'a str, playbook: &'a Playbook) -> Checked<'a> {
    let cells = Segment::ALL.iter().flat_map(|segment| RiskBand::ALL.iter().map(move |band| (*segment, *band)));
    let row = |(segment, risk_band): (Segment, RiskBand)| {
        let facts = Facts { segment: Some(segment), risk_band: Some(risk_band), ..Facts::default() };
        let actions = playbook.actions_for(facts).map(|action| &*action.code).collect();
        Row { segment: segment.name(), risk_band: risk_band.name(), actions }
    };
    Checked { file, campaigns: playbook.campaigns(), actions: playbook.actions(), who_gets: cells.map(row).collect() }
}

/// The campaigns for people, and who gets nothing.
fn told(checked: &Checked<'_>) -> Vec<String> {
    let Checked { file, campaigns, actions, who_gets } = checked;
    let mut told = vec![format!("{file} holds together: {} campaigns, {} actions", campaigns.len(), actions.len())];
    for campaign in *campaigns {
        let segments: Vec<&str> = campaign.audience.segments.iter().map(|segment| segment.name()).collect();
        told.push(format!(
            "{}: {}, for {} by {} within {} h; {} a contact, {} of 100 left alone",
            campaign.code,
            campaign.name,
            segments.join(", "),
            campaign.channel,
            campaign.within_hours,
            campaign.contact_cost,
            100.0 * campaign.hold_out_share
        ));
    }
    let without: Vec<String> =
        who_gets.iter().filter(|row| row.actions.is_empty()).map(|row| format!("{} {}", row.segment, row.risk_band)).collect();
    if !without.is_empty() {
        told.push(format!("without an action for every stage and value: {}", without.join(", ")));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_playbook_is_printed_so_that_it_can_be_taken_up_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("playbook.toml");
        let (name, text) = playbook::text(None).unwrap();
        std::fs::write(&path, &text).unwrap();
        run(&settings::Playbook { file: Some(path.clone()), json: false }).unwrap();
        run(&settings::Playbook { file: None, json: true }).unwrap();
        let shipped = Playbook::shipped();
        let checked = describe(&name, &shipped);
        assert_eq!(playbook::text(Some(&path)).unwrap().1, text);
        assert!(checked.who_gets.iter().all(|row| !row.actions.is_empty()));
        let told = told(&checked).join("\n");
        assert!(told.contains("winback_cant_lose: Win back") && told.contains("10 of 100 left alone"), "{told}");
        assert!(!told.contains("without an action"), "{told}");
        let json = serde_json::to_value(&checked).unwrap();
        assert_eq!(json["campaigns"][0]["audience"]["segments"][0], "recent");
        assert_eq!(json["who_gets"].as_array().unwrap().len(), 24);
    }

    #[test]
    fn who_gets_nothing_is_told() {
        let text = "[[campaign]]\ncode = 'a'\nname = 'A'\nsegments = ['loyal']\nchannel = 'x'\nwithin_hours = 1\ncontact_cost = 0\n\
                    [[action]]\ncode = 'b'\ncampaign = 'a'\ntext = 'b'\nrisk_bands = ['red']";
        let playbook = Playbook::read("mine", text).unwrap();
        let told = told(&describe("mine", &playbook)).join("\n");
        assert!(told.contains("recent red") && told.contains("loyal green") && !told.contains("loyal red"), "{told}");
    }
}
