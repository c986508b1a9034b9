"""Responsible for completions that the server has not confirmed: kept in order, in memory or in a file, until it does. It sends nothing."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from typing import IO, Any, Dict, List, NamedTuple, Optional

from .._errors import ModelReinsError


class Settlement(NamedTuple):
    """How one attempt ended, and its lease token. ``kind`` is ``complete`` or ``fail``."""

    kind: str
    token: str
    attempt: int
    body: Dict[str, Any]

    @property
    def job_id(self) -> int:
        """The job of the attempt."""
        return int(self.body["job_id"])


class MemoryOutbox:
    """Keeps completions until the process ends."""

    def __init__(self) -> None:
        self._kept: Dict[str, Settlement] = {}
        self._lock = threading.Lock()

    def put(self, entry: Settlement) -> None:
        """Keep an entry in place of an earlier one for the same attempt."""
        with self._lock:
            self._kept[entry.token] = entry

    def remove(self, entry: Settlement) -> None:
        """Forget an entry that was delivered or permanently rejected."""
        with self._lock:
            self._kept.pop(entry.token, None)

    def entries(self) -> List[Settlement]:
        """Return what is kept, oldest first."""
        with self._lock:
            return list(self._kept.values())

    def close(self) -> None:
        """Release resources."""


class FileOutbox(MemoryOutbox):
    """A journal: one JSON line per change, on the disk before :meth:`put` returns.

    It holds lease tokens and results, so it is readable by its owner alone. A line that was cut off by a crash is left
    out: its completion was never promised. One process at a time has the file.

    :raises ModelReinsError: ``conflict`` when another process has it.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = os.path.abspath(path)
        self._pid = os.getpid()
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        self._guard = _lock_file(f"{self._path}.lock")
        try:
            for entry in read_journal(self._path):
                self._kept[entry.token] = entry
            self._file = self._rewrite()
        except BaseException:
            self._guard.close()
            raise

    def put(self, entry: Settlement) -> None:
        """Keep an entry, on the disk."""
        super().put(entry)
        self._append({"op": "put", "entry": entry._asdict()}, sync=True)

    def remove(self, entry: Settlement) -> None:
        """Forget an entry."""
        with self._lock:
            known = self._kept.pop(entry.token, None)
            empty = not self._kept
        if known is None:
            return
        if empty:
            with self._lock:
                if not self._kept:
                    self._file.truncate(0)
                    return
        # A removal that a crash loses causes one more delivery, which the server recognises by its token.
        self._append({"op": "remove", "token": entry.token}, sync=False)

    def close(self) -> None:
        """Release the file for other processes."""
        self._file.close()
        self._guard.close()

    def _append(self, change: Dict[str, Any], *, sync: bool) -> None:
        if os.getpid() != self._pid:
            return
        line = json.dumps(change, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self._lock:
            self._file.seek(0, os.SEEK_END)
            self._file.write(line)
            self._file.flush()
            if sync:
                os.fsync(self._file.fileno())

    def _rewrite(self) -> IO[bytes]:
        fresh = f"{self._path}.new"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for entry in self._kept.values():
                file.write(json.dumps({"op": "put", "entry": entry._asdict()}, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self._path)
        _sync_folder(os.path.dirname(self._path))
        return open(self._path, "r+b")


def read_journal(path: str) -> List[Settlement]:
    """Return the entries of a journal, oldest first, without locking it."""
    kept: Dict[str, Settlement] = {}
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            change = json.loads(line)
            if change["op"] == "remove":
                kept.pop(change["token"], None)
            else:
                entry = Settlement(**change["entry"])
                if entry.kind in ("complete", "fail") and isinstance(entry.body["job_id"], int):
                    kept[str(entry.token)] = entry
        except (ValueError, TypeError, KeyError):
            continue
    return list(kept.values())


def _lock_file(path: str) -> IO[bytes]:
    file = open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")  # noqa: SIM115
    try:
        if os.name == "nt":
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ModelReinsError(f"Another process uses the outbox {path}", code="conflict", status=0) from error
    return file


def _sync_folder(path: str) -> None:
    with contextlib.suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def open_outbox(path: Optional[str]) -> MemoryOutbox:
    """Open the journal at ``path``, or an outbox in memory without a path."""
    return MemoryOutbox() if path is None else FileOutbox(path)
