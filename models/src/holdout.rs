//! Who is left without a campaign, so that its effect can be told: by a keyed hash of campaign and customer.
//!
//! The same customer, campaign and key always fall on the same side, on every machine and in every version; without the key nobody
//! can tell or choose which. Sides of different campaigns have nothing to do with each other.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

/// The secret that customers are drawn under.
///
/// ```
/// use lapwing_models::holdout::HoldOutKey;
/// let key = HoldOutKey::new(b"an example key of 32 bytes or so").unwrap();
/// let side = key.is_held_out("winback_cant_lose", "12347", 0.1);
/// assert_eq!(side, key.is_held_out("winback_cant_lose", "12347", 0.1)); // today, tomorrow, anywhere
/// assert!(!key.is_held_out("winback_cant_lose", "12347", 0.0) && key.is_held_out("winback_cant_lose", "12347", 1.0));
/// ```
#[derive(Clone)]
pub struct HoldOutKey(Hmac<Sha256>);

/// The key is too short to be a secret.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the hold-out key has {found} bytes, but must have at least {least}\nhint: `openssl rand -hex 32` makes one")]
pub struct HoldOutKeyError {
    /// Bytes of the key.
    pub found: usize,
    /// Bytes that it must have.
    pub least: usize,
}

impl std::fmt::Debug for HoldOutKey {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HoldOutKey")
    }
}

impl HoldOutKey {
    /// Fewer bytes could be guessed.
    pub const LEAST_BYTES: usize = 16;

    /// The key of these bytes.
    ///
    /// # Errors
    /// [`HoldOutKeyError`] when there are fewer than [`LEAST_BYTES`](Self::LEAST_BYTES).
    pub fn new(bytes: &[u8]) -> Result<Self, HoldOutKeyError> {
        let short = HoldOutKeyError { found: bytes.len(), least: Self::LEAST_BYTES };
        if bytes.len() < Self::LEAST_BYTES {
            return Err(short);
        }
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| short)
    }

    /// Where a customer stands in a campaign: from 0 on, below 1, evenly spread.
    ///
    /// The first 53 bits of the HMAC-SHA256 over the length of the campaign's name in bytes, as 8 bytes with the highest first, the
    /// name, and the customer's id, so that any language can find out who was drawn. The length keeps `ab` + `c` and `a` + `bc` apart.
    #[must_use]
    pub fn place(&self, campaign: &str, customer_id: &str) -> f64 {
        let mut hash = self.0.clone();
        hash.update(&(campaign.len() as u64).to_be_bytes());
        hash.update(campaign.as_bytes());
        hash.update(customer_id.as_bytes());
        let digest = hash.finalize().into_bytes();
        let bits = digest.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether the customer is left without the campaign, of which a `share` from 0 to 1 is. Whoever is held out at one share is at
    /// every larger one.
    #[must_use]
    pub fn is_held_out(&self, campaign: &str, customer_id: &str, share: f64) -> bool {
        self.place(campaign, customer_id) < share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> HoldOutKey {
        HoldOutKey::new(&(0..32).collect::<Vec<u8>>()).unwrap()
    }

    /// Made with Python: `int.from_bytes(hmac.digest(bytes(range(32)), struct.pack(">Q", len(c)) + c + id, "sha256")[:8]) >> 11`
    /// over 2^53.
    #[test]
    fn places_are_those_of_any_other_language() {
        for (campaign, customer, place) in [
            ("winback_cant_lose", "12347", 0.318_147_429_721_835_5),
            ("winback_cant_lose", "12348", 0.357_428_043_101_813_75),
            ("second_purchase", "12347", 0.430_670_373_085_666_9),
            ("", "12347", 0.561_330_864_484_766_5),
            ("夏", "客户-1", 0.132_510_001_763_480_82),
        ] {
            assert_eq!(key().place(campaign, customer).to_bits(), f64::to_bits(place), "{campaign} {customer}");
        }
    }

    fn chi_square(counts: &[u32]) -> f64 {
        let mean = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        counts.iter().map(|count| (f64::from(*count) - mean).powi(2) / mean).sum()
    }

    #[test]
    fn customers_are_evenly_spread_over_a_campaign() {
        for campaign in ["winback_cant_lose", "second_purchase"] {
            let mut counts = [0_u32; 100];
            for customer in 0..100_000 {
                counts[(100.0 * key().place(campaign, &customer.to_string())) as usize] += 1;
            }
            // The 99.9th percentile of chi-square with 99 degrees of freedom.
            assert!(chi_square(&counts) < 148.23, "{}", chi_square(&counts));
        }
    }

    #[test]
    fn campaigns_and_keys_draw_apart() {
        let (one, other) = (key(), HoldOutKey::new(&[7; 32]).unwrap());
        let mut counts = [[0_u32; 4]; 2];
        for customer in (0..40_000).map(|number| number.to_string()) {
            let side = |held: bool| usize::from(held);
            let here = side(one.is_held_out("a", &customer, 0.5));
            counts[0][2 * here + side(one.is_held_out("b", &customer, 0.5))] += 1;
            counts[1][2 * here + side(other.is_held_out("a", &customer, 0.5))] += 1;
        }
        // The 99.9th percentile with 3 degrees of freedom: all four pairs of sides are as frequent.
        assert!(counts.iter().all(|counts| chi_square(counts) < 16.27), "{counts:?}");
    }

    #[test]
    fn a_larger_share_holds_out_those_of_a_smaller_one_too() {
        let held = |share| (0..5_000).filter(|number| key().is_held_out("a", &number.to_string(), share)).collect::<Vec<_>>();
        let (tenth, fifth) = (held(0.1), held(0.2));
        assert!((400..600).contains(&tenth.len()) && (900..1_100).contains(&fifth.len()), "{} {}", tenth.len(), fifth.len());
        assert!(tenth.iter().all(|number| fifth.contains(number)));
    }

    #[test]
    fn a_name_does_not_run_into_an_id() {
        assert_ne!(key().place("ab", "c").to_bits(), key().place("a", "bc").to_bits());
    }

    #[test]
    fn a_short_key_is_refused_and_no_key_is_shown() {
        let error = HoldOutKey::new(&[0; 15]).unwrap_err();
        assert_eq!(error, HoldOutKeyError { found: 15, least: 16 });
        assert!(error.to_string().contains("\nhint: "), "{error}");
        assert_eq!(format!("{:?}", key()), "HoldOutKey");
    }
}
