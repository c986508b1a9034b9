"""Responsible for resolving ``vault://`` references with what this machine has, and for telling the redactor before anyone sees a value."""

from __future__ import annotations

import re
from typing import List, Mapping

from .._errors import ModelReinsError
from .redactor import Redactor

_REFERENCE = re.compile(r"vault://[^/\s]+/[^#\s]+(?:#[^\s]+)?")
#: Some stand alone at the end of a name (PGPASSWORD); what is also the end of other words needs its underscore.
_SECRET_NAME = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|(?:^|_)(?:TOKEN|SECRET|CREDENTIALS?|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|PASS)|(?<=[^_]_)PWD)$",
    re.IGNORECASE,
)
#: A shorter one may be an ordinary word, which would be blotted out of everything.
_SHORTEST = 12


def is_local(reference: str) -> bool:
    """Whether this machine resolves the reference by itself."""
    return reference.startswith("vault://env/")


def resolve_secret(reference: str, environ: Mapping[str, str], redactor: Redactor) -> str:
    """Return the value of ``vault://env/NAME``, an environment variable of the worker; it is kept out of every output.

    :raises ModelReinsError: when it cannot be resolved.
    """

    def refuse(why: str) -> ModelReinsError:
        return ModelReinsError(f"The secret {reference} cannot be resolved: {why}", code="invalid-request", status=0)

    if len(reference) > 500 or not _REFERENCE.fullmatch(reference):
        raise refuse("use vault://<connector>/<path>#<field>")
    connector, _, rest = reference[len("vault://") :].partition("/")
    if connector != "env":
        raise refuse(f'this worker has no connector called "{connector}" (it has: env)')
    name = rest.partition("#")[0]
    value = environ.get(name)
    if not value:
        raise refuse(f"the environment variable {name} is not set on this machine")
    redactor.add(value)
    return value


def environment_secrets(environ: Mapping[str, str]) -> List[str]:
    """Return values of the environment that are secrets by their names: a child that prints its environment must not publish them."""
    return [
        value for name, value in environ.items() if len(value) >= _SHORTEST and _SECRET_NAME.search(name) and not _is_folder(name, value)
    ]


def _is_folder(name: str, value: str) -> bool:
    """PWD is a password in MYSQL_PWD and a folder in OLD_PWD."""
    return name.upper().endswith("PWD") and re.match(r"/|[A-Za-z]:[\\/]", value) is not None
