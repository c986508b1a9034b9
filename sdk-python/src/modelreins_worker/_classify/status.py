"""Responsible for the HTTP status that a text or an error code names; it reads no object and names no error type."""

from __future__ import annotations

import re
from typing import Iterator, Optional, Tuple

_A, _I, _M = re.ASCII, re.IGNORECASE, re.MULTILINE
_NOUNS = [
    "files",
    "lines",
    "rows",
    "items",
    "tests",
    "records",
    "bytes",
    "tokens",
    "times",
    "entries",
    "changes",
    "errors",
    "warnings",
    "ms",
    "seconds",
    "minutes",
    "hours",
    "jobs",
    "objects",
    "results",
    "matches",
    "issues",
    "problems",
    "commits",
    "pages",
    "messages",
    "images",
    "documents",
    "packages",
    "modules",
    "failures",
    "vulnerabilities",
]
#: A number of counted things is not a status, whatever precedes it: "401 files", "403 of 500".
_COUNTED = (
    r"(?!\s{1,4}(?:" + "|".join(f"[{noun[0]}{noun[0].upper()}]{noun[1:]}" for noun in _NOUNS) + r")\b)(?!\s{0,4}(?:(?:out )?of|/)\s{0,4}\d)"
)
#: Exit codes are written with the same words and are not HTTP statuses.
_HOW_IT_ENDED = re.compile(r"\b(?:exit(?:ed|s)?|return(?:ed|s)?|finished|ended|terminated)(?: with)? (?:an? |the )?\Z", _A | _I)
#: "code" counts only as the name of a field: in a sentence, "code 401" is usually a program's own code.
_FIELD_START = re.compile(r"(?:(?:^|\n)[ \t]{0,40}|[{,(\[][ \t]{0,8})\Z", _A)
_NUMBER = r"([45]\d\d)"
_ENDS = r"(?![\w.]\d|\d|:\d)"
_REASONS = (
    "Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Method Not Allowed|Proxy Authentication Required"
    "|Request Time-?out|Conflict|Gone|Payload Too Large|Content Too Large|Request Entity Too Large|Unprocessable"
    "|Too Many Requests|Internal Server Error|Not Implemented|Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out"
)
_VALUE = r"[\"']?\s{0,4}(?:[:=(]|is|was|of)?\s{0,4}[\"'(]?(?:http\s{1,4})?" + _NUMBER + _ENDS + _COUNTED
_NAMED = re.compile(
    r"(?:\bhttp(?:/[\d.]{1,4})?|\bhttp[ _-]?error|\bstatus(?:[ _-]?code)?|\bapi error|\b(?:error|response)[ _-]?code|[\"']code[\"'])"
    + _VALUE,
    _A | _I | _M,
)
_FIELD = re.compile(r"code(?=[ \t]{0,4}[:=])" + _VALUE, _A | _I | _M)
_ERROR = re.compile(r"(?:[Ee]rror|ERROR):? " + _NUMBER + r"(?=$|[,:;)]|\s{0,4}[-{(\"'<]|\s{1,4}[A-Z])" + _COUNTED, _A | _M)
_ASKED = re.compile(
    r"\b(?:request|call|fetch|upload|download|login|response|server|api|gateway|upstream|endpoint|proxy)\b[ \w]{0,20}"
    r"\b(?:failed|rejected|refused|denied|returned|responded|answered|error)(?: with)?(?: an?)?(?: error)?[:,]? {0,2}\(?"
    r"(?:http |status |code )?" + _NUMBER + r"\b" + _ENDS + _COUNTED,
    _A | _I,
)
_REASON = re.compile(r"(?<![\w.:$#/-])" + _NUMBER + r" (?:" + _REASONS + r")\b", _A | _I)
_WHOLE = re.compile(r"\s{0,8}(?:error:?\s{1,4})?" + _NUMBER + _COUNTED + r"(?:\Z|[ :] ?[A-Z{\"])", _A)


def _named(text: str) -> Iterator[re.Match[str]]:
    """Yield numbers with a naming word directly before them, unless that word is about how a program ended."""
    for match in _NAMED.finditer(text):
        if _HOW_IT_ENDED.search(text, max(0, match.start() - 40), match.start()) is None:
            yield match
    for match in _FIELD.finditer(text):
        begun = match.start()
        if _FIELD_START.search(text, max(0, begun - 41), begun) and not _HOW_IT_ENDED.search(text, max(0, begun - 40), begun):
            yield match


def status_in_text(text: str) -> Optional[int]:
    """Return the status that is told first in a text.

    A bare number is one only where something says so: "HTTP 429", "status code 401", "Request failed: 401". A line
    number, a count, a port, a price and an exit code are not.
    """
    found = [*_named(text)]
    found += [match for match in (pattern.search(text) for pattern in (_ERROR, _ASKED, _REASON)) if match is not None]
    first = min(found, key=lambda match: match.start(), default=None)
    return None if first is None else int(first.group(1))


def status_of_whole_message(message: str) -> Optional[int]:
    """Return the status of a message that consists only of a status and its text."""
    match = _WHOLE.match(message)
    return None if match is None else int(match.group(1))


#: Codes and types that servers use instead of a number, with the HTTP status that they mean. The first match wins.
_NAMES: Tuple[Tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern, _A | _I), status)
    for pattern, status in (
        (
            r"insufficient[ _-]?(?:quota|credit|balance|fund)|billing|payment|credits?_(?:exhausted|depleted)|out_of_credits",
            402,
        ),
        (r"rate_?limit|limit_?(?:reached|exceeded)|too_?many|throttl|resource_?exhausted|quota|usage_limit", 429),
        (r"overloaded", 529),
        (r"context_?(?:length|size|window)|exceed_context|too_?large|too_?long|request_too", 413),
        (r"authenticat|authoriz|api_?key|^forbidden$|permission|oauth|(?:invalid|expired)_?token|token_?expired", 401),
        (r"not_?found", 404),
        (
            r"invalid_?(?:request|argument|param|prompt)|bad_?request|badrequest|validation|unprocessable|failed_?precondition"
            r"|content_?filter",
            400,
        ),
        (r"deadline_?exceeded|gateway_?time", 504),
        (r"time_?(?:d_)?out", 408),
        (r"unavailable|no_healthy", 503),
        (r"server_?error|internal|^api_error$|bad_?gateway|upstream", 500),
    )
)


def status_of_name(name: str) -> Optional[int]:
    """Return the status that a code such as "rate_limit_error" stands for."""
    return next((status for pattern, status in _NAMES if pattern.search(name)), None)


#: Error classes of clients, which programs print before the message: `litellm.ServiceUnavailableError: ...`.
_CLASSES: Tuple[Tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern, _A), status)
    for pattern, status in (
        (r"\b(?:RateLimitError|ThrottlingException|TooManyRequestsException|ThrottlerException)\b", 429),
        (r"\b(?:ServiceUnavailableError|InternalServerError|BadGatewayError|APIStatusError: 5\d\d)\b", 503),
        (r"\b(?:AuthenticationError|PermissionDeniedError)\b", 401),
        (
            r"\b(?:BadRequestError|ContextWindowExceededError|UnprocessableEntityError|InvalidRequestError"
            r"|ContentPolicyViolationError)\b",
            400,
        ),
    )
)


def status_of_class(text: str) -> Optional[int]:
    """Return the status that the class of a client's error stands for."""
    return next((status for pattern, status in _CLASSES if pattern.search(text)), None)
