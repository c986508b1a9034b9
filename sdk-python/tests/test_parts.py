"""The parts of a worker by themselves: settings, outbox, output, outcomes, records, streams, handlers."""

import functools
import os
import socket
import stat
import tempfile
import threading
import time
import unittest
from datetime import datetime, timedelta, timezone

from modelreins_worker import Aborted, ActionRefused, Job, ModelReinsError, Worker
from modelreins_worker._stream import EventParser
from modelreins_worker._times import ServerClock, iso, utc_now
from modelreins_worker._worker.attempt import takes_context
from modelreins_worker._worker.heartbeat import CUT_OFF_S, Heartbeat
from modelreins_worker._worker.outbox import FileOutbox, Settlement, read_journal
from modelreins_worker._worker.output import OutputBuffer, last_bytes, pieces
from modelreins_worker._worker.processes import scrub
from modelreins_worker._worker.redactor import Redactor
from modelreins_worker._worker.roster import Roster
from modelreins_worker._worker.settings import resolve
from modelreins_worker._worker.settle import outcome_of_error, outcome_of_return, plainer
from modelreins_worker._worker.signals import Interrupt
from modelreins_worker._worker.standing import Standing, place_of
from modelreins_worker._worker.vault import resolve_secret

NOW = datetime(2026, 9, 25, 12, tzinfo=timezone.utc)


class CutOff(unittest.TestCase):
    def test_is_said_once_while_something_runs_and_a_minute_after_the_last_answer(self):
        running = [1]
        told = []
        nothing = lambda *_: None  # noqa: E731
        heartbeat = Heartbeat(
            None,
            report=dict,
            running=lambda: running[0],
            interval=lambda: 5.0,
            on_reply=nothing,
            on_trouble=nothing,
            on_cut_off=lambda: told.append(1),
        )
        heartbeat._look_at_leases()
        self.assertEqual(told, [])
        heartbeat._heard_at -= CUT_OFF_S
        heartbeat._look_at_leases()
        heartbeat._look_at_leases()
        self.assertEqual(told, [1])
        running[0] = 0
        heartbeat._told = False
        heartbeat._look_at_leases()
        running[0] = 1
        heartbeat._look_at_leases()
        self.assertEqual(told, [1])

    def test_is_obeyed_as_the_setting_says(self):
        base = {"url": "https://a.example", "token": "mrw_x"}
        self.assertEqual([resolve({**base, **more}, {}, {}).on_lost for more in ({}, {"on_lost": "finish"})], ["stop", "finish"])
        with self.assertRaises(ModelReinsError):
            resolve({**base, "on_lost": "perhaps"}, {}, {})


class ServersTime(unittest.TestCase):
    def test_is_what_an_answer_says_and_not_this_machines_clock(self):
        clock = ServerClock()
        for hours in (3, -3):
            clock.heard(iso(utc_now() + timedelta(hours=hours)))
            self.assertAlmostEqual((clock.now() - utc_now()).total_seconds(), hours * 3600, delta=5)
            for nothing in (None, "soon", 7):
                clock.heard(nothing)
            self.assertAlmostEqual((clock.now() - utc_now()).total_seconds(), hours * 3600, delta=5)
        clock.heard(iso(utc_now()))
        self.assertAlmostEqual((clock.now() - utc_now()).total_seconds(), 0, delta=5)


class Settings(unittest.TestCase):
    def test_an_argument_wins_over_the_environment_and_that_over_the_file(self):
        config = {"server": "https://file.example", "token": "mrw_file", "slots": 3, "poll_ms": 2000, "tags": "x"}
        environ = {"MODELREINS_URL": "https://env.example/", "MODELREINS_SLOTS": "2", "MODELREINS_WORKER_TAGS": "a, b"}
        found = resolve({"slots": 1, "url": None}, environ, config)
        self.assertEqual((found.url, found.token, found.slots, found.poll_interval), ("https://env.example", "mrw_file", 1, 2.0))
        self.assertEqual((found.tags, found.grace, found.timeout), (("a", "b"), 30.0, 30.0))

    def test_every_problem_is_named_at_once(self):
        with self.assertRaises(ModelReinsError) as caught:
            resolve({"slots": 0, "tags": 7, "url": "nowhere"}, {"MODELREINS_GRACE_MS": "soon", "MODELREINS_REDACT": "x"}, {})
        error = caught.exception
        self.assertEqual([issue.path for issue in error.issues], ["url", "token", "grace", "slots", "tags"])
        self.assertIn('MODELREINS_GRACE_MS must be a number of seconds from 0 to 86400, not "soon"', str(error))
        self.assertIn("pass token=... or set MODELREINS_TOKEN", str(error))

    def test_a_one_time_view_is_not_the_token(self):
        url = "https://x.example/view/vw0123456789#" + "a" * 43
        with self.assertRaises(ModelReinsError) as caught:
            resolve({"url": "https://x.example", "token": url}, {}, {})
        self.assertIn("one-time view", str(caught.exception))
        self.assertNotIn("a" * 43, str(caught.exception))

    def test_the_published_arguments_keep_their_places(self):
        worker = Worker("mrw_x", "https://x.example", "me", 2.5, 7.0)
        self.assertEqual(
            (worker.token, worker.url, worker.name, worker.poll_interval, worker.timeout),
            ("mrw_x", "https://x.example", "me", 2.5, 7.0),
        )


