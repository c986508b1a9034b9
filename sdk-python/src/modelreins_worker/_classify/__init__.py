"""Responsible for naming what went wrong in an attempt and whether another attempt may help: an ordered table, the same as in the Node SDK.

It knows no job; the scheduler decides what a retryable error means.
"""

from __future__ import annotations

import re
import sys
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, Optional, Tuple

from .._record import Record
from .._times import iso, utc_now
from .evidence import Evidence, collect
from .reset_headers import reset_of_headers
from .reset_time import reset_time

#: The eight types, by the names that programs compare.
ERROR_TYPES = SimpleNamespace(
    SPAWN_FAILED="spawn_failed",
    AUTH_FAILED="auth_failed",
    RATE_LIMITED="rate_limited",
    TIMEOUT="timeout",
    NETWORK="network",
    OOM="oom",
    EXIT_ERROR="exit_error",
    UNKNOWN="unknown",
)


class ClassifiedError(Record):
    """A classified error: a dict with attributes. ``retry_at`` (ISO 8601, UTC) is present when a text or header names a time."""

    __slots__ = ()
    type: str
    message: str
    retryable: bool
    retry_at: Optional[str]


class _Rule(NamedTuple):
    type: str
    headline: str
    retryable: bool
    #: The table's phrases, followed by the real providers' words for the same failure. They apply when no status is known.
    phrases: re.Pattern[str]
    codes: Tuple[str, ...] = ()


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE | re.ASCII)


#: The order matters: the first rule that matches names the error.
_RULES: Tuple[_Rule, ...] = (
    _Rule(
        "spawn_failed",
        "Could not be started",
        False,
        _any("enoent", "not found", "permission denied"),
        ("ENOENT", "EACCES"),
    ),
    _Rule(
        "auth_failed",
        "Not authorized",
        False,
        _any(
            "not logged in",
            "unauthori[sz]ed",
            r"please (?:run /?|re-?)?log ?in\b",
            "(?:invalid|incorrect|missing|expired|no) (?:x-)?api[ -]?key",
            "authentication_error|permission_error|invalid_api_key",
            "(?:oauth|access|refresh|login|auth)[ _-](?:token|session)s? (?:has |have |is |are |was )?(?:expired|revoked|invalid)",
            r"\bsession (?:has |is )?expired\b|\btoken_expired\b",
            r"authentication (?:failed|required)|(?:failed|unable|could not|not able) to authenticate|\b403 forbidden\b",
            r"(?-i:\bAuthenticationError\b|\bPermissionDeniedError\b)",
        ),
    ),
    _Rule(
        "rate_limited",
        "Rate limited",
        True,
        _any(
            "rate[ _-]?limit",
            "too many",
            r"(?:hit|reached|exceeded) your (?:[\w-]+ ){0,3}limit",
            "usage[ _]limit",
            "limit[ _](?:has been )?(?:reached|exceeded)",
            "resets ",
            "exceeded your current quota|resource_exhausted|resource has been exhausted|quota exceeded",
        ),
    ),
    _Rule(
        "timeout",
        "Timed out",
        True,
        _any("timeout", "etimedout", "timed out"),
        ("ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"),
    ),
    _Rule(
        "network",
        "Network error",
        True,
        _any(
            "econnrefused",
            "enotfound",
            r"\bdns\b",
            "econnreset|econnaborted|ehostunreach|enetunreach|enetdown|eai_again|epipe",
            "connection (?:refused|reset|error|aborted|closed)|socket hang up|other side closed|fetch failed"
            "|error sending request|stream disconnected",
            "name or service not known|temporary failure in name resolution|could not resolve host",
            r"\boverloaded\b|overloaded_error|server_error|internal server error|bad gateway|no healthy upstream",
            "service (?:is )?(?:temporarily |currently )?unavailable|temporarily unavailable",
            r"\bservers? (?:is |are )?(?:currently )?(?:down|busy|overloaded|unavailable)\b|(?:provider|upstream) (?:has )?disconnected",
            r"\bempty response received\b|\bmodel is (?:still )?loading\b|\bloading model\b",
        ),
        (
            "ECONNREFUSED",
            "ENOTFOUND",
            "ECONNRESET",
            "EAI_AGAIN",
            "EHOSTUNREACH",
            "ENETUNREACH",
            "EPIPE",
            "UND_ERR_SOCKET",
        ),
    ),
)
_BY_TYPE = {rule.type: rule for rule in _RULES}

#: Problems that no waiting solves: an account without money, a request that can never fit.
_INCURABLE = _any(
    "insufficient[ _-]?(?:credit|balance|quota|fund)s?",
    "(?:credit )?balance (?:is )?(?:too low|insufficient|exhausted|not enough)"
    r"|(?:not enough|no(?: remaining)?|out of|run out of|never purchased) credits?\b",
    r"payment required|billing (?:hard )?limit|billing_error|\binsufficient_quota\b",
    "reduce (?:your|the) (?:message|prompt|input|request)|must be reduced in order",
    "(?:exceeds?|exceeded|exceeding) the (?:available |maximum |model'?s? )?context|context_length_exceeded"
    "|maximum context length|prompt is too long",
)
#: The machine or the program's own runtime ran out of memory.
_OUT_OF_MEMORY = _any(
    "heap out of memory",
    "reached heap limit",
    "allocation failed - ",
    r"\boom[- ]?kill",
    r"\bout of memory\b",
    "cannot allocate memory",
    "std::bad_alloc",
    r"\bMemoryError\b",
)
_LONGEST_LINE = 500


