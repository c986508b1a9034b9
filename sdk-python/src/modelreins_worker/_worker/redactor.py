"""Responsible for keeping secrets out of everything that leaves the machine: registered ones in every spelling, and text that looks like one, also across chunk borders."""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import Callable, Dict, List, Optional, Tuple
from urllib.parse import quote

from .shapes import open_shape, shape_spans

MARK = "[redacted]"
#: Shorter secrets would redact ordinary text.
SHORTEST = 6

Span = Tuple[int, int]


class Redactor:
    """Holds the registered secrets. May be used from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Patterns by their first character, longest first.
        self._patterns: Dict[str, Tuple[str, ...]] = {}

    def add(self, secret: Optional[str]) -> bool:
        """Register a value to redact from now on. ``False``: it is too short."""
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
        # PEM keys are often printed line by line, so each line is registered too.
        if "\n" in value:
            for line in value.split("\n"):
                if len(line.strip()) >= 16:
                    self.add(line)
        return True

    def redact(self, text: str) -> str:
        """Redact a complete text."""
        stream = self.stream()
        return stream.push(text) + stream.end()

    def stream(self) -> RedactedStream:
        """Return a stream. Use one per source, because a secret must not be recognised across the texts of two sources."""
        return RedactedStream(lambda: self._patterns)


class RedactedStream:
    """Text that arrives in pieces, cut anywhere."""

    def __init__(self, patterns: Callable[[], Dict[str, Tuple[str, ...]]]) -> None:
        self._patterns = patterns
        self._kept = ""
        #: How many characters at the start of the held text belong to a secret that began earlier.
        self._covered = 0
        #: The text that was passed on last ends with a mark. A secret that overlaps it needs no second mark.
        self._marking = False

    def push(self, text: str) -> str:
        """Accept a piece and return the text that is safe to pass on; the rest is held until it is known whether a secret continues."""
        buffer = self._kept + text
        patterns = self._patterns()
        cut = min(_open_prefix(buffer, patterns), open_shape(buffer))
        return self._advance(buffer, patterns, cut)

    def end(self) -> str:
        """Return the text that was still held."""
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
        # A secret that continues after the cut, or one that was known to continue and has not ended.
        across = next((end for start, end in spans if start < cut < end), cut)
        self._covered = max(self._covered - cut, across - cut, 0)
        self._kept = buffer[cut:]
        return "".join(out)


def _spans(buffer: str, patterns: Dict[str, Tuple[str, ...]], covered: int) -> List[Span]:
    """Return all ranges that are secrets, merged and in order. Overlapping secrets become one range."""
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
    """Return where a pattern may have begun that the buffer does not contain completely; the buffer's length when there is none."""
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
    """Return the base64 form alone, with and without padding; and inside a longer text for each alignment, without characters that depend on neighbouring bytes."""
    alone = base64.b64encode(data).decode()
    found = [alone, alone.rstrip("=")]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + data).decode()
        found.append(encoded[-(-offset * 8 // 6) : (offset + len(data)) * 8 // 6])
    return found