class Outbox(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "deep", "outbox.jsonl")

    def entry(self, token, **body):
        return Settlement("complete", token, 1, {"job_id": 7, **body})

    def test_what_is_kept_survives(self):
        box = FileOutbox(self.path)
        box.put(self.entry("a", result="one"))
        box.put(self.entry("b", result="zwei ü"))
        box.put(self.entry("a", result="one again"))
        box.remove(self.entry("b"))
        # Without closing it, as a crash would.
        self.assertEqual([item.body["result"] for item in read_journal(self.path)], ["one again"])
        with open(self.path, "ab") as file:
            file.write(b'{"op": "put", "entry": {"kind": "complete", "tok')
        box.close()
        again = FileOutbox(self.path)
        self.assertEqual([item.token for item in again.entries()], ["a"])
        again.remove(self.entry("a"))
        self.assertEqual(os.path.getsize(self.path), 0)
        again.close()

    def test_its_owner_alone_may_read_it_and_one_process_has_it(self):
        box = FileOutbox(self.path)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        with self.assertRaises(ModelReinsError) as caught:
            FileOutbox(self.path)
        self.assertEqual(caught.exception.code, "conflict")
        box.close()
        FileOutbox(self.path).close()


class Ports:
    def __init__(self, replies=()):
        self.sent = []
        self.replies = list(replies)
        self.closed = threading.Event()

    def send_output(self, chunks):
        reply = self.replies.pop(0) if self.replies else True
        if isinstance(reply, Exception):
            raise reply
        self.sent.extend(chunks)
        return reply

    def heard(self, text, stream):
        pass

    def output_closed(self):
        self.closed.set()


class Output(unittest.TestCase):
    def buffer(self, *replies):
        ports = Ports(replies)
        self.troubles = []
        return ports, OutputBuffer(ports, Redactor(), self.troubles.append)

    def test_a_little_standard_output_travels_with_the_completion(self):
        ports, output = self.buffer()
        output.write("hello ")
        output.write("world\n")
        self.assertEqual(output.end(5), ("hello world\n", False, None))
        self.assertEqual(ports.sent, [])

    def test_other_streams_are_sent_in_order(self):
        ports, output = self.buffer()
        output.write("out\n")
        output.write("err\n", "stderr")
        self.assertEqual(output.end(5), ("", True, 2))
        self.assertEqual(
            [(chunk["seq"], chunk["stream"], chunk["text"]) for chunk in ports.sent], [(0, "stdout", "out\n"), (1, "stderr", "err\n")]
        )

    def test_a_failure_that_passes_loses_nothing_and_changes_no_order(self):
        ports, output = self.buffer(ModelReinsError("away", code="network"), ModelReinsError("away", code="unavailable", retry_after=0.01))
        text = "".join(f"{index}\n" for index in range(30_000))
        for at in range(0, len(text), 999):
            output.write(text[at : at + 999])
        end = output.end(20)
        self.assertEqual("".join(chunk["text"] for chunk in ports.sent) + end.text, text)
        self.assertEqual([chunk["seq"] for chunk in ports.sent], list(range(len(ports.sent))))
        self.assertEqual(len(self.troubles), 2)

    def test_a_closed_stream_stops_the_attempt_and_holds_nobody(self):
        ports, output = self.buffer(False)
        output.write("x" * 100_000)
        self.assertTrue(ports.closed.wait(10))
        output.write("y" * 5_000_000)
        self.assertEqual(output.end(1).text, "")

    def test_without_patience_the_rest_is_the_tail(self):
        _, output = self.buffer(*[ModelReinsError("away", code="network")] * 99)
        output.write("x" * 100_000 + "end")
        begun = time.monotonic()
        end = output.end(0.2)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertTrue(end.text.endswith("xend") and end.truncated)
        self.assertLessEqual(len(end.text), 64 * 1024)

    def test_pieces_and_ends_count_bytes(self):
        self.assertEqual("".join(pieces("ü" * 50_000)), "ü" * 50_000)
        self.assertTrue(all(len(piece.encode()) <= 65_536 for piece in pieces("😀" * 50_000)))
        self.assertEqual(last_bytes("aüb", 2), "b")
        self.assertEqual(last_bytes("aüb", 3), "üb")