class _Verdict(NamedTuple):
    type: str
    headline: str
    retryable: bool


def _verdict_of_status(status: int) -> Optional[_Verdict]:
    """A known status decides, whatever the words are. ``None``: the error is final, and its words or exit code name it."""
    if status >= 500:
        return _Verdict("network", "Server error", True)
    found = {429: "rate_limited", 408: "timeout", 401: "auth_failed", 403: "auth_failed", 407: "auth_failed"}.get(status)
    return None if found is None else _of_rule(_BY_TYPE[found])


def _of_rule(rule: _Rule) -> _Verdict:
    return _Verdict(rule.type, rule.headline, rule.retryable)


def _says(rule: _Rule, evidence: Evidence) -> bool:
    return any(code in evidence.codes for code in rule.codes) or rule.phrases.search(evidence.words) is not None


def _verdict_of(evidence: Evidence) -> Optional[_Verdict]:
    cured = _INCURABLE.search(evidence.words) is None
    if evidence.status is None:
        rules = (rule for rule in _RULES if _says(rule, evidence) and (cured or not rule.retryable))
        return next((_of_rule(rule) for rule in rules), None)
    decided = _verdict_of_status(evidence.status)
    if decided is not None:
        return None if decided.type == "rate_limited" and not cured else decided
    return next((_of_rule(rule) for rule in _RULES if not rule.retryable and _says(rule, evidence)), None)


def _saying(evidence: Evidence) -> str:
    """Return the most informative line: the first of the error's own message, else the last line of stderr that is not empty."""
    lines = [line.strip() for line in (evidence.message or evidence.stderr).split("\n")]
    chosen = [line for line in lines if line]
    if not chosen:
        return ""
    return (chosen[0] if evidence.message else chosen[-1])[:_LONGEST_LINE]


def _message_of(headline: str, evidence: Evidence, alone: bool = False) -> str:
    """``Rate limited`` has no detail, because programs compare the exact text; other messages include the line that says what happened."""
    detail = "" if alone else _saying(evidence)
    return f"{headline}: {detail}" if detail else headline


def _classify(evidence: Evidence, exit_code: Optional[int], now: datetime) -> ClassifiedError:
    def named(kind: str, message: str, retryable: bool = False) -> ClassifiedError:
        return ClassifiedError(type=kind, message=message, retryable=retryable)

    ended = exit_code is not None and exit_code != 0
    # A runtime that runs out of memory prints a trace and aborts.
    starved = evidence.status is None and _OUT_OF_MEMORY.search(evidence.words) is not None
    if starved and exit_code in (134, 137):
        return named("oom", _message_of("Out of memory", evidence))
    verdict = _verdict_of(evidence)
    if verdict is not None:
        message = _message_of(verdict.headline, evidence, verdict.type == "rate_limited")
        found = named(verdict.type, message, verdict.retryable)
        if verdict.retryable:
            reset = reset_of_headers(evidence.headers, now) or reset_time(evidence.all, now)
            if reset is not None:
                found["retry_at"] = iso(reset)
        return found
    if exit_code == 137:
        return named("oom", "Killed (exit code 137), most likely out of memory")
    if starved and (ended or evidence.is_memory_error):
        return named("oom", _message_of("Out of memory", evidence))
    if ended:
        return named("exit_error", _message_of(f"Exited with code {exit_code}", evidence))
    return named("unknown", _saying(evidence) or "Unknown error")


def classify_error(
    error: Any = None, exit_code: Optional[int] = None, stderr: Optional[str] = None, *, now: Optional[datetime] = None
) -> ClassifiedError:
    """Name what went wrong and whether another attempt may help. Never raises.

    A known HTTP status decides; where there is none, the first row of the table whose words match.

    :param error: an exception (with its causes), a dict that looks like an error, a text, or ``None``.
    :param exit_code: how a program ended.
    :param stderr: the last part of what the program wrote on standard error.
    :param now: what relative times count from.
    :returns: ``type`` (one of :data:`ERROR_TYPES`), ``message``, ``retryable``, and ``retry_at`` when a time is told.
    """
    programs = sys.modules.get("subprocess")
    if programs is not None and isinstance(error, programs.CalledProcessError):
        # Use the program's own output instead of Python's message about it.
        exit_code = error.returncode if exit_code is None else exit_code
        said = error.stderr or error.output or ""
        written = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return _classify(collect(None, stderr or written), exit_code, now or utc_now())
    return _classify(collect(error, stderr or ""), exit_code, now or utc_now())


_BARE = re.compile(
    r"^(?:(?:http/?[\d.]*|error|status(?: code)?)[: ]*)*(?:429)?[: ]*(?:too many requests|rate limit(?:ed)?)?[.!]?$",
    re.IGNORECASE,
)


def explain_error(error: Any, now: datetime) -> ClassifiedError:
    """Classify for a job's record: the provider's own words follow "Rate limited", and the class of an exception precedes its words."""
    classified = classify_error(error, now=now)
    evidence = collect(error, "")
    words = _saying(evidence)
    if classified["type"] == "rate_limited" and not _BARE.match(words):
        classified["message"] = f"{classified['message']}: {words}"
    if classified["type"] == "unknown" and isinstance(error, BaseException):
        kind = type(error).__name__
        classified["message"] = f"{kind}: {words}" if words else kind
    return classified
