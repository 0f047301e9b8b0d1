//! A list that is filled without asking first whether an item belongs there: a processor guesses such answers wrong.

/// Items that count, in a room that is kept from one list to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted<T> {
    room: Vec<T>,
    count: usize,
}

impl<T: Copy + Default> Noted<T> {
    /// Begins a list of at most so many items; [`Filling::done`] ends it.
    pub(crate) fn begin(&mut self, most: usize) -> Filling<'_, T> {
        if self.room.len() <= most {
            self.room.resize(most + 1, T::default());
        }
        Filling { room: &mut self.room, next: 0, count: &mut self.count }
    }

    pub(crate) fn all(&self) -> &[T] {
        &self.room[..self.count]
    }
}

/// A list that is being filled, by a count that can stay in a register.
pub(crate) struct Filling<'a, T> {
    room: &'a mut [T],
    next: usize,
    count: &'a mut usize,
}

impl<T> Filling<'_, T> {
    /// Adds `item` if it `counts`.
    #[inline]
    pub(crate) fn note(&mut self, item: T, counts: bool) {
        self.room[self.next] = item;
        self.next += usize::from(counts);
    }

    pub(crate) fn done(self) {
        *self.count = self.next;
    }
}
