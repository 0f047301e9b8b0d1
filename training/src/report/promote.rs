//! What `promote` tells.

use std::path::Path;

use lapwing_models::bundle::registry::Challenger;
use lapwing_models::promotion::{Reason, Speaks};

use super::{WIDTH, wrapped};

/// The reasons as text, one after the other, each behind the way it speaks.
#[must_use]
pub fn reasons(reasons: &[Reason]) -> String {
    let line = |told: &Reason| {
        let way = match told.speaks {
            Speaks::For => "for:",
            Speaks::Against => "against:",
            Speaks::Neither => "note:",
        };
        wrapped(&format!("{way} {}", reason(told)), WIDTH, "  ")
    };
    reasons.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One reason, behind the target that it concerns.
#[must_use]
pub fn reason(reason: &Reason) -> String {
    reason.target.map_or_else(|| reason.text.clone(), |target| format!("{target}: {}", reason.text))
}

/// Who is champion now, and what to do with it.
#[must_use]
pub fn change(registry: &Path, version: &str, before: Option<&str>) -> String {
    let place = before.map_or_else(String::new, |before| format!(", in the place of {before}"));
    let registry = registry.display();
    format!(
        "{version} is champion of {registry} now{place}\nservers on the registry take it up within seconds; `POST /v1/models/reload` makes it at once"
    )
}

/// Who is tried beside the champion now, and on what terms.
#[must_use]
pub fn trial(champion: &str, challenger: &Challenger) -> String {
    let speaks = format!("speaks for {} % of the customers", challenger.share * 100.0);
    let shadow = if challenger.shadow { ", and scores the others unseen" } else { "" };
    format!("{} is tried beside {champion}: it {speaks}{shadow}", challenger.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_models::Target;
    use lapwing_models::promotion::Code;

    #[test]
    fn reasons_fit_the_screen_and_tell_which_way_they_speak() {
        let told = |target, speaks, code| Reason { target, speaks, code, text: "as good as it gets ".repeat(9) };
        let text = reasons(&[
            told(Some(Target::Churn), Speaks::For, Code::BetterThanNaive),
            told(Some(Target::Reactivation), Speaks::Against, Code::WorseThanNaive),
            told(None, Speaks::Neither, Code::FirstChampion),
        ]);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let begins: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(begins.len(), 3, "{text}");
        for (line, begin) in begins.iter().zip(["for: churn: as", "against: reactivation: as", "note: as"]) {
            assert!(line.starts_with(begin), "{text}");
        }
    }

    #[test]
    fn the_champion_before_is_named() {
        let text = change(Path::new("champions"), "20240601-0a0a0a0a", Some("20240501-0b0b0b0b"));
        assert!(text.starts_with("20240601-0a0a0a0a is champion of champions now, in the place of 20240501-0b0b0b0b\n"), "{text}");
        assert!(!change(Path::new("champions"), "20240601-0a0a0a0a", None).contains("in the place of"));
    }
}
