//! Random changes: a plan has the same effect as the changes one by one.

use proptest::collection::vec;
use proptest::prelude::*;
use replication::dependency::Footprint;
use replication::net::{Mode, plan};
use replication::piece::Piece;

use crate::model::{Cells, KINDS, Kind, Source, Target, bindings};

/// Something that may happen; where it can't, nothing does.
#[derive(Clone, Debug)]
struct Happening {
    table: usize,
    what: What,
    /// Which row.
    row: prop::sample::Index,
    /// What its values become.
    values: [u8; 4],
}

#[derive(Clone, Copy, Debug)]
enum What {
    Insert,
    /// Values that are no key; `b` may count as TOASTed.
    Update,
    /// The key (and the unique value), too.
    UpdateKey,
    /// The keys of two rows are swapped, by a third.
    Swap,
    /// Two rows swap their unique values, by a third.
    SwapUnique,
    Delete,
    Truncate,
}

fn happening() -> impl Strategy<Value = Happening> {
    let what = prop_oneof![
        6 => Just(What::Insert),
        6 => Just(What::Update),
        4 => Just(What::UpdateKey),
        3 => Just(What::Swap),
        3 => Just(What::SwapUnique),
        4 => Just(What::Delete),
    ];
    let what = prop_oneof![60 => what, 1 => Just(What::Truncate)];
    (
        0..KINDS.len(),
        what,
        any::<prop::sample::Index>(),
        [0..8_u8, 0..3, 0..5, 0..8],
    )
        .prop_map(|(table, what, row, values)| Happening {
            table,
            what,
            row,
            values,
        })
}

fn cells(values: [u8; 4]) -> Cells {
    let [id, a, b, u] = values;
    [
        format!("{id}"),
        format!("a{a}"),
        format!("b{b}"),
        format!("u{u}"),
    ]
}

/// Some rows in each table.
fn first_rows() -> Vec<Vec<Cells>> {
    vec![(0..4).map(|id| cells([id, 0, id, id])).collect(); KINDS.len()]
}

fn happen(source: &mut Source, happening: &Happening) {
    let (table, row) = (happening.table, cells(happening.values));
    let count = source.tables[table].len();
    let at = if count == 0 {
        None
    } else {
        Some(happening.row.index(count))
    };
    // With a third of the values, a value that stays counts as TOASTed.
    let toasted: &[usize] = match happening.values[1] {
        0 => &[2],
        1 => &[],
        _ => &[0, 2],
    };
    match (happening.what, at) {
        (What::Insert, _) if source.is_free(table, &row, None) => source.insert(table, row),
        (What::Update, Some(at)) => {
            let mut updated = source.tables[table][at].clone();
            updated[1] = row[1].clone();
            if happening.values[2] != 0 {
                updated[2] = row[2].clone();
            }
            source.update(table, at, updated, toasted);
        }
        (What::UpdateKey, Some(at)) => {
            let mut updated = source.tables[table][at].clone();
            updated[0] = row[0].clone();
            if happening.values[2] != 0 {
                updated[3] = row[3].clone();
            }
            if source.is_free(table, &updated, Some(at)) {
                source.update(table, at, updated, toasted);
            }
        }
        (What::Swap, Some(at)) if count > 1 => {
            swap(source, table, at, (at + 1) % count, &[0, 3], toasted);
        }
        (What::SwapUnique, Some(at)) if count > 1 => {
            swap(source, table, at, (at + 1) % count, &[3], toasted);
        }
        (What::Delete, Some(at)) => source.delete(table, at),
        (What::Truncate, _) => source.truncate(table),
        _ => {}
    }
}

/// Two rows take each other's values of some columns, one after the other.
fn swap(
    source: &mut Source,
    table: usize,
    one: usize,
    other: usize,
    columns: &[usize],
    toasted: &[usize],
) {
    let (first, second) = (
        source.tables[table][one].clone(),
        source.tables[table][other].clone(),
    );
    let with = |row: &Cells, values: &Cells| {
        let mut row = row.clone();
        for &column in columns {
            row[column].clone_from(&values[column]);
        }
        row
    };
    let between = with(&first, &cells([99, 0, 0, 99]));
    let moved = [with(&second, &first), with(&first, &second)];
    // Values that are a key with others can be in the way of a third row.
    let [moved_second, moved_first] = &moved;
    let fits = source.is_free(table, &between, Some(one))
        && moved.iter().all(|row| {
            source.is_free(table, row, Some(one)) || source.is_free(table, row, Some(other))
        });
    if fits {
        source.update(table, one, between, toasted);
        source.update(table, other, moved_second.clone(), toasted);
        source.update(table, one, moved_first.clone(), toasted);
    }
}

