"""Responsible for recognising unregistered secrets: keys of well-known services, by their form. It redacts nothing."""

from __future__ import annotations

import re
from typing import List, Tuple

#: The beginning of a well-known key, and the minimum that follows; all of them consist of letters, digits, `_` and `-`.
_WORDS: Tuple[Tuple[str, str], ...] = (
    ("mrw_", r"[a-z0-9]{2,32}_[a-z0-9_]{20,}"),
    ("mrk_", r"[a-z0-9]{2,32}_[a-z0-9_]{20,}"),
    ("mrl_", r"[a-z0-9]{2,32}_[a-z0-9_]{20,}"),
    ("sk-ant-", r"[A-Za-z0-9_-]{20,}"),
    ("sk-", r"[A-Za-z0-9_-]{32,}"),
    ("sk_live_", r"[A-Za-z0-9]{16,}"),
    ("rk_live_", r"[A-Za-z0-9]{16,}"),
    ("ghp_", r"[A-Za-z0-9]{30,}"),
    ("gho_", r"[A-Za-z0-9]{30,}"),
    ("ghs_", r"[A-Za-z0-9]{30,}"),
    ("ghu_", r"[A-Za-z0-9]{30,}"),
    ("ghr_", r"[A-Za-z0-9]{30,}"),
    ("github_pat_", r"[A-Za-z0-9_]{40,}"),
    ("glpat-", r"[A-Za-z0-9_-]{18,}"),
    ("AKIA", r"[A-Z0-9]{16}(?![A-Z0-9])"),
    ("ASIA", r"[A-Z0-9]{16}(?![A-Z0-9])"),
    ("AIza", r"[A-Za-z0-9_-]{30,}"),
    ("xoxb-", r"[A-Za-z0-9-]{20,}"),
    ("xoxp-", r"[A-Za-z0-9-]{20,}"),
    ("xoxa-", r"[A-Za-z0-9-]{20,}"),
    ("xapp-", r"[A-Za-z0-9-]{20,}"),
    ("hf_", r"[A-Za-z0-9]{30,}"),
    ("npm_", r"[A-Za-z0-9]{30,}"),
    ("pypi-", r"[A-Za-z0-9_-]{40,}"),
    ("dop_v1_", r"[a-f0-9]{40,}"),
    ("SG.", r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("eyJ", r"[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
)
_WORD = re.compile(r"(?<![A-Za-z0-9_-])(?:" + "|".join(f"{re.escape(head)}{rest}" for head, rest in _WORDS) + ")")
_HEADS = tuple(head for head, _ in _WORDS)
#: A private key in PEM; JSON may write a line break as `
#: `.
_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----.*?(?:-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----|\Z)", re.DOTALL)
_KEY_HEAD = "-----BEGIN "
_KEY_END = re.compile(r"-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----")
_TAIL = re.compile(r"[A-Za-z0-9_.-]+\Z")
#: Longer text is passed on; the part that looks like a secret is redacted.
_LONGEST_WORD = 4096
_LONGEST_KEY = 32 * 1024


def shape_spans(buffer: str) -> List[Tuple[int, int]]:
    """Return every range of ``buffer`` that looks like a secret."""
    found = [match.span() for match in _WORD.finditer(buffer)]
    if _KEY_HEAD in buffer:
        found.extend(match.span() for match in _KEY.finditer(buffer))
    return found


def open_shape(buffer: str) -> int:
    """Return where an incomplete secret may begin at the end of ``buffer``; its length when there is none."""
    return min(_open_word(buffer), _open_key(buffer))


def _open_word(buffer: str) -> int:
    tail = _TAIL.search(buffer, max(0, len(buffer) - _LONGEST_WORD))
    if tail is None:
        return len(buffer)
    start, word = tail.start(), tail.group()
    if len(word) >= _LONGEST_WORD:
        return len(buffer)
    for at in range(len(word)):
        if at > 0 and word[at - 1] != ".":
            continue
        rest = word[at:]
        if any(rest.startswith(head) or head.startswith(rest) for head in _HEADS):
            return start + at
    return len(buffer)


def _open_key(buffer: str) -> int:
    begun = buffer.rfind(_KEY_HEAD)
    if begun >= 0 and len(buffer) - begun < _LONGEST_KEY:
        line = buffer[begun : begun + 80]
        if re.match(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----", line):
            return begun if _KEY_END.search(buffer, begun) is None else len(buffer)
        if (
            "PRIVATE KEY-----" not in line
            and len(buffer) - begun < 80
            and "\n" not in line
            and re.fullmatch(r"-----BEGIN [A-Z0-9 -]*", line)
        ):
            return begun
    for size in range(min(len(_KEY_HEAD) - 1, len(buffer)), 0, -1):
        if buffer.endswith(_KEY_HEAD[:size]):
            return len(buffer) - size
    return len(buffer)
