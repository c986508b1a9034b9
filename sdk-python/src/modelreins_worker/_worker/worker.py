"""Responsible for composing a worker from its parts and for its life cycle: start, ready, stop. The parts do the work."""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from typing import Any, Dict, Mapping, Optional, Union

from .._calls import Calls
from .._client import Client
from .._errors import Aborted, ModelReinsError
from .._times import full_jitter
from .._transport import Transport
from .._version import __version__
from .attempt import Attempt, Handler, Parts, start_attempt
from .beside import beside
from .delivery import Delivery
from .direct import DirectCalls
from .directives import Directives, Killswitch
from .hands import Hands
from .heartbeat import Heartbeat, cut_off
from .intake import Intake
from .outbox import MemoryOutbox, open_outbox
from .redactor import Redactor
from .refusals import NamePatience, is_refusal, killed, name_taken
from .roster import Roster
from .settings import Settings, TextList, config_path, read_config, resolve, usual_outbox
from .signals import Signals
from .standing import Standing, machine_name
from .talk import Talk
from .vault import environment_secrets, resolve_secret

#: How long a killed child and its handler may take to end, in addition to the time between TERM and KILL.
_WIND_DOWN_S = 5.0
#: How long a stopping worker may take to deliver remaining results and to say goodbye.
_LAST_WORDS_S = 5.0


