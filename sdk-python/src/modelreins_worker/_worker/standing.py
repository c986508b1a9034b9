"""Responsible for the worker's report about itself in every heartbeat, including the operator's configuration. It sends nothing."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import threading
from datetime import datetime
from typing import Any, Callable, Dict, Mapping, Optional

from .._times import epoch_of
from .._version import __version__
from .roster import Roster
from .settings import Settings

_CONFIGURED = ("tags", "networks", "provider", "model")


class Standing:
    """The worker as the server should see it now."""

    def __init__(self, settings: Settings, roster: Roster, identity: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._roster = roster
        self._identity = dict(identity)
        self._now = now
        self._live: Dict[str, Any] = {}
        self._says_place = False
        self._config_version: Optional[int] = None
        self._parked: Optional[str] = None
        self._lock = threading.Lock()

    def take(self, config: Mapping[str, Any], version: Optional[int] = None) -> int:
        """Apply the operator's configuration and return its slots; for an absent key the worker's own setting applies."""
        self._config_version = version
        self._live = {key: config[key] for key in _CONFIGURED if key in config}
        self._says_place = config.get("concurrency_key") == "workdir"
        return int(config.get("slots", self._settings.slots))

    def park(self, until: str) -> bool:
        """Report until then that the provider's account is at its limit; ``False``: that was already known."""
        with self._lock:
            news = self._parked is None or epoch_of(self._parked) < epoch_of(until)
            if news:
                self._parked = until
            return news

    def report(self, leaving: Optional[str], first: bool) -> Dict[str, Any]:
        """Return the body of a heartbeat; ``leaving``: ``stopping`` or ``stopped``; ``first``: the server has not answered one yet."""
        live = {name: self._live.get(name, getattr(self._settings, name)) for name in _CONFIGURED}
        body: Dict[str, Any] = {
            **self._identity,
            "status": leaving or ("busy" if self._roster.running else "idle"),
            "tags": list(live["tags"]),
            "networks": list(live["networks"]),
            "slots": self._roster.slots,
            "machine": machine_name(self._settings.machine),
            "details": about_this_process(),
            "leases": self._roster.leases(),
        }
        for key in ("provider", "model"):
            if live[key]:
                body[key] = live[key]
        if self._says_place:
            body["place"] = place_of(self._settings.workdir, self._settings.machine)
        if self._config_version is not None:
            body["config_version"] = self._config_version
        if self._parked is not None and epoch_of(self._parked) > self._now().timestamp():
            body["parked_until"] = self._parked
        # Only once: a worker that was itself taken over must not take the name back.
        if self._settings.takeover and first:
            body["takeover"] = True
        return body


def machine_name(setting: Optional[str]) -> Optional[str]:
    """Return the machine's name to report; ``None`` when none is to be reported."""
    if setting == "-":
        return None
    name = socket.gethostname() if setting is None else setting
    return "".join(character for character in name if character.isprintable()).strip()[:120] or None


def _unnamed() -> str:
    """Distinguish machines without naming them, so that two machines with hidden names do not count as one."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12]


def place_of(workdir: Optional[str], machine: Optional[str] = None) -> str:
    """Return the folder of the worker as ``MACHINE:PATH``; of a long path only the end. The SDK for Node uses the same form."""
    name = socket.gethostname() if machine is None else machine_name(machine) or _unnamed()
    place = f"{name}:{os.path.realpath(workdir or os.getcwd())}"
    return "".join(character for character in place if character.isprintable())[-120:]


def about_this_process() -> Dict[str, str]:
    """Return what the server shows about the worker's process."""
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "unknown")
    return {
        "sdk": f"python {__version__}",
        "runtime": f"{sys.implementation.name} {sys.version.split()[0]}",
        "platform": f"{sys.platform}-{machine}",
    }
