//! The members of an event, in any order; those that are not known are passed over.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cell::{Cell, Text};
use super::members::depth;
use super::wire::EventRequest;

impl<'de: 'a, 'a> Deserialize<'de> for EventRequest<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EventVisitor(PhantomData))
    }
}

struct EventVisitor<'a>(PhantomData<EventRequest<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for EventVisitor<'a> {
    type Value = EventRequest<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EventRequest<'a>, A::Error> {
        let (mut event, mut seen) = (EventRequest::default(), 0_u16);
        while let Some(Text(name)) = map.next_key()? {
            let (place, cell): (u16, &mut Cell<'a>) = match &*name {
                "ts" => (1 << 0, &mut event.ts),
                "kind" => (1 << 1, &mut event.kind),
                "amount" => (1 << 2, &mut event.amount),
                "quantity" => (1 << 3, &mut event.quantity),
                "order_id" => (1 << 4, &mut event.order_id),
                "line_id" => (1 << 5, &mut event.line_id),
                "channel" => (1 << 6, &mut event.channel),
                "category" => (1 << 7, &mut event.category),
                "known_at" => (1 << 8, &mut event.known_at),
                _ => {
                    let ignored = map.next_value::<&RawValue>()?;
                    event.ignored_depth = event.ignored_depth.max(depth(ignored.get().as_bytes()));
                    continue;
                }
            };
            if seen & place != 0 {
                return Err(A::Error::custom("a member is given twice"));
            }
            seen |= place;
            *cell = map.next_value()?;
        }
        Ok(event)
    }
}
