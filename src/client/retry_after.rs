//! How long a response asks the client to wait: `Retry-After`
//! ([RFC 9110, 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).

use core::time::Duration;

/// Returns the time in the value of `Retry-After`: seconds, or the difference between its date and the header `Date`.
/// `None` if it is neither, or if it is a date and there is no `Date`. A date in the past gives zero.
///
/// Of the three forms of a date only IMF-fixdate is read, the only one that servers have been allowed to send since
/// 1999.
pub(super) fn retry_after(value: &[u8], date: Option<&[u8]>) -> Option<Duration> {
    let value = value.trim_ascii();
    if let Some(seconds) = digits(value) {
        return Some(Duration::from_secs(seconds));
    }
    let (then, now) = (seconds_of(value)?, seconds_of(date?.trim_ascii())?);
    Some(Duration::from_secs(then.saturating_sub(now)))
}

/// Parses a number of at least one digit and nothing else; it saturates.
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}

const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

/// Returns the seconds from the beginning of the year 0 to a date like `Sun, 06 Nov 1994 08:49:37 GMT`.
fn seconds_of(date: &[u8]) -> Option<u64> {
    let [_, _, _, b',', b' ', day @ .., b' ', b'G', b'M', b'T'] = date else { return None };
    let [d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ', time @ ..] = day else {
        return None;
    };
    let [h1, h2, b':', min1, min2, b':', s1, s2] = time else { return None };
    let month = MONTHS.chunks(3).position(|name| name == [*m1, *m2, *m3])? as u64;
    let (day, year) = (digits(&[*d1, *d2])?, digits(&[*y1, *y2, *y3, *y4])?);
    let [hour, minute, second] = [[h1, h2], [min1, min2], [s1, s2]].map(|[a, b]| digits(&[*a, *b]));
    // Years that begin in March, so that the leap day comes last.
    let (year, month) =
        if month < 2 { (year.checked_sub(1)?, month + 10) } else { (year, month - 2) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    Some(((days * 24 + hour?) * 60 + minute?) * 60 + second?)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::retry_after;

    #[track_caller]
    fn check(value: &str, date: Option<&str>, seconds: Option<u64>) {
        let time = retry_after(value.as_bytes(), date.map(str::as_bytes));
        assert_eq!(time, seconds.map(Duration::from_secs), "{value:?} at {date:?}");
    }

    #[test]
    fn seconds_are_digits_and_saturate() {
        check("0", None, Some(0));
        check(" 120\t", None, Some(120));
        check("99999999999999999999999", None, Some(u64::MAX));
        for wrong in ["", "-1", "+1", "1.5", "1s", "soon", "1 2"] {
            check(wrong, Some("Sun, 06 Nov 1994 08:49:37 GMT"), None);
        }
    }

    #[test]
    fn a_date_counts_from_the_date_of_the_response() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        check("Sun, 06 Nov 1994 08:49:37 GMT", date, Some(0));
        check("Sun, 06 Nov 1994 08:50:00 GMT", date, Some(23));
        check("Mon, 07 Nov 1994 07:49:37 GMT", date, Some(23 * 3600));
        check("Sun, 06 Nov 1994 08:49:36 GMT", date, Some(0));
        check(
            "Wed, 01 Mar 2000 00:00:00 GMT",
            Some("Mon, 28 Feb 2000 00:00:00 GMT"),
            Some(2 * 86_400),
        );
        check("Mon, 01 Mar 2100 00:00:00 GMT", Some("Sun, 28 Feb 2100 00:00:00 GMT"), Some(86_400));
        check("Sat, 01 Jan 2000 00:00:00 GMT", Some("Fri, 31 Dec 1999 23:59:59 GMT"), Some(1));
        check(
            "Fri, 01 Jan 2100 00:00:00 GMT",
            Some("Sat, 01 Jan 2000 00:00:00 GMT"),
            Some((100 * 365 + 25) * 86_400),
        );
    }

    #[test]
    fn a_date_without_another_or_in_another_form_is_ignored() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", None, None);
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some("today"), None);
        for wrong in [
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 0849:37 GMT",
            "Sun, 06 Jan 0000 08:49:37 GMT",
            "Sun, x6 Nov 1994 08:49:37 GMT",
        ] {
            check(wrong, Some("Sun, 06 Nov 1994 08:49:37 GMT"), None);
        }
    }
}
