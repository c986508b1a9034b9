"""Responsible for uploading and downloading files: type, digest and size. It knows no job."""

from __future__ import annotations

import os
import re
from typing import IO, Any, Dict, Mapping, Optional, Tuple, Union
from urllib.parse import quote, unquote, urlencode

from ._calls import Calls, error_of, fresh_key
from ._errors import ModelReinsError
from ._generated.models import Artifact
from ._generated.tables import ARTIFACT_BYTES, MEDIA_TYPES, ROWS
from ._transport import Answer, Cancel

#: Bytes, or the path of a file, which is read while it is sent.
Source = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]"]


def media_type_of(filename: str) -> str:
    """Return the media type of a file by the extension of its name."""
    ending = filename.rpartition(".")[2].lower() if "." in filename else ""
    return MEDIA_TYPES.get(ending, "application/octet-stream")


def time_for(size: int) -> float:
    """Return the seconds for a slow connection: one second per 50 KB, in addition to the time that any call may take."""
    return 30.0 + size / 50_000


def check_size(size: int) -> None:
    """Refuse what the server would refuse, before a byte is sent.

    :raises ModelReinsError: ``too-large``.
    """
    if size > ARTIFACT_BYTES:
        raise ModelReinsError(f"An artifact may have {ARTIFACT_BYTES} bytes; this one has {size}", code="too-large")


def _describe(source: Source) -> Tuple[int, str, str]:
    """Return size, SHA-256 and name of a source."""
    import hashlib

    digest = hashlib.sha256()
    if isinstance(source, (bytes, bytearray, memoryview)):
        digest.update(source)
        return len(bytes(source)), digest.hexdigest(), ""
    size = os.stat(source).st_size
    check_size(size)
    with open(source, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            digest.update(part)
    return size, digest.hexdigest(), os.path.basename(os.fspath(source))


def upload(
    calls: Calls,
    source: Source,
    *,
    content_type: Optional[str] = None,
    filename: Optional[str] = None,
    job_id: Optional[int] = None,
    review_id: Optional[int] = None,
    expires_at: Optional[str] = None,
    share: Optional[bool] = None,
    idempotency_key: Optional[str] = None,
    token: Optional[str] = None,
    cancel: Optional[Cancel] = None,
) -> Artifact:
    """Upload bytes, or the file at a path; what arrives is compared with what was meant.

    :raises ModelReinsError: when it was not kept.
    :raises OSError: when the file cannot be read.
    """
    size, sha256, own_name = _describe(source)
    check_size(size)
    name = filename or own_name or None
    fields: Dict[str, Any] = {
        "filename": name,
        "job_id": job_id,
        "review_id": review_id,
        "expires_at": expires_at,
        "share": None if share is None else ("true" if share else "false"),
        "sha256": sha256,
    }
    query = urlencode([(key, value) for key, value in fields.items() if value is not None], quote_via=quote)
    row = ROWS["artifacts.upload"]
    headers = {
        **calls.headers(token),
        "Content-Type": content_type or media_type_of(name or ""),
        "Content-Length": str(size),
        "Idempotency-Key": idempotency_key or fresh_key(),
    }

    def send(body: Union[bytes, IO[bytes]]) -> Artifact:
        path = f"{row.path}?{query}"
        return Artifact.of(calls.send(row, path, headers, body, time_for(size), attempts=3, cancel=cancel))

    if isinstance(source, (bytes, bytearray, memoryview)):
        return send(bytes(source))
    with open(source, "rb") as file:
        return send(file)


class DownloadedArtifact:
    """A downloaded file, checked against the digest that the server keeps."""

    def __init__(self, slug: str, content: bytes, headers: Mapping[str, str]) -> None:
        self.slug = slug
        self.content = content
        self.content_type = headers.get("content-type", "application/octet-stream")
        self.sha256 = re.sub(r'^W/|"', "", headers.get("etag", ""))
        self.filename = _filename_in(headers.get("content-disposition", ""))

    def text(self) -> str:
        """Return the content as text."""
        return self.content.decode("utf-8", "replace")


def _filename_in(disposition: str) -> str:
    extended = re.search(r"filename\*=UTF-8''([^;]+)", disposition, re.IGNORECASE)
    if extended:
        return unquote(extended.group(1))
    plain = re.search(r'filename="([^"]*)"', disposition, re.IGNORECASE)
    return plain.group(1) if plain else "artifact"


def download(calls: Calls, slug_or_url: str, cancel: Optional[Cancel] = None) -> DownloadedArtifact:
    """Fetch a file by its slug or the address that an upload answered. The token only ever goes to the client's own server.

    :raises ModelReinsError: when there is none, or when it does not arrive as it was kept.
    """
    found = re.search(r"(?:^|/s/)([a-z0-9]+)(?:[?#].*)?$", slug_or_url)
    slug = found.group(1) if found else slug_or_url
    answer = calls.transport.exchange(
        "GET",
        f"/s/{quote(slug, safe='')}",
        headers={**calls.headers(), "Accept": "*/*"},
        timeout=time_for(ARTIFACT_BYTES),
        cancel=cancel,
    )
    if answer.status != 200:
        raise error_of(Answer(answer.status, answer.headers, answer.body), calls.transport.url)
    artifact = DownloadedArtifact(slug, answer.body, answer.headers)
    import hashlib

    sha256 = hashlib.sha256(answer.body).hexdigest()
    if artifact.sha256 not in ("", sha256):
        raise ModelReinsError(f"Artifact {slug} does not match its digest: its SHA-256 is {sha256}", code="network")
    return artifact