fn make(tables: Vec<Vec<Cells>>, happenings: &[Happening]) -> (Piece, Vec<Vec<Cells>>) {
    let mut source = Source::new(&KINDS, tables);
    for each in happenings {
        happen(&mut source, each);
    }
    let after = source.tables.clone();
    (source.piece(), after)
}

fn planned(target: &Target, piece: &Piece, kinds: &[Kind], mode: Mode) -> Target {
    let bindings = bindings(piece, kinds);
    let mut target = target.clone();
    let plan = plan(piece, 0..piece.changes.len(), &bindings, mode);
    target.apply_plan(piece, &plan, &bindings);
    target.sorted()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_does_what_the_changes_do(happenings in vec(happening(), 0..80)) {
        let (piece, after) = make(first_rows(), &happenings);
        let before = Target::copy_of(&first_rows(), &KINDS);
        let mut one_by_one = before.clone();
        one_by_one.apply_each(&piece, &bindings(&piece, &KINDS));
        let one_by_one = one_by_one.sorted();
        // The model of the target is right.
        let mut without_own = one_by_one.clone();
        for row in without_own.tables.iter_mut().flatten() {
            row.remove("own");
        }
        let plain = KINDS.map(|kind| Kind { own_column: false, ..kind });
        prop_assert_eq!(&without_own, &Target::copy_of(&after, &plain).sorted());
        prop_assert_eq!(&planned(&before, &piece, &KINDS, Mode::Net), &one_by_one);
        prop_assert_eq!(&planned(&before, &piece, &KINDS, Mode::InOrder), &one_by_one);
    }

    #[test]
    fn a_range_of_changes_is_planned_by_itself(happenings in vec(happening(), 0..60), cut: prop::sample::Index) {
        let (piece, _) = make(first_rows(), &happenings);
        let bindings = bindings(&piece, &KINDS);
        let before = Target::copy_of(&first_rows(), &KINDS);
        let cut = cut.index(piece.changes.len() + 1);
        let mut target = before.clone();
        for range in [0..cut, cut..piece.changes.len()] {
            let plan = plan(&piece, range, &bindings, Mode::Net);
            target.apply_plan(&piece, &plan, &bindings);
        }
        prop_assert_eq!(target.sorted(), planned(&before, &piece, &KINDS, Mode::Net));
    }

    #[test]
    fn counts_are_those_of_the_source(happenings in vec(happening(), 0..60)) {
        let (piece, _) = make(first_rows(), &happenings);
        let bindings = bindings(&piece, &KINDS);
        let mut totals = Vec::new();
        for mode in [Mode::Net, Mode::InOrder] {
            let plan = plan(&piece, 0..piece.changes.len(), &bindings, mode);
            let works = plan.steps.iter().filter_map(|step| match step {
                replication::net::Step::Rows(works) => Some(works),
                replication::net::Step::Barrier(_) => None,
            });
            let counts = works.flatten().map(|work| work.counts);
            let total = counts.fold((0, 0, 0), |total, counts| {
                (total.0 + counts.inserts, total.1 + counts.updates, total.2 + counts.deletes)
            });
            totals.push(total);
        }
        prop_assert_eq!(totals[0], totals[1]);
        let barriers = piece.barriers.len();
        let rows = u64::try_from(piece.changes.len() - barriers).unwrap();
        prop_assert_eq!(totals[0].0 + totals[0].1 + totals[0].2, rows);
    }

    #[test]
    fn pieces_that_do_not_meet_may_change_places(
        first in vec(happening(), 0..6),
        second in vec(happening(), 0..6),
    ) {
        let (first, between) = make(first_rows(), &first);
        let (second, _) = make(between, &second);
        let footprints = [&first, &second].map(|piece| Footprint::of(piece, &bindings(piece, &KINDS)));
        prop_assert_eq!(footprints[0].meets(&footprints[1]), footprints[1].meets(&footprints[0]));
        if !footprints[0].meets(&footprints[1]) {
            let before = Target::copy_of(&first_rows(), &KINDS);
            let in_order = planned(&planned(&before, &first, &KINDS, Mode::Net), &second, &KINDS, Mode::Net);
            let turned = planned(&planned(&before, &second, &KINDS, Mode::Net), &first, &KINDS, Mode::Net);
            prop_assert_eq!(in_order, turned);
        }
    }
}
