"""Responsible for the context of a handler: output, usage, secrets, files, reviews. All of it ends with the attempt."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from .. import _artifacts
from .._artifacts import DownloadedArtifact, Source
from .._calls import fresh_key
from .._errors import Aborted, ActionRefused, ModelReinsError
from .._generated.models import Artifact, Job, Review
from .._generated.tables import LIST_MAX, LONG_POLL_MAX_S
from .._times import full_jitter

if TYPE_CHECKING:
    from .attempt import Attempt


class AbortedEvent:
    """Whether the attempt is over, like a ``threading.Event`` that only the worker sets."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def is_set(self) -> bool:
        """Whether the attempt is over."""
        return self._event.is_set()

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Wait until the attempt is over, at most ``timeout`` seconds; return whether it is."""
        return self._event.wait(timeout)

    def __bool__(self) -> bool:
        return self._event.is_set()


class JobContext:
    """What a handler is given beside its job. May be used from every thread of the handler, and from no other process.

    ``job`` is the job, ``attempt`` the number of this attempt, ``context`` the text of the job's context policy (empty
    when that is ``none``). ``fence`` is the fencing token of this attempt, for whatever must not obey an attempt that has
    lost its lease. ``aborted`` is set when the attempt is over: aborted, killswitch, lease lost, timeout, shutdown.
    """

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._pid = os.getpid()
        self.job: Job = attempt.job
        self.attempt: int = attempt.number
        self.fence: str = attempt.token
        self.context: str = attempt.context
        self.workdir: Optional[str] = attempt.parts.settings.workdir
        self.aborted = AbortedEvent(attempt.stopped)

    def __repr__(self) -> str:
        return f"<JobContext of job {self.job.id}, attempt {self.attempt}>"

    def check(self) -> None:
        """Raise :class:`Aborted` when the attempt is over; cheap enough for every turn of a loop.

        :raises Aborted: with its reason and ``kind``.
        """
        self._own_process()
        if self._attempt.stopped.is_set():
            raise self._attempt.why or Aborted()

    def output(self, text: str, stream: str = "stdout") -> None:
        """Stream output, redacted. Returns when it is accepted; a fast writer is held back before the memory is full.

        :param stream: ``stdout``, ``stderr`` or ``system``.
        """
        self._own_process()
        if stream not in ("stdout", "stderr", "system"):
            raise ValueError(f"stream is stdout, stderr or system, not {stream!r}")
        self._attempt.output.write(str(text), stream)

    def usage(
        self,
        tokens_in: Optional[float] = None,
        tokens_out: Optional[float] = None,
        cost_usd: Optional[float] = None,
        model: Optional[str] = None,
    ) -> None:
        """Report tokens and cost; calls add up, and the last named model is used. Values that are not numbers from 0 on are ignored."""
        self._attempt.usage.add(tokens_in=tokens_in, tokens_out=tokens_out, cost_usd=cost_usd, model=model)

    def secret(self, reference: str) -> str:
        """Return the value of ``vault://env/NAME``, resolved on this machine and kept out of every output from now on.

        :raises ModelReinsError: when it cannot be resolved.
        """
        return self._attempt.parts.resolve(reference)

    def authorize(self, capability: str, action: Any, *, title: Optional[str] = None, irreversible: Optional[bool] = None) -> Any:
        """Wait until an action may run and return it, possibly edited by a reviewer: run what is returned.

        Waits for as long as the human thinks; a broken connection or a restarted server finds the same question again.

        :param action: what is to be done, as JSON; the reviewer sees all of it.
        :param title: what the reviewer reads first.
        :raises ActionRefused: with the reviewer's words.
        :raises Aborted: when the attempt is over.
        :raises ModelReinsError: ``capability-not-declared``, ...
        """
        body: Dict[str, Any] = {
            "job_id": self.job.id,
            "capability": capability,
            "action": action,
            "wait": LONG_POLL_MAX_S,
            # The same key for every repetition of this call, and a new one for every other call.
            "idempotency_key": fresh_key(),
        }
        if title is not None:
            body["title"] = title
        if irreversible is not None:
            body["irreversible"] = irreversible
        failures = 0
        with self._attempt.silence.asking():
            while True:
                self.check()
                try:
                    reply = self._call("claims.authorize", body, repeat=False, token=self._attempt.token)
                except ModelReinsError as error:
                    self.check()
                    if not error.may_pass:
                        raise
                    self._attempt.stopped.wait(error.retry_after or full_jitter(1.0, 30.0, failures))
                    failures += 1
                    continue
                failures = 0
                if reply["outcome"] == "refused":
                    raise ActionRefused(capability, reply.get("review_id"), reply.get("comment"))
                if reply["outcome"] == "allowed":
                    return reply.get("action")

    def submit_review(
        self,
        type: str,  # noqa: A002
        title: str,
        content: str = "",
        preview: Optional[str] = None,
        target: Optional[str] = None,
        *,
        payload: Any = None,
        capability: Optional[str] = None,
        irreversible: Optional[bool] = None,
    ) -> Review:
        """Submit content for a human decision; the job continues. ``client.reviews.get(id, wait=...)`` returns the decision."""
        fields = {
            "type": type,
            "title": title,
            "content": content,
            "preview": preview,
            "target": target,
            "payload": payload,
            "capability": capability,
            "irreversible": irreversible,
            "job_id": self.job.id,
        }
        body = {name: value for name, value in fields.items() if value is not None}
        return Review.of(self._call("reviews.submit", body))

    def upload_artifact(
        self,
        source: Source,
        content_type: Optional[str] = None,
        filename: Optional[str] = None,
        *,
        review_id: Optional[int] = None,
        expires_at: Optional[str] = None,
        share: Optional[bool] = None,
    ) -> Artifact:
        """Upload bytes, or the file at a path, and attach it to the job. An attempt that has lost its lease attaches nothing more.

        :param content_type: taken from the name's ending when absent.
        :raises ModelReinsError: when it was not kept.
        """
        self._own_process()
        return _artifacts.upload(
            self._attempt.parts.calls,
            source,
            content_type=content_type,
            filename=None if filename is None else os.path.basename(filename),
            job_id=self.job.id,
            review_id=review_id,
            expires_at=expires_at,
            share=share,
            token=self._attempt.token,
            cancel=self._attempt.cancel,
        )

    def download_artifact(self, slug_or_url: str) -> DownloadedArtifact:
        """Fetch a file of this tenant, such as one that the job came with, and check that it is the one that was kept."""
        self._own_process()
        return _artifacts.download(self._attempt.parts.calls, slug_or_url, cancel=self._attempt.cancel)

    def list_artifacts(self) -> List[Artifact]:
        """Return the files of the job, newest first: those attached to it and those it has uploaded."""
        found = self._call("artifacts.list", {"job_id": self.job.id, "limit": LIST_MAX})
        return [Artifact.of(item) for item in found["items"]]

    @property
    def _stop_is_urgent(self) -> bool:
        """Whether a member or the killswitch stopped the attempt: its processes then get only a short time to end."""
        why = self._attempt.why
        return why is not None and why.kind in ("abort", "killswitch")

    @property
    def _worker_token(self) -> str:
        """The worker's own credential, which is removed from the environment of children."""
        return self._attempt.parts.settings.token

    def on_stop(self, act: Callable[[], None]) -> Callable[[], None]:
        """Call ``act`` from another thread when the attempt is stopped; returns a function that cancels this."""
        return self._attempt.on_stop(act)

    def _call(self, operation: str, body: Dict[str, Any], *, repeat: bool = True, token: Optional[str] = None) -> Any:
        self._own_process()
        return self._attempt.parts.calls.call(
            operation, body, token=token, repeat=repeat, cancel=self._attempt.cancel, heard=self._attempt.parts.heard
        )

    def _own_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("this process was forked from the worker's: use ctx in the worker's own process only")


