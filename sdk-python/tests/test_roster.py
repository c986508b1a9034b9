"""Who is at work: slots, and the attempts that the server is asked to start."""

import unittest
from types import SimpleNamespace

from modelreins_worker import Aborted
from modelreins_worker._worker.attempt import start_attempt
from modelreins_worker._worker.roster import Roster


class AboutToStart(unittest.TestCase):
    """Attempts that the server is asked to start, and for which no handler runs."""

    def setUp(self):
        self.roster = Roster(1)
        self.roster.open(True)
        self.assertTrue(self.roster.admit())

    def test_are_waited_for_and_stopped_with_the_worker(self):
        self.assertFalse(self.roster.idle_within(0))
        why = Aborted("the worker was stopped; the job is handed back", "shutdown")
        self.roster.stop_all(why, for_good=True)
        told = []

        class Begun:
            job_id, number, stop = 1, 1, staticmethod(told.append)

        begun = Begun()
        self.roster.enter(begun)
        self.assertEqual(told, [why])
        self.roster.leave(begun)
        self.assertFalse(self.roster.idle_within(0))
        self.roster.release()
        self.assertTrue(self.roster.idle_within(0))

    def test_are_not_run_when_they_were_aborted_meanwhile(self):
        roster, lease = self.roster, {"token": "t", "attempt": 2}

        def call(*_, **__):
            self.assertEqual(roster.leases(), [{"job_id": 7, "attempt": 2}])
            roster.drop_lease(7, 2)
            return {"job": {"id": 7, "prompt": "x"}, "lease": lease}

        parts = SimpleNamespace(roster=roster, calls=SimpleNamespace(call=call), heard=None, trouble=self.fail)
        self.assertIsNone(start_attempt(parts, {"job": {"id": 7}, "lease": lease}))


if __name__ == "__main__":
    unittest.main()
