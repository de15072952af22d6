"""Functions that no vector instruction computes: of C's library, and of the calendar.

Row by row, in the same integer arithmetic and by the same C functions as the interpreter's. An undefined or
unknown result is NaN.
"""

# In compiled code `math.floor` gives a double.
# ruff: noqa: RUF046
# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

import math

from nbadsl.engine.loops import NAN, ld_f64, st_f64
from nbadsl.engine.parts import part

DAY = 86_400_000_000
FIRST_DAY, LAST_DAY = -719162, 2932896  # 0001-01-01 and 9999-12-31


@part("iii")
def logarithm(dst, a, count):
    for i in range(count):
        st_f64(dst, i, math.log(ld_f64(a, i)))


@part("iiii")
def powers(dst, a, b, count):
    for i in range(count):
        st_f64(dst, i, power(ld_f64(a, i), ld_f64(b, i)))


@part("ff", "f")
def power(x, y):
    """C's pow, but unknown stays unknown (C says that 1 to the power of anything is 1)."""
    if x != x or y != y:
        return NAN
    return math.pow(x, y)


@part("i", "iii")
def civil(day):
    """Year, month, day of a day number (since 1970). Howard Hinnant, chrono-compatible low-level date algorithms."""
    z = day + 719468
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    year = yoe + era * 400
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    return (year + 1 if month <= 2 else year), month, doy - (153 * mp + 2) // 5 + 1


@part("iii", "i")
def day_number(year, month, day):
    y = year - 1 if month <= 2 else year
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468


@part("ii", "i")
def month_length(year, month):
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


@part("f", "b")
def is_day(x):
    """Whether a double, floored, is a day of the years 1 to 9999; not for NaN."""
    return FIRST_DAY <= x < LAST_DAY + 1


@part("iiii")
def date_parts(dst, a, part, count):
    for i in range(count):
        x = ld_f64(a, i)
        result = NAN
        if is_day(x):
            day = int(math.floor(x))
            year, month, number = civil(day)
            if part == 0:
                result = float(year)
            elif part == 1:
                result = float(month)
            elif part == 2:
                result = float(number)
            else:
                result = float((day + 3) % 7 + 1)
        st_f64(dst, i, result)


@part("iiiii")
def months(dst, a, b, part, count):
    for i in range(count):
        x, y = ld_f64(a, i), ld_f64(b, i)
        result = NAN
        if is_day(x) and y == y:
            year, month, day = civil(int(math.floor(x)))
            if part == 0 and -200000.0 < y < 200000.0:
                total = year * 12 + month - 1 + int(math.floor(y))
                later, number = total // 12, total % 12 + 1
                if 1 <= later <= 9999:
                    result = float(day_number(later, number, min(day, month_length(later, number))))
            elif part == 1 and is_day(y):
                year2, month2, day2 = civil(int(math.floor(y)))
                result = float((year2 - year) * 12 + month2 - month - (1 if day2 < day else 0))
        st_f64(dst, i, result)


@part("Gf", "i")
def zone_offset(zone, time):
    """Microseconds east of UTC at an instant: the last change that is not after it (`zone.Zone.offset`)."""
    low, high = 0, zone.shape[1]
    while low < high:
        middle = (low + high) >> 1
        if zone[0, middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


@part("Gi", "i")
def local_day(zone, time):
    return (time + int(zone[1, zone_offset(zone, float(time))])) // DAY


@part("Gii", "i")
def midnight(zone, day, least):
    """The first instant of a local day, as `zone.Zone.midnight` defines it."""
    wall = day * DAY
    one = int(zone[1, zone_offset(zone, float(wall - DAY))])
    two = int(zone[1, zone_offset(zone, float(wall + DAY))])
    first, second = max(one, two), min(one, two)
    if local_day(zone, wall - first) >= day:
        return wall - first
    if local_day(zone, wall - second) >= day:
        return wall - second
    return int(zone[0, zone_offset(zone, float(wall + DAY - least))])


@part("iiiGi")
def local_parts(dst, a, part, zone, count):
    least = int(zone[1, 0])
    for j in range(zone.shape[1]):
        least = min(least, int(zone[1, j]))
    for i in range(count):
        x = ld_f64(a, i)
        result = NAN
        if part == 2:
            if is_day(x):
                result = float(midnight(zone, int(math.floor(x)), least))
        elif -1e18 < x < 1e18:
            time = int(math.floor(x))
            local = time + int(zone[1, zone_offset(zone, float(time))])
            day = local // DAY
            if FIRST_DAY <= day <= LAST_DAY:
                result = float(day) if part == 0 else float(local - day * DAY)
        st_f64(dst, i, result)
