"""Responsible for clocks, waits and their jitter in one place; it knows what nobody waits for."""

from __future__ import annotations

from datetime import datetime, timezone


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


def epoch_of(text: str) -> float:
    """Return the seconds of a moment that :func:`iso` has spelled."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
