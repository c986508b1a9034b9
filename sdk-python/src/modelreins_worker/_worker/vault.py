"""Responsible for resolving ``vault://`` references with what this machine has, and for registering values with the redactor before they are used."""

from __future__ import annotations

import re
from typing import List, Mapping

from .._errors import ModelReinsError
from .redactor import Redactor

_REFERENCE = re.compile(r"vault://[^/\s]+/[^#\s]+(?:#[^\s]+)?")
#: Some words count at the end of any name (PGPASSWORD). Words that also end other words count only after an underscore.
_SECRET_NAME = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|(?:^|_)(?:TOKEN|SECRET|CREDENTIALS?|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|PASS)|(?<=[^_]_)PWD)$",
    re.IGNORECASE,
)
#: A shorter value may be an ordinary word, which would then be redacted everywhere.
_SHORTEST = 12


def is_local(reference: str) -> bool:
    """Whether this machine resolves the reference itself."""
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
    """Return the values of variables whose names mean a secret, so that a child that prints its environment does not publish them."""
    return [
        value for name, value in environ.items() if len(value) >= _SHORTEST and _SECRET_NAME.search(name) and not _is_folder(name, value)
    ]


def _is_folder(name: str, value: str) -> bool:
    """Whether the value is a folder: in MYSQL_PWD, PWD means a password; in OLD_PWD it means a folder."""
    return name.upper().endswith("PWD") and re.match(r"/|[A-Za-z]:[\\/]", value) is not None
