//! The playbook and the hold-out key as files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use lapwing_models::holdout::HoldOutKey;
use lapwing_models::playbook::{Advice, Playbook, SHIPPED, SHIPPED_NAME};

use crate::error::ServeError;
use crate::guard::key::unhex;
use crate::settings;

/// Longest playbook, far above what people write.
const MOST_BYTES: u64 = 4 << 20;
/// Longest file of a key, blanks included.
const MOST_KEY: u64 = 4_096;

/// The text of the playbook in the file, and what messages call it; the shipped one without a file.
///
/// # Errors
/// [`ServeError::PlaybookUnreadable`].
pub fn text(path: Option<&Path>) -> Result<(String, String), ServeError> {
    let Some(path) = path else { return Ok((SHIPPED_NAME.to_owned(), SHIPPED.to_owned())) };
    let failed = |source| ServeError::PlaybookUnreadable { path: path.to_owned(), source };
    let mut text = String::new();
    File::open(path).map_err(failed)?.take(MOST_BYTES).read_to_string(&mut text).map_err(failed)?;
    Ok((path.display().to_string(), text))
}

/// What is advised by these files.
///
/// # Errors
/// [`ServeError::PlaybookUnreadable`], [`ServeError::Playbook`] for one that does not hold together, [`ServeError::HoldOutKey`].
pub fn advice(settings: &settings::Advice) -> Result<Advice, ServeError> {
    let (name, text) = text(settings.playbook.as_deref())?;
    let key = settings.holdout_key_file.as_deref().map(key).transpose()?;
    Ok(Advice { playbook: Playbook::read(&name, &text)?, key })
}

/// The key in a file, as `openssl rand -hex 32` writes it; blanks around it do not count.
fn key(path: &Path) -> Result<HoldOutKey, ServeError> {
    let refused = |problem: &str| ServeError::HoldOutKey { path: path.to_owned(), problem: problem.to_owned() };
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST_KEY).read_to_string(&mut text));
    read.map_err(|error| refused(&error.to_string()))?;
    let bytes = unhex(text.trim()).ok_or_else(|| refused("it does not hold 64 hexadecimal digits"))?;
    HoldOutKey::new(&bytes).map_err(|_| refused("it is too short"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::{self, Exit};
    use crate::settings::Advice as Settings;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

    #[test]
    fn without_files_the_shipped_playbook_is_advised_and_nobody_held_out() {
        let advice = advice(&Settings::default()).unwrap();
        assert!(advice.key.is_none() && advice.playbook.campaign("winback_cant_lose").is_some());
    }

    #[test]
    fn the_key_in_a_file_draws_as_any_other_language_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holdout.key");
        std::fs::write(&path, KEY).unwrap();
        let advice = advice(&Settings { holdout_key_file: Some(path), ..Settings::default() }).unwrap();
        // The golden values of the hash itself stand beside it.
        assert_eq!(advice.key.unwrap().place("winback_cant_lose", "12347").to_bits(), 0.318_147_429_721_835_5_f64.to_bits());
    }

    #[test]
    fn files_that_are_none_are_refused_with_a_hint() {
        type Is = fn(&ServeError) -> bool;
        let unreadable: Is = |error| matches!(error, ServeError::PlaybookUnreadable { .. });
        let no_key: Is = |error| matches!(error, ServeError::HoldOutKey { .. });
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
            Some(folder.path().join(name))
        };
        let missing = || Some(folder.path().join("no"));
        let playbook = |playbook| Settings { playbook, ..Settings::default() };
        let key = |holdout_key_file| Settings { holdout_key_file, ..Settings::default() };
        let cases: [(Settings, Is); 6] = [
            (playbook(missing()), unreadable),
            (playbook(path("a", b"\xff")), unreadable),
            (
                playbook(path("b", b"[[campaign]]\ncode = 'x'\n")),
                |error| matches!(error, ServeError::Playbook(error) if error.line == 1 && error.file.ends_with('b')),
            ),
            (key(missing()), no_key),
            (key(path("c", b"secret")), no_key),
            (key(path("d", KEY.replace('0', "g").as_bytes())), no_key),
        ];
        for (settings, is) in cases {
            let error = advice(&settings).unwrap_err();
            assert!(is(&error), "{error:?}");
            assert_eq!(exit::of_error(&error), Exit::Usage);
            assert!(error.to_string().contains("\nhint: ") && !error.to_string().contains("secret"), "{error}");
        }
    }
}
