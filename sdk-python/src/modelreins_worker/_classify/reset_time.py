"""Responsible for finding, in a provider's message, when a limit resets; it knows no error type and reads no clock of its own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Optional

from .reset_headers import parse_date

_A, _I = re.ASCII, re.IGNORECASE
#: A reset time further in the future than this is a parsing error.
_FARTHEST = timedelta(days=31)
#: A time that passed within this period means a limit that is just being lifted; it does not mean the same time tomorrow.
_JUST_PASSED = timedelta(minutes=30)
#: How long to wait for such a limit.
_SOON = timedelta(minutes=1)
#: Only this many characters at the end of the text are searched.
_LONGEST = 64 * 1024

_UNITS = r"(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b"
_AMOUNT = r"(?:\d{1,12}(?:\.\d{1,12})?\s{0,3}|an?\s|one\s)" + _UNITS
#: Go and OpenAI write `6m0s`, without blanks between the parts.
_SPAN = r"(?:\d{1,12}(?:\.\d{1,12})?(?:ms|s|m|h|d)){2,8}|" + _AMOUNT + r"(?:(?:,?\s(?:and\s)?)" + _AMOUNT + r"){0,8}"
_AFTER_SPAN = re.compile(
    r"(?:(?:try|retry)(?:ing)? again|retry(?:ing)?|wait|(?<![\w])resets?|reset_after|available(?: again)?|retry-?after|retry_?delay)"
    r"[\"']?\s{0,4}(?::|=|in|after|for|until)?\s{0,4}(?:about\s|approximately\s|at least\s|~)?[\"']?(" + _SPAN + ")",
    _A | _I,
)
_RETRY_AFTER_S = re.compile(
    r"\b(?:retry[-_ ]?after(?:[-_ ]?(?:seconds?|secs?|s))?|resets?[-_]?(?:in|after)[-_]?(?:seconds?|secs?))[\"']?"
    r"[ \t]{0,4}[:=]?[ \t]{0,4}[\"']?(\d{1,12}(?:\.\d{1,12})?)(?=[ \t]{0,4}(?:[\"',;)\]}]|$))",
    _A | _I | re.MULTILINE,
)
_RETRY_AFTER_MS = re.compile(
    r"\b(?:retry[-_ ]?after|resets?[-_]?in)[-_ ]?(?:ms|millis(?:econds)?)[\"']?\s{0,4}[:=]?\s{0,4}[\"']?(\d{1,15}(?:\.\d{1,12})?)",
    _A | _I,
)
_HTTP_DATE = re.compile(
    r"\bretry-after[\"']?\s{0,4}[:=]?\s{0,4}[\"']?((?:mon|tue|wed|thu|fri|sat|sun),\s+\d{1,2}\s+\w{3}\s+\d{4}\s+[\d:]{8}\s+gmt)",
    _A | _I,
)
#: Claude Code in print mode: "Claude AI usage limit reached|1749924000".
_EPOCH = re.compile(
    r"(?:limit reached\||resets?(?:[-_ ]?(?:at|time|timestamp))?[\"']?\s{0,4}[:=|]\s{0,4}[\"']?)(1\d{9}(?:\d{3})?)\b",
    _A | _I,
)
_ISO = re.compile(
    r"(?:resets?|retry|try again|available|until)[^\n]{0,30}?(\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)"
    r"[ \t]{0,2}(z\b|utc\b|gmt\b|[+-]\d{2}:?\d{2}\b)?",
    _A | _I,
)
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_YEAR = r"(?:,?\s{1,2}(\d{4})(?!\d|:))?"
_MONTH_FIRST = _MONTH + r"\s{1,2}(\d{1,2})(?:st|nd|rd|th)?" + _YEAR
_DAY_FIRST = r"(\d{1,2})(?:st|nd|rd|th)?\s{1,2}(?:of\s)?" + _MONTH + _YEAR
_WEEKDAY = r"(?:on\s|next\s)?(sun|mon|tue|wed|thu|fri|sat)[a-z]{0,6}\.?"
_CLOCK = r"(\d{1,2})(?::(\d{2}))?(?::\d{2})?\s{0,2}(am|pm|a\.m\.|p\.m\.)?(?!\d|\.\d|%|:)"
#: A zone in brackets, or without brackets if it is a known one: any other word after a time is not a zone.
_ZONE = (
    r"(?:\s{0,2}\(([A-Za-z][\w/+:-]{1,40})\)|\s{1,2}(utc(?:[+-]\d{1,2}(?::?\d{2})?)?|gmt(?:[+-]\d{1,2}(?::?\d{2})?)?"
    r"|[a-z]+/[a-z_/+-]+|[ecmp][sd]?t|z)\b)?"
)
_SEPARATOR = r",?\s{1,2}(?:at\s)?"
_WALL = re.compile(
    r"(?:resets?|try again|available again|retry)(?:\s{1,2}(?:at|on|by|after))?[:\s]\s{0,2}(?:"
    + _WEEKDAY
    + _SEPARATOR
    + r")?(?:(?:"
    + _MONTH_FIRST
    + "|"
    + _DAY_FIRST
    + ")"
    + _SEPARATOR
    + r")?"
    + _CLOCK
    + _ZONE,
    _A | _I,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Abbreviations, with the zones that their authors mean.
_ABBREVIATIONS = {
    **dict.fromkeys(("et", "edt", "est"), "America/New_York"),
    **dict.fromkeys(("ct", "cdt", "cst"), "America/Chicago"),
    **dict.fromkeys(("mt", "mdt", "mst"), "America/Denver"),
    **dict.fromkeys(("pt", "pdt", "pst"), "America/Los_Angeles"),
    "bst": "Europe/London",
    "cest": "Europe/Paris",
    "eest": "Europe/Athens",
    "msk": "Europe/Moscow",
    "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "sgt": "Asia/Singapore",
    "hkt": "Asia/Hong_Kong",
    "aest": "Australia/Sydney",
    "aedt": "Australia/Sydney",
    **dict.fromkeys(("z", "utc", "gmt"), "UTC"),
}


def _zone_of(name: Optional[str]) -> Optional[tzinfo]:
    """Return a zone by its name; ``None`` for one that does not exist, or without a name: the machine's own."""
    if name is None:
        return None
    offset = re.fullmatch(r"(?:utc|gmt)([+-])(\d{1,2})(?::?(\d{2}))?", name, _A | _I)
    if offset is not None:
        sign, hours, minutes = offset.groups()
        span = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(span if sign == "+" else -span) if span < timedelta(days=1) else None
    known = _ABBREVIATIONS.get(name.lower(), name)
    if known == "UTC":
        return timezone.utc
    try:
        from zoneinfo import ZoneInfo  # noqa: PLC0415

        return ZoneInfo(known)
    except Exception:
        return None


