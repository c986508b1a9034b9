"""Responsible for the directives in the server's replies: killswitch, configuration, aborts, pause, intervals. It keeps the newest and notifies the parts that act on them."""

from __future__ import annotations

import re
import threading
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional

from .._generated.tables import LONG_POLL_MAX_S
from .._times import ServerClock


class Killswitch(NamedTuple):
    """The tenant's killswitch; ``active`` from level 3 on."""

    level: int
    active: bool
    reason: Optional[str]
    generation: int


class Directives:
    """The server's latest directives."""

    def __init__(
        self,
        *,
        on_killswitch: Callable[[Killswitch], None],
        on_config: Callable[[Mapping[str, Any]], None],
        on_abort: Callable[[int, int, str], None],
        on_intake: Callable[[], None],
        on_news: Callable[[], None],
    ) -> None:
        self._on_killswitch = on_killswitch
        self._on_config = on_config
        self._on_abort = on_abort
        self._on_intake = on_intake
        self._on_news = on_news
        self._lock = threading.RLock()
        self.clock = ServerClock()
        self.worker: Optional[Dict[str, Any]] = None
        self.killswitch: Optional[Killswitch] = None
        self.heartbeat_s: Optional[float] = None
        self.poll_wait_s: int = LONG_POLL_MAX_S
        self._config_version: Optional[int] = None

    @property
    def config_version(self) -> Optional[int]:
        """The version of the operator's configuration that was applied last."""
        return self._config_version

    @property
    def closed(self) -> bool:
        """Whether no new work may be taken: paused, or drained (level 2 and above). Level 1 stops dispatches, not claims."""
        paused = bool(self.worker and self.worker.get("paused"))
        return paused or (self.killswitch is not None and self.killswitch.level >= 2)

    def apply_reply(self, reply: Mapping[str, Any]) -> None:
        """Apply the answer to a heartbeat. Fields that a server of another version omits change nothing."""
        with self._lock:
            before = self.closed
            self.clock.heard(reply.get("server_time"))
            worker = reply.get("worker")
            if isinstance(worker, dict):
                self.worker = worker
            intervals = reply.get("intervals")
            if isinstance(intervals, dict):
                beat, wait = intervals.get("heartbeat_ms"), intervals.get("poll_wait_s")
                if isinstance(beat, (int, float)) and beat > 0:
                    self.heartbeat_s = beat / 1000
                if isinstance(wait, int) and wait >= 0:
                    self.poll_wait_s = wait
            for abort in reply.get("aborts") or ():
                self._on_abort(int(abort["job_id"]), int(abort["attempt"]), str(abort.get("reason") or "aborted"))
            version = reply.get("config_version")
            if version != self._config_version and isinstance(reply.get("config"), dict):
                self._config_version = version
                self._on_config(reply["config"])
            self.apply_killswitch(reply.get("killswitch"))
            if self.closed != before:
                self._on_intake()

    def apply_killswitch(self, brief: Any) -> None:
        """Apply the killswitch from any answer."""
        if not isinstance(brief, dict) or not isinstance(brief.get("generation"), int):
            return
        level = int(brief.get("level") or 0)
        found = Killswitch(level, bool(brief.get("active", level >= 3)), brief.get("reason"), brief["generation"])
        with self._lock:
            known = self.killswitch
            # Replies on different connections may overtake each other, so an older generation is ignored.
            if known is not None and found.generation < known.generation:
                return
            before = self.closed
            news = known is None or found.generation != known.generation or found.active != known.active
            self.killswitch = found
            if news:
                self._on_killswitch(found)
            if self.closed != before:
                self._on_intake()

    def heard(self, headers: Mapping[str, str]) -> None:
        """Read the headers of any answer: a new generation of the killswitch is fetched at once."""
        match = re.search(r"generation=(\d+)", headers.get("modelreins-killswitch", ""))
        if match is None:
            return
        known = self.killswitch
        if int(match.group(1)) > (known.generation if known is not None else 0):
            self._on_news()
