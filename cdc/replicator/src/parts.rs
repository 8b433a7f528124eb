//! How a table is divided for its load.

/// A part of a table: pages of its heap, from one on, to one (exclusive) or to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pages {
    pub(crate) from: u32,
    pub(crate) to: Option<u32>,
}

/// The size of PostgreSQL's pages. Another one at compile time only makes parts larger or smaller.
const PAGE_BYTES: u64 = 8192;

/// Divides a table of so many pages into parts of about `part_bytes`. The last one is open: the table may have grown since it was measured.
pub(crate) fn divide(pages: u32, part_bytes: u64) -> Vec<Pages> {
    let size = u32::try_from((part_bytes / PAGE_BYTES).max(1)).unwrap_or(u32::MAX);
    let count = pages.div_ceil(size).max(1);
    // Parts of one size, rather than a small one at the end that a worker does alone.
    let size = pages.div_ceil(count).max(1);
    (0..count)
        .map(|part| Pages {
            from: part * size,
            to: (part + 1 < count).then_some((part + 1) * size),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::divide;

    #[test]
    fn parts_cover_the_table_and_what_it_has_grown_by() {
        let check = |pages: u32, part_bytes: u64, expected: &str| {
            let text: Vec<String> = divide(pages, part_bytes)
                .iter()
                .map(|part| match part.to {
                    Some(to) => format!("{}-{to}", part.from),
                    None => format!("{}-", part.from),
                })
                .collect();
            assert_eq!(text.join(" "), expected, "{pages} pages, {part_bytes}");
        };
        check(0, 1 << 20, "0-");
        check(1, 1 << 20, "0-");
        check(128, 1 << 20, "0-");
        check(129, 1 << 20, "0-65 65-");
        check(1000, 4 << 20, "0-500 500-");
        check(1300, 4 << 20, "0-434 434-868 868-");
        check(3, 0, "0-1 1-2 2-");
        check(u32::MAX, u64::MAX, "0-");
    }
}
