"""Responsible for one attempt from start to settlement: context, handler, output, outcome. It knows no poll and no heartbeat."""

from __future__ import annotations

import os
import threading
import time
from datetime import datetime
from typing import Any, Awaitable, Callable, Dict, List, NamedTuple, Optional

from .._calls import Calls
from .._errors import Aborted, ModelReinsError
from .._generated.models import Job
from .._generated.tables import OFFER_MS
from .._transport import Cancel
from .context import JobContext, Silence, UsageTotal
from .delivery import Delivery
from .outbox import Settlement
from .output import Chunk, OutputBuffer, last_bytes
from .redactor import Redactor
from .roster import Roster
from .settings import Settings
from .settle import Outcome, bounded_message, outcome_of_error, outcome_of_return, outcome_of_stop, traceback_of
from .signals import Interrupt
from .vault import is_local

#: How long the last output is retried before the completion is sent without it.
_LAST_OUTPUT_S = 10.0
#: A handler that does not check for an abort is interrupted after this time.
_INTERRUPT_S = 2.0
#: Reasons that the server decided: no result is reported for such an attempt.
_VOID = ("abort", "killswitch", "lease-lost")
_HERE = os.path.dirname(os.path.abspath(__file__))

Handler = Callable[..., Any]


class Parts(NamedTuple):
    """Objects that all attempts share."""

    settings: Settings
    calls: Calls
    roster: Roster
    delivery: Delivery
    redactor: Redactor
    resolve: Callable[[str], str]
    heard: Callable[[Any], None]
    trouble: Callable[[str, BaseException], None]
    say: Callable[[str], None]
    on_error: Optional[Callable[[Job, BaseException], Any]]
    may_signal: bool
    on_parked: Callable[[str], None]
    #: The server's time, with which reported times are compared.
    now: Callable[[], datetime]


