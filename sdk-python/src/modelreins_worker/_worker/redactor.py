"""Responsible for keeping secrets out of whatever leaves the machine: registered ones in every spelling, and what looks like one, also across the borders of chunks."""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import Callable, Dict, List, Optional, Tuple
from urllib.parse import quote

from .shapes import open_shape, shape_spans

MARK = "[redacted]"
#: Shorter ones would blot out ordinary text.
SHORTEST = 6

Span = Tuple[int, int]


class Redactor:
    """Knows the secrets. May be used from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Patterns by their first character, longest first.
        self._patterns: Dict[str, Tuple[str, ...]] = {}

    def add(self, secret: Optional[str]) -> bool:
        """Blot a value out from now on. ``False``: too short to be registered."""
        value = (secret or "").strip()
        if len(value) < SHORTEST:
            return False
        with self._lock:
            known = {pattern for row in self._patterns.values() for pattern in row}
            known.update(spelling for spelling in _spellings(value) if len(spelling) >= SHORTEST)
            table: Dict[str, List[str]] = {}
            for pattern in known:
                table.setdefault(pattern[0], []).append(pattern)
            self._patterns = {head: tuple(sorted(row, key=len, reverse=True)) for head, row in table.items()}
        # Keys in PEM are printed line by line as often as whole.
        if "\n" in value:
            for line in value.split("\n"):
                if len(line.strip()) >= 16:
                    self.add(line)
        return True

    def redact(self, text: str) -> str:
        """Redact a whole text at once."""
        stream = self.stream()
        return stream.push(text) + stream.end()

    def stream(self) -> RedactedStream:
        """Return a stream; one per source: texts of two sources must not be joined."""
        return RedactedStream(lambda: self._patterns)


class RedactedStream:
    """Text that arrives in pieces, cut anywhere."""

    def __init__(self, patterns: Callable[[], Dict[str, Tuple[str, ...]]]) -> None:
        self._patterns = patterns
        self._kept = ""
        #: So many characters at the start of what is kept belong to a secret that began earlier.
        self._covered = 0
        #: The last character passed on stands for a secret: one that overlaps it needs no second mark.
        self._marking = False

    def push(self, text: str) -> str:
        """Take a piece and return what is safe to pass on; the rest is kept until it is known whether a secret goes on."""
        buffer = self._kept + text
        patterns = self._patterns()
        cut = min(_open_prefix(buffer, patterns), open_shape(buffer))
        return self._advance(buffer, patterns, cut)

    def end(self) -> str:
        """Return whatever was kept back."""
        return self._advance(self._kept, self._patterns(), len(self._kept))

    def _advance(self, buffer: str, patterns: Dict[str, Tuple[str, ...]], cut: int) -> str:
        spans = _spans(buffer, patterns, self._covered)
        out: List[str] = []
        at = 0
        for start, end in spans:
            if start >= cut:
                break
            if start > at:
                out.append(buffer[at:start])
                self._marking = False
            if not self._marking:
                out.append(MARK)
            self._marking = True
            at = min(end, cut)
        if at < cut:
            out.append(buffer[at:cut])
            self._marking = False
        # A secret that goes on behind the cut, or one that was known to go on and has not been passed yet.
        across = next((end for start, end in spans if start < cut < end), cut)
        self._covered = max(self._covered - cut, across - cut, 0)
        self._kept = buffer[cut:]
        return "".join(out)


def _spans(buffer: str, patterns: Dict[str, Tuple[str, ...]], covered: int) -> List[Span]:
    """Every stretch that is a secret, merged and in order. Overlapping secrets are covered together."""
    found: List[Span] = [(0, covered)] if covered else []
    for row in patterns.values():
        for pattern in row:
            at = buffer.find(pattern)
            while at >= 0:
                found.append((at, at + len(pattern)))
                at = buffer.find(pattern, at + 1)
    found.extend(shape_spans(buffer))
    found.sort()
    merged: List[Span] = []
    for start, end in found:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _open_prefix(buffer: str, patterns: Dict[str, Tuple[str, ...]]) -> int:
    """Where a pattern may have begun that the buffer does not hold whole; the buffer's length when none has."""
    first = len(buffer)
    for head, row in patterns.items():
        at = buffer.find(head, max(0, len(buffer) - len(row[0]) + 1))
        while 0 <= at < first:
            rest = buffer[at:]
            if any(len(pattern) > len(rest) and pattern.startswith(rest) for pattern in row):
                first = at
                break
            at = buffer.find(head, at + 1)
    return first


def _spellings(secret: str) -> List[str]:
    data = secret.encode("utf-8", "surrogatepass")
    url = quote(secret, safe="~()*!'", errors="replace")
    plain_url = quote(secret, safe="", errors="replace")
    text = json.dumps(secret, ensure_ascii=False)[1:-1]
    found = [
        secret,
        data.hex(),
        data.hex().upper(),
        text,
        text.replace("/", "\\/"),
        json.dumps(text, ensure_ascii=False)[1:-1],
    ]
    found += [json.dumps(secret)[1:-1], repr(secret)[1:-1]]
    for spelling in (url, plain_url):
        found += [
            spelling,
            re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), spelling),
            spelling.replace("%20", "+"),
        ]
    for spelling in _base64(data):
        found += [spelling, spelling.replace("+", "-").replace("/", "_")]
    return found


def _base64(data: bytes) -> List[str]:
    """By itself, padded or not; and inside a longer text, where it shows in one of three alignments without what mixes with its neighbours."""
    alone = base64.b64encode(data).decode()
    found = [alone, alone.rstrip("=")]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + data).decode()
        found.append(encoded[-(-offset * 8 // 6) : (offset + len(data)) * 8 // 6])
    return found
