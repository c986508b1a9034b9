"""Responsible for clocks, waits and their jitter in one place; it knows what nobody waits for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


def full_jitter(base: float, cap: float, attempt: int) -> float:
    """Return seconds to wait before try ``attempt`` (0 is the first): anything from nothing to a bound that doubles."""
    import random

    return random.random() * min(cap, base * 2.0 ** min(attempt, 30))  # noqa: S311


def iso(moment: datetime) -> str:
    """Spell a moment as the protocol does: ISO 8601, UTC, milliseconds."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_now() -> datetime:
    """Return the current time, with its zone."""
    return datetime.now(timezone.utc)


#: Less than this is the way of an answer through the network.
_NOISE = timedelta(seconds=1)


class ServerClock:
    """The time as the server has it: a time that is sent from here is compared there, however wrong this machine's clock is."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the server's time."""
        return utc_now() + self._ahead

    def heard(self, told: object) -> None:
        """Take the time that an answer which has just come carries; nothing that can be read changes nothing."""
        try:
            ahead = datetime.fromisoformat(str(told).replace("Z", "+00:00")) - utc_now()
        except (ValueError, TypeError):
            return
        self._ahead = ahead if abs(ahead) >= _NOISE else timedelta()


def epoch_of(text: str) -> float:
    """Return the seconds of a moment that :func:`iso` has spelled."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
