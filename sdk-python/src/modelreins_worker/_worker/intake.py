"""Responsible for asking for work by long poll while a slot is free, and for noticing the killswitch while none is. It runs no job."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Mapping

from .._calls import Calls
from .._errors import ModelReinsError
from .._generated.tables import CLAIM_MAX
from .._times import full_jitter
from .._transport import Cancel
from .directives import Directives
from .roster import Roster

_BASE_S, _CAP_S = 1.0, 30.0
#: A shorter job is not worth an additional waiting connection.
_WATCH_AFTER_S = 1.0
#: If the inbox is repeatedly answered at once, it is read less and less often, down to the pace of the heartbeat.
_WATCH_CAP_S = 5.0
#: A faster answer without offers was not held by the server.
_FAST_S = 0.1


class Intake:
    """Two threads: one asks for work, the other holds the inbox open while every slot is busy."""

    def __init__(
        self,
        calls: Calls,
        roster: Roster,
        directives: Directives,
        *,
        identity: Callable[[], Dict[str, str]],
        poll_interval: Callable[[], float],
        on_offer: Callable[[Dict[str, Any]], None],
        on_trouble: Callable[[ModelReinsError], None],
    ) -> None:
        self._calls = calls
        self._roster = roster
        self._directives = directives
        self._identity = identity
        self._poll_interval = poll_interval
        self._on_offer = on_offer
        self._on_trouble = on_trouble
        self._over = threading.Event()
        self.cancel = Cancel()
        self._threads = [
            threading.Thread(target=self._poll_for_work, name="modelreins-poll", daemon=True),
            threading.Thread(target=self._watch_reins, name="modelreins-watch", daemon=True),
        ]

    def start(self) -> None:
        """Start asking."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop asking; held calls are cancelled."""
        self._over.set()
        self.cancel.set()
        self._roster.tell()

    def _poll_for_work(self) -> None:
        failures = fast = 0
        while not self._over.is_set():
            with self._roster.changed:
                self._roster.changed.wait_for(lambda: self._over.is_set() or self._roster.free > 0)
            if self._over.is_set():
                return
            wait = self._directives.poll_wait_s
            body = {"max": max(1, min(self._roster.free, CLAIM_MAX)), "wait": wait, **self._identity()}
            begun = time.monotonic()
            try:
                reply = self._calls.call("claims.poll", body, repeat=False, cancel=self.cancel, heard=self._directives.heard)
            except ModelReinsError as error:
                if self._over.is_set():
                    return
                self._on_trouble(error)
                pause = error.retry_after if error.retry_after is not None else full_jitter(_BASE_S, _CAP_S, failures)
                self._over.wait(pause)
                failures += 1
                continue
            failures = 0
            self._directives.apply_killswitch(reply.get("killswitch"))
            offers = reply.get("offers") or ()
            for offer in offers:
                self._on_offer(offer)
            if offers:
                fast = 0
            elif wait == 0:
                # If the server does not hold polls, the worker waits between them itself.
                self._over.wait(self._poll_interval())
            elif time.monotonic() - begun < _FAST_S:
                fast += 1
                if fast > 3:
                    self._over.wait(full_jitter(0.1, 2.0, fast - 3))
            else:
                fast = 0

    def _watch_reins(self) -> None:
        """Hold the inbox open while every slot is busy: the server answers at once when the killswitch is raised."""
        pause = 0.0
        while not self._over.is_set():
            with self._roster.changed:
                self._roster.changed.wait_for(lambda: self._over.is_set() or self._roster.full)
            if self._over.wait(max(_WATCH_AFTER_S, pause)):
                return
            if not self._roster.full:
                pause = 0.0
                continue
            begun = time.monotonic()
            worker: Mapping[str, str] = {key: value for key, value in self._identity().items() if key == "worker"}
            # No job has this status, so there is nothing to list and the answer waits.
            body = {"status": "none", "wait": self._directives.poll_wait_s, **worker}
            try:
                reply = self._calls.call("claims.inbox", body, repeat=False, cancel=self.cancel, heard=self._directives.heard)
                self._directives.apply_killswitch(reply.get("killswitch"))
            except ModelReinsError:
                # The heartbeat reports what is wrong, and gets the same news a little later.
                pause = _WATCH_CAP_S
                continue
            pause = 0.0 if time.monotonic() - begun > _WATCH_AFTER_S else min(_WATCH_CAP_S, pause + 1.0)
