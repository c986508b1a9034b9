"""Responsible for interpreting how a handler ended: its return value, its exception, and the message. Pure; it settles nothing."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Dict, NamedTuple, Optional

from .._errors import Aborted, ActionRefused, ModelReinsError
from .._generated.tables import ERROR_MESSAGE_BYTES, RESULT_BYTES
from .._times import iso
from .outbox import Settlement
from .output import last_bytes


class Outcome(NamedTuple):
    """How an attempt ended: with a result, or with an error in the protocol's form."""

    result: Optional[str]
    error: Optional[Dict[str, Any]] = None
    exit_code: Optional[int] = None


def outcome_of_return(value: Any) -> Outcome:
    """Read what a handler returned.

    A text is the result; a dict, a list or a number is, as JSON; nothing means done without a result; anything else is
    its text.
    """
    if value is None:
        return Outcome(None, None, 0)
    if isinstance(value, str):
        text = value
    elif isinstance(value, (bytes, bytearray)):
        text = bytes(value).decode("utf-8", "replace")
    elif isinstance(value, (dict, list, tuple, int, float)):
        try:
            text = json.dumps(value, ensure_ascii=False, default=str)
        except (TypeError, ValueError, RecursionError) as error:
            return _failed(f"The handler returned something that is not JSON ({error})")
    else:
        text = str(value)
    size = len(text.encode("utf-8", "replace"))
    if size > RESULT_BYTES:
        return _failed(f"The result has {size} bytes; {RESULT_BYTES} are the limit: upload it as an artifact")
    return Outcome(text, None, 0)


def _failed(message: str) -> Outcome:
    return Outcome(None, {"type": "unknown", "message": message, "retryable": False})


def outcome_of_error(error: BaseException, now: datetime) -> Outcome:
    """Interpret an exception of a handler, by the table of :func:`classify_error`."""
    from .._classify import classify_error, explain_error

    if isinstance(error, Aborted):
        return outcome_of_stop(error)
    # A refusal is never classified by its words, because they are a reviewer's: "too many" must not cause a retry.
    refusal = _refusal_in(error)
    if refusal is not None:
        return Outcome(None, {"type": "denied", "message": str(refusal), "retryable": False})
    exit_code = None
    if isinstance(error, SystemExit):
        exit_code = error.code if isinstance(error.code, int) else 1
        words = "" if isinstance(error.code, int) or error.code is None else str(error.code)
        if exit_code == 0 or error.code is None:
            return Outcome(None, None, 0)
        return Outcome(None, _plain(classify_error(None, exit_code, words, now=now)), exit_code)
    if isinstance(error, ModelReinsError) and error.may_pass:
        return Outcome(None, _passing(error, now))
    return Outcome(None, _plain(explain_error(error, now)), exit_code)


def _passing(error: ModelReinsError, now: datetime) -> Dict[str, Any]:
    """Return the error for a failed call of the handler that may be repeated: the server said so, or could not be reached."""
    kind = {"timeout": "timeout", "rate-limited": "rate_limited"}.get(error.code, "network")
    found: Dict[str, Any] = {"type": kind, "message": str(error), "retryable": True}
    if error.retry_after is not None:
        found["retry_at"] = iso(now + timedelta(seconds=error.retry_after))
    return found


def _plain(classified: Dict[str, Any]) -> Dict[str, Any]:
    return dict(classified)


def _refusal_in(error: Optional[BaseException]) -> Optional[ActionRefused]:
    """Return the refusal itself, or the one among the causes of an exception that a handler raised."""
    link = error
    for _ in range(8):
        if link is None:
            return None
        if isinstance(link, ActionRefused):
            return link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return None


def outcome_of_stop(why: Aborted) -> Outcome:
    """Return the outcome of an attempt that was stopped from outside, whatever its handler did."""
    if why.kind == "timeout":
        return Outcome(None, {"type": "timeout", "message": str(why), "retryable": True})
    # A job that was handed back may run again, on another worker or on this one after a restart.
    return Outcome(None, {"type": "unknown", "message": str(why), "retryable": why.kind == "shutdown"})


def traceback_of(error: BaseException, own_file: str) -> str:
    """Return the traceback of a handler's error without the frames of this package above it."""
    import traceback

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(own_file):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))


def bounded_message(message: str) -> str:
    """Keep the end of a message, because it is more informative than the beginning."""
    return last_bytes(message, ERROR_MESSAGE_BYTES)


def plainer(entry: Settlement, refusal: ModelReinsError) -> Optional[Settlement]:
    """Return the next plainer form of a settlement that was refused as it stands.

    The result alone, then a failure that says why, then nothing. ``None`` as well when the words are not the reason: a
    lease that is lost stays lost.
    """
    if refusal.code not in ("invalid-request", "too-large"):
        return None
    # `chunks` is always kept, because it tells the server whether there is a stream to close.
    core: Dict[str, Any] = {name: entry.body[name] for name in ("job_id", "chunks") if name in entry.body}
    if entry.kind == "fail":
        error = {name: entry.body["error"][name] for name in ("type", "message", "retryable") if name in entry.body["error"]}
        failure: Dict[str, Any] = {**core, "error": error}
        return None if failure == entry.body else entry._replace(body=failure)
    body: Dict[str, Any] = {**core, **({"result": entry.body["result"]} if "result" in entry.body else {})}
    if refusal.code == "invalid-request" and body != entry.body:
        return entry._replace(body=body)
    message = (
        "The result is too large to be sent: upload it as an artifact"
        if refusal.code == "too-large"
        else bounded_message(f"The server refused the result: {refusal}")
    )
    return entry._replace(kind="fail", body={**core, "error": {"type": "unknown", "message": message, "retryable": False}})
