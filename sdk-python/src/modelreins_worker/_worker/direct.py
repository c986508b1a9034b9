"""Responsible for the calls of a worker that knows no lease, one by one, as earlier versions of this package made them. It runs no loop."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .. import _artifacts
from .._artifacts import Source
from .._calls import Calls
from .._generated.models import Artifact, Job, Review
from .redactor import Redactor


def heartbeat(
    calls: Calls, instance: str, companion: Dict[str, str], status: str, details: Optional[str], tags: Optional[str]
) -> Dict[str, Any]:
    """Say that the worker is there."""
    body: Dict[str, Any] = {"instance": instance, "status": status, "worker_type": "silicon", **companion}
    if details is not None:
        body["details"] = details
    if tags is not None:
        body["tags"] = tags
    found: Dict[str, Any] = calls.call("presence.report", body)
    return found


def inbox(calls: Calls, name: str, status: str) -> List[Job]:
    """List the jobs that may be claimed."""
    reply = calls.call("claims.inbox", {"worker": name, "status": status})
    return [Job.of(job) for job in reply["jobs"]]


def claim(calls: Calls, name: str, job_id: int) -> Dict[str, Any]:
    """Claim a job by its id."""
    found: Dict[str, Any] = calls.call("claims.claim", {"job_id": job_id, "worker": name})
    return found


def complete(calls: Calls, redactor: Redactor, job_id: int, result: str, status: str) -> Dict[str, Any]:
    """End a job that was claimed by its id."""
    body = {"job_id": job_id, "result": redactor.redact(str(result)), "status": status}
    return Job.of(calls.call("claims.close", body))


def upload(
    calls: Calls,
    data: Source,
    content_type: Optional[str],
    filename: Optional[str],
    job_id: Optional[int],
    review_id: Optional[int],
    expires_at: Optional[str],
) -> Artifact:
    """Upload a file."""
    if filename is None and isinstance(data, (bytes, bytearray, memoryview)):
        import mimetypes

        ending = mimetypes.guess_extension((content_type or "").split(";")[0].strip()) or ".bin"
        filename = f"artifact{ending}"
    return _artifacts.upload(
        calls,
        data,
        content_type=content_type,
        filename=filename,
        job_id=job_id,
        review_id=review_id,
        expires_at=expires_at,
    )


def submit_review(
    calls: Calls,
    name: str,
    kind: str,
    title: str,
    content: str,
    preview: Optional[str],
    target: Optional[str],
    job_id: Optional[int],
) -> Review:
    """Put something before a human."""
    fields = {
        "type": kind,
        "title": title,
        "content": content,
        "preview": preview,
        "target": target,
        "job_id": job_id,
        "created_by": f"worker:{name}",
    }
    return Review.of(calls.call("reviews.submit", {key: value for key, value in fields.items() if value is not None}))
