"""Responsible for JSON inside an error's text: the words of an error object are kept, and JSON that is not an error is removed."""

from __future__ import annotations

import json
import re
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple

_ERROR_KEYS = (
    "error",
    "errors",
    "error_type",
    "errorCode",
    "error_code",
    "error_message",
    "errorMessage",
    "fault",
    "exception",
)
_WORD_KEYS = (
    "message",
    "msg",
    "detail",
    "title",
    "error_description",
    "error_message",
    "errorMessage",
    "description",
    "reason",
)
#: A code comes first because it is more specific than a type.
_NAME_KEYS = ("code", "errorCode", "error_code", "status", "statusCode", "status_code", "type", "error_type", "reason")
#: Fields that contain upstream errors of a gateway, or typed details.
_INNER_KEYS = ("error", "errors", "metadata", "details", "cause", "response", "body", "data", "fault", "exception")
_DEEPEST = 6
_MOST_FINDINGS = 64
#: Maximum number of attempts to parse at a brace, because each failed attempt scans the rest of the text.
_MOST_TRIES = 24
#: Maximum number of characters to scan in total, so that a text of only braces cannot block the thread.
_MOST_STEPS = 100_000


class Finding(NamedTuple):
    """The text with error JSON replaced by its words and other JSON removed; the names, status and headers found in it."""

    words: str
    names: List[str]
    status: Optional[int]
    headers: List[Any]


class _Gathered:
    def __init__(self) -> None:
        self.words: List[str] = []
        self.names: List[str] = []
        self.headers: List[Any] = []
        self.status: Optional[int] = None


def status_of(value: Any) -> Optional[int]:
    """Return a number or digits in the range of HTTP error statuses."""
    if isinstance(value, str) and re.fullmatch(r"[45]\d\d", value.strip(), re.ASCII):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600 else None


def _is_error(value: Mapping[str, Any]) -> bool:
    if any(value.get(key) is not None and value.get(key) is not False for key in _ERROR_KEYS):
        return True
    if value.get("type") == "error":
        return True
    level = value.get("level", value.get("severity"))
    if isinstance(level, str) and re.match(r"error|fatal|critical|emerg|alert", level, re.IGNORECASE):
        return True
    says = any(isinstance(value.get(key), str) for key in _WORD_KEYS)
    return says and level is None and any(status_of(value.get(key)) is not None or isinstance(value.get(key), str) for key in _NAME_KEYS)


def _gather(value: Any, into: _Gathered, depth: int = 0) -> None:
    if depth > _DEEPEST or len(into.words) + len(into.names) > _MOST_FINDINGS:
        return
    if isinstance(value, str):
        # A gateway passes on its upstream's answer as a text with JSON in it.
        inner = _parse(value) if len(value) < 65_536 and value.lstrip().startswith("{") else None
        if inner is None:
            into.words.append(value)
        else:
            _gather(inner, into, depth + 1)
        return
    if isinstance(value, list):
        for one in value[:8]:
            _gather(one, into, depth + 1)
        return
    if not isinstance(value, Mapping):
        return
    for key in _WORD_KEYS:
        if isinstance(value.get(key), str):
            _gather(value[key], into, depth + 1)
    for key in _NAME_KEYS:
        name = value.get(key)
        if into.status is None:
            into.status = status_of(name)
        if isinstance(name, str) and len(name) <= 120:
            into.names.append(name)
    for key, found in value.items():
        if str(key).lower() == "headers":
            into.headers.append(found)
        # Google's RetryInfo and similar fields are treated like headers.
        elif re.match(r"retry|reset", str(key), re.IGNORECASE) and _is_scalar(found):
            into.headers.append({key: found})
    for key in _INNER_KEYS:
        _gather(value.get(key), into, depth + 1)
    if isinstance(value.get("raw"), str):
        _gather(value["raw"], into, depth + 1)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


_STEP = re.compile(r'[{}"]')
_TEXT_END = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)


def _end_of(text: str, start: int, most: int) -> Tuple[int, int]:
    """Return the index after the last brace of the object that begins at ``start``, or -1; and the number of steps."""
    depth = steps = 0
    at = start
    while steps < most:
        steps += 1
        step = _STEP.search(text, at)
        if step is None:
            return -1, steps
        at = step.end()
        if step.group() == '"':
            closed = _TEXT_END.match(text, at)
            if closed is None:
                return -1, steps
            at = closed.end()
        elif step.group() == "{":
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                return at, steps
    return -1, steps


def _finding(into: _Gathered, words: str) -> Finding:
    return Finding(words, into.names, into.status, into.headers)


def words_of_value(value: Any) -> Finding:
    """Return the findings in a value that is already an object: the body of an answer, or a client's error."""
    into = _Gathered()
    _gather(value, into)
    return _finding(into, "\n".join(into.words))


def json_in(text: str) -> Finding:
    """Return the findings in a text with JSON in it."""
    into = _Gathered()
    kept: List[str] = []
    start = tries = steps = 0
    opened = text.find("{")
    while opened != -1 and tries < _MOST_TRIES:
        tries += 1
        end, walked = _end_of(text, opened, _MOST_STEPS - steps)
        steps += walked
        value = None if end == -1 else _parse(text[opened:end])
        if not isinstance(value, dict):
            opened = text.find("{", opened + 1)
            continue
        kept.append(text[start:opened])
        if _is_error(value):
            before = len(into.words)
            _gather(value, into)
            kept.append(f" {' '.join(into.words[before:])} ")
        start = end
        opened = text.find("{", end)
    kept.append(text[start:])
    return _finding(into, "".join(kept))
