"""Responsible for what the worker says: through the logger ``modelreins_worker``, on standard error unless the program has arranged for its log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

if TYPE_CHECKING:
    import logging


def logger() -> logging.Logger:
    """Return the logger; it is loaded when something is said for the first time."""
    import logging

    return logging.getLogger("modelreins_worker")


class Talk:
    """Says things; inside of a ``with``, also where nobody has arranged for it."""

    def __init__(self) -> None:
        self._told = RepeatFilter()
        self._added: Optional[Tuple[logging.Handler, int]] = None

    def __enter__(self) -> Talk:
        import logging

        log = logger()
        if not log.hasHandlers():
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter("modelreins-worker: %(message)s"))
            self._added = (handler, log.level)
            log.addHandler(handler)
            log.setLevel(logging.INFO)
        return self

    def __exit__(self, *_: object) -> None:
        if self._added is not None:
            handler, level = self._added
            logger().removeHandler(handler)
            logger().setLevel(level)

    def say(self, words: str, *parts: Any) -> None:
        """Say what goes on."""
        logger().info(words, *parts)

    def warn(self, words: str) -> None:
        """Say what somebody should look at."""
        logger().warning("%s", words)

    def trouble(self, what: str, words: str) -> None:
        """Say what went wrong, once while it lasts."""
        if self._told.is_news(what, words):
            logger().warning("%s: %s", what, words)
        else:
            logger().debug("%s: %s", what, words)


#: The same words are news again after this.
_QUIET_S = 60.0


class RepeatFilter:
    """Tells a trouble once while it lasts: a server that is away for an hour is not a thousand lines."""

    def __init__(self) -> None:
        self._last: Dict[str, Tuple[str, float]] = {}

    def is_news(self, what: str, words: str) -> bool:
        """Whether this is worth a line."""
        last = self._last.get(what)
        now = time.monotonic()
        if last is not None and last[0] == words and now - last[1] < _QUIET_S:
            return False
        self._last[what] = (words, now)
        return True
