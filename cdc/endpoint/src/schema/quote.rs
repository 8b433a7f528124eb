//! Names and texts as SQL writes them.

use replication::relation::TableName;

/// A name in double quotes, always: so that no list of keywords is needed.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in single quotes. `standard_conforming_strings` is on in every session that is younger than PostgreSQL 9.1, unless somebody
/// turned it off: a backslash makes it an escape string, which means the same either way.
#[must_use]
pub fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// A table's (or another relation's) full name.
#[must_use]
pub fn relation(name: &TableName) -> String {
    format!("{}.{}", identifier(&name.schema), identifier(&name.table))
}

/// Names in a list.
#[must_use]
pub fn identifiers<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(identifier).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn names_and_texts() {
        let name = TableName::new("My \"own\"", "select");
        assert_eq!(relation(&name), r#""My ""own"""."select""#);
        assert_eq!(identifiers(["a", "B c"]), r#""a", "B c""#);
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\'b"), r"E'a\\''b'");
    }

    proptest! {
        /// Between the outer quotes every quote has a twin.
        #[test]
        fn nothing_gets_out(text in any::<String>()) {
            let quoted = identifier(&text);
            prop_assert_eq!(quoted[1..quoted.len() - 1].replace("\"\"", "").contains('"'), false);
            let quoted = literal(&text);
            let inside = &quoted[quoted.find('\'').unwrap_or(0) + 1..quoted.len() - 1];
            prop_assert_eq!(inside.replace("''", "").contains('\''), false);
        }
    }
}
