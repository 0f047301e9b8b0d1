//! One thing a customer did, as it comes in.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time::Timestamp;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Kind { $($(#[doc = $doc])* $variant,)* }

        impl Kind {
            /// All kinds, in the order of their discriminants.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in data and configuration.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// An order, or one line of it.
    Purchase = "purchase",
    /// Goods or money given back.
    Return = "return",
    /// A visit to shop, site or app.
    Visit = "visit",
    /// A product or page looked at.
    View = "view",
    /// A search.
    Search = "search",
    /// Something put into the cart.
    CartAdd = "cart_add",
    /// A checkout begun.
    Checkout = "checkout",
    /// A coupon used.
    CouponRedeem = "coupon_redeem",
    /// A message we sent.
    MessageSent = "message_sent",
    /// A message the customer opened.
    MessageOpen = "message_open",
    /// A link in a message that the customer followed.
    MessageClick = "message_click",
    /// A service request.
    Ticket = "ticket",
    /// A complaint.
    Complaint = "complaint",
    /// An answer to a survey; its amount is the score, 0..=10.
    Survey = "survey",
    /// Somebody referred.
    Referral = "referral",
    /// A review written.
    Review = "review",
    /// Anything else.
    Other = "other",
}

impl Kind {
    /// Whether the customer did it of their own accord and it is neither a purchase nor its undoing nor a call for help.
    #[must_use]
    pub const fn is_interaction(self) -> bool {
        matches!(
            self,
            Self::Visit
                | Self::View
                | Self::Search
                | Self::CartAdd
                | Self::Checkout
                | Self::CouponRedeem
                | Self::MessageOpen
                | Self::MessageClick
                | Self::Survey
                | Self::Referral
                | Self::Review
        )
    }

    /// The kind of a row in data that has no kind column: by the sign of its amount.
    ///
    /// A positive amount is a purchase, a negative one a return, zero neither. Without an amount, which is null or NaN in
    /// files, it is a purchase when it happened before the data had amounts, which is from `amounts_since` on, or never. What
    /// is learned later therefore changes no kind that was told before.
    ///
    /// ```
    /// use lapwing_features::{Kind, Timestamp};
    /// let (before, since) = (Timestamp(1), Timestamp(2));
    /// assert_eq!(Kind::of_amount(Some(9.5), since, Some(since)), Kind::Purchase);
    /// assert_eq!(Kind::of_amount(Some(0.0), since, Some(since)), Kind::Other);
    /// assert_eq!(Kind::of_amount(None, since, Some(since)), Kind::Other);
    /// assert_eq!(Kind::of_amount(None, before, Some(since)), Kind::Purchase);
    /// assert_eq!(Kind::of_amount(None, since, None), Kind::Purchase);
    /// ```
    #[must_use]
    pub fn of_amount(amount: Option<f64>, ts: Timestamp, amounts_since: Option<Timestamp>) -> Self {
        match amount {
            Some(amount) if amount > 0.0 => Self::Purchase,
            Some(amount) if amount < 0.0 => Self::Return,
            None if amounts_since.is_none_or(|since| ts < since) => Self::Purchase,
            _ => Self::Other,
        }
    }
}

/// The name is no kind of event.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no kind of event\nhint: map it under `[events.kinds]`, for example `\"{0}\" = \"visit\"`")]
pub struct KindError(pub String);

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(name: &str) -> Result<Self, KindError> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name).ok_or_else(|| KindError(name.chars().take(40).collect()))
    }
}

/// A name of which only equality matters, as a stable 64-bit hash: order, line, channel, category.
///
/// ```
/// use lapwing_features::Token;
/// assert_eq!(Token::of("web"), Token::of("web"));
/// assert_ne!(Token::of("web"), Token::NONE);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u64);

impl Token {
    /// No name given.
    pub const NONE: Self = Self(0);

    /// The token of `name`: FNV-1a, finished with the mixer of `MurmurHash3`; the same on every machine and in every version.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        Self((hash ^ (hash >> 33)).max(1))
    }

    /// The token of a name that may be absent.
    #[must_use]
    pub fn of_option(name: Option<&str>) -> Self {
        name.map_or(Self::NONE, Self::of)
    }

    /// The lowest 8 bits of the hash, which are as good as drawn.
    #[inline]
    pub(crate) fn slot(self) -> usize {
        usize::from(self.0 as u8)
    }

    /// The hash.
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// The token of [`bits`](Self::bits).
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The hash in 16 hex digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        format!("{:016x}", self.0)
    }

    /// Whether a name was given.
    #[must_use]
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }
}

/// An event as read, before a history judges it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawEvent {
    /// When it happened.
    pub ts: Timestamp,
    /// When we learned of it; `None` means at once.
    pub known_at: Option<Timestamp>,
    /// What happened.
    pub kind: Kind,
    /// Money, or the score of a survey; `None` when not given. Finite.
    pub amount: Option<f64>,
    /// Units bought. Finite.
    pub quantity: Option<f64>,
    /// Lines with one order and one kind count as one purchase or return.
    pub order: Token,
    /// Tells the lines of an order apart where amounts do not.
    pub line: Token,
    /// Where it happened.
    pub channel: Token,
    /// What it was about.
    pub category: Token,
}

impl RawEvent {
    /// An event of which only time, kind and amount are known.
    #[must_use]
    pub fn new(ts: Timestamp, kind: Kind, amount: Option<f64>) -> Self {
        Self {
            ts,
            known_at: None,
            kind,
            amount,
            quantity: None,
            order: Token::NONE,
            line: Token::NONE,
            channel: Token::NONE,
            category: Token::NONE,
        }
    }
}
