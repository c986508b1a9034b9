"""Responsible for the client: every operation of the server as a typed method, and methods that take several calls. It knows no worker loop."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Callable, Iterator, Mapping, Optional, Type
from urllib.parse import urlsplit

from . import _artifacts
from ._artifacts import DownloadedArtifact, Source
from ._calls import Calls
from ._errors import JobFailed, ModelReinsError
from ._generated.models import Artifact, Job
from ._generated.operations import Operations
from ._record import UNSET
from ._stream import StreamEvent, follow_job
from ._transport import Transport
from ._version import __version__


def server_address(url: str) -> str:
    """Return an address without slashes at its end.

    :raises ModelReinsError: ``invalid-request`` when it is none.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits:
        raise ModelReinsError(
            f'"{text[:200]}" is not the address of a server: expected something like https://reins.example.com',
            code="invalid-request",
            status=0,
        )
    return text.split("#")[0].split("?")[0].rstrip("/")


class Client(Operations):
    """Calls of a ModelReins server: ``client.jobs.dispatch(prompt=...)``, ``client.workers.list()``, ...

    One method per operation (docs/reference/operations.md), grouped by noun; answers are dicts with attributes; every
    failure is a :class:`ModelReinsError`. Safe and idempotent calls are sent again by themselves when that makes sense.
    May be used from many threads.

    :param url: the server's address; ``MODELREINS_URL`` by default.
    :param token: a member key or a worker token; ``MODELREINS_TOKEN`` or ``MODELREINS_API_KEY`` by default.
    :param timeout: seconds that one try of a call may take.
    """

    def __init__(self, url: Optional[str] = None, token: Optional[str] = None, *, timeout: float = 30.0) -> None:
        address = url or os.environ.get("MODELREINS_URL")
        if not address:
            raise ModelReinsError("No server address: pass url=... or set MODELREINS_URL", code="invalid-request", status=0)
        self.url = server_address(address)
        bearer = token or os.environ.get("MODELREINS_TOKEN") or os.environ.get("MODELREINS_API_KEY")
        self._calls = Calls(Transport(self.url, user_agent=f"modelreins-worker-py/{__version__}"), bearer, timeout)
        super().__init__(self._calls.call)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def close(self) -> None:
        """Close connections that are kept for later calls."""
        self._calls.transport.close()

    def call(self, operation: str, body: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None) -> Any:
        """Call any operation by its id, such as ``jobs.dispatch``, with the fields of ``body``."""
        return self._calls.call(operation, body or {}, timeout=timeout)

    def dispatch(self, prompt: str, **fields: Any) -> Job:
        """Dispatch a job to the worker that the Director picks; ``fields`` are those of ``client.jobs.dispatch``.

        A lost answer never means a second job: a key goes with it, of the caller's (``idempotency_key``) or one of its own.

        :raises ModelReinsError: ``no-eligible-worker``, ``no-live-worker``, ``killswitch``, ...
        """
        return Job.of(self._calls.call("jobs.dispatch", {"prompt": prompt, **_known(fields)}))

    def stream(self, job_id: int, after: int = -1) -> Iterator[StreamEvent]:
        """Yield the job's output from behind chunk ``after`` on, as it happens, until the event ``end``.

        A connection that breaks is taken up again behind the last chunk seen.

        :raises ModelReinsError: for what does not pass, such as ``not-found``.
        """
        return follow_job(self._calls, job_id, after)

    def wait(self, job_id: int, on_event: Optional[Callable[[StreamEvent], Any]] = None) -> Job:
        """Follow a job to its end and return the ended job, done or failed."""
        for event in self.stream(job_id):
            if on_event is not None:
                on_event(event)
        return self.jobs.get(job_id)

    def complete(self, prompt: str, **fields: Any) -> str:
        """Dispatch a job, wait for it, and return its whole result.

        :raises JobFailed: when the job failed.
        """
        job = self.wait(self.dispatch(prompt, **fields).id)
        if job.status != "done":
            raise JobFailed(job)
        return self.jobs.result(job.id) if job.result_truncated else (job.result or "")

    def upload_artifact(
        self,
        source: Source,
        *,
        content_type: Optional[str] = None,
        filename: Optional[str] = None,
        job_id: Optional[int] = None,
        review_id: Optional[int] = None,
        expires_at: Optional[str] = None,
        share: Optional[bool] = None,
    ) -> Artifact:
        """Upload bytes, or the file at a path; its digest is sent too, so that the server rejects bytes that were changed on the way."""
        return _artifacts.upload(
            self._calls,
            source,
            content_type=content_type,
            filename=filename,
            job_id=job_id,
            review_id=review_id,
            expires_at=expires_at,
            share=share,
        )

    def download_artifact(self, slug_or_url: str) -> DownloadedArtifact:
        """Download a file and check it against the digest that the server keeps."""
        return _artifacts.download(self._calls, slug_or_url)


def _known(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Treat ``None`` as an omitted field."""
    return {name: UNSET if value is None else value for name, value in fields.items()}
