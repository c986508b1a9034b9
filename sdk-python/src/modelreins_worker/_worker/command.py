"""Responsible for running a program for a job: its output streamed, its process group ended with the attempt, no credential in its environment."""

from __future__ import annotations

import codecs
import os
import threading
from typing import IO, TYPE_CHECKING, Callable, List, Mapping, NamedTuple, Optional, Sequence, Union

from .._generated.tables import KILL_GRACE_MS, KILL_GRACE_URGENT_MS, RESULT_BYTES
from .beside import beside
from .output import last_bytes
from .processes import MARK, Ending, scrub

if TYPE_CHECKING:
    import subprocess

    from .context import JobContext

#: How long processes that the program left behind may keep writing after its end, before they are ended too.
_LINGER_S = 0.25
#: A pipe that a process outside our control keeps open is abandoned after this time.
_PIPE_S = 1.0
_STDERR_KEPT = 256 * 1024
_LINE = 65536


class CommandResult(NamedTuple):
    """How a program ended, and the last part of what it wrote (16 MiB of standard output at most).

    ``exit_code`` is 128 and the number of the signal when one ended it.
    """

    exit_code: int
    stdout: str
    stderr: str


def run_command(
    ctx: JobContext,
    argv: Sequence[Union[str, os.PathLike[str]]],
    input: Union[str, bytes, None] = None,  # noqa: A002
    *,
    cwd: Union[str, os.PathLike[str], None] = None,
    env: Optional[Mapping[str, str]] = None,
    timeout: Optional[float] = None,
    check: bool = False,
    stream: bool = True,
) -> CommandResult:
    """Run a program to its end, or to the attempt's.

    It gets a process group of its own. What it writes is streamed line by line, redacted (not with ``stream=False``).
    When the attempt is stopped, the group gets TERM and then KILL; when the worker dies, the group is ended as well.
    Its environment is the worker's, or ``env``, without any credential of this service; MODELREINS_JOB_ID and
    MODELREINS_ATTEMPT are added. It may be called from any thread of the handler.

    :param argv: the program and its arguments; no shell reads them.
    :param input: what it reads on standard input; nothing by default.
    :param timeout: seconds it may take.
    :param check: raise ``subprocess.CalledProcessError`` for an exit code other than 0.
    :raises Aborted: when the attempt was stopped.
    :raises OSError: when it cannot be started.
    :raises subprocess.TimeoutExpired: when it took longer than ``timeout``.
    """
    if isinstance(argv, (str, bytes)):
        raise TypeError("argv is a list of the program and its arguments, such as ['git', 'status'], not one text")
    ctx.check()
    mark = os.urandom(12).hex()
    process = _start(ctx, [os.fspath(part) for part in argv], input is not None, cwd, env, mark)
    urgent = KILL_GRACE_URGENT_MS / 1000
    ending = Ending(process, mark, lambda: urgent if ctx._stop_is_urgent else KILL_GRACE_MS / 1000)
    out = _Reader(process.stdout, _sink(ctx, "stdout", stream), RESULT_BYTES)
    err = _Reader(process.stderr, _sink(ctx, "stderr", stream), _STDERR_KEPT)
    if os.name == "posix":
        beside.watch(process.pid, mark)
    forget = ctx.on_stop(ending.begin)
    try:
        if input is not None and process.stdin is not None:
            data = input.encode() if isinstance(input, str) else input
            threading.Thread(target=_feed, args=(process.stdin, data), name="modelreins-stdin", daemon=True).start()
        process.wait(timeout)
        out.join(_LINGER_S)
        err.join(_LINGER_S)
    finally:
        all_gone = ending.finish()
        forget()
        if os.name == "posix":
            beside.unwatch(process.pid)
        for reader in (out, err):
            reader.join(_PIPE_S)
            reader.close()
    ctx.check()
    if not all_gone:
        ctx.output("a process that the program started could not be killed\n", stream="system")
    code = process.returncode
    result = CommandResult(128 - code if code < 0 else code, out.text(), err.text())
    if check and result.exit_code != 0:
        import subprocess

        raise subprocess.CalledProcessError(result.exit_code, list(argv), result.stdout, result.stderr)
    return result


def _start(
    ctx: JobContext,
    argv: List[str],
    with_input: bool,
    cwd: Union[str, os.PathLike[str], None],
    env: Optional[Mapping[str, str]],
    mark: str,
) -> subprocess.Popen[bytes]:
    import subprocess

    environ = scrub(os.environ if env is None else env, ctx._worker_token)
    environ.update({MARK: mark, "MODELREINS_JOB_ID": str(ctx.job.id), "MODELREINS_ATTEMPT": str(ctx.attempt)})
    flags = subprocess.CREATE_NEW_PROCESS_GROUP if os.name == "nt" else 0  # type: ignore[attr-defined,unused-ignore]
    return subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd if cwd is not None else ctx.workdir,
        env=environ,
        start_new_session=True,
        creationflags=flags,
    )


def _sink(ctx: JobContext, name: str, stream: bool) -> Callable[[str], None]:
    return (lambda text: ctx.output(text, stream=name)) if stream else (lambda _text: None)


def _feed(pipe: IO[bytes], data: bytes) -> None:
    try:
        with pipe:
            pipe.write(data)
    except (OSError, ValueError):
        pass  # a program that does not read its input closes the pipe, which is not an error


class _Reader:
    """Reads one pipe line by line, passes the lines on and keeps the last part."""

    def __init__(self, pipe: Optional[IO[bytes]], sink: Callable[[str], None], keep: int) -> None:
        assert pipe is not None
        self._pipe = pipe
        self._sink = sink
        self._keep = keep
        self._parts: List[str] = []
        self._size = 0
        self._thread = threading.Thread(target=self._run, name="modelreins-read", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the end of the pipe."""
        self._thread.join(seconds)

    def close(self) -> None:
        """Close the pipe, unless a thread still reads from it; it is then closed with that thread."""
        if not self._thread.is_alive():
            self._pipe.close()

    def text(self) -> str:
        """Return the kept text."""
        return last_bytes("".join(self._parts), self._keep)

    def _run(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            for line in iter(lambda: self._pipe.readline(_LINE), b""):
                self._pass(decoder.decode(line))
            self._pass(decoder.decode(b"", final=True))
        except (OSError, ValueError):
            pass  # a closed pipe only means that the child has ended

    def _pass(self, text: str) -> None:
        if not text:
            return
        self._parts.append(text)
        self._size += len(text)
        if self._size > 2 * self._keep:
            kept = last_bytes("".join(self._parts), self._keep)
            self._parts, self._size = [kept], len(kept)
        self._sink(text)
