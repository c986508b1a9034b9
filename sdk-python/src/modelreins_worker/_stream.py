"""Responsible for following one job's output over server-sent events, across reconnections, until its end."""

from __future__ import annotations

import codecs
import json
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from ._calls import Calls, error_of
from ._errors import ModelReinsError
from ._times import full_jitter
from ._transport import Answer, Cancel

#: The server sends a comment every 15 s. When three are missing, the connection counts as dead.
_SILENCE_S = 45.0
#: After this many tries the error of a stream that never began is raised.
_TRIES = 12


class StreamEvent(NamedTuple):
    """One event of a job's output.

    ``event`` is ``output`` (``data`` has ``seq``, ``attempt``, ``stream``, ``text``), ``gap`` (``from``, ``to``: what the
    server no longer has) or ``end`` (``status``, ``result``, ``error``).
    """

    event: str
    data: Dict[str, Any]


class EventParser:
    """Takes text and returns the events that it completes (WHATWG HTML, "Server-sent events")."""

    def __init__(self) -> None:
        self._pending = ""
        self._event = ""
        self._id: Optional[str] = None
        self._data: List[str] = []

    def push(self, text: str) -> List[Dict[str, Any]]:
        """Take the next part of the stream."""
        events: List[Dict[str, Any]] = []
        self._pending += text
        while True:
            ends = [at for at in (self._pending.find("\n"), self._pending.find("\r")) if at >= 0]
            # A CR at the very end may be the first half of CRLF, so wait for the next character.
            if not ends or (self._pending[min(ends)] == "\r" and min(ends) == len(self._pending) - 1):
                return events
            end = min(ends)
            line = self._pending[:end]
            self._pending = self._pending[end + (2 if self._pending.startswith("\r\n", end) else 1) :]
            if line == "":
                if self._data:
                    events.append({"event": self._event or "message", "id": self._id, "data": "\n".join(self._data)})
                self._event, self._data = "", []
            elif not line.startswith(":"):
                self._field(*_split(line))

    def _field(self, field: str, value: str) -> None:
        if field == "event":
            self._event = value
        elif field == "data":
            self._data.append(value)
        elif field == "id" and "\0" not in value:
            self._id = value


def _split(line: str) -> List[str]:
    field, colon, value = line.partition(":")
    return [field, value[1:] if colon and value.startswith(" ") else value]


def follow_job(calls: Calls, job_id: int, after: int = -1, cancel: Optional[Cancel] = None) -> Iterator[StreamEvent]:
    """Yield every event in order and return after ``end``; a broken connection is resumed after the last chunk."""
    failures = 0
    while cancel is None or not cancel.is_set:
        try:
            for event in _connection(calls, job_id, after, cancel):
                failures = 0
                if event.event == "output":
                    if event.data["seq"] <= after:
                        continue
                    after = event.data["seq"]
                elif event.event == "gap":
                    after = max(after, int(event.data.get("to", after)))
                yield event
                if event.event == "end":
                    return
        except ModelReinsError as error:
            if not error.may_pass:
                raise
            failures += 1
            if failures >= _TRIES:
                raise
        time.sleep(full_jitter(0.25, 5.0, failures))


def _connection(calls: Calls, job_id: int, after: int, cancel: Optional[Cancel]) -> Iterator[StreamEvent]:
    path = f"/api/v1/jobs/{int(job_id)}/stream" + ("" if after < 0 else f"?after={after}")
    headers = {**calls.headers(), "Accept": "text/event-stream", **({} if after < 0 else {"Last-Event-ID": str(after)})}
    opened = calls.transport.open(path, headers=headers, timeout=calls.timeout, cancel=cancel)
    try:
        if opened.status != 200:
            raise error_of(Answer(opened.status, opened.headers, opened.read(65536, calls.timeout)), calls.transport.url)
        if "event-stream" not in opened.headers.get("content-type", ""):
            raise ModelReinsError(f"{calls.transport.url} answers something else than a stream", code="unexpected-response")
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        parser = EventParser()
        while True:
            try:
                part = opened.read(65536, _SILENCE_S)
            except (OSError, ValueError) as error:
                raise ModelReinsError(f"The stream of job {job_id} broke off: {error}", code="network") from error
            if not part:
                return
            for raw in parser.push(decoder.decode(part)):
                event = _read(raw)
                if event is not None:
                    yield event
    finally:
        opened.close()


def _read(raw: Dict[str, Any]) -> Optional[StreamEvent]:
    """Return ``None`` for events that only a newer server knows."""
    try:
        data = json.loads(raw["data"])
    except ValueError:
        return None
    if not isinstance(data, dict) or raw["event"] not in ("output", "gap", "end"):
        return None
    if raw["event"] == "output" and not isinstance(data.get("seq"), int):
        return None
    return StreamEvent(raw["event"], data)
