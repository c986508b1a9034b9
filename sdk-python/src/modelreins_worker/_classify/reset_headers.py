"""Responsible for finding, in the headers of an answer, when a limit resets; it reads no text and no clock of its own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Iterable, List, Mapping, Optional, Tuple

_FARTHEST = timedelta(days=31)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_RESET = re.compile(r"(?:rate-?limit|^reset).*reset|^(?:x-)?resets?(?:[-_]?(?:at|time|in|after|seconds))*$|^x-reset", re.ASCII)


def _pairs_of(headers: Any) -> List[Tuple[str, str]]:
    """Read any headers object or dict. Names can be in any case, and values can be numbers or lists."""
    items: Iterable[Any]
    try:
        if isinstance(headers, Mapping) or hasattr(headers, "items"):
            items = headers.items()
        elif isinstance(headers, (list, tuple)):
            items = headers
        else:
            return []
        found: List[Tuple[str, str]] = []
        for pair in items:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                continue
            key, value = pair
            first = value[0] if isinstance(value, (list, tuple)) and value else value
            if isinstance(key, bytes):
                key = key.decode("latin-1")
            if isinstance(first, bytes):
                first = first.decode("latin-1")
            if isinstance(key, str) and isinstance(first, (str, int, float)) and not isinstance(first, bool):
                found.append((key.lower(), str(first)))
            if len(found) >= 200:
                break
        return found
    except Exception:
        return []


def instant_of(value: str, now: datetime, small: float) -> Optional[datetime]:
    """Read a duration, a date, seconds since 1970 (or milliseconds), or a number from now in units of ``small`` seconds."""
    text = value.strip()
    try:
        if _SPAN.fullmatch(text):
            return now + timedelta(seconds=sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(text)))
        if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII):
            count = float(text)
            if count >= 1e9:
                return datetime.fromtimestamp(count / 1000 if count >= 1e12 else count, timezone.utc)
            return now + timedelta(seconds=count * small)
        return parse_date(text)
    except (OverflowError, ValueError, OSError):
        return None


def parse_date(text: str) -> Optional[datetime]:
    """Read an ISO 8601 time or an HTTP date; without a zone it is UTC."""
    found = re.fullmatch(
        r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2})?(?:\.(\d{1,9}))?\s*(?:([Zz])|([+-]\d{2}):?(\d{2}))?",
        text,
        re.ASCII,
    )
    if found is not None:
        day, minutes, seconds, fraction, _, hours, more = found.groups()
        moment = datetime.fromisoformat(f"{day}T{minutes}{seconds or ':00'}.{(fraction or '0').ljust(6, '0')[:6]}")
        if hours is None:
            return moment.replace(tzinfo=timezone.utc)
        offset = timedelta(hours=int(hours), minutes=int(hours[0] + more))
        return moment.replace(tzinfo=timezone(offset))
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=timezone.utc)


def reset_of_headers(headers: List[Any], now: datetime) -> Optional[datetime]:
    """Return the time that the headers name: ``retry-after-ms`` is more precise than ``retry-after``, and both are the server's own advice."""
    pairs = [pair for one in headers for pair in _pairs_of(one)]

    def first(pattern: str) -> Optional[str]:
        return next((value for name, value in pairs if re.search(pattern, name, re.ASCII)), None)

    def usable(moment: Optional[datetime]) -> Optional[datetime]:
        return moment if moment is not None and now < moment <= now + _FARTHEST else None

    fine = first(r"^(?:x-)?retry[-_]?after[-_]?ms$")
    advised = None if fine is None else usable(instant_of(fine, now, 0.001))
    if advised is not None:
        return advised
    after = first(r"^(?:x-)?retry[-_]?(?:after(?:[-_]?seconds)?|delay)$")
    asked = None if after is None else usable(instant_of(after, now, 1.0))
    if asked is not None:
        return asked
    # Several limits have a reset time each. Wait for those that are used up, or for all of them when it is unknown which are.
    left = {name.replace("remaining", "", 1): _number(value) for name, value in pairs if "remaining" in name}
    resets = [
        instant_of(value, now, 0.001 if name.endswith("ms") else 1.0)
        for name, value in pairs
        if _RESET.search(name) and not left.get(name.replace("reset", "", 1), 0) > 0
    ]
    known = [moment for moment in resets if moment is not None]
    return usable(max(known)) if known else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
