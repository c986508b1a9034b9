"""Responsible for the environment of children (without credentials) and for ending them: TERM, then KILL after a grace, until nothing is left. It knows no job."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional

if TYPE_CHECKING:
    import subprocess

#: Everything that a child starts inherits this variable. On Linux it finds processes that have left the group.
MARK = "MODELREINS_CHILD_MARK"
_KILL_ROUNDS = 20


def end_process(process: subprocess.Popen[bytes], mark: str, grace: Callable[[], float]) -> bool:
    """End a child, its process group, and on Linux whatever carries its mark.

    ``grace`` is asked again and again for the seconds from TERM to KILL: who is being stopped gently may be told to
    hurry. ``False`` when something could not be killed.
    """
    if os.name != "posix":
        return _end_windows(process, grace)
    begun = time.monotonic()
    known = _signal(process, mark, signal.SIGTERM)
    while time.monotonic() - begun < grace():
        if _gone(process, mark, known):
            return True
        time.sleep(0.01)
    for _ in range(_KILL_ROUNDS):
        known = _signal(process, mark, signal.SIGKILL)
        deadline = time.monotonic() + 0.25
        while time.monotonic() < deadline:
            if _gone(process, mark, known):
                return True
            time.sleep(0.005)
    return False


def _signal(process: subprocess.Popen[bytes], mark: str, name: int) -> List[int]:
    """Signal the group first, which takes one call, then processes that have left it; returns the latter."""
    _send_group(process.pid, name)
    known = marked(mark)
    for pid in known:
        send(pid, name)
    return known


def send(pid: int, name: int) -> bool:
    """Signal one process; ``False`` when it does not exist."""
    try:
        os.kill(pid, name)
    except OSError:
        return False  # it has ended already
    return True


def _send_group(group: int, name: int) -> bool:
    try:
        os.killpg(group, name)
    except ProcessLookupError:
        return False
    except PermissionError:
        # A process of the group runs as another user, or (macOS) is a zombie.
        return name == 0
    return True


def _gone(process: subprocess.Popen[bytes], mark: str, known: List[int]) -> bool:
    # The child is reaped first, because a zombie counts as a member of its group. The whole table is read only when no known process is left.
    if process.poll() is None or _group_lives(process.pid) or any(send(pid, 0) and not _is_zombie(pid) for pid in known):
        return False
    return not marked(mark)


def _group_lives(group: int) -> bool:
    """Whether any process of the group still runs. The kernel counts zombies too, and in many containers foreign ones are reaped late."""
    if not _send_group(group, 0):
        return False
    if not sys.platform.startswith("linux"):
        return True
    return any(name.isdigit() and _stat_of(name)[2:3] == [str(group)] and not _is_zombie(int(name)) for name in os.listdir("/proc"))


def _is_zombie(pid: int) -> bool:
    return _stat_of(str(pid))[:1] in (["Z"], ["X"])


def _stat_of(pid: str) -> List[str]:
    """Return the fields of proc(5) after the program's name (state, parent, group, ...); empty when the process has ended or there is no /proc."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def marked(mark: str) -> List[int]:
    """Return the processes that have the mark in their environment; empty on systems other than Linux."""
    if not sys.platform.startswith("linux"):
        return []
    wanted = f"{MARK}={mark}".encode()
    found: List[int] = []
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    for name in names:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if wanted in file.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                continue  # it belongs to another user, or has ended
    return found


def _end_windows(process: subprocess.Popen[bytes], grace: Callable[[], float]) -> bool:
    import subprocess

    def taskkill(*flags: str) -> None:
        subprocess.run(
            ["taskkill", "/PID", str(process.pid), "/T", *flags],
            capture_output=True,
            check=False,
        )

    taskkill()
    begun = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < grace():
        time.sleep(0.05)
    if process.poll() is None:
        taskkill("/F")
    for _ in range(_KILL_ROUNDS):
        if process.poll() is not None:
            return True
        time.sleep(0.05)
    return False


class Ending:
    """Ends one child at most once, for the first thread that asks; other threads wait for it."""

    def __init__(self, process: subprocess.Popen[bytes], mark: str, grace: Callable[[], float]) -> None:
        self._process = process
        self._mark = mark
        self._grace = grace
        self._lock = threading.Lock()
        self._thread: Optional[threading.Thread] = None
        self.all_gone = True

    def begin(self) -> None:
        """Start ending it; returns at once."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="modelreins-end", daemon=True)
                self._thread.start()

    def finish(self) -> bool:
        """End it and wait until it has ended; ``False`` when a process could not be killed."""
        self.begin()
        if self._thread is not None:
            self._thread.join()
        return self.all_gone

    def _run(self) -> None:
        self.all_gone = end_process(self._process, self._mark, self._grace)


#: Names with our prefix that hold a credential: MODELREINS_TOKEN, MODELREINS_API_KEY, MODELREINS_ADMIN_TOKEN, ...
_OWN = re.compile(r"MODELREINS_.*(?:TOKEN|KEY|SECRET|PASS)", re.IGNORECASE)
#: Recognises a token by its form, under any variable name, and also inside a header or a URL.
_SHAPE = re.compile(r"^mr[kwl]_[a-z0-9]|(?<![A-Za-z0-9])mr[kwl]_[a-z0-9]{2,32}(?:_[a-z0-9]+){2}_[a-z0-9]{20,64}(?![A-Za-z0-9])")
#: A shorter token is a placeholder. Searching for it would remove unrelated variables.
_SHORTEST = 12


def scrub(environ: Mapping[str, str], token: str = "") -> Dict[str, str]:
    """Return a copy without credentials of this service, including ``token`` in any form."""
    return {
        name: value
        for name, value in environ.items()
        if not _OWN.match(name) and not _SHAPE.search(value) and not (len(token) >= _SHORTEST and token in value)
    }
