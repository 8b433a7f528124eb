//! The statements that apply changes: for one row each, or for many rows in array parameters.

use std::collections::HashMap;

use crate::target::route::{ArrayForm, Form, Route};
use crate::target::sql::{joined, list};

/// A statement and its parameters' types, as far as they are declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) types: Vec<u32>,
}

/// A column with the form of the value that it gets.
pub(crate) type Sent = (u32, Form);

/// How one row is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Find {
    /// By a key that a unique index holds.
    Key,
    /// Any one row that has these values, nulls included.
    AnyOne,
}

pub(crate) fn insert(route: &Route, columns: &[Sent]) -> Sql {
    let mut parameters = Parameters::default();
    if columns.is_empty() {
        return parameters.sql(format!("insert into {} default values", route.table));
    }
    let values = list(columns.iter().map(|&sent| parameters.next(route, sent)));
    let names = list(
        columns
            .iter()
            .map(|&(column, _)| &route.column(column).name),
    );
    parameters.sql(format!(
        "insert into {} ({names}){} values ({values})",
        route.table, route.overriding
    ))
}

pub(crate) fn update(route: &Route, set: &[Sent], key: &[Sent], find: Find) -> Sql {
    let mut parameters = Parameters::default();
    let set = list(set.iter().map(|&sent| {
        let name = &route.column(sent.0).name;
        format!("{name} = {}", parameters.next(route, sent))
    }));
    let table = &route.table;
    let rest = match find {
        Find::Key => format!(" where {}", conditions(route, key, find, &mut parameters)),
        Find::AnyOne => format!(
            " from {} where t.ctid = f.c and t.tableoid = f.r",
            any_one(route, key, &mut parameters)
        ),
    };
    parameters.sql(format!("update {table} as t set {set}{rest}"))
}

pub(crate) fn delete(route: &Route, key: &[Sent], find: Find) -> Sql {
    let mut parameters = Parameters::default();
    let rest = match find {
        Find::Key => format!(" where {}", conditions(route, key, find, &mut parameters)),
        Find::AnyOne => format!(
            " using {} where t.ctid = f.c and t.tableoid = f.r",
            any_one(route, key, &mut parameters)
        ),
    };
    parameters.sql(format!("delete from {} as t{rest}", route.table))
}

/// The place of one row that has the values. In a partitioned table a place is one of a partition.
///
/// One that nobody has locked, if there is: a prepared transaction holds the row that it took until its end, which comes later in the stream.
fn any_one(route: &Route, key: &[Sent], parameters: &mut Parameters) -> String {
    let rows = format!(
        "select t.tableoid as r, t.ctid as c from {} as t where {} limit 1",
        route.table,
        conditions(route, key, Find::AnyOne, parameters)
    );
    format!(
        "(select * from ({rows} for update skip locked) as free union all select * from ({rows}) as locked limit 1) as f"
    )
}

fn conditions(route: &Route, key: &[Sent], find: Find, parameters: &mut Parameters) -> String {
    let conditions = key.iter().map(|&sent| {
        let column = route.column(sent.0);
        let name = &column.name;
        if find == Find::AnyOne && sent.1 == Form::Null {
            return format!("t.{name} is null");
        }
        let value = parameters.next(route, sent);
        match find {
            Find::Key => format!("t.{name} = {value}"),
            // An index can find equal values; of those only the ones that also look equal are meant: 1.0 is not 1.00.
            Find::AnyOne if column.comparable && column.exact => format!("t.{name} = {value}"),
            Find::AnyOne if column.comparable => {
                format!("t.{name} = {value} and t.{name}::text = ({value})::text")
            }
            Find::AnyOne => format!("t.{name}::text = ({value})::text"),
        }
    });
    let sql = joined(conditions.collect::<Vec<_>>(), " and ");
    if sql.is_empty() {
        "true".to_owned()
    } else {
        sql
    }
}

