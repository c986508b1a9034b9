"""Responsible for clocks, waiting times and their jitter; it does not know what the waits are for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


def full_jitter(base: float, cap: float, attempt: int) -> float:
    """Return the seconds to wait before try ``attempt`` (0 is the first): random between 0 and a bound that doubles with every try."""
    import random

    return random.random() * min(cap, base * 2.0 ** min(attempt, 30))  # noqa: S311


def iso(moment: datetime) -> str:
    """Format a time as the protocol does: ISO 8601, UTC, milliseconds."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_now() -> datetime:
    """Return the current time, with its zone."""
    return datetime.now(timezone.utc)


#: Smaller differences are caused by network latency.
_NOISE = timedelta(seconds=1)


class ServerClock:
    """The server's time. The server compares times that are sent from here with its own, so a wrong local clock must not matter."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the server's time."""
        return utc_now() + self._ahead

    def heard(self, told: object) -> None:
        """Take the server's time from an answer that has just arrived; text that cannot be read changes nothing."""
        try:
            ahead = datetime.fromisoformat(str(told).replace("Z", "+00:00")) - utc_now()
        except (ValueError, TypeError):
            return
        self._ahead = ahead if abs(ahead) >= _NOISE else timedelta()


def epoch_of(text: str) -> float:
    """Return the seconds since 1970 of a time that :func:`iso` formatted."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
