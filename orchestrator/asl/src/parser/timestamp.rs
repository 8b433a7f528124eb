//! Timestamps as the Amazon States Language writes them: RFC 3339 with `T`, and `Z` or an offset.

use jiff::Timestamp;

/// Milliseconds since 1970, when the text is such a timestamp.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    if !has_shape(text.as_bytes()) {
        return None;
    }
    let timestamp: Timestamp = text.parse().ok()?;
    Some(timestamp.as_millisecond())
}

/// Whether it is written as RFC 3339 asks, which is narrower than what `jiff` reads.
fn has_shape(text: &[u8]) -> bool {
    let Some((seconds, mut rest)) = text.split_at_checked("2016-03-14T01:59:00".len()) else {
        return false;
    };
    if !matches_shape(seconds, b"0000-00-00T00:00:00") {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    rest == b"Z" || matches_shape(rest, b"+00:00") || matches_shape(rest, b"-00:00")
}

/// Whether each byte is the shape's, a `0` standing for any digit.
fn matches_shape(text: &[u8], shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.iter().zip(shape).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            _ => byte == wanted,
        })
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(milliseconds(text), expected, "{text}");
    }

    #[test]
    fn only_rfc_3339_with_an_offset_is_read() {
        check("1970-01-01T00:00:01Z", Some(1000));
        check("1970-01-01T01:00:00.5+01:00", Some(500));
        check("1969-12-31T23:59:59.999999999Z", Some(0));
        check("2024-02-29T12:00:00-23:30", Some(1_709_292_600_000));
        check("2023-02-29T12:00:00Z", None);
        check("2024-02-20T12:00Z", None);
        check("2024-02-20t12:00:00Z", None);
        check("2024-02-20T12:00:00z", None);
        check("2024-02-20 12:00:00Z", None);
        check("2024-02-20T12:00:00", None);
        check("2024-02-20T12:00:00.Z", None);
        check("2024-02-20T12:00:00+0100", None);
        check("2024-02-20T24:00:00Z", None);
        check("+002024-02-20T12:00:00Z", None);
        check("", None);
        check("ä024-02-20T12:00:00Z", None);
    }
}
