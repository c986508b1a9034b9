"""Responsible for the command line on machines without Node: run, dispatch, and doctor, which has its own file. The Node package has the full command line."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, List, Optional

from ._client import Client
from ._errors import JobFailed, ModelReinsError
from ._stream import StreamEvent
from ._version import __version__
from ._worker.settings import config_path, read_config

if TYPE_CHECKING:
    from ._worker.context import JobContext

_NOTE = "Settings come from flags, then MODELREINS_* variables, then the config file. The Node package has the whole command line."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m modelreins_worker",
        description="Run a ModelReins worker without a line of code, check this machine, dispatch a job.",
        epilog=_NOTE,
    )
    parser.add_argument("--version", action="version", version=f"modelreins-worker {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--server", metavar="URL", help="address of the server (MODELREINS_URL)")

    run = commands.add_parser("run", parents=[common], help="run a worker whose jobs a shell line does", epilog=_NOTE)
    run.add_argument("--command", dest="line", metavar="LINE", required=True, help="shell line; the prompt is on its standard input")
    run.add_argument("--name", help="name of this worker (MODELREINS_WORKER)")
    run.add_argument("--slots", type=int, help="jobs at a time (MODELREINS_SLOTS)")
    run.add_argument("--tags", help="tags, comma-separated (MODELREINS_WORKER_TAGS)")
    run.add_argument("--work-dir", dest="workdir", metavar="DIR", help="folder that jobs run in (MODELREINS_WORKDIR)")
    run.add_argument("--takeover", action="store_true", default=None, help="take the name over from another process")
    run.add_argument("--verbose", action="store_true", help="say more on standard error")

    doctor = commands.add_parser("doctor", parents=[common], help="look at Python, the server, the token, the killswitch")
    doctor.set_defaults(line=None)

    dispatch = commands.add_parser("dispatch", parents=[common], help="dispatch a job and follow it to its end")
    dispatch.add_argument("prompt", help="what to do; - reads it from standard input")
    dispatch.add_argument("--target", metavar="WORKER", help="the worker that is to do it")
    dispatch.add_argument("--capability", metavar="NAME", help="the capability that it takes")
    dispatch.add_argument("--effort", choices=["trivial", "quick", "standard", "deep", "critical"], help="how hard to try")
    dispatch.add_argument("--queue", action="store_true", help="wait for a worker when none is there")
    dispatch.add_argument("--no-wait", action="store_true", help="print the number of the job and end")
    return parser


def run_cli(words: List[str]) -> int:
    """Run one command and return the exit code: 0, the exit code of a problem, or 1 for a job that failed."""
    try:
        said = _parser().parse_args(words)
    except SystemExit as end:
        # argparse exits with 2; the exit code for an invalid command line is 64 (sysexits).
        return 64 if end.code == 2 else int(end.code or 0)
    try:
        if said.command == "run":
            return run(said)
        if said.command == "doctor":
            from ._doctor import doctor

            return doctor(said)
        return dispatch(said)
    except ModelReinsError as error:
        return _tell(str(error), error.help, error.exit_code)
    except JobFailed as error:
        return _tell(str(error), None, 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has closed the pipe.
        sys.stderr.close()
        return 141


def _tell(message: str, help_line: Optional[str], code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    if help_line:
        print(f"  {help_line}", file=sys.stderr)
    return code


def shell_line(line: str) -> List[str]:
    """Return the command that runs a line in a shell."""
    return [os.environ.get("COMSPEC", "cmd.exe"), "/d", "/s", "/c", line] if os.name == "nt" else ["/bin/sh", "-c", line]


def run(said: argparse.Namespace) -> int:
    """Run the worker until it is stopped. The exit code is 75 when the killswitch ended it."""
    from ._worker.command import run_command
    from ._worker.worker import Worker

    if said.verbose:
        import logging

        logging.basicConfig(level=logging.DEBUG, format="modelreins-worker: %(message)s")
    worker = Worker(
        url=said.server,
        name=said.name,
        slots=said.slots,
        tags=said.tags,
        workdir=said.workdir,
        takeover=said.takeover,
        provider="spawn",
    )

    def handle(job: object, ctx: JobContext) -> str:
        result = run_command(ctx, shell_line(said.line), input=ctx.job.prompt)
        if result.exit_code != 0:
            import subprocess

            raise subprocess.CalledProcessError(result.exit_code, said.line, result.stdout, result.stderr)
        return result.stdout

    worker.run(handle)
    return 75 if worker.was_killed else 0


def member_key() -> str:
    """Return the key that may dispatch: MODELREINS_ADMIN_TOKEN, else whatever token there is.

    :raises ModelReinsError: when there is none.
    """
    config = read_config(config_path(os.environ))
    names = ("MODELREINS_ADMIN_TOKEN", "MODELREINS_API_KEY", "MODELREINS_TOKEN")
    found = next((os.environ[name] for name in names if os.environ.get(name)), None)
    found = found or config.get("admin_token") or config.get("token")
    if not found:
        raise ModelReinsError("No key: set MODELREINS_ADMIN_TOKEN to a member's key", code="unauthorized", status=0)
    return str(found)


def open_client(server: str) -> Client:
    """Return a client of the server that the flag, the environment or the config file names."""
    config = read_config(config_path(os.environ))
    url = server or os.environ.get("MODELREINS_URL") or config.get("server") or config.get("url")
    return Client(url=url, token=member_key())


def dispatch(said: argparse.Namespace) -> int:
    """Dispatch a job and follow it."""
    prompt = sys.stdin.read() if said.prompt == "-" else said.prompt
    client = open_client(said.server)
    job = client.dispatch(
        prompt,
        target=said.target,
        capability=said.capability,
        effort=said.effort,
        when_offline="queue" if said.queue else None,
    )
    if said.no_wait:
        print(job.id)
        return 0
    print(f"job {job.id} goes to {job.assigned_to or 'the first eligible worker'}", file=sys.stderr)
    streamed = False

    def show(event: StreamEvent) -> None:
        nonlocal streamed
        if event.event == "output":
            out = sys.stdout if event.data.get("stream") == "stdout" else sys.stderr
            streamed = streamed or out is sys.stdout
            out.write(str(event.data.get("text", "")))
            out.flush()

    ended = client.wait(job.id, show)
    if ended.status != "done":
        raise JobFailed(ended)
    result = client.jobs.result(job.id) if ended.result_truncated else (ended.result or "")
    if not streamed and result:
        sys.stdout.write(result if result.endswith("\n") else f"{result}\n")
    return 0