class Outcomes(unittest.TestCase):
    def test_what_a_handler_returns(self):
        for value, result in (
            ("text", "text"),
            (None, None),
            ("", ""),
            ({"a": [1, None]}, '{"a": [1, null]}'),
            (0, "0"),
            (True, "true"),
            (("a", 1), '["a", 1]'),
            (b"bytes", "bytes"),
            ({"when": NOW}, '{"when": "2026-09-25 12:00:00+00:00"}'),
        ):
            with self.subTest(repr(value)):
                self.assertEqual(outcome_of_return(value), (result, None, 0))
        loop = []
        loop.append(loop)
        self.assertIn("not JSON", outcome_of_return(loop).error["message"])
        self.assertIn("artifact", outcome_of_return("x" * (16 * 1024 * 1024 + 1)).error["message"])

    def test_what_a_handler_raises(self):
        def of(error):
            found = outcome_of_error(error, NOW).error
            return None if found is None else (found["type"], found["retryable"])

        self.assertEqual(of(ConnectionResetError(104, "reset")), ("network", True))
        self.assertEqual(of(ActionRefused("mail.send", 7, "too many")), ("denied", False))
        self.assertEqual(of(Aborted("late", "timeout")), ("timeout", True))
        self.assertEqual(of(Aborted("down", "shutdown")), ("unknown", True))
        self.assertEqual(of(SystemExit(3)), ("exit_error", False))
        self.assertIsNone(of(SystemExit()))
        wrapped = RuntimeError("could not send")
        wrapped.__cause__ = ActionRefused("mail.send", 7, None)
        self.assertEqual(of(wrapped), ("denied", False))

    def test_what_nobody_takes_is_said_in_plainer_words(self):
        entry = Settlement("complete", "t", 1, {"job_id": 7, "result": "r", "usage": {}, "chunks": 2})
        refused = ModelReinsError("no", code="invalid-request")
        less = plainer(entry, refused)
        self.assertEqual((less.kind, less.body), ("complete", {"job_id": 7, "chunks": 2, "result": "r"}))
        least = plainer(less, refused)
        self.assertEqual((least.kind, least.body["error"]["message"]), ("fail", "The server refused the result: no"))
        self.assertIsNone(plainer(least, refused))
        self.assertIn("artifact", plainer(entry, ModelReinsError("no", code="too-large")).body["error"]["message"])
        self.assertIsNone(plainer(entry, ModelReinsError("no", code="lease-lost")))


class Handlers(unittest.TestCase):
    def test_who_wants_the_context(self):
        class Callable:
            def __call__(self, job, ctx):
                pass

            def method(self, job):
                pass

        async def later(job, ctx):
            pass

        for handler, wants in (
            (lambda job: None, False),
            (lambda job, ctx: None, True),
            (lambda job, ctx=None: None, True),
            (lambda job, client=None: None, False),
            (lambda *words: None, True),
            (Callable(), True),
            (Callable().method, False),
            (functools.partial(lambda model, job: None, "m"), False),
            (functools.partial(lambda model, job, ctx: None, "m"), True),
            (later, True),
            (str, False),
        ):
            self.assertEqual(takes_context(handler), wants, handler)

    def test_a_loop_that_never_looks_is_interrupted_and_nothing_behind_it(self):
        outcome = []
        started = threading.Event()
        held = []

        def loop():
            while True:
                started.set()
                time.sleep(0.001)

        def run():
            held.append(Interrupt(False))
            try:
                held[0].run(loop)
            except Aborted as why:
                outcome.append(why)
            for _ in range(1000):
                pass
            outcome.append(held[0].raise_in_handler(Aborted()))

        thread = threading.Thread(target=run)
        thread.start()
        started.wait(10)
        self.assertTrue(held[0].raise_in_handler(Aborted()))
        thread.join(10)
        self.assertIsInstance(outcome[0], Aborted)
        self.assertIs(outcome[1], False)


