"""Responsible for a worker's settings: argument, then environment, then config file, then default. It names every problem at once."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar, Union

from .._client import server_address
from .._errors import Issue, ModelReinsError

Value = TypeVar("Value")
TextList = Union[str, Sequence[str], None]


class Setting(NamedTuple):
    """The sources of one setting."""

    env: Tuple[str, ...]
    config: Tuple[str, ...]
    about: str
    secret: bool = False
    #: The unit of the environment and the config file, in seconds.
    unit: float = 1.0


#: The table of settings, which the worker, the command line and the reference read.
SETTINGS: Dict[str, Setting] = {
    "url": Setting(("MODELREINS_URL",), ("server", "url"), "Address of the server"),
    "token": Setting(("MODELREINS_TOKEN", "MODELREINS_API_KEY"), ("token",), "Worker token", secret=True),
    "name": Setting(("MODELREINS_WORKER",), ("name", "worker"), "Name of this worker"),
    "machine": Setting(("MODELREINS_MACHINE",), ("machine",), "Name of this machine in lists of workers; - tells none"),
    "poll_interval": Setting(
        ("MODELREINS_POLL_MS",),
        ("poll_ms", "pollMs"),
        "Seconds between heartbeats, until the server says otherwise",
        unit=0.001,
    ),
    "timeout": Setting((), (), "Seconds that one call may take"),
    "slots": Setting(("MODELREINS_SLOTS",), ("slots",), "Jobs at a time"),
    "tags": Setting(("MODELREINS_WORKER_TAGS",), ("tags",), "Tags, comma-separated"),
    "networks": Setting(("MODELREINS_WORKER_NETWORKS",), ("networks",), "Networks this worker can reach, comma-separated"),
    "provider": Setting(("MODELREINS_WORKER_TYPE",), (), "What the worker says that it runs jobs with"),
    "model": Setting(("MODELREINS_WORKER_MODEL",), ("model",), "Model that the worker says that it uses"),
    "workdir": Setting(("MODELREINS_WORKDIR",), ("work_dir", "workDir"), "Folder that commands run in"),
    "takeover": Setting(("MODELREINS_TAKEOVER",), ("takeover",), "Take the name over from another process"),
    "outbox_file": Setting(("MODELREINS_OUTBOX_FILE",), ("outbox_file", "outboxFile"), "File for undelivered completions"),
    "redact": Setting(("MODELREINS_REDACT",), ("redact",), "More values to keep out of output, comma-separated", secret=True),
    "grace": Setting(("MODELREINS_GRACE_MS",), ("grace_ms", "graceMs"), "Seconds that a stop waits for running jobs", unit=0.001),
    "on_lost": Setting(
        ("MODELREINS_ON_LOST",),
        ("on_lost", "onLost"),
        "Running jobs when the server cannot be reached for 60 s: stop or finish",
    ),
    "context_budget": Setting(("MODELREINS_CONTEXT_BUDGET",), ("context_budget",), "Characters of context per job at most"),
}


class Settings(NamedTuple):
    """The resolved settings of a worker."""

    url: str
    token: str
    name: Optional[str]
    machine: Optional[str]
    poll_interval: float
    timeout: float
    slots: int
    tags: Tuple[str, ...]
    networks: Tuple[str, ...]
    provider: Optional[str]
    model: Optional[str]
    workdir: Optional[str]
    takeover: bool
    outbox_file: Optional[str]
    redact: Tuple[str, ...]
    grace: float
    on_lost: str
    context_budget: Optional[int]


def config_path(environ: Mapping[str, str]) -> str:
    """Return the path of the config file: MODELREINS_CONFIG, else the usual location of the platform."""
    named = environ.get("MODELREINS_CONFIG")
    if named:
        return named
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    elif sys.platform == "darwin":
        base = environ.get("XDG_CONFIG_HOME") or os.path.join(home, "Library", "Application Support")
    else:
        base = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return os.path.join(base, "modelreins", "config.json")


def read_config(path: str) -> Dict[str, Any]:
    """Return the config file's content; nothing when there is no file.

    :raises ModelReinsError: when it cannot be read or is no JSON object.
    """
    try:
        with open(path, encoding="utf-8") as file:
            content = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise ModelReinsError(f"Cannot read the config file {path}: {error}", code="invalid-request", status=0) from error
    try:
        value = json.loads(content) if content.strip() else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ModelReinsError(f"The config file {path} is not a JSON object", code="invalid-request", status=0)
    return value


def is_set(value: Any) -> bool:
    """Whether a value is set."""
    return value is not None and value != ""


class _Reader:
    def __init__(self, given: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any]) -> None:
        self._given = given
        self._environ = environ
        self._config = config
        self.issues: List[Issue] = []

    def find(self, name: str) -> Tuple[Any, str, float]:
        """Return the value, the name of its source, and its unit in seconds."""
        row = SETTINGS[name]
        if is_set(self._given.get(name)):
            return self._given[name], f"argument {name}", 1.0
        for variable in row.env:
            if is_set(self._environ.get(variable)):
                return self._environ[variable], variable, row.unit
        for key in row.config:
            if is_set(self._config.get(key)):
                return self._config[key], f"{key} in the config file", row.unit
        return None, "default", 1.0

    def read(self, name: str, parse: Callable[[Any, float], Optional[Value]], expected: str) -> Optional[Value]:
        value, place, unit = self.find(name)
        if value is None:
            return None
        parsed = parse(value, unit)
        if parsed is None:
            shown = f', not "{value[:100]}"' if isinstance(value, str) and not SETTINGS[name].secret else ""
            self.issues.append(Issue(name, f"{place} must be {expected}{shown}"))
        return parsed


def _text(value: Any, _unit: float) -> Optional[str]:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else None


def _address(value: Any, unit: float) -> Optional[str]:
    try:
        return server_address(_text(value, unit) or "")
    except ModelReinsError:
        return None


def _token(value: Any, unit: float) -> Optional[str]:
    text = _text(value, unit)
    # Rejects values that cannot be sent in a header.
    return text if text and re.fullmatch(r"[\x21-\x7e]+", text) else None


def _list(value: Any, _unit: float) -> Optional[Tuple[str, ...]]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple, set, frozenset)) or not all(isinstance(part, str) for part in parts):
        return None
    return tuple(part.strip() for part in parts if part.strip())


def _number(low: float, high: float) -> Callable[[Any, float], Optional[float]]:
    def parse(value: Any, unit: float) -> Optional[float]:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return None
        try:
            number = float(value) * unit
        except ValueError:
            return None
        return number if low <= number <= high else None

    return parse


def _count(low: int, high: int) -> Callable[[Any, float], Optional[int]]:
    def parse(value: Any, unit: float) -> Optional[int]:
        number = _number(low, high)(value, unit)
        return int(number) if number is not None and number == int(number) else None

    return parse


def _flag(value: Any, _unit: float) -> Optional[bool]:
    if value in (True, "true", "1", "yes"):
        return True
    return False if value in (False, "false", "0", "no") else None


def _on_lost(value: Any, _unit: float) -> Optional[str]:
    return value if value in ("stop", "finish") else None


def resolve(given: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any]) -> Settings:
    """Resolve and check all settings at once.

    :raises ModelReinsError: ``invalid-request`` that names every problem and where it came from.
    """
    reader = _Reader(given, environ, config)

    def required(name: str, parse: Callable[[Any, float], Optional[str]], expected: str, missing: str) -> str:
        value = reader.read(name, parse, expected)
        if value is None and not any(issue.path == name for issue in reader.issues):
            reader.issues.append(Issue(name, missing))
        return value or ""

    url = required(
        "url",
        _address,
        "the address of a server, such as https://reins.example.com",
        "no server address: pass url=... or set MODELREINS_URL",
    )
    token = required("token", _token, "one word without blanks, such as mrw_...", "no token: pass token=... or set MODELREINS_TOKEN")
    if "/view/vw" in token:
        reader.issues.append(
            Issue(
                "token",
                "a one-time view URL is not the token: open it, in a browser or with the Node command line, and use what it shows",
            )
        )
    poll = reader.read("poll_interval", _number(0.25, 300), "a number of seconds from 0.25 to 300")
    timeout = reader.read("timeout", _number(0.1, 3600), "a number of seconds from 0.1 to 3600")
    grace = reader.read("grace", _number(0, 86_400), "a number of seconds from 0 to 86400")
    settings = Settings(
        url=url,
        token=token,
        name=reader.read("name", _text, "a text"),
        machine=reader.read("machine", _text, "a text"),
        poll_interval=5.0 if poll is None else poll,
        timeout=30.0 if timeout is None else timeout,
        slots=reader.read("slots", _count(1, 256), "a whole number from 1 to 256") or 1,
        tags=reader.read("tags", _list, "a list, or a text with commas") or (),
        networks=reader.read("networks", _list, "a list, or a text with commas") or (),
        provider=reader.read("provider", _text, "a text"),
        model=reader.read("model", _text, "a text"),
        workdir=reader.read("workdir", _text, "a text"),
        takeover=reader.read("takeover", _flag, "true or false") or False,
        outbox_file=reader.read("outbox_file", _text, "a text"),
        redact=reader.read("redact", _list, "a list, or a text with commas") or (),
        grace=30.0 if grace is None else grace,
        on_lost=reader.read("on_lost", _on_lost, "stop or finish") or "stop",
        context_budget=reader.read("context_budget", _count(0, 1_000_000), "a whole number from 0 to 1000000"),
    )
    if reader.issues:
        raise ModelReinsError("; ".join(issue.message for issue in reader.issues), code="invalid-request", status=0, issues=reader.issues)
    return settings


def usual_outbox(config_file: str, token: str, companion: Optional[str]) -> Optional[str]:
    """Return the path of the journal, next to the config file: one per credential, and per companion of a member key."""
    parts = re.fullmatch(r"mr[kw]_([a-z0-9]{2,32})_([a-z0-9]{8,32})_[a-z0-9]{20,64}_[a-z0-9]{20,64}", token)
    if parts is None:
        return None
    label = "-".join([parts.group(1), parts.group(2), *([companion] if companion else []), "python"])
    return os.path.join(os.path.dirname(config_file), "outbox", re.sub(r"[^A-Za-z0-9._-]", "_", label) + ".jsonl")
