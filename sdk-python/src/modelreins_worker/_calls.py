"""Responsible for turning an operation into a request, and the answer into a value or an error; repeats calls that may be repeated."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple
from urllib.parse import quote, urlencode

from ._errors import Issue, ModelReinsError
from ._generated.tables import PROBLEMS, ROWS, Row
from ._record import UNSET
from ._times import full_jitter, utc_now
from ._transport import Answer, Body, Cancel, Transport

#: POSTs that have no further effect when they are repeated: by lease token, by generation, by holder.
_REPEATABLE = frozenset(
    {
        "claims.start",
        "claims.output",
        "claims.complete",
        "claims.fail",
        "claims.claim",
        "killswitch.ack",
        "workers.pause",
        "workers.resume",
    }
)
#: Operations for which a key is generated when the caller gives none, so that a lost answer never causes a second job or file.
_KEYED = frozenset({"jobs.dispatch", "jobs.create", "jobs.dispatch_batch", "artifacts.upload", "reviews.submit", "threads.delete"})
_ATTEMPTS = 3
_BASE_S, _CAP_S, _LONGEST_S = 0.25, 5.0, 30.0


def lay_out(operation: str, body: Mapping[str, Any]) -> Tuple[Row, str, Optional[bytes]]:
    """Return the row, the path with its query, and the JSON of a call."""
    row = ROWS[operation]
    rest: Dict[str, Any] = {name: value for name, value in body.items() if value is not UNSET}
    parts = row.path.split("/")
    for index, part in enumerate(parts):
        if part.startswith(":"):
            value = rest.pop(part[1:], None)
            if value is None or value == "":
                raise ModelReinsError(f"{operation}: {part[1:]} is missing", code="invalid-request", status=0)
            parts[index] = quote(str(value), safe="")
    path = "/".join(parts)
    if row.raw or row.method in ("GET", "DELETE"):
        query = [(name, _query_text(value)) for name, value in rest.items() if value is not None]
        return row, path + (f"?{urlencode(query, quote_via=quote)}" if query else ""), None
    return row, path, to_json(operation, rest)


def to_json(operation: str, value: Any) -> bytes:
    """Spell a value as JSON.

    :raises ModelReinsError: ``invalid-request`` when it is none.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError) as error:
        raise ModelReinsError(f"{operation}: not JSON: {error}", code="invalid-request", status=0) from error


def _query_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value)
    return str(value)


class Calls:
    """Calls to one server with one token."""

    def __init__(self, transport: Transport, token: Optional[str], timeout: float) -> None:
        self.transport = transport
        self.bearer = token
        self.timeout = timeout

    def call(
        self,
        operation: str,
        body: Mapping[str, Any],
        *,
        timeout: Optional[float] = None,
        token: Optional[str] = None,
        repeat: bool = True,
        cancel: Optional[Cancel] = None,
        heard: Optional[Any] = None,
    ) -> Any:
        """Call an operation. ``heard`` is told the headers of every answer of the server.

        :raises ModelReinsError: for every failure.
        """
        fields = dict(body)
        row, path, data = lay_out(operation, fields)
        headers = self.headers(token)
        if data is not None:
            headers["Content-Type"] = "application/json"
        key = fields.get("idempotency_key")
        if operation in _KEYED and (key is None or key is UNSET):
            key = fresh_key()
            headers["Idempotency-Key"] = key
        wait = fields.get("wait")
        limit = (timeout or self.timeout) + (float(wait) if row.held and isinstance(wait, (int, float)) else 0.0)
        may_repeat = repeat and (row.method != "POST" or isinstance(key, str) or operation in _REPEATABLE)
        return self.send(row, path, headers, data, limit, attempts=_ATTEMPTS if may_repeat else 1, cancel=cancel, heard=heard)

    def headers(self, token: Optional[str] = None) -> Dict[str, str]:
        """Return the headers of every request."""
        bearer = token or self.bearer
        return {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}

    def send(
        self,
        row: Row,
        path: str,
        headers: Mapping[str, str],
        data: Body,
        timeout: float,
        *,
        attempts: int,
        cancel: Optional[Cancel] = None,
        heard: Optional[Any] = None,
    ) -> Any:
        """Send until there is an answer or a permanent failure."""
        for attempt in range(attempts):
            try:
                answer = self.transport.exchange(row.method, path, headers=headers, body=data, timeout=timeout, cancel=cancel)
                if heard is not None:
                    heard(answer.headers)
                return value_of(row, answer, self.transport.url)
            except ModelReinsError as error:
                if attempt + 1 >= attempts or not error.may_pass or (cancel is not None and cancel.is_set):
                    raise
                wait = error.retry_after if error.retry_after is not None else full_jitter(_BASE_S, _CAP_S, attempt)
                if wait > _LONGEST_S:
                    raise
            if hasattr(data, "seek") and data is not None:
                data.seek(0)
            time.sleep(wait)
        raise AssertionError("a call is tried at least once")