/// A statement for many rows, and how its arrays are made.
#[derive(Clone, Debug)]
pub(crate) struct Arrays {
    pub(crate) sql: Sql,
    pub(crate) elements: Vec<ArrayForm>,
}

/// For all: none if a column's values can't go into an array.
pub(crate) fn insert_many(
    route: &Route,
    columns: &[Sent],
    array_types: &HashMap<u32, u32>,
) -> Option<Arrays> {
    let rows = Rows::new(route, columns, array_types)?;
    let values = list((0..columns.len()).map(|index| rows.value(index)));
    let names = list(
        columns
            .iter()
            .map(|&(column, _)| &route.column(column).name),
    );
    let text = format!(
        "insert into {} ({names}){} select {values} from {}",
        route.table, route.overriding, rows.from
    );
    Some(rows.arrays(text))
}

/// The arrays are those of `set`, then those of `key`.
pub(crate) fn update_many(
    route: &Route,
    set: &[Sent],
    key: &[Sent],
    array_types: &HashMap<u32, u32>,
) -> Option<Arrays> {
    let columns: Vec<Sent> = set.iter().chain(key).copied().collect();
    let rows = Rows::new(route, &columns, array_types)?;
    let assignments = list(set.iter().enumerate().map(|(index, &(column, _))| {
        format!("{} = {}", route.column(column).name, rows.value(index))
    }));
    let text = format!(
        "update {} as t set {assignments} from {} where {}",
        route.table,
        rows.from,
        rows.matches(route, key, set.len())
    );
    Some(rows.arrays(text))
}

pub(crate) fn delete_many(
    route: &Route,
    key: &[Sent],
    array_types: &HashMap<u32, u32>,
) -> Option<Arrays> {
    let rows = Rows::new(route, key, array_types)?;
    let text = format!(
        "delete from {} as t using {} where {}",
        route.table,
        rows.from,
        rows.matches(route, key, 0)
    );
    Some(rows.arrays(text))
}

/// Rows that come in arrays, one for each column.
struct Rows {
    /// The subquery `s`. `unnest` stands in its select list: in a FROM clause it would take values of composite types apart.
    from: String,
    elements: Vec<ArrayForm>,
    types: Vec<u32>,
}

impl Rows {
    fn new(route: &Route, columns: &[Sent], array_types: &HashMap<u32, u32>) -> Option<Self> {
        let elements = columns
            .iter()
            .map(|&(column, form)| route.column(column).array_form(form, array_types))
            .collect::<Option<Vec<_>>>()?;
        let lists = list(elements.iter().enumerate().map(|(index, form)| {
            let number = index + 1;
            format!("unnest(${number}{}) as c{number}", form.parameter_cast)
        }));
        Some(Self {
            from: format!("(select {lists}) as s"),
            types: elements.iter().map(|form| form.array_id).collect(),
            elements,
        })
    }

    fn value(&self, index: usize) -> String {
        format!("s.c{}{}", index + 1, self.elements[index].element_cast)
    }

    fn matches(&self, route: &Route, key: &[Sent], first: usize) -> String {
        let conditions = key.iter().enumerate().map(|(index, &(column, _))| {
            let name = &route.column(column).name;
            format!("t.{name} = {}", self.value(first + index))
        });
        joined(conditions.collect::<Vec<_>>(), " and ")
    }

    fn arrays(self, text: String) -> Arrays {
        Arrays {
            sql: Sql {
                text,
                types: self.types,
            },
            elements: self.elements,
        }
    }
}

#[derive(Default)]
struct Parameters {
    types: Vec<u32>,
}

impl Parameters {
    fn next(&mut self, route: &Route, (column, form): Sent) -> String {
        let column = route.column(column);
        self.types.push(column.parameter_type(form));
        format!("${}::{}", self.types.len(), column.type_name)
    }

    fn sql(self, text: String) -> Sql {
        Sql {
            text,
            types: self.types,
        }
    }
}
