"""Responsible for collecting everything that says what went wrong: messages, causes, codes, headers, bodies, and a program's output. It names no type."""

from __future__ import annotations

import errno
import socket
from typing import Any, Callable, FrozenSet, Iterable, List, Mapping, NamedTuple, Optional, Set, TypeVar

from .json_words import Finding, json_in, status_of, words_of_value
from .quiet import without_keys, without_noise
from .status import status_in_text, status_of_class, status_of_name, status_of_whole_message

Value = TypeVar("Value")
#: Maximum number of characters to read: a longer error does not become clearer.
_LONGEST = 64 * 1024


class Evidence(NamedTuple):
    """What is known. ``words`` is the text that is searched for phrases; ``all`` is the complete original text."""

    words: str
    all: str
    message: str
    stderr: str
    codes: FrozenSet[str]
    status: Optional[int]
    headers: List[Any]
    is_memory_error: bool


def _read(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name)
    if value is None or isinstance(value, (str, int, float, bool, list, tuple)):
        return None
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def _message_of(link: Any) -> Any:
    if isinstance(link, str):
        return link
    if isinstance(link, Mapping):
        return link.get("message")
    if isinstance(link, MemoryError) and not str(link):
        return "MemoryError"
    if isinstance(link, TimeoutError) and not str(link):
        return "timed out"
    if isinstance(link, BaseException):
        try:
            return str(link)
        except Exception:
            return ""
    return _read(link, "message")


def _causes(link: Any) -> Iterable[Any]:
    if isinstance(link, BaseException):
        if link.__cause__ is not None:
            return [link.__cause__]
        return [] if link.__suppress_context__ or link.__context__ is None else [link.__context__]
    cause = _read(link, "cause")
    return [] if cause is None else [cause]


def _chain_of(error: Any) -> List[Any]:
    """Return the error and its causes."""
    chain: List[Any] = []
    links = [error]
    while links and links[0] is not None and len(chain) < 8:
        link = links[0]
        chain.append(link)
        several = _read(link, "errors") or _read(link, "exceptions")
        if isinstance(several, (list, tuple)):
            chain.extend(several[:4])
        links = list(_causes(link))
    return chain


def _codes_of(link: Any) -> List[str]:
    found: List[str] = []
    code = _read(link, "code")
    if isinstance(code, str) and code:
        found.append(code)
    if isinstance(link, socket.gaierror):
        found.append("EAI_AGAIN" if link.errno == socket.EAI_AGAIN else "ENOTFOUND")
    elif isinstance(link, OSError) and link.errno is not None and link.errno in errno.errorcode:
        found.append(errno.errorcode[link.errno])
    return found


class _Gathered:
    def __init__(self) -> None:
        self.messages: List[str] = []
        self.codes: Set[str] = set()
        self.names: List[str] = []
        self.headers: List[Any] = []
        self.bodies: List[Finding] = []
        self.status: Optional[int] = None


def _gather(error: Any) -> _Gathered:
    found = _Gathered()
    for link in _chain_of(error):
        message = _message_of(link)
        if isinstance(message, str) and message:
            found.messages.append(message)
        codes = _codes_of(link)
        found.codes.update(codes)
        code, kind = _read(link, "code"), _read(link, "type")
        found.names.extend(name for name in (code, kind) if isinstance(name, str) and name)
        # Clients attach the answer to the error; those of OpenAI and Anthropic attach its body as `error` or `body`.
        for answer in (link, _read(link, "response")):
            for field in ("status", "statusCode", "status_code", "code"):
                if found.status is None:
                    found.status = status_of(_read(answer, field))
            headers = _read(answer, "headers")
            if headers is not None and not isinstance(headers, (str, bytes, int, float)):
                found.headers.append(headers)
        for field in ("error", "body", "details", "metadata", "data"):
            body = _read(link, field)
            if isinstance(body, (dict, list)):
                found.bodies.append(words_of_value(body))
    return found


def _first(*candidates: Callable[[], Optional[Value]]) -> Optional[Value]:
    for candidate in candidates:
        found = candidate()
        if found is not None:
            return found
    return None


def collect(error: Any, stderr: str) -> Evidence:
    """Collect the evidence in an error and in a program's last output. Never raises."""
    found = _gather(error)
    message = "\n".join(found.messages)[-_LONGEST:]
    written = stderr[-_LONGEST:]
    of_message, of_stderr = json_in(message), json_in(written)
    first = found.messages[0] if found.messages else ""

    def of_names(names: Iterable[str]) -> Optional[int]:
        return next((status for status in map(status_of_name, names) if status is not None), None)

    body_names = [name for body in found.bodies for name in body.names]
    status = _first(
        lambda: found.status,
        lambda: status_of_whole_message(first[:1000]),
        lambda: status_in_text(of_message.words),
        lambda: of_message.status,
        lambda: next((body.status for body in found.bodies if body.status is not None), None),
        lambda: of_names([*found.names, *of_message.names, *body_names]),
        lambda: status_of_class(of_message.words),
        lambda: status_in_text(of_stderr.words),
        lambda: of_stderr.status,
        lambda: of_names(of_stderr.names),
        lambda: status_of_class(of_stderr.words),
    )
    bodies = [body.words for body in found.bodies]
    words = "\n".join([of_message.words, *of_message.names, *bodies, of_stderr.words])
    return Evidence(
        words=without_keys(without_noise(words)),
        all="\n".join([message, *bodies, written]),
        message=first,
        stderr=written,
        codes=frozenset(found.codes),
        status=status,
        headers=[
            *found.headers,
            *(header for body in found.bodies for header in body.headers),
            *of_message.headers,
            *of_stderr.headers,
        ],
        is_memory_error=isinstance(error, MemoryError),
    )
