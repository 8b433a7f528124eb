//! Which transactions a snapshot sees. Of a transaction that was prepared before a snapshot, its place in the stream does not tell.

use pgoutput::message::Xid;

/// What `pg_current_snapshot` says of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visibility {
    /// The first id that was not given yet.
    next: Xid,
    /// Those before it whose transactions had not committed.
    running: Vec<Xid>,
}

impl Visibility {
    /// Reads `xmin:xmax:xip,…`, whose ids have their epochs; the stream's don't.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let short = |number: &str| {
            let number: u64 = number.parse().ok()?;
            Xid::try_from(number & u64::from(Xid::MAX)).ok()
        };
        let mut fields = text.trim().split(':');
        let (_oldest, next, running) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Self {
            next: short(next)?,
            running: running
                .split(',')
                .filter(|number| !number.is_empty())
                .map(short)
                .collect::<Option<_>>()?,
        })
    }

    /// Whether it sees what a transaction did, unless that was rolled back.
    pub(crate) fn sees(&self, xid: Xid) -> bool {
        // Ids are compared on a circle: one is before another if it is less than half the circle behind.
        let before = xid != self.next && self.next.wrapping_sub(xid) < Xid::MAX / 2;
        before && !self.running.contains(&xid)
    }
}

#[cfg(test)]
mod tests {
    use super::Visibility;

    #[test]
    fn a_snapshot_sees_what_had_committed() {
        let check = |text: &str, seen: &[u32], unseen: &[u32]| {
            let visibility = Visibility::read(text).expect("it can be read");
            for xid in seen {
                assert!(visibility.sees(*xid), "{text} sees {xid}");
            }
            for xid in unseen {
                assert!(!visibility.sees(*xid), "{text} does not see {xid}");
            }
        };
        check("740:740:", &[3, 700, 739], &[740, 741]);
        check("740:745:741,743", &[740, 742, 744], &[741, 743, 745, 800]);
        // The second round of ids, and a snapshot right after its beginning.
        check("4294967396:4294967400:4294967398", &[100, 103], &[102, 104]);
        check(
            "4294967290:4294967300:4294967299",
            &[4_294_967_295, 2],
            &[3, 4, 5],
        );
        for text in ["", "1:2", "a:b:c", "1:2:x"] {
            assert_eq!(Visibility::read(text), None, "{text:?}");
        }
    }
}