class Small(unittest.TestCase):
    def test_records_are_dicts_with_attributes(self):
        job = Job.of({"id": 7, "prompt": "x", "error": {"type": "t", "message": "m", "retryable": True}, "new_field": 1})
        self.assertIsInstance(job, dict)
        self.assertEqual((job.id, job["prompt"], job.error.message, job.new_field, job.artifacts), (7, "x", "m", 1, None))
        self.assertFalse(hasattr(job, "nothing"))
        with self.assertRaises(AttributeError):
            job.prompt = "y"

    def test_server_sent_events_at_every_split(self):
        text = ': hello\r\nevent: output\rid: 3\ndata: {"a":\ndata: 1}\n\nevent: end\ndata: {}\r\n\r\n'
        whole = EventParser().push(text + "\n")
        self.assertEqual(
            [(event["event"], event["id"], event["data"]) for event in whole], [("output", "3", '{"a":\n1}'), ("end", "3", "{}")]
        )
        for at in range(len(text)):
            parser = EventParser()
            self.assertEqual(parser.push(text[:at]) + parser.push(text[at:] + "\n"), whole)

    def test_secrets(self):
        redactor = Redactor()
        self.assertEqual(resolve_secret("vault://env/DB", {"DB": "open-sesame"}, redactor), "open-sesame")
        self.assertEqual(redactor.redact("open-sesame"), "[redacted]")
        for reference in ("vault://env/NONE", "vault://other/x", "nothing", "vault://env/"):
            with self.assertRaises(ModelReinsError):
                resolve_secret(reference, {}, redactor)

    def test_children_get_no_credential(self):
        token = "mrw_acme_abcdefgh_" + "a1" * 12 + "_" + "b2" * 12
        environ = {"MODELREINS_TOKEN": "x", "HEADER": f"Bearer {token}", "OWN": f"see {token}", "MODELREINS_URL": "u", "PATH": "p"}
        self.assertEqual(scrub(environ), {"MODELREINS_URL": "u", "PATH": "p"})
        self.assertEqual(scrub({"A": "my-secret-token-1"}, "my-secret-token-1"), {})

    def test_a_limit_of_the_account_is_told_until_it_has_passed(self):
        given = {"token": "mrw_x", "url": "http://127.0.0.1:1", "provider": "claude"}
        standing = Standing(resolve(given, {}, {}), Roster(1), {"instance": "i"}, utc_now)
        self.assertNotIn("parked_until", standing.report(None, first=True))
        soon, later = (iso(datetime.now(timezone.utc) + timedelta(seconds=left)) for left in (60, 3600))
        self.assertTrue(standing.park(later))
        self.assertFalse(standing.park(soon))
        self.assertEqual(standing.report(None, first=False)["parked_until"], later)
        standing = Standing(resolve(given, {}, {}), Roster(1), {"instance": "i"}, utc_now)
        standing.park(iso(datetime.now(timezone.utc) - timedelta(seconds=1)))
        self.assertNotIn("parked_until", standing.report("stopping", first=False))

    def test_the_folder_is_told_to_a_server_that_keeps_jobs_apart_by_it(self):
        given = {"token": "mrw_x", "url": "http://127.0.0.1:1", "provider": "claude", "workdir": "/nowhere/at\u200ball/" + "x" * 200}
        standing = Standing(resolve(given, {}, {}), Roster(1), {"instance": "i"}, utc_now)
        self.assertNotIn("place", standing.report(None, first=True))
        standing.take({"concurrency_key": "workdir"})
        place = standing.report(None, first=False)["place"]
        self.assertEqual(place, "x" * 120)
        self.assertEqual(place_of("/"), f"{socket.gethostname()}:/")
        self.assertTrue(place_of("/a\u200bb").endswith(":/ab"))
        standing.take({})
        self.assertNotIn("place", standing.report(None, first=False))

    def test_aborted_is_no_exception_that_a_handler_swallows(self):
        self.assertFalse(issubclass(Aborted, Exception))
