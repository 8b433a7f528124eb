//! A statement over many rows, written as few statements of fixed sizes so that each is compiled once.

use std::sync::{Arc, OnceLock};

use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, SqliteConnection};

/// How many rows one statement takes. Every call of sqlx costs two thread hops, every size a compiled statement.
const SIZES: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// A statement whose middle repeats for each row.
pub(crate) struct ManyRows {
    head: &'static str,
    row: &'static str,
    tail: &'static str,
    columns: usize,
    texts: [OnceLock<Arc<str>>; SIZES.len()],
}

impl ManyRows {
    /// `head row, row, … tail`, with so many parameters in each row.
    pub(crate) const fn new(
        head: &'static str,
        row: &'static str,
        tail: &'static str,
        columns: usize,
    ) -> Self {
        Self {
            head,
            row,
            tail,
            columns,
            texts: [const { OnceLock::new() }; SIZES.len()],
        }
    }

    /// Runs it for all rows; says how many rows of the table changed.
    pub(crate) async fn run<T>(
        &self,
        connection: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(&T, &mut SqliteArguments) -> Result<(), BoxDynError>,
    ) -> Result<u64, sqlx::Error> {
        let mut changed = 0;
        let mut rest = rows;
        for (size, text) in SIZES.into_iter().zip(&self.texts) {
            while rest.len() >= size {
                let (part, after) = rest.split_at(size);
                rest = after;
                let text = text.get_or_init(|| self.text(size));
                let mut arguments = SqliteArguments::default();
                arguments.reserve(size * self.columns, 0);
                for row in part {
                    bind(row, &mut arguments).map_err(sqlx::Error::Encode)?;
                }
                changed += sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments)
                    .execute(&mut *connection)
                    .await?
                    .rows_affected();
            }
        }
        Ok(changed)
    }

    fn text(&self, size: usize) -> Arc<str> {
        let rows = vec![self.row; size].join(", ");
        format!("{} {rows}{}", self.head, self.tail).into()
    }
}

#[cfg(test)]
mod tests {
    use super::ManyRows;

    #[test]
    fn a_row_repeats_between_head_and_tail() {
        let statement = ManyRows::new("delete from t where id in (", "?", ")", 1);
        assert_eq!(&*statement.text(3), "delete from t where id in ( ?, ?, ?)");
    }
}
