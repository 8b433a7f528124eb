//! What a replication task is: from where, to where, which tables, and until when.

use replication::mapping::Selection;
use replication::settings::TaskSettings;

/// A replication task, as its user asks for it. The same task can be started again at any time, and goes on where it was.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name: of letters, digits, `_` and `-`. The target remembers how far it has come under this name.
    pub name: String,
    /// The source.
    pub source: wire::Settings,
    /// The target.
    pub target: wire::Settings,
    /// Which tables.
    pub selection: Selection,
    /// How.
    pub settings: TaskSettings,
    /// What.
    pub migration: MigrationType,
    /// The replication slot; `ratchet_<name>` without. A slot that the user names is never made nor dropped in a task that only follows changes.
    pub slot: Option<String>,
    /// The publications; one of our own is made without.
    pub publications: Vec<String>,
    /// When it ends by itself.
    pub until: Until,
    /// Where a task begins.
    pub start: Start,
}

/// DMS's `MigrationType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationType {
    /// The rows as they are now.
    FullLoad,
    /// Changes from the slot's position on.
    Cdc,
    /// Both.
    FullLoadAndCdc,
}

/// When a task ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Never.
    Forever,
    /// When every table is loaded, with its indexes and constraints. The slot stays: started again, the task goes on from there.
    FullLoad,
    /// When everything that the source had committed at the moment when the load was over (or the task started, without one) is durable at the
    /// target.
    CaughtUp,
}

/// Where a task begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Where it was; at the beginning, the first time.
    Resume,
    /// At the beginning: what the target remembers is forgotten, the slot is made anew, every table is loaded anew (emptied before, if
    /// `TargetTablePrepMode` is `DO_NOTHING`). The way out of a task that can't go on.
    Reload,
}

impl Task {
    /// The slot's name: the user's, or one of the task's name (a slot's name has lower-case letters, digits and `_` only).
    #[must_use]
    pub fn slot_name(&self) -> String {
        match &self.slot {
            Some(slot) => slot.clone(),
            None => format!("ratchet_{}", identifier(&self.name)),
        }
    }

    /// The name of the publication that is made when the user names none.
    #[must_use]
    pub fn own_publication(&self) -> String {
        format!("ratchet_{}", identifier(&self.name))
    }

    /// The name that the task's sessions carry (`application_name`), by which a later copy of it knows those of a dead one.
    #[must_use]
    pub fn application_name(&self) -> String {
        format!("ratchet:{}", self.name)
    }
}

/// A task's name in the letters that a slot's name may have; names that differ give different ones, as far as fifty characters go.
fn identifier(name: &str) -> String {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if name.bytes().all(plain) && name.len() <= 50 {
        return name.to_owned();
    }
    let mut text: String = name
        .bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .map(|byte| if plain(byte) { char::from(byte) } else { '_' })
        .take(40)
        .collect();
    // Names that become equal in these letters are told apart by a hash (FNV-1a).
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    text.push_str(&format!("_{:08x}", hash >> 32));
    text
}

#[cfg(test)]
mod tests {
    use super::identifier;

    #[test]
    fn identifiers_have_only_the_letters_of_a_slot() {
        let check = |name: &str, expected: &str| assert_eq!(identifier(name), expected);
        check("orders", "orders");
        check("orders_2", "orders_2");
        for (one, other) in [("orders-2", "orders.2"), ("Orders", "orders")] {
            assert_ne!(identifier(one), identifier(other));
        }
        assert!(identifier(&"long".repeat(40)).len() < 60);
    }
}
