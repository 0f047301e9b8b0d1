//! How a receiver knows who speaks: `v1`, which is HMAC-SHA256 over id, time of the try and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use lapwing_features::Timestamp;
use sha2::Sha256;

/// A secret as receivers are given it.
#[must_use]
pub fn shown(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// The whole second of a try, as it is signed.
pub(super) fn second(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000)
}

/// One signature by each secret.
pub(super) fn signatures(secrets: &[Vec<u8>], message_id: &str, second: i64, body: &str) -> String {
    let signature = |secret: &Vec<u8>| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(format!("{message_id}.{second}.{body}").as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.iter().filter_map(signature).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_is_signed_as_published() {
        // Of the libraries of the specification.
        let secret = STANDARD.decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        assert_eq!(shown(&secret), "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = signatures(std::slice::from_ref(&secret), "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(signed, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        let both = signatures(&[vec![7; 32], secret], "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert!(both.starts_with("v1,") && both.ends_with(&format!(" {signed}")), "{both}");
        assert_eq!(second(Timestamp(1_649_367_553_999_999)), 1_649_367_553);
    }
}
