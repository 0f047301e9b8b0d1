//! A history that has done everything: what the kernel makes of it tells one kernel from another.

use crate::event::{Kind, RawEvent, Token};
use crate::history::{Duplicates, HistoryBuilder};
use crate::kernel::Kernel;
use crate::shape::DataShape;
use crate::time::{Calendar, Timestamp};
use crate::vector::FeatureVector;

/// The last of the cutoffs: 2024-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp(1_704_067_200_000_000);
const HOUR: i64 = 3_600_000_000;

/// The features of the probe at two cutoffs half a year apart, and at two when its data had hardly begun.
pub(super) fn features() -> [FeatureVector; 4] {
    let (mut builder, mut shape) = (HistoryBuilder::new(), DataShape::default());
    for kind in Kind::ALL {
        for round in 0..12 {
            let event = event(*kind, round);
            shape.note(&event);
            builder.push(event);
        }
    }
    let (calendar, mut kernel) = (Calendar::utc(), Kernel::new(shape));
    let history = builder.build(&calendar, Duplicates::Drop);
    [0, -180, -780, -850].map(|days| NOW.plus_days(days)).map(|at| kernel.features(&history.observe(calendar.cutoff(at))))
}

/// Ever longer ago, at changing hours; two neighbours share an order, three names take turns.
fn event(kind: Kind, round: i64) -> RawEvent {
    let ts = NOW.plus_days(-(2 + round * round * 8 + kind as i64 % 3));
    let name = Token::of(["web", "app", "store"][round as usize % 3]);
    RawEvent {
        quantity: Some(1.0 + (round % 4) as f64),
        order: Token::of(&format!("order {}", round / 2)),
        channel: name,
        category: name,
        ..RawEvent::new(Timestamp(ts.0 - HOUR * (round % 5)), kind, Some(3.25 + (round * round) as f64))
    }
}
