"""Responsible for one attempt's output on its way out: redacted, in order, in few requests.

A job that is short and says little, all of it on standard output, never streams: what it said travels with its
completion. It knows no HTTP and no job.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Protocol

from .._errors import ModelReinsError
from .._generated.tables import (
    OUTPUT_CHUNK_BYTES,
    OUTPUT_CHUNKS_PER_CALL,
    OUTPUT_FLUSH_BYTES,
    OUTPUT_FLUSH_MS,
    OUTPUT_JOB_BYTES,
    TAIL_BYTES,
)
from .._times import full_jitter
from .redactor import RedactedStream, Redactor

#: Output is streamed after this time, when a person may start to watch, or when the tail would overflow.
_STREAM_AFTER_S = 1.0
#: Above this many bytes, a writer is held back.
_HIGH_WATER = 1024 * 1024
#: JSON can encode one byte as six, and the server reads bodies up to 1 MiB.
_BATCH_BYTES = 128 * 1024
_RETRY_BASE_S, _RETRY_CAP_S = 0.25, 10.0

Chunk = Dict[str, Any]


class OutputEnd(NamedTuple):
    """The rest of the output when the attempt ends; the number of chunks that the server has, or ``None`` when none was ever sent."""

    text: str
    truncated: bool
    chunks: Optional[int]


class OutputPorts(Protocol):
    """What the output needs of its attempt."""

    def send_output(self, chunks: List[Chunk]) -> bool:
        """Send chunks; ``False`` when the server accepts no more output of this attempt. Raises when they may be sent again."""

    def heard(self, text: str, stream: str) -> None:
        """Called with the written text after redaction."""

    def output_closed(self) -> None:
        """Called when the server accepts no more output, because the lease is gone."""


class _Part:
    __slots__ = ("size", "stream", "text")

    def __init__(self, stream: str, text: str, size: int) -> None:
        self.stream = stream
        self.text = text
        self.size = size


class OutputBuffer:
    """Takes text from any thread. A thread of its own sends it, and starts when there is something to send."""

    def __init__(self, ports: OutputPorts, redactor: Redactor, trouble: Callable[[BaseException], None]) -> None:
        self._ports = ports
        self._redactor = redactor
        self._trouble = trouble
        self._changed = threading.Condition()
        self._redacted: Dict[str, RedactedStream] = {}
        self._pending: List[_Part] = []
        self._size = 0
        self._dropped = 0
        self._next_seq = 0
        self._sent = False
        self._streaming = False
        self._closed = False
        self._ended = False
        self._hurry = False
        self._since: Optional[float] = None
        self._thread: Optional[threading.Thread] = None

    def write(self, text: str, stream: str = "stdout") -> None:
        """Accept text; returns at once unless the writer is far ahead of the network."""
        with self._changed:
            if self._ended or not text:
                return
            redacted = self._redacted.get(stream)
            if redacted is None:
                redacted = self._redacted[stream] = self._redactor.stream()
            self._take(redacted.push(text), stream)
            if self._size and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="modelreins-output", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            while self._size > _HIGH_WATER and not self._closed and not self._ended:
                self._changed.wait()

    def end(self, patience: float) -> OutputEnd:
        """Send what does not fit into a completion, for at most ``patience`` seconds, and return the rest. Later text is ignored."""
        with self._changed:
            for stream, redacted in self._redacted.items():
                self._take(redacted.end(), stream)
            self._ended = True
            if self._dropped:
                note = f"[{self._dropped} bytes of output were dropped]\n"
                self._pending.append(_Part("system", note, len(note)))
            self._changed.notify_all()
            if self._thread is None and not self._fits() and patience > 0:
                self._thread = threading.Thread(target=self._run, name="modelreins-output", daemon=True)
                self._thread.start()
        if self._thread is not None:
            self._thread.join(max(0.0, patience))
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
        if self._thread is not None:
            # A send may be in progress, and its chunks must not be reported twice.
            self._thread.join()
        text = "".join(part.text for part in self._pending)
        kept = last_bytes(text, TAIL_BYTES)
        truncated = len(kept) < len(text) or self._next_seq > 0 or self._dropped > 0
        return OutputEnd(kept, truncated, self._next_seq if self._sent else None)

    def drop(self) -> None:
        """Accept and send nothing more, because the output is no longer needed."""
        with self._changed:
            self._closed = True
            self._pending = []
            self._size = 0
            self._changed.notify_all()

    def _fits(self) -> bool:
        # A tail is a single text that is read as standard output, so output of other streams must not be part of it.
        return self._size <= TAIL_BYTES and all(part.stream == "stdout" for part in self._pending)

    def _take(self, text: str, stream: str) -> None:
        if not text or self._closed:
            return
        self._ports.heard(text, stream)
        size = len(text.encode("utf-8", "replace"))
        if self._size + size > OUTPUT_JOB_BYTES:
            self._dropped += size
            return
        self._size += size
        if self._since is None:
            self._since = time.monotonic()
        last = self._pending[-1] if self._pending else None
        if last is not None and last.stream == stream and last.size + size <= OUTPUT_FLUSH_BYTES:
            last.text += text
            last.size += size
            return
        for piece in pieces(text):
            self._pending.append(_Part(stream, piece, len(piece.encode("utf-8", "replace"))))

    def _run(self) -> None:
        failures = 0
        while True:
            with self._changed:
                if not self._wait_until_due():
                    return
                parts, chunks = self._cut()
            try:
                is_open = self._ports.send_output(chunks)
            except ModelReinsError as error:
                self._trouble(error)
                with self._changed:
                    # Put back in front of newer text, because a later batch must not overtake this one.
                    self._pending[:0] = parts
                    self._size += sum(part.size for part in parts)
                    self._next_seq -= len(chunks)
                    if self._hurry:
                        return
                    self._changed.wait_for(lambda: self._hurry, error.retry_after or full_jitter(_RETRY_BASE_S, _RETRY_CAP_S, failures))
                failures += 1
                continue
            failures = 0
            with self._changed:
                self._sent = True
                self._changed.notify_all()
                if not is_open:
                    self._closed = True
                    self._pending = []
                    self._size = 0
            if not is_open:
                self._ports.output_closed()
                return

    def _wait_until_due(self) -> bool:
        """Wait, holding the lock, until a batch must be sent. ``False``: there is none."""
        while True:
            if self._hurry or self._closed:
                return False
            if self._ended:
                return bool(self._pending) and not self._fits()
            if self._size:
                limit = OUTPUT_FLUSH_BYTES if self._streaming else TAIL_BYTES
                pause = OUTPUT_FLUSH_MS / 1000 if self._streaming else _STREAM_AFTER_S
                left = (self._since or 0.0) + pause - time.monotonic()
                if self._size >= limit or left <= 0:
                    self._streaming = True
                    return True
                self._changed.wait(left)
            else:
                self._changed.wait()

    def _cut(self) -> Any:
        parts: List[_Part] = []
        chunks: List[Chunk] = []
        size = 0
        while self._pending and len(chunks) < OUTPUT_CHUNKS_PER_CALL:
            part = self._pending[0]
            if chunks and size + part.size > _BATCH_BYTES:
                break
            self._pending.pop(0)
            parts.append(part)
            size += part.size
            chunks.append({"seq": self._next_seq, "stream": part.stream, "text": part.text})
            self._next_seq += 1
        self._size -= size
        self._since = time.monotonic() if self._pending else None
        self._sent = True
        return parts, chunks


def pieces(text: str) -> List[str]:
    """Split a text into parts that each fit a chunk."""
    if len(text) * 4 <= OUTPUT_CHUNK_BYTES or len(text.encode("utf-8", "replace")) <= OUTPUT_CHUNK_BYTES:
        return [text]
    step = OUTPUT_CHUNK_BYTES // 4
    return [text[at : at + step] for at in range(0, len(text), step)]


def last_bytes(text: str, limit: int) -> str:
    """Return the last part of a text in at most ``limit`` bytes of UTF-8."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text
    return data[-limit:].decode("utf-8", "ignore")
