//! What reading customers needs and keeps from one request to the next: a kernel with what it made of its cutoff, and buffers.

use std::sync::{Mutex, PoisonError};

use lapwing_features::{DataShape, History, HistoryBuilder, Kernel};

/// Most sets that wait; more are only in use at once when as many threads score.
const MOST: usize = 64;
/// Buffers of a customer with more events are given back to the system.
const MOST_EVENTS: usize = 4_096;

/// One set.
#[derive(Debug)]
pub(super) struct Tools {
    /// Computes features.
    pub(super) kernel: Kernel,
    /// Takes events in.
    pub(super) builder: HistoryBuilder,
    /// The customer's events.
    pub(super) history: History,
}

/// The sets of one model that are not in use.
#[derive(Debug, Default)]
pub(super) struct Toolbox(Mutex<Vec<Tools>>);

impl Toolbox {
    /// A set, for data of the shape that all its sets are for.
    #[must_use]
    pub(super) fn take(&self, shape: &DataShape) -> Tools {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        waiting.unwrap_or_else(|| Tools { kernel: Kernel::new(shape.clone()), builder: HistoryBuilder::new(), history: History::default() })
    }

    /// Puts a set back.
    pub(super) fn put(&self, tools: Tools) {
        // What was left half done, or is large, is not kept.
        if tools.builder.is_empty() && tools.history.len() <= MOST_EVENTS {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() < MOST {
                waiting.push(tools);
            }
        }
    }
}
