"""Errors and reset times are read as the cases say that every SDK shares (contract/fixtures)."""

import json
import os
import subprocess
import time
import unittest
import urllib.error
from datetime import datetime, timezone
from email.message import Message

from modelreins_worker import ERROR_TYPES, classify_error
from modelreins_worker._classify import explain_error
from modelreins_worker._classify.reset_time import reset_time
from modelreins_worker._times import iso

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "..", "contract", "fixtures")
NOW = datetime(2026, 9, 25, 12, tzinfo=timezone.utc)


def fixture(name):
    path = os.path.join(FIXTURES, name)
    if not os.path.exists(path):
        raise unittest.SkipTest("the shared cases are in the repository, not in the package")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class SharedCases(unittest.TestCase):
    def test_errors(self):
        table = fixture("classify-error.json")
        for case in table["cases"]:
            with self.subTest(case["name"]):
                found = classify_error(case["error"], case["exit_code"], case["stderr"], now=moment(table["now"]))
                self.assertEqual((found.type, found.retryable, found.retry_at), (case["type"], case["retryable"], case["retry_at"]))
                self.assertNotEqual(found.message, "")

    def test_reset_times(self):
        for case in fixture("reset-time.json")["cases"]:
            with self.subTest(case["text"]):
                found = reset_time(case["text"], moment(case["now"]), case["zone"])
                self.assertEqual(found and iso(found), case["expected"])


class OwnErrors(unittest.TestCase):
    def classify(self, error):
        return classify_error(error, now=NOW)

    def test_types(self):
        self.assertEqual(
            sorted(vars(ERROR_TYPES).values()),
            ["auth_failed", "exit_error", "network", "oom", "rate_limited", "spawn_failed", "timeout", "unknown"],
        )

    def test_exceptions_of_the_operating_system(self):
        for error, kind in (
            (FileNotFoundError(2, "No such file or directory", "claude"), "spawn_failed"),
            (PermissionError(13, "Permission denied"), "spawn_failed"),
            (ConnectionRefusedError(111, "Connection refused"), "network"),
            (ConnectionResetError(104, "Connection reset by peer"), "network"),
            (TimeoutError(), "timeout"),
            (MemoryError(), "oom"),
            (ValueError("the cat sat on the keyboard"), "unknown"),
        ):
            with self.subTest(repr(error)):
                self.assertEqual(self.classify(error).type, kind)

    def test_causes(self):
        try:
            try:
                raise ConnectionRefusedError(111, "Connection refused")
            except OSError as cause:
                raise RuntimeError("could not ask the model") from cause
        except RuntimeError as error:
            self.assertEqual(self.classify(error).type, "network")

    def test_answers_of_http_clients(self):
        headers = Message()
        headers["Retry-After"] = "20"
        found = self.classify(urllib.error.HTTPError("http://x", 429, "slow down", headers, None))
        self.assertEqual((found.type, found.retry_at), ("rate_limited", "2026-09-25T12:00:20.000Z"))

        class StatusError(Exception):
            status_code = 503

        self.assertEqual(self.classify(StatusError("no")).type, "network")

    def test_programs(self):
        error = subprocess.CalledProcessError(1, ["tool"], stderr="HTTP 401: unauthorized\n")
        self.assertEqual(self.classify(error).type, "auth_failed")
        self.assertEqual(self.classify(subprocess.CalledProcessError(137, ["tool"])).type, "oom")
        found = self.classify(subprocess.CalledProcessError(3, ["tool"], stderr="a\nlast words\n"))
        self.assertEqual((found.type, found.message), ("exit_error", "Exited with code 3: last words"))

    def test_words_for_a_job(self):
        self.assertEqual(explain_error(KeyError("prompt"), NOW).message, "KeyError: 'prompt'")
        self.assertEqual(explain_error(ValueError(), NOW).message, "ValueError")
        words = "You've hit your session limit · resets 3pm (UTC)"
        self.assertEqual(explain_error(RuntimeError(words), NOW).message, f"Rate limited: {words}")

    def test_never_raises_and_takes_no_time(self):
        class Odd(Exception):
            @property
            def response(self):
                raise RuntimeError("odd")

            def __str__(self):
                raise RuntimeError("odd")

        self.assertEqual(self.classify(Odd()).type, "unknown")
        for odd in (7, [], object(), {"message": 3, "headers": 4}, {"status": "x", "cause": {"cause": {}}}):
            self.assertEqual(self.classify(odd).type, "unknown")
        for unit in ("-", "a/", "{", '{"a":', "429 ", "retry 1s ", " at ", "resets ", "abcdef1 ", "timeout="):
            begun = time.process_time()
            classify_error(RuntimeError(unit * (65536 // len(unit))), 1, unit * (65536 // len(unit)), now=NOW)
            self.assertLess(time.process_time() - begun, 10, unit)
