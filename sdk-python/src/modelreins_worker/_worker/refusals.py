"""Responsible for the reasons why a worker does not start or stops: whether the reason is temporary, and its message. It stops nothing."""

from __future__ import annotations

import time
from typing import Optional

from .._errors import ModelReinsError
from .._generated.tables import HEARTBEAT_POLL_MS, PRESENCE_MS

#: How long a process that died without a goodbye counts as live after its last heartbeat.
_PATIENCE_S = (PRESENCE_MS + HEARTBEAT_POLL_MS) / 1000


def is_refusal(error: ModelReinsError) -> bool:
    """Whether the refusal is permanent."""
    return error.code in ("unauthorized", "forbidden", "name-taken", "not-found")


def _first_sentence(error: ModelReinsError) -> str:
    # Only the first sentence of the server's message, because its advice would repeat ours.
    return str(error).split(". ")[0].rstrip(".") or "Another process runs under this worker name"


def name_taken(error: ModelReinsError, held: bool) -> ModelReinsError:
    """Return the error about a name that is taken; ``held``: this worker had it, and another process took it."""
    who = _first_sentence(error)
    message = (
        f"Another process has taken over the name of this worker, which therefore stops: {who}."
        if held
        else f"{who}. Stop that process, choose another name, or take the name over (takeover=True)."
    )
    return ModelReinsError(message, code="name-taken")


def killed(reason: Optional[str]) -> ModelReinsError:
    """Return the error about a raised killswitch."""
    return ModelReinsError("The killswitch is raised" + ("" if not reason else f": {reason}"), code="killswitch")


class NamePatience:
    """A name that is held over HTTP may belong to a dead process, which only its silence shows."""

    def __init__(self) -> None:
        self._since: Optional[float] = None

    def wait(self, error: ModelReinsError) -> Optional[Exception]:
        """Return the message while waiting is useful; ``None`` when it is not any more."""
        if error.code != "name-taken":
            return None
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since >= _PATIENCE_S:
            return None
        return RuntimeError(f"{_first_sentence(error)}. It may have died: waiting up to {_PATIENCE_S:.0f} s for it to fall silent")
