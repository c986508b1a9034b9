"""Responsible for the running attempts: slots, the attempts in them, and the leases that this worker still holds. It runs nothing and sends nothing."""

from __future__ import annotations

import threading
import time
from typing import Callable, Dict, List, Optional, Protocol, Set, Tuple

from .._errors import Aborted

#: The contract's limit for leases in one report.
_MOST_LEASES = 256


class LiveAttempt(Protocol):
    """An attempt whose handler runs."""

    @property
    def job_id(self) -> int:
        """The job of the attempt."""

    @property
    def number(self) -> int:
        """The number of the attempt."""

    def stop(self, why: Aborted) -> None:
        """Stop it; returns at once."""


class Roster:
    """Slots and leases, for all threads of a worker."""

    def __init__(self, slots: int) -> None:
        self.changed = threading.Condition()
        self._slots = slots
        self._admitted = 0
        self._open = False
        self._closed: Callable[[], bool] = lambda: False
        self._attempts: Set[LiveAttempt] = set()
        self._kept: Set[Tuple[int, int]] = set()
        self._over: Optional[Aborted] = None

    def rule(self, closed: Callable[[], bool]) -> None:
        """Use ``closed`` to find out whether the server wants no new work to be taken: paused, or drained."""
        self._closed = closed

    @property
    def slots(self) -> int:
        """Maximum number of jobs at once."""
        return self._slots

    @property
    def running(self) -> int:
        """Attempts whose handlers run."""
        return len(self._attempts)

    @property
    def free(self) -> int:
        """How many offers can be taken now."""
        return max(0, self._slots - self._admitted) if self._open and not self._closed() else 0

    @property
    def full(self) -> bool:
        """Whether every slot is taken."""
        return self._open and self._admitted >= self._slots

    def tell(self) -> None:
        """Wake threads that wait for a change."""
        with self.changed:
            self.changed.notify_all()

    def open(self, is_open: bool) -> None:
        """Accept new work, or stop accepting it."""
        with self.changed:
            self._open = is_open
            self.changed.notify_all()

    def resize(self, slots: int) -> None:
        """Change the number of slots."""
        with self.changed:
            self._slots = slots
            self.changed.notify_all()

    def admit(self) -> bool:
        """Take a slot for an offer; ``False`` when none is free."""
        with self.changed:
            if self.free == 0:
                return False
            self._admitted += 1
            # A full roster is a change too: from then on the inbox is held, which reports the killswitch at once.
            self.changed.notify_all()
            return True

    def release(self) -> None:
        """Give a slot back."""
        with self.changed:
            self._admitted -= 1
            self.changed.notify_all()

    def enter(self, attempt: LiveAttempt) -> None:
        """Called before a handler runs."""
        with self.changed:
            self._attempts.add(attempt)
            over = self._over
        if over is not None:
            attempt.stop(over)

    def leave(self, attempt: LiveAttempt) -> None:
        """Called when a handler and everything that it started have ended."""
        with self.changed:
            self._attempts.discard(attempt)
            self.changed.notify_all()

    def keep_lease(self, job_id: int, attempt: int) -> None:
        """Keep a lease without a handler: the attempt is about to start, or it ended and is not yet delivered."""
        with self.changed:
            self._kept.add((job_id, attempt))

    def drop_lease(self, job_id: int, attempt: int) -> None:
        """Forget a lease."""
        with self.changed:
            self._kept.discard((job_id, attempt))

    def has_lease(self, job_id: int, attempt: int) -> bool:
        """Whether :meth:`keep_lease` keeps this lease."""
        return (job_id, attempt) in self._kept

    def leases(self) -> List[Dict[str, int]]:
        """Return the leases that the server should renew."""
        with self.changed:
            pairs = self._kept | {(attempt.job_id, attempt.number) for attempt in self._attempts}
        return [{"job_id": job_id, "attempt": number} for job_id, number in sorted(pairs)[:_MOST_LEASES]]

    def attempts_of(self, job_id: int, up_to: int) -> List[LiveAttempt]:
        """Return the attempts of a job up to a number: an abort may name a newer attempt than the one that runs here."""
        with self.changed:
            return [attempt for attempt in self._attempts if attempt.job_id == job_id and attempt.number <= up_to]

    def stop_all(self, why: Aborted, for_good: bool = False) -> None:
        """Stop everything that runs; ``for_good``: also attempts whose start is in progress."""
        with self.changed:
            if for_good and self._over is None:
                self._over = why
            attempts = list(self._attempts)
        for attempt in attempts:
            attempt.stop(why)

    def idle_within(self, seconds: float, sooner: Callable[[], bool] = lambda: False) -> bool:
        """Wait until nothing runs or is about to; ``False`` when that took too long, or ``sooner`` returned true."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while self._admitted > 0:
                left = deadline - time.monotonic()
                if left <= 0 or sooner():
                    return False
                self.changed.wait(min(left, 0.5))
            return True