class Attempt:
    """One attempt. :meth:`run` runs it in the calling thread; :meth:`stop` may be called from any."""

    def __init__(self, parts: Parts, job: Job, token: str, number: int) -> None:
        self.parts = parts
        self.job = job
        self.token = token
        self.number = number
        self.context = ""
        self.stopped = threading.Event()
        self.why: Optional[Aborted] = None
        self.cancel = Cancel()
        self.usage = UsageTotal(lambda words: parts.trouble("usage", ValueError(f"job {job.id}: {words}")))
        silence = job.get("silence_timeout")
        self.silence = Silence(float(silence) if silence else None)
        self.output = OutputBuffer(self, parts.redactor, lambda error: parts.trouble("output", error))
        self.interrupt: Optional[Interrupt] = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._acts: List[Callable[[], None]] = []
        self._ended = threading.Event()

    @property
    def job_id(self) -> int:
        """The job that this is an attempt of."""
        return int(self.job["id"])

    @property
    def _void(self) -> bool:
        return self.why is not None and self.why.kind in _VOID

    def stop(self, why: Aborted) -> None:
        """Stop the attempt; returns at once."""
        with self._lock:
            # The server's reasons take precedence over the worker's own: the result of a void lease must not be reported.
            if self.why is None or why.kind in _VOID:
                self.why = why
            first = not self.stopped.is_set()
            self.stopped.set()
            acts = list(self._acts) if first else []
        if self._void:
            self.output.drop()
        for act in acts:
            act()
        if first:
            self.cancel.set()
            threading.Thread(target=self._interrupt_later, name="modelreins-stop", daemon=True).start()

    def on_stop(self, act: Callable[[], None]) -> Callable[[], None]:
        """Call ``act`` when the attempt is stopped; at once if it already is."""
        with self._lock:
            now = self.stopped.is_set()
            if not now:
                self._acts.append(act)
        if now:
            act()

        def forget() -> None:
            with self._lock:
                if act in self._acts:
                    self._acts.remove(act)

        return forget

    def run(self, handler: Handler) -> None:
        """Run the handler to its end and report the outcome. Never raises because of what the handler does."""
        parts = self.parts
        parts.roster.enter(self)
        parts.say(f"job {self.job_id} begins (attempt {self.number})")
        threading.Thread(target=self._watch_limits, name="modelreins-limits", daemon=True).start()
        try:
            outcome = self._execute(handler)
            self._ended.set()
            end = self.output.end(0.0 if self._void else _LAST_OUTPUT_S)
            if self._void:
                parts.say(f"job {self.job_id} was stopped: {self.why}")
            else:
                parts.delivery.settle(self._settlement(outcome, end))
                self._tell(outcome)
        finally:
            self._ended.set()
            parts.roster.leave(self)

    def send_output(self, chunks: List[Chunk]) -> bool:
        """Send chunks; ``False`` when the server accepts no more output of this attempt."""
        try:
            body = {"job_id": self.job_id, "chunks": chunks}
            reply = self.parts.calls.call("claims.output", body, token=self.token, repeat=False, heard=self.parts.heard)
        except ModelReinsError as error:
            # Any error that is not transient means that the server does not want this attempt's output any more.
            if error.may_pass:
                raise
            return False
        return not reply.get("closed")

    def heard(self, text: str, stream: str) -> None:
        """Called with the written text."""
        self.silence.heard()

    def output_closed(self) -> None:
        """Called when the lease is gone."""
        self.stop(Aborted("the server takes no more output of this attempt", "lease-lost"))

    def _execute(self, handler: Handler) -> Outcome:
        try:
            # Secrets of this machine are registered with the redactor before anything runs.
            for reference in self.job.get("requires_secrets") or ():
                if is_local(reference):
                    self.parts.resolve(reference)
            self.context = self._load_context()
            ctx = JobContext(self)
            if self.stopped.is_set():
                return outcome_of_stop(self.why or Aborted())
            self.interrupt = Interrupt(self.parts.may_signal)
            outcome = outcome_of_return(self.interrupt.run(lambda: self._call(handler, ctx)))
        except BaseException as error:
            self._leave_fork(error)
            if self.why is not None:
                return outcome_of_stop(self.why)
            if isinstance(error, KeyboardInterrupt):
                return outcome_of_stop(Aborted("the worker was interrupted; the job is handed back", "shutdown"))
            return self._failed(error)
        self._leave_fork(None)
        if self.why is not None and outcome.error is not None:
            return outcome_of_stop(self.why)
        return outcome

    def _call(self, handler: Handler, ctx: JobContext) -> Any:
        value = handler(self.job, ctx) if takes_context(handler) else handler(self.job)
        if hasattr(value, "__await__"):
            return run_coroutine(value, self)
        return value

    def _failed(self, error: BaseException) -> Outcome:
        outcome = outcome_of_error(error, self.parts.now())
        if outcome.error is not None:
            self.output.write(traceback_of(error, _HERE), "stderr")
            if self.parts.on_error is not None:
                try:
                    self.parts.on_error(self.job, error)
                except Exception as trouble:
                    self.parts.trouble("on_error", trouble)
        return outcome

    def _load_context(self) -> str:
        if (self.job.get("context") or "none") == "none":
            return ""
        body: Dict[str, Any] = {"job_id": self.job_id}
        if self.parts.settings.context_budget is not None:
            body["budget"] = self.parts.settings.context_budget
        reply = self.parts.calls.call("context.get", body, cancel=self.cancel, heard=self.parts.heard)
        return str(reply.get("context") or "")

    def _settlement(self, outcome: Outcome, end: Any) -> Settlement:
        redact = self.parts.redactor.redact
        body: Dict[str, Any] = {"job_id": self.job_id}
        if self.usage.total:
            body["usage"] = dict(self.usage.total)
        if end.text or end.truncated:
            body["tail"] = {"text": end.text, "truncated": end.truncated}
        if end.chunks is not None:
            body["chunks"] = end.chunks
        if outcome.exit_code is not None:
            body["exit_code"] = outcome.exit_code
        if outcome.error is None:
            if outcome.result is not None:
                body["result"] = last_bytes(redact(outcome.result), 16 * 1024 * 1024)
            return Settlement("complete", self.token, self.number, body)
        error = {**outcome.error, "message": bounded_message(redact(str(outcome.error["message"])))}
        body["error"] = {name: value for name, value in error.items() if value is not None}
        until = error.get("retry_at")
        # With a provider, all work for its account waits or goes elsewhere. Without one, the error concerns only this job.
        if self.parts.settings.provider and error["type"] == "rate_limited" and error["retryable"] and until is not None:
            body["parked_until"] = until
            self.parts.on_parked(until)
        return Settlement("fail", self.token, self.number, body)

    def _tell(self, outcome: Outcome) -> None:
        if outcome.error is None:
            self.parts.say(f"job {self.job_id} is done")
        else:
            words = self.parts.redactor.redact(str(outcome.error["message"]))
            self.parts.say(f"job {self.job_id} failed ({outcome.error['type']}): {words}")

    def _interrupt_later(self) -> None:
        if not self._ended.wait(_INTERRUPT_S) and self.interrupt is not None:
            self.interrupt.raise_in_handler(self.why or Aborted())

    def _watch_limits(self) -> None:
        """Stop the attempt when it takes too long or is silent for too long."""
        limit = float(self.job.get("timeout") or 3600)
        due = time.monotonic() + limit
        while True:
            left = due - time.monotonic()
            silent = self.silence.left()
            if left <= 0:
                self.stop(Aborted(f"timeout: the attempt took longer than {limit:g} s", "timeout"))
                return
            if silent is not None and silent <= 0:
                self.stop(Aborted(f"timeout: the attempt said nothing for {self.silence.limit:g} s", "timeout"))
                return
            # The silence limit depends on output in the meantime, and its clock is stopped while a human is asked.
            pause = min(
                left,
                1.0 if self.silence.limit is not None and silent is None else left,
                silent if silent is not None else left,
            )
            if self._ended.wait(max(0.01, pause)):
                return

    def _leave_fork(self, error: Optional[BaseException]) -> None:
        """End a process that a handler forked and that returned from the handler: it must not report the job's outcome a second time."""
        if os.getpid() == self._pid:
            return
        if error is not None and not isinstance(error, SystemExit):
            import traceback  # noqa: PLC0415

            traceback.print_exception(type(error), error, error.__traceback__)
        code = error.code if isinstance(error, SystemExit) else (0 if error is None else 1)
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def start_attempt(parts: Parts, offer: Dict[str, Any]) -> Optional[Attempt]:
    """Start the attempt of an offer; ``None`` when the offer has expired or the server cannot be reached in time."""
    job, lease = offer["job"], offer["lease"]
    # A heartbeat in the meantime must report this lease, because the server may have started it already.
    parts.roster.keep_lease(job["id"], lease["attempt"])
    try:
        reply = parts.calls.call("claims.start", {"job_id": job["id"]}, token=lease["token"], timeout=OFFER_MS / 1000, heard=parts.heard)
        if not parts.roster.has_lease(job["id"], lease["attempt"]):
            return None  # aborted meanwhile
        attempt = Attempt(parts, Job.of(reply["job"]), reply["lease"]["token"], int(reply["lease"]["attempt"]))
    except ModelReinsError as error:
        parts.trouble("start", error)
        return None
    finally:
        parts.roster.drop_lease(job["id"], lease["attempt"])
    return attempt


def takes_context(handler: Handler) -> bool:
    """Whether a handler takes the context as its second argument."""
    import inspect

    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):
        return False
    places = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return True
    if len(places) < 2:
        return False
    # A second argument with a default belongs to the handler itself, unless it is called ctx or context.
    return places[1].default is places[1].empty or places[1].name in ("ctx", "context", "_ctx")


def run_coroutine(work: Awaitable[Any], attempt: Attempt) -> Any:
    """Run a coroutine to its end in this thread; an abort cancels it.

    :raises Aborted: when the attempt was stopped.
    """
    import asyncio

    return asyncio.run(_cancelled_on_stop(work, attempt))


async def _cancelled_on_stop(work: Awaitable[Any], attempt: Attempt) -> Any:
    import asyncio

    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)

    def cancel() -> None:
        try:
            loop.call_soon_threadsafe(task.cancel)
        except RuntimeError:
            pass  # the loop has ended

    forget = attempt.on_stop(cancel)
    try:
        return await task
    except asyncio.CancelledError:
        if attempt.stopped.is_set():
            raise (attempt.why or Aborted()) from None
        raise
    finally:
        forget()
