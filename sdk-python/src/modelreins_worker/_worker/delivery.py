"""Responsible for reporting outcomes to the server, now or later from the outbox, once each. It knows no handler."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, Optional

from .._calls import Calls
from .._errors import Issue, ModelReinsError
from .._times import full_jitter
from .._transport import Cancel
from .outbox import MemoryOutbox, Settlement
from .roster import Roster
from .settle import plainer

_BASE_S, _CAP_S = 1.0, 30.0

Trouble = Callable[[str, BaseException], None]
Heard = Callable[[Any], None]


class Delivery:
    """Delivers settlements from any thread; a thread of its own retries those that could not be delivered."""

    def __init__(self, calls: Calls, roster: Roster, trouble: Trouble, heard: Heard) -> None:
        self._calls = calls
        self._roster = roster
        self._trouble = trouble
        self._heard = heard
        self._outbox = MemoryOutbox()
        self._lock = threading.Lock()
        self._sending: Dict[str, threading.Lock] = {}
        self._again: Optional[threading.Thread] = None
        self._over = threading.Event()
        self.cancel = Cancel()

    def use(self, outbox: MemoryOutbox) -> None:
        """Use this outbox for undelivered settlements, and deliver those that it contains."""
        earlier, self._outbox = self._outbox, outbox
        for entry in earlier.entries():
            outbox.put(entry)
        for entry in outbox.entries():
            self._roster.keep_lease(entry.job_id, entry.attempt)

    def settle(self, entry: Settlement) -> None:
        """Report how an attempt ended. What cannot be delivered now is delivered later, once. Never raises."""
        self._roster.keep_lease(entry.job_id, entry.attempt)
        self._keep(entry)
        if not self._deliver(entry):
            self.redeliver()

    def redeliver(self) -> None:
        """Deliver everything in the outbox, oldest first, until it is empty; returns at once."""
        with self._lock:
            if self._over.is_set() or (self._again is not None and self._again.is_alive()):
                return
            self._again = threading.Thread(target=self._until_empty, name="modelreins-delivery", daemon=True)
            self._again.start()

    def redeliver_once(self) -> bool:
        """Try every entry of the outbox once. ``True``: the outbox is empty."""
        left = False
        for entry in self._outbox.entries():
            if not self._deliver(entry):
                left = True
        return not left

    def close(self) -> None:
        """Stop waiting; undelivered entries stay in the outbox."""
        self._over.set()
        self.cancel.set()
        if self._again is not None:
            self._again.join(2.0)
        self._outbox.close()

    def _until_empty(self) -> None:
        attempt = 0
        while not self.redeliver_once():
            if self._over.wait(full_jitter(_BASE_S, _CAP_S, attempt)):
                return
            attempt += 1

    def _deliver(self, entry: Settlement) -> bool:
        """Return ``False`` when the entry cannot be delivered now; it is kept."""
        with self._lock:
            sending = self._sending.setdefault(entry.token, threading.Lock())
        with sending:
            current = next((kept for kept in self._outbox.entries() if kept.token == entry.token), None)
            # Another thread may have delivered it in the meantime. An entry that could not be stored is sent as it is.
            delivered = current is None and not self._unkept(entry)
            done = delivered or self._send(current or entry)
        if done:
            with self._lock:
                self._sending.pop(entry.token, None)
        return done

    def _unkept(self, entry: Settlement) -> bool:
        return self._roster.has_lease(entry.job_id, entry.attempt)

    def _send(self, entry: Settlement) -> bool:
        while True:
            try:
                operation = "claims.complete" if entry.kind == "complete" else "claims.fail"
                self._calls.call(operation, entry.body, token=entry.token, repeat=False, cancel=self.cancel, heard=self._heard)
            except ModelReinsError as error:
                if error.may_pass or self.cancel.is_set:
                    return False
                if _of_aborted(error):
                    break  # what somebody wanted is no trouble
                self._trouble("completion", error)
                less = plainer(entry, error)
                if less is None:
                    break
                # A rejected report is replaced by simpler ones, so that the attempt does not stay open forever.
                entry = less
                self._keep(entry)
                continue
            break
        self._done(entry)
        return True

    def _keep(self, entry: Settlement) -> None:
        try:
            self._outbox.put(entry)
        except OSError as error:
            # A full disk must not prevent the delivery of a result.
            self._trouble("outbox", error)

    def _done(self, entry: Settlement) -> None:
        self._roster.drop_lease(entry.job_id, entry.attempt)
        try:
            self._outbox.remove(entry)
        except OSError as error:
            self._trouble("outbox", error)


def _of_aborted(error: ModelReinsError) -> bool:
    return error.code == "lease-lost" and any(issue == Issue("job_id", "was aborted") for issue in error.issues)
