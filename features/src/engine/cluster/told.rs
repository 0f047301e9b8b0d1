//! Errors on their way from an executor to the one who asked, through what only carries texts.

use std::fmt;

use datafusion::error::DataFusionError;

use super::super::error::EngineError;

/// What stands before and behind a message.
const MARKS: [&str; 2] = ["<lapwing|", "|lapwing>"];

/// A message that survives being shown for programmers, as the cluster does.
pub(super) struct Told(String);

/// The error of a task. What the data does not allow is not tried again.
pub(super) fn tell(error: &EngineError) -> DataFusionError {
    DataFusionError::External(Box::new(Told(error.to_string())))
}

/// The message in what the cluster says of a job, when one of ours is in it.
pub(super) fn find(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(MARKS[0])?;
    let (message, _) = rest.split_once(MARKS[1])?;
    let mut parts = message.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARKS[0])?;
        for byte in self.0.bytes() {
            // What the cluster would write in another way.
            let plain = (b' '..=b'~').contains(&byte) && !b"%\"'\\<>|".contains(&byte);
            if plain { write!(f, "{}", char::from(byte))? } else { write!(f, "%{byte:02x}")? }
        }
        f.write_str(MARKS[1])
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Told {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_through_whatever_it_holds() {
        let error = EngineError::Store { url: "s3://example.ö/\"%".to_owned(), reason: "a|b\\<c>\n".to_owned(), hint: "x" };
        let shown = format!("Job failed: {:?}", format!("Stage failed: {:?}", tell(&error)));
        assert_eq!(find(&shown), Some(error.to_string()), "{shown}");
        assert_eq!(find("Job failed: out of memory"), None);
    }
}
