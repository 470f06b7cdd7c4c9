//! The span that a figure counts, within a block.

use jiff::civil::{Date, DateTime, Time};

use crate::domain::traffic::Window;
use crate::store::varint::{self, Numbers};

const PERIOD: u64 = 0;
const CALENDAR_MONTH: u64 = 1;
const LIFETIME: u64 = 2;
const SINCE: u64 = 3;
const DATES: u64 = 4;
const UNKNOWN: u64 = 5;

pub(super) fn put(out: &mut Vec<u8>, window: &Window) {
    match window {
        Window::Period => varint::put(out, PERIOD),
        Window::CalendarMonth => varint::put(out, CALENDAR_MONTH),
        Window::Lifetime => varint::put(out, LIFETIME),
        Window::Since(moment) => {
            varint::put(out, SINCE);
            put_date(out, moment.date());
            out.extend([moment.hour(), moment.minute(), moment.second()].map(i8::unsigned_abs));
            varint::put(out, u64::from(moment.subsec_nanosecond().unsigned_abs()));
        }
        Window::Dates(first, last) => {
            varint::put(out, DATES);
            put_date(out, *first);
            put_date(out, *last);
        }
        Window::Unknown => varint::put(out, UNKNOWN),
    }
}

pub(super) fn read(read: &mut Numbers<'_>) -> Option<Window> {
    Some(match read.next()? {
        PERIOD => Window::Period,
        CALENDAR_MONTH => Window::CalendarMonth,
        LIFETIME => Window::Lifetime,
        SINCE => {
            let date = read_date(read)?;
            let [hour, minute, second] = [small(read)?, small(read)?, small(read)?];
            let nanosecond = i32::try_from(read.next()?).ok()?;
            let time = Time::new(hour, minute, second, nanosecond).ok()?;
            Window::Since(DateTime::from_parts(date, time))
        }
        DATES => Window::Dates(read_date(read)?, read_date(read)?),
        UNKNOWN => Window::Unknown,
        _ => return None,
    })
}

/// Years from -9999 on.
fn put_date(out: &mut Vec<u8>, date: Date) {
    varint::put(out, u64::from((date.year() + 9999).unsigned_abs()));
    out.extend([date.month(), date.day()].map(i8::unsigned_abs));
}

fn read_date(read: &mut Numbers<'_>) -> Option<Date> {
    let year = i16::try_from(read.next()?).ok()?.checked_sub(9999)?;
    Date::new(year, small(read)?, small(read)?).ok()
}

fn small(read: &mut Numbers<'_>) -> Option<i8> {
    i8::try_from(read.byte()?).ok()
}
