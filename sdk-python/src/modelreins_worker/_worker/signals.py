"""Responsible for signals while a worker runs in the main thread (stop, stop now), and for raising Aborted in a handler that does not check for it."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

from .._errors import Aborted

if TYPE_CHECKING:
    from .attempt import Attempt
    from .worker import Worker

#: The signal that wakes a main thread from a system call; the worker's handler for it raises the pending exception.
WAKE = signal.SIGINT
#: Signals that stop at once: the terminal was closed, or a person pressed Ctrl-\.
_AT_ONCE = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGQUIT") if hasattr(signal, name))


class Signals:
    """Installs the signal handlers inside of a ``with`` in the main thread; does nothing in other threads."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._before: Dict[int, Any] = {}
        self._pid = os.getpid()
        self._asked = 0
        self.installed = False
        self.attempt: Optional[Attempt] = None

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            self._pid = os.getpid()
            for number in (signal.SIGINT, signal.SIGTERM, *_AT_ONCE):
                if number in _AT_ONCE and signal.getsignal(number) is not signal.SIG_DFL:
                    continue
                self._before[number] = signal.signal(number, self._on_signal)
            self.installed = True
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._before = {}
        self.installed = False

    def give_up(self, killed: bool) -> None:
        """End the process, even though a handler blocks its main thread."""
        os._exit(75 if killed else 1)

    def _on_signal(self, number: int, _frame: Any) -> None:
        if os.getpid() != self._pid:
            # In a child that a handler forked, the signal is meant for the child.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        if number == WAKE and self.attempt is not None and self.attempt.interrupt is not None:
            why = self.attempt.interrupt.take_pending()
            if why is not None:
                raise why
        self._asked += 1
        self._worker.stop(0 if self._asked > 1 or number in _AT_ONCE else None)


class Interrupt:
    """The thread of one handler while the handler runs."""

    def __init__(self, may_signal: bool) -> None:
        self._lock = threading.RLock()
        self._ident = threading.get_ident()
        self._main = may_signal and threading.current_thread() is threading.main_thread()
        self._running = True
        self._raised = False
        #: The exception for the worker's signal handler to raise.
        self.pending: Optional[Aborted] = None

    def raise_in_handler(self, why: Aborted) -> bool:
        """Raise in the handler, wherever it is. ``False`` when it has ended, or when that cannot be done here.

        A call of the operating system in another thread than the main one goes on until it returns by itself.
        """
        with self._lock:
            if not self._running:
                return False
            if self._main and hasattr(signal, "pthread_kill"):
                self.pending = why
                signal.pthread_kill(self._ident, WAKE)
                return True
            self._raised = True
            return _set_async(self._ident, Aborted)

    def take_pending(self) -> Optional[Aborted]:
        """Return the exception to raise, once; called by the signal handler in the main thread."""
        why, self.pending = self.pending, None
        return why if self._running else None

    def run(self, handler: Callable[[], Any]) -> Any:
        """Run the handler; nothing is raised outside of it."""
        try:
            return handler()
        finally:
            while True:
                try:
                    self._leave()
                    break
                except Aborted:  # raised between the handler's end and this line
                    continue

    def _leave(self) -> None:
        with self._lock:
            self._running = False
            self.pending = None
            if self._raised:
                _set_async(self._ident, None)


def _set_async(ident: int, kind: Any) -> bool:
    import ctypes  # noqa: PLC0415

    try:
        set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
    except AttributeError:
        return False  # this implementation of Python does not support it
    return bool(set_exception(ctypes.c_ulong(ident), ctypes.py_object(kind) if kind is not None else None))
