//! Small numbers side by side: runs of one value, or so many bits each (the hybrid of run length and bit packing of Parquet).

/// Adds the definition levels of `values`, of which `missing` are not given: 0 for null.
#[expect(clippy::inline_always, reason = "it is compiled for the processor of whoever calls")]
#[inline(always)]
pub(super) fn levels<T>(values: &[T], missing: usize, is_given: impl Fn(&T) -> bool, page: &mut Vec<u8>) {
    let begin = page.len();
    page.extend([0; 4]);
    if missing == 0 || missing == values.len() {
        run(values.len(), u16::from(missing == 0), 1, page);
    } else {
        varint(values.len().div_ceil(8) << 1 | 1, page);
        let (whole, rest) = values.as_chunks::<8>();
        let first = page.len();
        page.resize(first + values.len().div_ceil(8), 0);
        for (byte, eight) in page[first..].iter_mut().zip(whole) {
            *byte = bits(eight, &is_given);
        }
        if !rest.is_empty() {
            page[first + whole.len()] = bits(rest, &is_given);
        }
    }
    let len = (page.len() - begin - 4) as u32;
    page[begin..begin + 4].copy_from_slice(&len.to_le_bytes());
}

/// Adds places in a dictionary, of `width` bits each, with the width before them.
pub(super) fn packed(places: &[u16], width: u8, page: &mut Vec<u8>) {
    page.push(width);
    if let [first, rest @ ..] = places
        && rest.iter().all(|place| place == first)
    {
        return run(places.len(), *first, width, page);
    }
    varint(places.len().div_ceil(8) << 1 | 1, page);
    let (whole, rest) = places.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    // Eight places make as many bytes as one has bits. All sixteen are moved, in less time than it takes to ask how many are needed.
    page.reserve(places.len().div_ceil(8) * usize::from(width) + 16);
    for eight in whole.iter().chain((!rest.is_empty()).then_some(&last)) {
        let half =
            |four: &[u16]| four.iter().zip(0..).fold(0, |bits, (place, number)| bits | u64::from(*place) << (number * u32::from(width)));
        let bits = u128::from(half(&eight[..4])) | u128::from(half(&eight[4..])) << (4 * u32::from(width));
        let end = page.len() + usize::from(width);
        page.extend_from_slice(&bits.to_le_bytes());
        page.truncate(end);
    }
}

/// Adds a bit for each of `flags`.
pub(super) fn plain(flags: impl Iterator<Item = bool>, page: &mut Vec<u8>) {
    let (mut bits, mut filled) = (0, 0);
    for flag in flags {
        bits |= u8::from(flag) << filled;
        filled += 1;
        if filled == 8 {
            page.push(std::mem::take(&mut bits));
            filled = 0;
        }
    }
    page.extend((filled > 0).then_some(bits));
}

/// A bit for each value that is given.
#[expect(clippy::inline_always, reason = "it is compiled for the processor of whoever calls")]
#[inline(always)]
fn bits<T>(values: &[T], is_given: impl Fn(&T) -> bool) -> u8 {
    values.iter().enumerate().fold(0, |byte, (bit, value)| byte | u8::from(is_given(value)) << bit)
}

/// So many times `value`.
fn run(len: usize, value: u16, width: u8, page: &mut Vec<u8>) {
    varint(len << 1, page);
    page.extend(&value.to_le_bytes()[..usize::from(width).div_ceil(8)]);
}

/// Seven bits a byte, the lowest first.
fn varint(mut value: usize, page: &mut Vec<u8>) {
    while value >= 0x80 {
        page.push(value as u8 | 0x80);
        value >>= 7;
    }
    page.push(value as u8);
}