class Silence:
    """The silence limit: without output for this long, an attempt counts as stuck. The clock is stopped while a human is asked."""

    def __init__(self, limit: Optional[float]) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._asking = 0
        self._heard = time.monotonic()

    def heard(self) -> None:
        """Called when the attempt has produced output."""
        self._heard = time.monotonic()

    def asking(self) -> _Asking:
        """Stop the clock inside of a ``with``."""
        return _Asking(self)

    def count(self, change: int) -> None:
        """Change the number of humans who are being asked."""
        with self._lock:
            self._asking += change
            self._heard = time.monotonic()

    def left(self) -> Optional[float]:
        """Return the seconds until the attempt counts as stuck; ``None`` without a limit or while a human is asked."""
        if self.limit is None or self._asking:
            return None
        return self._heard + self.limit - time.monotonic()


class _Asking:
    def __init__(self, silence: Silence) -> None:
        self._silence = silence

    def __enter__(self) -> None:
        self._silence.count(1)

    def __exit__(self, *_: object) -> None:
        self._silence.count(-1)


class UsageTotal:
    """The sum of an attempt's reported usage. Invalid values are left out and reported, so that they do not fail the result."""

    def __init__(self, trouble: Callable[[str], None]) -> None:
        self._lock = threading.Lock()
        self._trouble = trouble
        self.total: Dict[str, Any] = {}

    def add(self, **said: Any) -> None:
        """Add a report."""
        with self._lock:
            for name, value in said.items():
                if value is None:
                    continue
                if name == "model":
                    self.total["model"] = str(value)[:120]
                elif isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf"):
                    self.total[name] = self.total.get(name, 0) + value
                else:
                    self._trouble(f"usage cannot be counted as it was reported ({name}: {value!r:.40})")
