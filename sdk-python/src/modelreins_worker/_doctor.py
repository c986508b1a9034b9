"""Responsible for ``doctor``: what was found on this machine, and what the user can do. It changes nothing."""

from __future__ import annotations

import argparse
import os
import platform
import stat
import sys
import time
from datetime import datetime
from typing import Dict, Iterator, NamedTuple, Optional
from urllib.parse import urlsplit

from ._client import Client
from ._errors import ModelReinsError
from ._times import utc_now
from ._version import __version__
from ._worker.outbox import read_journal
from ._worker.settings import SETTINGS, config_path, is_set, read_config, usual_outbox


class Check(NamedTuple):
    """One line: ``ok``, ``warn`` or ``fail``, and what to do."""

    outcome: str
    name: str
    detail: str
    help: str = ""
    exit_code: int = 0


def doctor(said: argparse.Namespace) -> int:
    """Run the checks and print a line for each. The exit code is 0 when nothing failed."""
    code = 0
    for check in checks(said.server):
        print(f"{check.outcome:5} {check.name:11} {check.detail}")
        if check.help:
            print(f"{'':17} {check.help}")
        if check.outcome == "fail" and code == 0:
            code = check.exit_code or 1
    return code


def _failed(name: str, error: ModelReinsError, help_line: Optional[str] = None) -> Check:
    return Check("fail", name, str(error), error.help if help_line is None else help_line, error.exit_code)


def _find(name: str, given: Optional[str], config: Dict[str, object]) -> Optional[str]:
    row = SETTINGS[name]
    places = [given, *(os.environ.get(key) for key in row.env), *(config.get(key) for key in row.config)]
    return next((str(value) for value in places if is_set(value)), None)


def checks(server: Optional[str]) -> Iterator[Check]:
    """Yield the results of the checks, those of the machine first."""
    yield Check("ok", "python", f"{platform.python_implementation()} {platform.python_version()}")
    yield Check("ok", "package", f"modelreins-worker {__version__}")
    path = config_path(os.environ)
    try:
        config = read_config(path)
    except ModelReinsError as error:
        yield _failed("config", error)
        return
    yield _config(path)
    url, token = _find("url", server, config), _find("token", None, config)
    if url is None:
        yield Check("fail", "server", "no address", "set MODELREINS_URL, or name one with --server", 64)
        return
    yield from _server(url, token, path)


def _config(path: str) -> Check:
    if not os.path.exists(path):
        return Check("ok", "config", f"{path} (none yet)")
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if os.name == "posix" and mode & 0o077:
        return Check("warn", "config", f"{path} has mode {mode:o}: others may read the token in it", f"chmod 600 {path}")
    return Check("ok", "config", path)


def _server(url: str, token: Optional[str], path: str) -> Iterator[Check]:
    try:
        client = Client(url, token or "none", timeout=10)
        proxy = client._calls.transport.proxy
        if proxy is not None:
            yield Check("ok", "proxy", f"{proxy.shown}, by the environment")
        begun = time.monotonic()
        health = client.service.health()
    except ModelReinsError as error:
        yield _failed("server", error, "Check that the server runs and the address is right; a proxy or firewall may block it.")
        return
    took = (time.monotonic() - begun) * 1000
    parts = ", ".join(f"{name}: {state}" for name, state in health.checks.items())
    detail = f"{client.url} answers in {took:.0f} ms, version {health.version}"
    yield Check("ok", "server", detail) if health.status == "ok" else Check("warn", "server", f"{detail}, degraded ({parts})")
    host = urlsplit(client.url).hostname or ""
    if client.url.startswith("http:") and host not in ("localhost", "::1") and not host.startswith("127."):
        yield Check("warn", "transport", "the token travels unencrypted over http", "use an https address")
    yield _clock(health.time)
    if token is None:
        yield Check("fail", "token", "none", "set MODELREINS_TOKEN to a worker's token", 77)
        return
    yield from _token(client, token, path)


def _clock(told: str) -> Check:
    try:
        skew = (utc_now() - datetime.fromisoformat(told.replace("Z", "+00:00"))).total_seconds()
    except ValueError:
        return Check("warn", "clock", "the server tells no time", "a proxy may have changed its answer")
    words = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the server"
    if abs(skew) < 5:
        return Check("ok", "clock", "agrees with the server")
    advice = "set the clock of this machine (NTP)"
    return Check("fail", "clock", words, advice, 69) if abs(skew) > 600 else Check("warn", "clock", words, advice)


def _token(client: Client, token: str, path: str) -> Iterator[Check]:
    try:
        me = client.members.whoami()
        role = f" ({me.role})" if me.role else ""
        whose = f"{me.kind} {me.name}{role} of tenant {me.tenant}"
        may_work = me.kind == "worker" or me.role in ("owner", "operator")
        yield Check("ok", "token", whose) if may_work else Check("fail", "token", f"{whose}: may not work", "use a worker's token", 77)
        state = client.killswitch.get()
    except ModelReinsError as error:
        yield _failed("token", error)
        return
    if state.level == 0:
        yield Check("ok", "killswitch", "clear")
    else:
        words = f"level {state.level}" + (f": {state.reason}" if state.reason else "")
        yield Check("warn", "killswitch", words, "no new work until a member clears it")
    usual = usual_outbox(path, token, None)
    waiting = len(read_journal(usual)) if usual else 0
    if waiting:
        yield Check("warn", "outbox", f"{waiting} completions to be delivered", "that happens when the worker runs again")
    if not sys.executable:
        yield Check("warn", "beside", "Python does not know where it is: children may outlive a worker that is killed")
