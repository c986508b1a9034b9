"""Responsible for the worker's messages: through the logger ``modelreins_worker``, on standard error unless the program has configured logging."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

if TYPE_CHECKING:
    import logging


def logger() -> logging.Logger:
    """Return the logger; the module is loaded with the first message."""
    import logging

    return logging.getLogger("modelreins_worker")


class Talk:
    """Writes messages; inside of a ``with``, also when the program has not configured logging."""

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
        """Report progress."""
        logger().info(words, *parts)

    def warn(self, words: str) -> None:
        """Report something that needs attention."""
        logger().warning("%s", words)

    def trouble(self, what: str, words: str) -> None:
        """Report a problem, once while it lasts."""
        if self._told.is_news(what, words):
            logger().warning("%s: %s", what, words)
        else:
            logger().debug("%s: %s", what, words)


#: The same message is reported again after this time.
_QUIET_S = 60.0


class RepeatFilter:
    """Reports a problem once while it lasts, so that a server that is down for an hour does not cause a thousand lines."""

    def __init__(self) -> None:
        self._last: Dict[str, Tuple[str, float]] = {}

    def is_news(self, what: str, words: str) -> bool:
        """Whether the message should be reported."""
        last = self._last.get(what)
        now = time.monotonic()
        if last is not None and last[0] == words and now - last[1] < _QUIET_S:
            return False
        self._last[what] = (words, now)
        return True
