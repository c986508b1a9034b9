"""Ending children, and hearing of it: a killswitch reaches a worker that is busy, and a child is gone although init has not reaped it."""

import ctypes
import os
import subprocess
import sys
import threading
import time
import unittest

from modelreins_worker._worker.processes import MARK, end_process
from modelreins_worker._worker.roster import Roster

PR_SET_CHILD_SUBREAPER = 36


class Slots(unittest.TestCase):
    def test_who_waits_for_all_slots_to_be_taken_is_told_when_they_are(self):
        roster = Roster(1)
        roster.open(True)
        full = threading.Event()

        def wait():
            with roster.changed:
                if roster.changed.wait_for(lambda: roster.full, timeout=10):
                    full.set()

        thread = threading.Thread(target=wait)
        thread.start()
        while not roster.changed._waiters:
            time.sleep(0.001)
        self.assertTrue(roster.admit())
        self.assertTrue(full.wait(5))
        thread.join()


@unittest.skipUnless(sys.platform.startswith("linux"), "zombies of others are told apart by /proc")
class Zombies(unittest.TestCase):
    def setUp(self):
        # What the child leaves behind becomes ours, and we reap nothing: as init does in many containers.
        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.addCleanup(prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)

    def end(self, script):
        mark = os.urandom(8).hex()
        process = subprocess.Popen(["sh", "-c", script], env={**os.environ, MARK: mark}, stdout=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.stdout.close)
        left = int(process.stdout.readline())
        gone = end_process(process, mark, lambda: 0)
        with open(f"/proc/{left}/stat") as file:
            self.assertEqual(file.read().rpartition(")")[2].split()[0], "Z")
        os.waitpid(left, 0)
        return gone

    def test_of_the_childs_group_do_not_count(self):
        self.assertTrue(self.end("sleep 60 & echo $!; wait"))

    def test_of_what_has_left_the_group_do_not_count(self):
        self.assertTrue(self.end("""setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 60; done' & wait"""))


if __name__ == "__main__":
    unittest.main()
