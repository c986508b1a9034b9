"""Secrets never leave the machine: in no spelling, and at no cut of a stream."""

import base64
import json
import random
import unittest
from urllib.parse import quote, quote_plus

from modelreins_worker._worker.redactor import Redactor
from modelreins_worker._worker.vault import environment_secrets


def redactor_of(*secrets):
    redactor = Redactor()
    for secret in secrets:
        redactor.add(secret)
    return redactor


def streamed(redactor, pieces):
    stream = redactor.stream()
    return "".join(stream.push(piece) for piece in pieces) + stream.end()


class Spellings(unittest.TestCase):
    secret = 'p@ss/wörd "42"\\?&='

    def test_every_spelling(self):
        data = self.secret.encode()
        for spelling in (
            self.secret,
            base64.b64encode(data).decode(),
            base64.urlsafe_b64encode(data).decode().rstrip("="),
            data.hex(),
            data.hex().upper(),
            quote(self.secret, safe=""),
            quote(self.secret, safe="").lower().replace("%c3%b6", "%c3%b6"),
            quote_plus(self.secret, safe=""),
            json.dumps(self.secret)[1:-1],
            json.dumps(self.secret, ensure_ascii=False)[1:-1],
            json.dumps(json.dumps(self.secret, ensure_ascii=False)[1:-1], ensure_ascii=False)[1:-1],
        ):
            with self.subTest(spelling):
                self.assertEqual(redactor_of(self.secret).redact(f"before {spelling} after"), "before [redacted] after")

    def test_inside_base64(self):
        for offset in range(5):
            text = base64.b64encode(b"x" * offset + self.secret.encode() + b"tail").decode()
            left = redactor_of(self.secret).redact(text)
            self.assertIn("[redacted]", left)
            self.assertNotIn(base64.b64encode(self.secret.encode()).decode()[4:12], left)

    def test_lines_of_a_key(self):
        pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----"
        self.assertEqual(redactor_of(pem).redact("line: AQEFAASCBKcwggSjAgEAAoIB."), "line: [redacted].")

    def test_short_values_are_no_secrets(self):
        redactor = Redactor()
        self.assertFalse(redactor.add("abc"))
        self.assertFalse(redactor.add(None))
        self.assertEqual(redactor.redact("abc"), "abc")


class Streams(unittest.TestCase):
    def test_every_split(self):
        redactor = redactor_of("mrw_acme_0123456789")
        text = "token=mrw_acme_0123456789; again bXJ3X2FjbWVfMDEyMzQ1Njc4OQ== and mrw_acme_012345678X"
        whole = "token=[redacted]; again [redacted] and mrw_acme_012345678X"
        for first in range(len(text) + 1):
            for second in range(first, len(text) + 1, 3):
                self.assertEqual(streamed(redactor, [text[:first], text[first:second], text[second:]]), whole)

    def test_overlaps(self):
        self.assertEqual(redactor_of("abcdefgh", "efghijkl").redact("x abcdefghijkl y"), "x [redacted] y")
        self.assertEqual(redactor_of("abcdef", "abcdefghij").redact("abcdefghij abcdef"), "[redacted] [redacted]")
        self.assertEqual(redactor_of("aaaaaa").redact("baaaaaaaaaab"), "b[redacted]b")

    def test_two_sources_are_not_joined(self):
        redactor = redactor_of("secret-value")
        out, err = redactor.stream(), redactor.stream()
        self.assertEqual([out.push("secret-"), err.push("value"), out.end(), err.end()], ["", "value", "secret-", ""])

    def test_a_secret_that_is_registered_late(self):
        redactor = redactor_of("first-secret")
        stream = redactor.stream()
        self.assertEqual(stream.push("one "), "one ")
        redactor.add("second-secret")
        self.assertEqual(stream.push("second-secret.") + stream.end(), "[redacted].")

    def test_any_text_in_any_pieces(self):
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        for _ in range(400):
            secrets = ["".join(chance.choice("abc") for _ in range(chance.randint(6, 9))) for _ in range(chance.randint(1, 3))]
            noise = ["".join(chance.choice("abc.") for _ in range(chance.randint(0, 12))) for _ in range(chance.randint(0, 6))]
            text = "".join(part + secrets[index % len(secrets)] for index, part in enumerate(noise))
            cuts = sorted({0, len(text), *(chance.randint(0, len(text)) for _ in range(6))})
            redactor = redactor_of(*secrets)
            left = streamed(redactor, [text[start:end] for start, end in zip(cuts, cuts[1:])])
            for secret in secrets:
                self.assertNotIn(secret, left, f"seed {seed}")
            self.assertEqual(left, redactor.redact(text), f"seed {seed}")


class Shapes(unittest.TestCase):
    keys = (
        "sk-ant-api03-" + "a1B2" * 12,
        "sk-proj-" + "a1B2_" * 10,
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2_" * 12,
        "AKIA" + "A1B2" * 4,
        "xoxb-" + "1234567890-" * 3 + "abc",
        "glpat-" + "a1B2" * 5,
        "mrw_acme_abcdefgh_" + "a1b2" * 6 + "_" + "c3d4" * 6,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIB\nADANBgkq\n-----END RSA PRIVATE KEY-----",
    )

    def test_well_known_keys_at_every_split(self):
        for key in self.keys:
            text = f"key {key} end"
            for at in range(len(text) + 1):
                with self.subTest(key[:12], at=at):
                    self.assertEqual(streamed(Redactor(), [text[:at], text[at:]]), "key [redacted] end")
            self.assertEqual(streamed(Redactor(), list(text)), "key [redacted] end")

    def test_nothing_else(self):
        for text in (
            "sk-learn and risk-free",
            "hf_short",
            "a-----BEGIN CERTIFICATE-----\nabc",
            "eyJ.x",
            "AKIA",
            "npm_config_x",
            "ask-ant-x",
        ):
            self.assertEqual(streamed(Redactor(), list(text)), text)

    def test_a_word_without_an_end_is_not_kept_forever(self):
        stream = Redactor().stream()
        passed = sum(len(stream.push("x" * 1000)) for _ in range(100))
        self.assertGreater(passed, 90_000)


class Environment(unittest.TestCase):
    def test_values_that_are_secrets_by_their_names(self):
        found = environment_secrets(
            {
                "GITHUB_TOKEN": "0123456789abc",
                "PGPASSWORD": "correct-horse-1",
                "MYSQL_PWD": "correct-horse-2",
                "OLD_PWD": "/home/somebody/x",
                "API_KEY": "short",
                "TOKENIZERS_PARALLELISM": "false-false-false",
                "COMPASS": "north-north-north",
            }
        )
        self.assertEqual(found, ["0123456789abc", "correct-horse-1", "correct-horse-2"])