class Worker(DirectCalls):
    """A worker: takes jobs from the queue and runs a handler for each.

    Every setting may also come from the environment (``MODELREINS_TOKEN``, ``MODELREINS_URL``, ...) or the config file; an argument wins.
    Single calls without :meth:`run`: :meth:`heartbeat`, :meth:`inbox`, :meth:`claim`, :meth:`complete`, :meth:`upload_artifact`, :meth:`submit_review`.

    :param token: the worker's token, or a member key (then ``name`` says which worker this is).
    :param url: the server's address.
    :param name: what the worker calls itself; with a token of its own the server knows its name.
    :param poll_interval: seconds between heartbeats, until the server says otherwise.
    :param timeout: seconds that one call may take.
    :param slots: jobs at a time. With one, the handler runs in the thread that calls :meth:`run`.
    :param tags: what jobs may ask for; a list, or a text with commas.
    :param networks: networks that the worker can reach; a list, or a text with commas.
    :param provider: what it says that it runs jobs with.
    :param model: the model it says that it uses.
    :param machine: how this machine is called where workers are listed; ``-`` tells no name. Default: the host's name.
    :param workdir: the folder that :func:`run_command` runs programs in.
    :param takeover: take the name over from another process that holds it.
    :param outbox_file: where completions are kept that could not be delivered; beside the config file by default.
    :param redact: more values that must never leave the machine.
    :param grace: seconds that a stop waits for running jobs before it hands them back.
    :param on_lost: what becomes of running jobs when the server cannot be reached for 60 s: ``stop`` (default) or ``finish``.
    :param context_budget: characters of context per job at most.
    :raises ModelReinsError: ``invalid-request`` that names everything that is missing or wrong.
    """

    def __init__(
        self,
        token: Optional[str] = None,
        url: Optional[str] = None,
        name: Optional[str] = None,
        poll_interval: Optional[float] = None,
        timeout: Optional[float] = None,
        *,
        slots: Optional[int] = None,
        tags: TextList = None,
        networks: TextList = None,
        provider: Optional[str] = None,
        model: Optional[str] = None,
        workdir: Union[str, os.PathLike[str], None] = None,
        machine: Optional[str] = None,
        takeover: Optional[bool] = None,
        outbox_file: Union[str, os.PathLike[str], None] = None,
        redact: TextList = None,
        grace: Optional[float] = None,
        on_lost: Optional[str] = None,
        context_budget: Optional[int] = None,
    ) -> None:
        given = {key: value for key, value in locals().items() if key != "self"}
        self._environ: Mapping[str, str] = os.environ
        self._config_path = config_path(self._environ)
        settings = resolve(given, self._environ, read_config(self._config_path))
        self.settings: Settings = settings
        self.token, self.url, self.timeout, self.poll_interval = settings.token, settings.url, settings.timeout, settings.poll_interval
        self._redactor = Redactor()
        for secret in (settings.token, *settings.redact, *environment_secrets(self._environ)):
            self._redactor.add(secret)
        self.instance = f"{machine_name(settings.machine) or 'worker'}:{os.getpid()}:{os.urandom(4).hex()}"[-255:]
        self._companion: Dict[str, str] = {"worker": settings.name or socket.gethostname()} if settings.token.startswith("mrk_") else {}
        agent = f"modelreins-worker-py/{__version__}"
        self._calls = Calls(Transport(settings.url, user_agent=agent), settings.token, settings.timeout)
        self._roster = Roster(settings.slots)
        self._talk = Talk()
        self._patience = NamePatience()
        self._directives = Directives(
            on_killswitch=self._on_killswitch,
            on_config=self._on_config,
            on_abort=self._on_abort,
            on_intake=self._roster.tell,
            on_news=self._beat_now,
        )
        self._standing = Standing(settings, self._roster, {"instance": self.instance, **self._companion}, self._directives.clock.now)
        self._roster.rule(lambda: self._directives.closed)
        self._delivery = Delivery(self._calls, self._roster, self._trouble, self._directives.heard)
        self._heartbeat = Heartbeat(
            self._calls,
            report=self._report,
            running=lambda: self._roster.running,
            interval=lambda: self._directives.heartbeat_s or self.poll_interval,
            on_reply=self._on_reply,
            on_trouble=lambda error: self._call_failed("heartbeat", error),
            on_cut_off=lambda: cut_off(self._roster, settings.on_lost, self._talk.warn),
        )
        self._intake = Intake(
            self._calls,
            self._roster,
            self._directives,
            identity=lambda: {"instance": self.instance, **self._companion},
            poll_interval=lambda: self.poll_interval,
            on_offer=lambda offer: self._hands.take(offer, one_at_a_time=settings.slots == 1),
            on_trouble=lambda error: self._call_failed("poll", error),
        )
        self._state = "new"
        self._greeted = False
        self._hands = Hands(self._roster, self._begin, self._broken)
        self._parts: Optional[Parts] = None
        self._signals = Signals(self)
        self._refusal: Optional[ModelReinsError] = None
        self._stop_lock = threading.Lock()
        self._stopping: Optional[threading.Thread] = None
        self._leaving = threading.Event()
        self._hurry = threading.Event()
        self._stopped = threading.Event()
        self._killed: Optional[Killswitch] = None
        _workers.add(self)

    @property
    def name(self) -> str:
        """The name from the settings, else the name that the server knows."""
        known = (self._directives.worker or {}).get("name")
        return self.settings.name or known or f"{socket.gethostname()}-{os.getpid()}"

    @property
    def client(self) -> Client:
        """A client for every operation of the server, with this worker's token."""
        return Client(self.url, self.token, timeout=self.timeout)

    @property
    def was_killed(self) -> bool:
        """Whether the killswitch has ended the worker."""
        return self._killed is not None

    @property
    def state(self) -> str:
        """``new``, ``starting``, ``ready``, ``stopping`` or ``stopped``."""
        return self._state

    def __repr__(self) -> str:
        return f"<Worker {self.name} at {self.url}: {self._state}>"

    def run(self, handler: Handler, on_error: Optional[Handler] = None) -> None:
        """Run ``handler`` for every job until the worker is stopped: SIGTERM or Ctrl-C (a second one at once), :meth:`stop`, killswitch.

        ``handler(job)`` or ``handler(job, ctx)``, with a :class:`JobContext`; an ``async def`` works as well. What it returns is the result.
        An exception fails the job with its traceback as output, and ``on_error(job, error)`` is called.

        :raises ModelReinsError: when the server refuses this worker: token rejected, name taken, killswitch raised before it was ready.
        """
        if self._state != "new":
            raise ModelReinsError("A worker is run once: make a new one", code="conflict", status=0)
        if not callable(handler):
            raise TypeError("handler is a function: handler(job) or handler(job, ctx)")
        self._state = "starting"
        self._hands.handler = handler
        with self._talk, self._signals:
            self._parts = Parts(
                settings=self.settings,
                calls=self._calls,
                roster=self._roster,
                delivery=self._delivery,
                redactor=self._redactor,
                resolve=lambda reference: resolve_secret(reference, self._environ, self._redactor),
                heard=self._directives.heard,
                trouble=self._trouble,
                say=self._talk.say,
                on_error=on_error,
                may_signal=self._signals.installed,
                on_parked=self._on_parked,
                now=self._directives.clock.now,
            )
            try:
                # Opened before the name is obtained, because a dead process may hold the name for longer than the leases of these completions.
                opened = self._open_outbox(last_try=False)
                self._greet()
                self._heartbeat.start()
                if not opened:
                    self._open_outbox()
                if self._stopping is None:
                    self._state = "ready"
                    self._talk.say("%s is ready at %s", self.name, self.url)
                    self._intake.start()
                    self._roster.open(True)
                self._hands.work()
            except BaseException:
                self.stop(0)
                self._hands.work()
                raise
            finally:
                self._stopped.wait(_WIND_DOWN_S + 2 * _LAST_WORDS_S)
        if self._refusal is not None:
            raise self._refusal

    def stop(self, grace: Optional[float] = None) -> None:
        """Take no more work, wait ``grace`` seconds for what runs, hand back what does not end in time; returns at once.

        May be called again, with less patience, from any thread.
        """
        seconds = self.settings.grace if grace is None else grace
        with self._stop_lock:
            if self._stopping is not None:
                if seconds <= 0:
                    self._hurry.set()
                    self._roster.tell()
                return
            self._state = "stopping"
            self._stopping = threading.Thread(target=self._stop, args=(seconds,), name="modelreins-stop", daemon=True)
        self._leaving.set()
        self._roster.open(False)
        self._intake.stop()
        if self._roster.running:
            # Jobs that wait for this worker are offered to others from now on, not only after its goodbye.
            self._beat_now()
        self._stopping.start()

    def _greet(self) -> None:
        """Send heartbeats until the server knows this worker."""
        self._talk.say("%s starts at %s", self.name, self.url)
        attempt = 0
        while self._stopping is None:
            try:
                self._heartbeat.beat()
            except ModelReinsError as error:
                self._call_failed("heartbeat", error)
                wait = error.retry_after if error.retry_after is not None else full_jitter(1.0, 30.0, attempt)
                self._leaving.wait(min(wait, 5.0) if error.code == "name-taken" else wait)
                attempt += 1
                continue
            break

    def _open_outbox(self, last_try: bool = True) -> bool:
        """Open the outbox and deliver what it contains; ``False`` when another process has it."""
        path = self.settings.outbox_file or usual_outbox(self._config_path, self.token, self._companion.get("worker"))
        try:
            outbox: MemoryOutbox = open_outbox(path)
        except (OSError, ModelReinsError) as error:
            if last_try and self.settings.outbox_file is not None:
                raise
            if last_try:
                self._trouble("outbox", error)
            return False
        waiting = len(outbox.entries())
        self._delivery.use(outbox)
        if waiting:
            self._talk.say("%d completions of an earlier run are to be delivered", waiting)
            self._delivery.redeliver()
        return True

    def _begin(self, offer: Dict[str, Any]) -> Optional[Attempt]:
        parts = self._parts
        assert parts is not None
        attempt = start_attempt(parts, offer)
        if attempt is not None:
            self._signals.attempt = attempt
            threading.Thread(target=self._heartbeat.follow, daemon=True).start()
        return attempt

    def _broken(self, error: Exception) -> None:
        """Handle a bug of the worker itself by stopping: a stopped worker is noticed, while one that continues without a slot is not."""
        self._trouble("internal", error)
        self.stop(0)

    def _report(self) -> Dict[str, Any]:
        leaving = self._state if self._state in ("stopping", "stopped") else None
        return self._standing.report(leaving, first=not self._greeted)

    def _beat_now(self) -> None:
        self._heartbeat.poke()

    def _on_reply(self, reply: Mapping[str, Any]) -> None:
        self._directives.apply_reply(reply)
        self._greeted = True

    def _on_config(self, config: Mapping[str, Any]) -> None:
        slots = self._standing.take(config, self._directives.config_version)
        self.poll_interval = config["poll_ms"] / 1000 if "poll_ms" in config else self.settings.poll_interval
        if slots != self._roster.slots:
            self._roster.resize(slots)
            self._talk.say("the operator set slots to %d", slots)

    def _on_parked(self, until: str) -> None:
        if self._standing.park(until):
            self._beat_now()

    def _on_abort(self, job_id: int, attempt: int, reason: str) -> None:
        for live in self._roster.attempts_of(job_id, attempt):
            live.stop(Aborted(f"aborted: {reason}", "abort"))
        self._roster.drop_lease(job_id, attempt)

    def _on_killswitch(self, brief: Killswitch) -> None:
        """Levels 1 and 2 are acknowledged at once, because they do not stop running jobs."""
        if not brief.active:
            if brief.level > 0:
                threading.Thread(target=self._acknowledge, args=(brief,), name="modelreins-ack", daemon=True).start()
            return
        self._killed = brief
        error = killed(brief.reason)
        self._talk.warn(str(error))
        self._roster.open(False)
        self._roster.stop_all(Aborted(str(error), "killswitch"), for_good=True)
        if self._state == "starting":
            self._refusal = error
        self.stop(0)
        self._hurry.set()

    def _acknowledge(self, brief: Killswitch) -> None:
        try:
            body = {"generation": brief.generation, **self._companion}
            self._calls.call("killswitch.ack", body, timeout=_LAST_WORDS_S)
        except ModelReinsError as error:
            self._trouble("killswitch", error)

    def _call_failed(self, what: str, error: ModelReinsError) -> None:
        if not is_refusal(error):
            self._trouble(what, error)
            return
        waiting = None if self._greeted else self._patience.wait(error)
        if waiting is not None:
            self._trouble("name-taken", waiting)
            return
        # The server permanently rejects this worker: its leases are void, and asking again is useless.
        if self._refusal is None and self._stopping is None:
            self._refusal = name_taken(error, self._greeted) if error.code == "name-taken" else error
            self._roster.stop_all(Aborted(str(error), "lease-lost"), for_good=True)
            self.stop(0)
            self._hurry.set()

    def _trouble(self, what: str, error: BaseException) -> None:
        words = self._redactor.redact(str(error) or type(error).__name__)
        self._talk.trouble(what, words)

    def _stop(self, grace: float) -> None:
        """Run the end of the worker in its own thread, because the caller's thread may be in a handler."""
        deadline = time.monotonic() + _LAST_WORDS_S
        if not self._roster.idle_within(grace, self._hurry.is_set):
            self._roster.stop_all(Aborted("the worker was stopped; the job is handed back", "shutdown"), for_good=True)
        quiet = self._roster.idle_within(_WIND_DOWN_S)
        if quiet and self._killed is not None:
            # An acknowledgement means that everything has stopped.
            self._acknowledge(self._killed)
        elif not quiet:
            self._trouble("stop", RuntimeError("a job ignores that it was stopped"))
        deadline = max(deadline, time.monotonic() + _LAST_WORDS_S)
        self._last_words(deadline)
        self._heartbeat.stop()
        self._state = "stopped"
        if self._greeted:
            self._heartbeat.goodbye(_LAST_WORDS_S)
        beside.close() if not _others_run(self) else None
        self._talk.say("%s has stopped", self.name)
        self._stopped.set()
        self._hands.rest()
        if not quiet and self._hands.busy and self._signals.installed:
            # The handler blocks the main thread and cannot be interrupted, so the process must be ended.
            self._signals.give_up(self._killed is not None)

    def _last_words(self, deadline: float) -> None:
        once = threading.Thread(target=self._delivery.redeliver_once, name="modelreins-last", daemon=True)
        once.start()
        once.join(max(0.0, deadline - time.monotonic()))
        self._delivery.close()


_workers: weakref.WeakSet[Worker] = weakref.WeakSet()


def _others_run(one: Worker) -> bool:
    return any(other is not one and other.state in ("starting", "ready", "stopping") for other in _workers)
