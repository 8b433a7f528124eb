//! What was counted for tables, in the control tables.

use replication::relation::TableName;

use crate::Error;
use crate::target::control::Control;

impl Control {
    /// Writes what was counted for tables, each as JSON. A table whose row another transaction of the task holds (it may be prepared, for long) is
    /// left out. Answers which were written; none when the task was taken over.
    ///
    /// # Errors
    /// When the target does not answer.
    pub async fn save_statistics(
        &self,
        tables: &[(TableName, String)],
    ) -> Result<Vec<TableName>, Error> {
        let sql = format!(
            "with own as (select t.source_schema, t.source_table, v.statistics from {schema}.tables t \
             join unnest($3::text[], $4::text[], $5::text[]) v(source_schema, source_table, statistics) using (source_schema, source_table) \
             where t.task = $1 and exists (select from {schema}.checkpoints c where c.task = $1 and c.epoch = $2) for update of t skip locked) \
             update {schema}.tables t set statistics = own.statistics::json from own \
             where t.task = $1 and t.source_schema = own.source_schema and t.source_table = own.source_table \
             returning t.source_schema, t.source_table",
            schema = self.schema,
        );
        let column =
            |of: fn(&(TableName, String)) -> &str| -> Vec<&str> { tables.iter().map(of).collect() };
        let schemas = column(|(name, _)| &name.schema);
        let names = column(|(name, _)| &name.table);
        let statistics = column(|(_, statistics)| statistics);
        let rows = self
            .client
            .query(
                &sql,
                &[
                    &self.lease.task,
                    &self.lease.epoch,
                    &schemas,
                    &names,
                    &statistics,
                ],
            )
            .await;
        let rows = rows.map_err(Error::sql("write what was counted for tables"))?;
        Ok(rows
            .iter()
            .map(|row| TableName::new(row.get::<_, String>(0), row.get::<_, String>(1)))
            .collect())
    }
}