def _span_of(text: str) -> timedelta:
    total = 0.0
    for count, unit in re.findall(r"(\d+(?:\.\d+)?|\ban?\b|\bone\b)\s*([a-z]+)", text, _A | _I):
        total += (float(count) if count[0].isdigit() else 1.0) * _unit(unit.lower())
    return timedelta(seconds=total)


def _unit(name: str) -> float:
    if name.startswith(("ms", "millis")):
        return 0.001
    return {"s": 1.0, "m": 60.0, "h": 3600.0}.get(name[0], 86400.0)


def _from_wall(match: re.Match[str], now: datetime, local: Optional[str]) -> Optional[datetime]:
    weekday, month1, day1, year1, day2, month2, year2, hour_text, minute_text, half, bracketed, bare = match.groups()
    # A number alone is not a time of day: "resets 5 counters".
    if half is None and minute_text is None:
        return None
    # An unknown zone name most likely means this machine's own zone.
    zone = _zone_of(bracketed or bare) or _zone_of(local)
    today = now.astimezone(zone)
    hour = int(hour_text)
    if half is not None:
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    minute = int(minute_text or 0)
    if hour > 23 or minute > 59:
        return None

    def at(year: int, month: int, day: int, more: int = 0) -> datetime:
        # Days are added on the calendar, so that the time of day stays the same across a change to summer time.
        plain = datetime(year, month, day, hour, minute) + timedelta(days=more)
        return plain.replace(tzinfo=zone) if zone is not None else plain.astimezone()

    def passed(moment: datetime) -> bool:
        return moment <= now - _JUST_PASSED

    month_name, day_text, year_text = month1 or month2, day1 or day2, year1 or year2
    if month_name is not None and day_text is not None:
        month = _MONTHS.index(month_name.lower()) + 1
        year = int(year_text or today.year)
        moment = at(year, month, 1, int(day_text) - 1)
        return at(year + 1, month, 1, int(day_text) - 1) if passed(moment) and year_text is None else moment
    day = (today.year, today.month, today.day)
    if weekday is not None:
        ahead = (_WEEKDAYS.index(weekday.lower()) - today.weekday()) % 7
        moment = at(*day, ahead)
        return at(*day, ahead + 7) if passed(moment) else moment
    # The next occurrence of that time of day, or the last one when it was a moment ago.
    yesterday = at(*day, -1)
    if not passed(yesterday):
        return yesterday
    moment = at(*day)
    return at(*day, 1) if passed(moment) else moment


def _read(text: str, now: datetime, zone: Optional[str]) -> Optional[datetime]:
    date = _HTTP_DATE.search(text)
    if date is not None:
        return parse_date(date.group(1))
    fine = _RETRY_AFTER_MS.search(text)
    if fine is not None:
        return now + timedelta(milliseconds=float(fine.group(1)))
    seconds = _RETRY_AFTER_S.search(text)
    if seconds is not None:
        return now + timedelta(seconds=float(seconds.group(1)))
    stamp = _EPOCH.search(text)
    if stamp is not None:
        count = int(stamp.group(1))
        return datetime.fromtimestamp(count if len(stamp.group(1)) == 10 else count / 1000, timezone.utc)
    moment = _ISO.search(text)
    if moment is not None:
        offset = moment.group(2) or "Z"
        return parse_date(moment.group(1) + ("Z" if offset[0] in "zZuUgG" else offset))
    wait = _AFTER_SPAN.search(text)
    if wait is not None:
        return now + _span_of(wait.group(1))
    clock = _WALL.search(text)
    return None if clock is None else _from_wall(clock, now, zone)


def reset_time(text: str, now: datetime, zone: Optional[str] = None) -> Optional[datetime]:
    """Return when a text says that its limit resets.

    A time of day without a zone, or in one that nobody knows, is read in ``zone`` (an IANA name), by default the
    machine's own, since command lines print local time. A time that has just passed means soon; one that passed long ago,
    or is more than 31 days ahead, is a misreading.
    """
    try:
        at = _read(text[-_LONGEST:], now, zone)
    except (OverflowError, ValueError, OSError):
        return None
    if at is None or at > now + _FARTHEST:
        return None
    if at > now:
        return at
    return now + _SOON if now - _JUST_PASSED < at < now else None
