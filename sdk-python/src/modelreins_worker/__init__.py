"""Workers for ModelReins in Python, and a client for its server. Standard library only.

A worker in a few lines::

    from modelreins_worker import Worker

    def handle_job(job):
        return job["prompt"].upper()

    Worker(name="shouter").run(handler=handle_job)

with ``MODELREINS_URL`` and ``MODELREINS_TOKEN`` in the environment. :class:`Worker` runs jobs, :class:`Client` calls
the server, :func:`run_command` runs a program for a job, :func:`classify_error` names what went wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

from ._version import __version__

if TYPE_CHECKING:
    from ._classify import ERROR_TYPES, ClassifiedError, classify_error
    from ._client import Client
    from ._errors import Aborted, ActionRefused, Issue, JobFailed, ModelReinsError, WorkerError
    from ._generated.models import Artifact, Job, Review
    from ._record import Record
    from ._stream import StreamEvent
    from ._worker.command import CommandResult, run_command
    from ._worker.context import JobContext
    from ._worker.worker import Worker

__all__ = [
    "ERROR_TYPES",
    "Aborted",
    "ActionRefused",
    "Artifact",
    "ClassifiedError",
    "Client",
    "CommandResult",
    "Issue",
    "Job",
    "JobContext",
    "JobFailed",
    "ModelReinsError",
    "Record",
    "Review",
    "StreamEvent",
    "Worker",
    "WorkerError",
    "__version__",
    "classify_error",
    "run_command",
]

_HOMES = {
    "ERROR_TYPES": "_classify",
    "ClassifiedError": "_classify",
    "classify_error": "_classify",
    "Client": "_client",
    "Aborted": "_errors",
    "ActionRefused": "_errors",
    "Issue": "_errors",
    "JobFailed": "_errors",
    "ModelReinsError": "_errors",
    "WorkerError": "_errors",
    "Artifact": "_generated.models",
    "Job": "_generated.models",
    "Review": "_generated.models",
    "Record": "_record",
    "StreamEvent": "_stream",
    "CommandResult": "_worker.command",
    "run_command": "_worker.command",
    "JobContext": "_worker.context",
    "Worker": "_worker.worker",
}


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that a program that only classifies an error does not load the HTTP client.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted(__all__)
