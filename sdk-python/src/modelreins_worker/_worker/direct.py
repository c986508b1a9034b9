"""Responsible for single calls by a worker without leases, as earlier versions of this package made them. It runs no loop."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .. import _artifacts
from .._artifacts import Source
from .._calls import Calls
from .._generated.models import Artifact, Job, Review
from .redactor import Redactor


class DirectCalls:
    """Calls that a worker can make without :meth:`Worker.run`."""

    instance: str
    _calls: Calls
    _redactor: Redactor
    _companion: Dict[str, str]

    @property
    def name(self) -> str:
        """The worker's name."""
        raise NotImplementedError

    def heartbeat(self, status: str = "active", details: Optional[str] = None, tags: Optional[str] = None) -> Dict[str, Any]:
        """Say that the worker is there; :meth:`run` does so by itself.

        :raises ModelReinsError: when the server does not take it.
        """
        body: Dict[str, Any] = {"instance": self.instance, "status": status, "worker_type": "silicon", **self._companion}
        if details is not None:
            body["details"] = details
        if tags is not None:
            body["tags"] = tags
        found: Dict[str, Any] = self._calls.call("presence.report", body)
        return found

    def inbox(self, status: str = "pending") -> List[Job]:
        """Return the jobs that this worker may claim.

        :raises ModelReinsError: when they cannot be had.
        """
        reply = self._calls.call("claims.inbox", {"worker": self.name, "status": status})
        return [Job.of(job) for job in reply["jobs"]]

    def claim(self, job_id: int) -> Dict[str, Any]:
        """Claim a job by its id, for 15 minutes or the job's own timeout; every heartbeat renews it.

        :raises ModelReinsError: ``already-claimed``, ``wrong-state``, ...
        """
        found: Dict[str, Any] = self._calls.call("claims.claim", {"job_id": job_id, "worker": self.name})
        return found

    def complete(self, job_id: int, result: str = "", status: str = "done") -> Dict[str, Any]:
        """End a job that was claimed by its id: ``done``, ``failed`` or ``escalated`` (a human decides).

        :raises ModelReinsError: ``wrong-state``, ``lease-lost``, ...
        """
        body = {"job_id": job_id, "result": self._redactor.redact(str(result)), "status": status}
        return Job.of(self._calls.call("claims.close", body))

    def upload_artifact(
        self,
        data: Source,
        content_type: Optional[str] = None,
        filename: Optional[str] = None,
        job_id: Optional[int] = None,
        review_id: Optional[int] = None,
        expires_at: Optional[str] = None,
    ) -> Artifact:
        """Upload bytes, or the file at a path; ``url`` of the answer is its place on the server.

        :raises ModelReinsError: when it was not kept.
        """
        if filename is None and isinstance(data, (bytes, bytearray, memoryview)):
            import mimetypes

            ending = mimetypes.guess_extension((content_type or "").split(";")[0].strip()) or ".bin"
            filename = f"artifact{ending}"
        return _artifacts.upload(
            self._calls,
            data,
            content_type=content_type,
            filename=filename,
            job_id=job_id,
            review_id=review_id,
            expires_at=expires_at,
        )

    def submit_review(
        self,
        type: str,  # noqa: A002
        title: str,
        content: str = "",
        preview: Optional[str] = None,
        target: Optional[str] = None,
        job_id: Optional[int] = None,
    ) -> Review:
        """Submit content for a human decision.

        :raises ModelReinsError: when it was not taken.
        """
        fields = {
            "type": type,
            "title": title,
            "content": content,
            "preview": preview,
            "target": target,
            "job_id": job_id,
            "created_by": f"worker:{self.name}",
        }
        return Review.of(self._calls.call("reviews.submit", {key: value for key, value in fields.items() if value is not None}))
