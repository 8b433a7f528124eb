//! Positions and moments.

use pgoutput::{Lsn, PgTimestamp};
use proptest::prelude::*;

#[test]
fn positions_are_written_as_postgresql_writes_them() {
    for (lsn, text) in [
        (Lsn::ZERO, "0/0"),
        (Lsn(0x16_B374_D848), "16/B374D848"),
        (Lsn(u64::MAX), "FFFFFFFF/FFFFFFFF"),
    ] {
        assert_eq!(lsn.to_string(), text);
        assert_eq!(text.parse(), Ok(lsn));
    }
    for text in [
        "",
        "/",
        "1/",
        "/1",
        "+1/1",
        "1/+1",
        "g/1",
        "1/123456789",
        "1/1/1",
        " 1/1",
    ] {
        assert!(text.parse::<Lsn>().is_err(), "{text:?}");
    }
    let error = "somewhere".parse::<Lsn>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"somewhere\" is not a position in the write-ahead log: expected two hexadecimal numbers, as in 16/B374D848"
    );
}

#[test]
fn moments_count_from_2000() {
    assert_eq!(PgTimestamp(0).unix_micros(), 946_684_800_000_000);
    assert_eq!(
        PgTimestamp::from_unix_micros(0),
        PgTimestamp(-946_684_800_000_000)
    );
    assert_eq!(PgTimestamp(i64::MAX).unix_micros(), i64::MAX);
}

proptest! {
    #[test]
    fn any_position_is_read_again(position: u64) {
        prop_assert_eq!(Lsn(position).to_string().parse(), Ok(Lsn(position)));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,12}") {
        let _ = text.parse::<Lsn>();
    }
}
