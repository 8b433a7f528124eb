//! Transactions that are prepared at the target when they are at the source (two-phase commit).

use replication::checkpoint::Checkpoint;

use crate::schema::quote::literal;
use crate::target::applier::Applier;
use crate::target::applier::gathering::What;
use crate::target::error::ApplyError;

impl Applier {
    /// Prepares the transaction (two-phase commit) under the source's name for it, and then writes how far the task has come. Doing it again after
    /// a crash in between does no harm.
    ///
    /// # Errors
    /// When something before can't be applied, the task was taken over, or the target can't prepare transactions (`max_prepared_transactions`).
    pub async fn prepare(&mut self, gid: &str, checkpoint: &Checkpoint) -> Result<(), ApplyError> {
        let name = self.prepared_name(gid);
        self.flush().await?;
        if self.is_prepared(&name).await? {
            self.rollback().await?;
        } else {
            self.fence();
            self.flush().await?;
            self.simple(&format!("prepare transaction {}", literal(&name)))
                .await?;
            self.savepoints.clear();
        }
        self.advance(checkpoint).await
    }

    /// Commits a prepared transaction, and then writes how far the task has come. One that is not there was committed before.
    ///
    /// # Errors
    /// When the task was taken over, or the target refuses.
    pub async fn commit_prepared(
        &mut self,
        gid: &str,
        checkpoint: &Checkpoint,
    ) -> Result<(), ApplyError> {
        self.end_prepared("commit", gid, checkpoint).await
    }

    /// Rolls a prepared transaction back, and then writes how far the task has come. One that is not there was rolled back before.
    ///
    /// # Errors
    /// When the task was taken over, or the target refuses.
    pub async fn rollback_prepared(
        &mut self,
        gid: &str,
        checkpoint: &Checkpoint,
    ) -> Result<(), ApplyError> {
        self.end_prepared("rollback", gid, checkpoint).await
    }

    async fn is_prepared(&mut self, name: &str) -> Result<bool, ApplyError> {
        let sql = format!(
            "select 1 from pg_catalog.pg_prepared_xacts where database = current_database() and gid = {}",
            literal(name)
        );
        match self.session.simple(&sql).await {
            Ok(rows) => Ok(rows.iter().any(|rows| !rows.rows.is_empty())),
            Err(error) => Err(self.failed(&What::Control, error)),
        }
    }

    async fn end_prepared(
        &mut self,
        how: &str,
        gid: &str,
        checkpoint: &Checkpoint,
    ) -> Result<(), ApplyError> {
        let name = self.prepared_name(gid);
        self.flush().await?;
        self.fence();
        self.flush().await?;
        if self.is_prepared(&name).await? {
            self.simple(&format!("{how} prepared {}", literal(&name)))
                .await?;
        }
        self.advance(checkpoint).await
    }

    /// The name at the target of a transaction that was prepared at the source. The same task always gives the same.
    fn prepared_name(&self, gid: &str) -> String {
        let name = format!("ratchet {} {gid}", self.lease.task);
        // PostgreSQL allows 199 bytes.
        if name.len() < 200 {
            return name;
        }
        // FNV-1a, twice with different beginnings.
        let hash = |start: u64| {
            name.bytes().fold(start, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
        };
        format!(
            "ratchet {:016x}{:016x}",
            hash(0xcbf2_9ce4_8422_2325),
            hash(0x6c62_272e_07bb_0142)
        )
    }
}
