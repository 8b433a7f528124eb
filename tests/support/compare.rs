//! Compares two databases exactly: every table's columns and rows, and the sequences.
//!
//! Rows are compared as text in any order; duplicates count, and NULL is not the empty string.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::sql::{Failure, Sql};

/// Rows that are shown of a table that differs, at most.
const SHOWN: usize = 20;

/// What is compared.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Only tables of these names (`schema.table`); all without any.
    pub only: Vec<String>,
    /// Tables of these names are left out.
    pub except: Vec<String>,
    /// Whether sequences are compared too.
    pub sequences: Sequences,
    /// How columns are compared.
    pub columns: Columns,
}

/// Whether sequences are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sequences {
    /// They are not.
    #[default]
    Left,
    /// Their values are.
    Compared,
}

/// How columns are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Columns {
    /// Names, types and their order must be the same.
    #[default]
    Same,
    /// The source's columns must be among the target's, of whatever type, in whatever order; only they are compared.
    OfSource,
}

/// How two databases differ: text for a person, empty if they don't.
///
/// # Errors
/// When a table can't be read (a schema change may be on its way).
pub fn differences(source: &Sql, target: &Sql, compared: &Compared) -> Result<String, Failure> {
    let mut text = String::new();
    let of_source = tables(source, compared)?;
    let of_target = tables(target, compared)?;
    for (name, columns) in &of_source {
        match of_target.get(name) {
            None => write_line(&mut text, &format!("{name}: not at the target")),
            Some(there) => text.push_str(&table_differences(
                source,
                target,
                name,
                (columns, there),
                compared,
            )?),
        }
    }
    for name in of_target
        .keys()
        .filter(|name| !of_source.contains_key(*name))
    {
        write_line(&mut text, &format!("{name}: not at the source"));
    }
    if compared.sequences == Sequences::Compared {
        let (left, right) = (sequences(source)?, sequences(target)?);
        text.push_str(&line_differences("sequences", left, right));
    }
    Ok(text)
}

/// How one table differs: its columns, then its rows.
fn table_differences(
    source: &Sql,
    target: &Sql,
    name: &str,
    (columns, there): (&[Column], &[Column]),
    compared: &Compared,
) -> Result<String, Failure> {
    let same = match compared.columns {
        Columns::Same => columns == there,
        Columns::OfSource => columns
            .iter()
            .all(|column| there.iter().any(|other| other.name == column.name)),
    };
    if !same {
        let list = |columns: &[Column]| {
            let texts: Vec<_> = columns
                .iter()
                .map(|column| format!("{} {}", column.name, column.type_name))
                .collect();
            texts.join(", ")
        };
        return Ok(format!(
            "{name}: other columns\n  source: {}\n  target: {}\n",
            list(columns),
            list(there)
        ));
    }
    let list: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    let query = format!("(select {} from {name})", list.join(", "));
    let (left, right) = (source.try_copy(&query)?, target.try_copy(&query)?);
    Ok(line_differences(name, left, right))
}

/// How two multisets of lines differ.
fn line_differences(name: &str, left: Vec<String>, right: Vec<String>) -> String {
    let counts = (left.len(), right.len());
    let mut balance: BTreeMap<String, i64> = BTreeMap::new();
    for line in left {
        *balance.entry(line).or_default() += 1;
    }
    for line in right {
        *balance.entry(line).or_default() -= 1;
    }
    balance.retain(|_, count| *count != 0);
    if balance.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "{name}: {} rows at the source, {} at the target\n",
        counts.0, counts.1
    );
    for (line, count) in balance.iter().take(SHOWN) {
        let side = if *count > 0 { "source" } else { "target" };
        let times = match count.unsigned_abs() {
            1 => String::new(),
            several => format!(" ({several} times)"),
        };
        let line: String = line.chars().take(400).collect();
        write_line(&mut text, &format!("  only at the {side}{times}: {line}"));
    }
    if balance.len() > SHOWN {
        write_line(&mut text, &format!("  and {} more", balance.len() - SHOWN));
    }
    text
}

fn write_line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string can always be written to");
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    /// Quoted where it must be.
    name: String,
    type_name: String,
}

