"""Responsible for the exceptions: one for every failed call, and those that stop a handler."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from ._generated.tables import PROBLEMS, Problem

#: Codes of failures in which no server answered.
LOCAL_CODES: Dict[str, Problem] = {
    "network": Problem(0, "The server cannot be reached", True, 69, "Check the address and the network."),
    "timeout": Problem(0, "No answer in time", True, 75, "Try again; `python -m modelreins_worker doctor` looks further."),
    "unexpected-response": Problem(
        0,
        "Something else than the server answered",
        True,
        76,
        "Check the address, and whether a proxy or a login page stands in between.",
    ),
}

#: Codes after which the same call may be repeated automatically. `killswitch` and `no-live-worker` are temporary too, but only a human knows for how long.
_PASSING = frozenset({"network", "timeout", "unexpected-response", "unavailable", "rate-limited", "internal"})


class Issue(NamedTuple):
    """What is wrong with one field of a request."""

    path: str
    message: str


class ModelReinsError(Exception):
    """A call that failed.

    ``code`` says how, by the table of problems or one of ``network``, ``timeout``, ``unexpected-response``;
    ``retryable`` whether the same call may succeed later unchanged; ``help`` what to do.
    ``retry_after`` is in seconds, ``status`` the HTTP status or 0, ``request_id`` names the request in the server's
    log, ``exit_code`` is what a command line ends with.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: Optional[int] = None,
        retryable: Optional[bool] = None,
        retry_after: Optional[float] = None,
        issues: Sequence[Issue] = (),
        request_id: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        row = PROBLEMS.get(code) or LOCAL_CODES.get(code)
        self.code = code
        self.status: int = status if status is not None else (row.status if row else 0)
        self.retryable: bool = retryable if retryable is not None else (row.retryable if row else False)
        self.retry_after = retry_after
        self.issues: List[Issue] = list(issues)
        self.request_id = request_id
        self.exit_code: int = row.exit if row else 70
        self.help: str = row.help if row else ""

    @property
    def may_pass(self) -> bool:
        """Whether repeating the same call later can succeed."""
        return self.retryable and (self.code in _PASSING or (self.status >= 500 and self.code not in PROBLEMS))


#: The name in earlier versions.
WorkerError = ModelReinsError


class ActionRefused(Exception):
    """A human or a policy refused an action; ``comment`` has the reviewer's words."""

    def __init__(self, capability: str, review_id: Optional[int], comment: Optional[str]) -> None:
        super().__init__(f"{capability} was refused" + ("" if comment is None else f": {comment}"))
        self.capability = capability
        self.review_id = review_id
        self.comment = comment


class Aborted(BaseException):
    """This attempt is over, whatever its handler still does.

    Like ``KeyboardInterrupt`` and ``asyncio.CancelledError`` it is no ``Exception``, so that a handler's
    ``except Exception`` does not swallow it. ``kind`` is ``abort``, ``killswitch``, ``lease-lost``, ``timeout`` or
    ``shutdown``.
    """

    def __init__(self, message: str = "the attempt was stopped", kind: str = "abort") -> None:
        super().__init__(message)
        self.kind = kind


class JobFailed(Exception):
    """A job that the caller waited for has failed; ``job`` is the ended job."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        error = job.get("error") or {}
        super().__init__(f"job {job.get('id')} failed: {error.get('message') or error.get('type') or 'no reason given'}")
        self.job = job
