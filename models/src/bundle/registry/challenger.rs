//! Who meets the challenger: decided by the customer's id alone, so that a customer always meets the same side.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A bundle that is tried beside the champion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenger {
    /// Its version; the bundle is in the registry.
    pub version: String,
    /// The share of customers that it speaks for, 0 to 1; 0 asks nobody to take its word.
    pub share: f64,
    /// Whether it scores the champion's customers too, in the shadow: nobody is told but the metrics and the report.
    pub shadow: bool,
}

impl Challenger {
    /// Whether it, and not the champion, speaks for this customer.
    ///
    /// Only the id counts: whoever meets it at one share meets it at every larger one, whichever bundle it is.
    ///
    /// ```
    /// use lapwing_models::bundle::registry::Challenger;
    /// let at = |share| Challenger { version: "20240101-0a1b2c3d".to_owned(), share, shadow: false };
    /// assert!(!at(0.0).meets("12347") && at(1.0).meets("12347"));
    /// ```
    #[must_use]
    pub fn meets(&self, customer_id: &str) -> bool {
        place_of(customer_id) < self.share
    }

    /// Whether the share is one.
    pub(super) fn is_sound(&self) -> bool {
        (0.0..=1.0).contains(&self.share)
    }
}

/// Where a customer stands among all: from 0 on, below 1, evenly spread. The first 53 bits of the sha256 of a prefix and the id, so
/// that any language can find out who met whom.
///
/// ```
/// use lapwing_models::bundle::registry::place_of;
/// assert_eq!(place_of("12347"), place_of("12347"));
/// ```
#[must_use]
pub fn place_of(customer_id: &str) -> f64 {
    let digest = Sha256::new().chain_update(b"lapwing-canary-1:").chain_update(customer_id.as_bytes()).finalize();
    let bits = digest.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_every_other_build() {
        let golden = [("12347", 0.692_071_829_692_894_2), ("", 0.716_639_164_534_545_9), ("köln-1", 0.623_557_608_900_751_6)];
        for (id, place) in golden {
            assert_eq!(place_of(id), place, "{id}");
        }
    }

    #[test]
    fn a_share_gets_its_share_and_a_larger_one_keeps_who_is_in() {
        let meets = |share: f64, customer: u32| Challenger { version: String::new(), share, shadow: false }.meets(&customer.to_string());
        for share in [0.0, 0.01, 0.1, 0.5, 1.0] {
            let found = (0..20_000).filter(|customer| meets(share, *customer)).count() as f64 / 20_000.0;
            assert!((found - share).abs() < 0.01, "{share}: {found}");
        }
        assert!((0..20_000).all(|customer| !meets(0.1, customer) || meets(0.2, customer)));
    }
}