/// All tables that are compared, by their quoted names, and their columns.
fn tables(session: &Sql, compared: &Compared) -> Result<BTreeMap<String, Vec<Column>>, Failure> {
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in session.try_rows(COLUMNS)? {
        let mut values = row.into_iter();
        let mut next = || values.next().flatten();
        let (Some(table), name, type_name) = (next(), next(), next()) else {
            continue;
        };
        let columns = tables.entry(table).or_default();
        if let (Some(name), Some(type_name)) = (name, type_name) {
            columns.push(Column { name, type_name });
        }
    }
    tables.retain(|name, _| {
        (compared.only.is_empty() || compared.only.contains(name))
            && !compared.except.contains(name)
    });
    Ok(tables)
}

/// All sequences, with the value that each gives next.
fn sequences(session: &Sql) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for row in session.try_rows(SEQUENCES)? {
        let name = row
            .into_iter()
            .next()
            .flatten()
            .expect("names are not null");
        let next = format!(
            "(select '{}', last_value + is_called::int * seqincrement from {name}, pg_sequence where seqrelid = '{}'::regclass)",
            name.replace('\'', "''"),
            name.replace('\'', "''")
        );
        lines.extend(session.try_copy(&next)?);
    }
    Ok(lines)
}

const COLUMNS: &str = "
    select quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(a.attname), format_type(a.atttypid, a.atttypmod)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p') and c.relpersistence <> 't'
      and n.nspname not like 'pg\\_%' and n.nspname not in ('information_schema', 'ratchet')
    order by c.oid, a.attnum";

const SEQUENCES: &str = "select quote_ident(schemaname) || '.' || quote_ident(sequencename) from pg_sequences where schemaname <> 'ratchet' order by 1";

#[cfg(test)]
mod tests {
    use super::super::postgres::Cluster;
    use super::*;

    #[test]
    fn a_comparison_tells_every_difference_and_nothing_else() {
        let cluster = Cluster::start(&[]);
        let check = |case: usize, left: &str, right: &str, compared: &Compared, expected: &str| {
            let sides = ["left", "right"].map(|side| format!("{side}{case}"));
            for (name, script) in sides.iter().zip([left, right]) {
                cluster.create_database(name);
                cluster.sql(name).run(script);
            }
            let [source, target] = sides.map(|name| cluster.sql(&name));
            let told = differences(&source, &target, compared).expect("both can be read");
            assert_eq!(told, expected, "case {case}");
        };
        let all = Compared::default();
        check(
            0,
            "create table t (a int, b text); insert into t values (1, 'x'), (1, 'x'), (2, null)",
            "create table t (a int, b text); insert into t values (2, null), (1, 'x'), (1, 'x')",
            &all,
            "",
        );
        check(
            1,
            "create table t (a text); insert into t values (null), ('x'), ('x')",
            "create table t (a text); insert into t values (''), ('x')",
            &all,
            "public.t: 3 rows at the source, 2 at the target\n  only at the target: \n  only at the source: \\N\n  only at the source: x\n",
        );
        check(
            2,
            "create table \"T 1\" (a int, b varchar(3))",
            "create table \"T 1\" (a int, b varchar(4))",
            &all,
            "public.\"T 1\": other columns\n  source: a integer, b character varying(3)\n  target: a integer, b character varying(4)\n",
        );
        check(
            3,
            "create table a (); create table b ()",
            "create table b (); create table c ()",
            &all,
            "public.a: not at the target\npublic.c: not at the source\n",
        );
        let of_source = Compared {
            columns: Columns::OfSource,
            except: vec!["public.c".to_owned()],
            ..Compared::default()
        };
        check(
            4,
            "create table t (a int, b int); insert into t values (1, 2); create table c ()",
            "create table t (x int, b bigint, a int); insert into t values (9, 2, 1)",
            &of_source,
            "",
        );
        let with_sequences = Compared {
            sequences: Sequences::Compared,
            ..Compared::default()
        };
        check(
            5,
            "create sequence s; select nextval('s')",
            "create sequence s; select setval('s', 1)",
            &with_sequences,
            "",
        );
        check(
            6,
            "create sequence s; select nextval('s')",
            "create sequence s",
            &with_sequences,
            "sequences: 1 rows at the source, 1 at the target\n  only at the target: public.s\t1\n  only at the source: public.s\t2\n",
        );
    }
}
