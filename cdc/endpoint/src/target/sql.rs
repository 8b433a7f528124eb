//! Lists as they stand in SQL.

use std::fmt::Write as _;

/// Several things with `, ` between them.
pub(crate) fn list<T>(items: impl IntoIterator<Item = T>) -> String
where
    T: std::fmt::Display,
{
    joined(items, ", ")
}

/// Several things with `between` between them.
pub(crate) fn joined<T>(items: impl IntoIterator<Item = T>, between: &str) -> String
where
    T: std::fmt::Display,
{
    let mut sql = String::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            sql.push_str(between);
        }
        write!(sql, "{item}").expect("a String takes everything");
    }
    sql
}
