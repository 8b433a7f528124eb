//! Which of a task's transactions are prepared at the target, and whether it can prepare any.

use crate::Error;
use crate::schema::quote::literal;
use crate::target::control::Control;

impl Control {
    /// The task's transactions that are prepared now, by the names that [`crate::target::Applier::prepare`] was given, as far as these begin with
    /// `prefix`.
    ///
    /// # Errors
    /// When the target does not answer.
    pub async fn prepared(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let task = format!("ratchet {} ", self.lease.task);
        let sql = "select gid from pg_catalog.pg_prepared_xacts where database = current_database() and starts_with(gid, $1)";
        let rows = self.client.query(sql, &[&format!("{task}{prefix}")]).await;
        let rows = rows.map_err(Error::sql(
            "see which transactions are prepared at the target",
        ))?;
        Ok(rows
            .iter()
            .map(|row| row.get::<_, String>(0)[task.len()..].to_owned())
            .collect())
    }

    /// Rolls those transactions back.
    ///
    /// # Errors
    /// When the target refuses.
    pub async fn roll_back_prepared(&self, prefix: &str) -> Result<(), Error> {
        for name in self.prepared(prefix).await? {
            let name = literal(&format!("ratchet {} {name}", self.lease.task));
            let sql = format!("rollback prepared {name}");
            let done = self.client.batch_execute(&sql).await;
            done.map_err(Error::sql(format!(
                "roll back the transaction {name}, which is prepared at the target"
            )))?;
        }
        Ok(())
    }

    /// How many transactions may be prepared at the target at the same time: its `max_prepared_transactions`.
    ///
    /// # Errors
    /// When the target does not answer.
    pub async fn most_prepared(&self) -> Result<i32, Error> {
        let sql = "select current_setting('max_prepared_transactions')::int";
        let row = self.client.query_one(sql, &[]).await;
        let row = row.map_err(Error::sql(
            "ask the target for its max_prepared_transactions",
        ))?;
        Ok(row.get(0))
    }
}