def fresh_key() -> str:
    """Return a unique key."""
    return f"sdk-{os.urandom(12).hex()}"


def value_of(row: Row, answer: Answer, url: str) -> Any:
    """Return the value of an answer; raises the error that it reports."""
    if not 200 <= answer.status < 300:
        raise error_of(answer, url)
    kind = answer.headers.get("content-type", "")
    if row.answers != "json":
        # An HTML page (such as a login page) is only accepted as the answer of an operation that answers pages.
        if "html" in kind and "html" not in row.answers:
            raise _foreign(answer, url)
        return answer.body.decode("utf-8", "replace")
    if answer.status == 204:
        return None
    value = parse(answer.body)
    if "json" not in kind or not isinstance(value, dict) or any(mark not in value for mark in row.marks):
        raise _foreign(answer, url)
    return value


def parse(body: bytes) -> Any:
    """Return the value of a JSON text; ``None`` when it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def error_of(answer: Answer, url: str) -> ModelReinsError:
    """Return the error of a failed call; an answer that does not come from the server itself is marked as such."""
    after = retry_after(answer.headers.get("retry-after"))
    problem = parse(answer.body)
    if not isinstance(problem, dict) or not isinstance(problem.get("code"), str) or "title" not in problem:
        if 300 <= answer.status < 400:
            where = answer.headers.get("location")
            return ModelReinsError(
                f"{url} answers with a redirect{f' to {where}' if where else ''}: use the final address",
                code="unexpected-response",
                status=answer.status,
                retryable=False,
            )
        if answer.status == 429:
            return ModelReinsError(f"{url} answers HTTP 429", code="rate-limited", status=429, retry_after=after)
        if answer.status in (500, 502, 503, 504):
            return ModelReinsError(f"{url} answers HTTP {answer.status}", code="unavailable", status=answer.status, retry_after=after)
        return _foreign(answer, url)
    code: str = problem["code"]
    issues = _issues(problem.get("issues"))
    named = "; ".join(f"{issue.path}: {issue.message}" if issue.path else issue.message for issue in issues)
    title = str(problem.get("title") or f"HTTP {answer.status}")
    detail = problem.get("detail")
    after_ms = problem.get("retry_after_ms")
    retryable = problem.get("retryable")
    instance = problem.get("instance")
    known = code if code in PROBLEMS else ("internal" if answer.status >= 500 else code)
    return ModelReinsError(
        str(detail) if detail else (f"{title}: {named}" if named else title),
        code=known,
        status=answer.status,
        retryable=retryable if isinstance(retryable, bool) else None,
        retry_after=after_ms / 1000 if isinstance(after_ms, (int, float)) else after,
        issues=issues,
        request_id=instance if isinstance(instance, str) else None,
    )


def _foreign(answer: Answer, url: str) -> ModelReinsError:
    kind = answer.headers.get("content-type", "no content type").split(";")[0]
    return ModelReinsError(
        f"{url} answers HTTP {answer.status} with {kind}, which is not the word of a ModelReins server: "
        "a proxy or a login page may stand in between",
        code="unexpected-response",
        status=answer.status,
    )


def _issues(value: Any) -> List[Issue]:
    items: Iterable[Any] = value if isinstance(value, list) else ()
    return [Issue(str(item.get("path", "")), str(item.get("message", ""))) for item in items if isinstance(item, dict)]


def retry_after(value: Optional[str]) -> Optional[float]:
    """Return the seconds that a ``Retry-After`` asks for; ``None`` when it cannot be read."""
    if value is None:
        return None
    text = value.strip()
    if text.isdigit():
        return float(text[:9])
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, (parsedate_to_datetime(text) - utc_now()).total_seconds())
    except (TypeError, ValueError, IndexError):
        return None
