"""Responsible for running the tests of this folder and saying how each went, one JSON line per test; it tests nothing itself."""

import io
import json
import sys
import time
import unittest


class Lines(unittest.TextTestResult):
    def startTest(self, test):
        self.begun = time.perf_counter()
        super().startTest(test)

    def say(self, test, outcome, words=""):
        ms = (time.perf_counter() - getattr(self, "begun", time.perf_counter())) * 1000
        print(json.dumps({"name": test.id(), "outcome": outcome, "words": words, "ms": round(ms)}), flush=True)

    def addSuccess(self, test):
        self.say(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say(test, "failed", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.say(test, "failed", self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        if err is not None:
            super().addSubTest(test, subtest, err)
            words = (self.failures + self.errors)[-1][1]
            self.say(subtest, "failed", words)

    def addSkip(self, test, reason):
        self.say(test, "skipped", reason)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.discover(sys.argv[1], top_level_dir=sys.argv[2])
    unittest.TextTestRunner(resultclass=Lines, stream=io.StringIO()).run(suite)
