"""Responsible for why a worker does not run, or runs no more: whether the reason may still pass, and the words for it. It stops nothing."""

from __future__ import annotations

import time
from typing import Optional

from .._errors import ModelReinsError
from .._generated.tables import HEARTBEAT_POLL_MS, PRESENCE_MS

#: Presence is believed for so long after the last heartbeat of a process that died without a word.
_PATIENCE_S = (PRESENCE_MS + HEARTBEAT_POLL_MS) / 1000


def is_refusal(error: ModelReinsError) -> bool:
    """Whether no waiting changes it."""
    return error.code in ("unauthorized", "forbidden", "name-taken", "not-found")


def _first_sentence(error: ModelReinsError) -> str:
    # The server's words end with advice of their own; one piece of advice is enough.
    return str(error).split(". ")[0].rstrip(".") or "Another process runs under this worker name"


def name_taken(error: ModelReinsError, held: bool) -> ModelReinsError:
    """Say what to do about a name; ``held``: this worker had it, and another process took it."""
    who = _first_sentence(error)
    message = (
        f"Another process has taken over the name of this worker, which therefore stops: {who}."
        if held
        else f"{who}. Stop that process, choose another name, or take the name over (takeover=True)."
    )
    return ModelReinsError(message, code="name-taken")


def killed(reason: Optional[str]) -> ModelReinsError:
    """Say that the killswitch is raised."""
    return ModelReinsError("The killswitch is raised" + ("" if not reason else f": {reason}"), code="killswitch")


class NamePatience:
    """A name that is held over HTTP may be held by a dead process: nothing but silence tells."""

    def __init__(self) -> None:
        self._since: Optional[float] = None

    def wait(self, error: ModelReinsError) -> Optional[Exception]:
        """Return what to say while it is worth waiting; ``None`` when it is not any more."""
        if error.code != "name-taken":
            return None
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since >= _PATIENCE_S:
            return None
        return RuntimeError(f"{_first_sentence(error)}. It may have died: waiting up to {_PATIENCE_S:.0f} s for it to fall silent")
