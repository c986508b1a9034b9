"""Responsible for the thread that runs a job: with one slot the thread that called ``run``, with several slots a new one. It knows no server."""

from __future__ import annotations

import queue
import threading
from typing import Any, Callable, Dict, Optional

from .attempt import Attempt, Handler
from .roster import Roster

Offer = Dict[str, Any]


def _no_handler(*_: Any) -> None:
    raise AssertionError("a worker runs its handler only")


class Hands:
    """Takes offers from any thread and runs their attempts."""

    def __init__(self, roster: Roster, begin: Callable[[Offer], Optional[Attempt]], broken: Callable[[Exception], None]) -> None:
        self.handler: Handler = _no_handler
        self.busy = False
        self._roster = roster
        self._begin = begin
        self._broken = broken
        self._here: queue.SimpleQueue[Optional[Offer]] = queue.SimpleQueue()

    def take(self, offer: Offer, one_at_a_time: bool) -> None:
        """Run an offer when there is a slot; returns at once."""
        if not self._roster.admit():
            return  # it expires, and another worker gets the job
        if one_at_a_time and not self.busy:
            self.busy = True
            self._here.put(offer)
            return
        threading.Thread(target=self._run, args=(offer,), name="modelreins-job", daemon=True).start()

    def work(self) -> None:
        """Run jobs in this thread until :meth:`rest`."""
        while True:
            try:
                offer = self._here.get()
                if offer is None:
                    return
                self._run(offer)
            finally:
                self.busy = False

    def rest(self) -> None:
        """Let :meth:`work` return."""
        self._here.put(None)

    def _run(self, offer: Offer) -> None:
        try:
            attempt = self._begin(offer)
            if attempt is not None:
                attempt.run(self.handler)
        except Exception as error:
            self._broken(error)
        finally:
            self._roster.release()
