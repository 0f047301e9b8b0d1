//! Small numbers side by side: runs of one value, or so many bits each (the hybrid of run length and bit packing of Parquet).

/// Adds the definition levels of `values`, of which `missing` are NaN: 0 for null.
pub(super) fn levels(values: &[f64], missing: usize, page: &mut Vec<u8>) {
    let begin = page.len();
    page.extend([0; 4]);
    if missing == 0 || missing == values.len() {
        run(values.len(), u16::from(missing == 0), 1, page);
    } else {
        varint(values.len().div_ceil(8) << 1 | 1, page);
        let (whole, rest) = values.as_chunks::<8>();
        page.extend(whole.iter().map(|eight| byte(eight)));
        page.extend((!rest.is_empty()).then(|| byte(rest)));
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
    let (mut bits, mut filled) = (0_u64, 0);
    for eight in places.chunks(8) {
        for place in 0..8 {
            bits |= u64::from(eight.get(place).copied().unwrap_or(0)) << filled;
            filled += u32::from(width);
            if filled >= 32 {
                page.extend((bits as u32).to_le_bytes());
                bits >>= 32;
                filled -= 32;
            }
        }
    }
    page.extend(&bits.to_le_bytes()[..filled.div_ceil(8) as usize]);
}

/// A bit for each value that is not NaN.
#[inline]
fn byte(values: &[f64]) -> u8 {
    values.iter().enumerate().fold(0, |byte, (bit, value)| byte | u8::from(!value.is_nan()) << bit)
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
