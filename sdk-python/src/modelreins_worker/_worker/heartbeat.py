"""Responsible for the heartbeat: ``PUT /presence`` with the leases from its own thread. It starts first and stops last, passes replies on and decides nothing."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Mapping

from .._calls import Calls
from .._errors import Aborted, ModelReinsError
from .beside import beside
from .roster import Roster

_BEAT_TIMEOUT_S = 10.0
#: After this long without an answer, a lease (30 s) has ended and the server has had time to retry its job.
CUT_OFF_S = 60.0
#: How often the process beside the worker is told that the interpreter runs, while there are jobs.
_TURN_S = 1.0


def cut_off(roster: Roster, on_lost: str, warn: Callable[[str], None]) -> None:
    """Called when running attempts may no longer belong to this worker: stop them, or let them finish."""
    what = f"the server was not reached for {CUT_OFF_S:.0f} s, so the leases of running jobs have ended and others may run them"
    warn(f"{what}: they {'are stopped' if on_lost == 'stop' else 'go on'} (on_lost: {on_lost})")
    if on_lost == "stop":
        roster.stop_all(Aborted(what, "lease-lost"))


class Heartbeat:
    """Beats until it is stopped, whatever the handlers do."""

    def __init__(
        self,
        calls: Calls,
        *,
        report: Callable[[], Dict[str, Any]],
        running: Callable[[], int],
        interval: Callable[[], float],
        on_reply: Callable[[Mapping[str, Any]], None],
        on_trouble: Callable[[ModelReinsError], None],
        on_cut_off: Callable[[], None],
    ) -> None:
        self._calls = calls
        self._report = report
        self._running = running
        self._interval = interval
        self._on_reply = on_reply
        self._on_trouble = on_trouble
        self._on_cut_off = on_cut_off
        self._heard_at = time.monotonic()
        self._told = False
        self._wake = threading.Event()
        self._over = False
        self._poked = False
        self._thread = threading.Thread(target=self._run, name="modelreins-heartbeat", daemon=True)

    def start(self) -> None:
        """Start beating; the caller sends the first beat."""
        self._thread.start()

    def poke(self) -> None:
        """Send a beat now."""
        self._poked = True
        self._wake.set()

    def stop(self) -> None:
        """Stop beating."""
        self._over = True
        self._wake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_BEAT_TIMEOUT_S + 1)

    def beat(self) -> None:
        """Send one beat and hand the reply on.

        :raises ModelReinsError: when there is none.
        """
        body = self._report()
        beside_body = {key: value for key, value in body.items() if key != "takeover"}
        if self._running():
            beside.report({"url": self._calls.transport.url, "token": self._calls.bearer, "body": beside_body})
        self._on_reply(self._calls.call("presence.report", body, repeat=False, timeout=_BEAT_TIMEOUT_S))
        self._heard_at = time.monotonic()
        self._told = False

    def goodbye(self, timeout: float) -> None:
        """Send the last beat: without it the worker counts as live for another half minute."""
        try:
            self._calls.call("presence.report", self._report(), repeat=False, timeout=timeout)
        except ModelReinsError:
            pass  # the server is not reachable

    def follow(self) -> None:
        """Pass the present report to the process beside the worker before a handler runs, because the handler may block the interpreter."""
        body = {key: value for key, value in self._report().items() if key != "takeover"}
        beside.report({"url": self._calls.transport.url, "token": self._calls.bearer, "body": body})

    def _look_at_leases(self) -> None:
        """Report once that the leases may be lost. Time in which the machine was asleep does not count."""
        if not self._running():
            self._heard_at = time.monotonic()
        elif not self._told and time.monotonic() - self._heard_at >= CUT_OFF_S:
            self._told = True
            self._on_cut_off()

    def _run(self) -> None:
        due = time.monotonic() + self._interval()
        while not self._over:
            left = due - time.monotonic()
            self._wake.wait(max(0.0, min(left, _TURN_S) if self._running() else left))
            self._wake.clear()
            if self._running():
                beside.turn()
            if self._over:
                return
            if time.monotonic() < due and not self._poked:
                continue
            self._poked = False
            try:
                self.beat()
            except ModelReinsError as error:
                self._on_trouble(error)
                self._look_at_leases()
            due = time.monotonic() + self._interval()
