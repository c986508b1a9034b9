"""Responsible for a process beside the worker that sees what the worker cannot: its own death, and a handler that lets no thread run.

When the worker is gone, however it went, the process groups of its children are ended, and on Linux what has left them. While a handler holds the
interpreter (a C extension that does not release the GIL), the heartbeat is sent from here, so that the lease holds.
The token comes over a pipe: never on a command line, never in an environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from .processes import marked, scrub, send

if TYPE_CHECKING:
    import subprocess

#: Without a sign from it for this long, the worker's interpreter counts as blocked. It is well below the lease.
HELD_S = 5.0
_BEAT_S = 5.0
_KILL_GRACE_S = 2.0

_START = "import sys; sys.path.append({path!r}); from modelreins_worker._worker.beside import main; main()"


class Beside:
    """The worker's end of the pipe. The process starts when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._refused = False
        self._reported = ""

    def watch(self, group: int, mark: str) -> None:
        """End this process group, and processes with the mark, when the worker dies."""
        self._tell({"op": "watch", "group": group, "mark": mark})

    def unwatch(self, group: int) -> None:
        """Forget a group that has ended."""
        self._tell({"op": "unwatch", "group": group})

    def report(self, say: Mapping[str, Any]) -> None:
        """Pass on what a heartbeat would send now, and the address."""
        text = json.dumps(say, ensure_ascii=False)
        if text != self._reported:
            self._reported = text
            self._tell({"op": "report", "say": say})

    def turn(self) -> None:
        """Report that the interpreter is running."""
        if self._process is not None:
            self._write(b'{"op":"turn"}\n')

    def close(self) -> None:
        """End the process when it is no longer needed."""
        with self._lock:
            process, self._process = self._process, None
            self._reported = ""
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
            with contextlib.suppress(Exception):
                process.wait(3)

    def forget_after_fork(self) -> None:
        """Close the pipe in a forked child: otherwise the process could not notice the worker's end."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        self._refused = True
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                os.close(process.stdin.fileno())

    def _tell(self, message: Mapping[str, Any]) -> None:
        with self._lock:
            if self._process is None and not self._refused:
                self._process = self._start()
                self._refused = self._process is None
        self._write(json.dumps(message, ensure_ascii=False).encode() + b"\n")

    def _write(self, line: bytes) -> None:
        with self._lock:
            process = self._process
            if process is None or process.stdin is None:
                return
            try:
                process.stdin.write(line)
                process.stdin.flush()
            except (OSError, ValueError):
                # Without the process, children may survive a SIGKILL of the worker.
                self._process = None
                self._reported = ""

    @staticmethod
    def _start() -> Optional[subprocess.Popen[bytes]]:
        import subprocess

        if not sys.executable or getattr(sys, "frozen", False):
            return None
        home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        if not os.path.isdir(home):
            return None
        try:
            return subprocess.Popen(
                [sys.executable, "-I", "-c", _START.format(path=home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Its own session, so that signals to our group do not reach it.
                start_new_session=True,
                env=scrub(os.environ),
            )
        except OSError:
            return None


class _Watch:
    """The other end of the pipe, in the process."""

    def __init__(self) -> None:
        self._groups: Dict[int, str] = {}
        self._say: Optional[Dict[str, Any]] = None
        self._turned = time.monotonic()
        self._beaten = 0.0
        self._lines: queue.Queue[Optional[bytes]] = queue.Queue()

    def run(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            try:
                line = self._lines.get(timeout=1.0)
            except queue.Empty:
                self._look()
                continue
            if line is None:
                break
            self._take(line)
        self._end_groups()

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self._lines.put(line)
        self._lines.put(None)

    def _take(self, line: bytes) -> None:
        self._turned = time.monotonic()
        with contextlib.suppress(ValueError, KeyError, TypeError):
            message = json.loads(line)
            if message["op"] == "watch":
                self._groups[int(message["group"])] = str(message["mark"])
            elif message["op"] == "unwatch":
                self._groups.pop(int(message["group"]), None)
            elif message["op"] == "report":
                self._say = message["say"]

    def _look(self) -> None:
        now = time.monotonic()
        say = self._say
        if say is None or not say["body"].get("leases") or now - self._turned < HELD_S or now - self._beaten < _BEAT_S:
            return
        self._beaten = now
        # In a thread, because a server that does not answer must not delay noticing the worker's death.
        threading.Thread(target=_beat, args=(say,), daemon=True).start()

    def _end_groups(self) -> None:
        for name, pause in ((signal.SIGTERM, _KILL_GRACE_S), (getattr(signal, "SIGKILL", signal.SIGTERM), 0.0)):
            left = [group for group in self._groups if _signal_group(group, name)]
            strays = [pid for mark in self._groups.values() for pid in marked(mark) if send(pid, name)]
            deadline = time.monotonic() + pause
            while (left or strays) and time.monotonic() < deadline:
                time.sleep(0.02)
                left = [group for group in left if _signal_group(group, 0)]
                strays = [pid for pid in strays if send(pid, 0)]


def _beat(say: Mapping[str, Any]) -> None:
    from .._calls import Calls  # noqa: PLC0415
    from .._errors import ModelReinsError  # noqa: PLC0415
    from .._transport import Transport  # noqa: PLC0415

    calls = Calls(Transport(say["url"], user_agent="modelreins-worker-py"), say["token"], 10.0)
    with contextlib.suppress(ModelReinsError):
        calls.call("presence.report", say["body"], repeat=False)


def _signal_group(group: int, name: int) -> bool:
    """Return ``False`` when no process of the group is left."""
    if not hasattr(os, "killpg"):
        return False
    try:
        os.killpg(group, name)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Run until the worker has ended."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _Watch().run()


#: One per process, however many workers it has.
beside = Beside()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=beside.forget_after_fork)
