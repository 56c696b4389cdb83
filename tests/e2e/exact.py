"""
What the ledger promises, whatever broke: held against what a server wrote
down. And the ways to break: see tests/fault/fault.h.
"""

import os
import shutil
import signal
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from workspace import AGAIN, LETTER, OK, PARTLY, PROGRAM

FAULT = PROGRAM.parent / "tests" / "fault.so"
KILLED = -signal.SIGKILL

# A sanitizer in the program has its own memory and is slow: it sees fewer.
SANITIZED = PROGRAM.exists() and any(
    name in PROGRAM.read_bytes() for name in (b"__asan_init", b"__tsan_init")
)

IN_DOUBT = {"sending", "sent", "unknown"}


def check_copies(copies, ids):
    """Every copy of a message has one Message-ID and the same bytes."""
    of = defaultdict(list)
    for copy in copies:
        of[copy.to].append(copy)
    for to, found in of.items():
        longest = max(found, key=lambda copy: len(copy.data))
        for copy in found:
            assert longest.data.startswith(copy.data), f"{to}: other bytes"
            assert copy.id in (None, ids[to]), f"{to}: another Message-ID"
            assert not copy.whole or copy.data == longest.data
    # No address is longer than another by more than a few digits.
    sizes = [len(copy.data) for copy in copies if copy.whole]
    assert not sizes or max(sizes) < min(sizes) + 100, "a hole in one"


def check_ledger(ol, scribe, count, doubts):
    """
    What must hold at any moment, also right after a crash: doubts is how
    many messages may be in doubt. Returns the states by address.
    """
    log = ol.log()
    states = {row["recipient"]: row["state"] for row in log}
    assert len(log) == len(states) == count
    taken = Counter(address for address, _ in scribe.accepted)
    assert not [a for a, times in taken.items() if times > 1], "sent twice"
    for row in log:
        address, state = row["recipient"], row["state"]
        if state == "sent":
            assert address in taken, f"{address}: sent and never accepted"
        if address in taken:
            assert state in IN_DOUBT, f"{address}: accepted and {state}"
    found = Counter(states.values())
    assert found["unknown"] + found["sending"] <= doubts, found
    status = ol.status()
    assert status["total"] == count
    for state in ("sending", "sent", "deferred", "rejected", "unknown"):
        assert status[state] == found[state]
    assert status["queued"] == found["queued"] + found["claimed"]
    ids = {row["recipient"]: row["message_id"] for row in log}
    check_copies(scribe.copies, ids)
    return states


def check_finished(ol, scribe, count, doubts):
    """What must hold once resume has done all there is to do."""
    scribe.settle()
    states = check_ledger(ol, scribe, count, doubts)
    assert set(states.values()) <= {"sent", "unknown"}, Counter(states.values())
    sent = {a for a, state in states.items() if state == "sent"}
    taken = {address for address, _ in scribe.accepted}
    assert sent <= taken and taken - sent <= {
        a for a, state in states.items() if state == "unknown"
    }
    assert ol.status()["state"] == "done"
    return states


def preload(**settings):
    """
    The environment of a run under the fault library: plan="step:7:7:die",
    tally, record, boot_id, clock.
    """
    if SANITIZED or not FAULT.exists():
        pytest.skip(f"needs {FAULT} and a program without sanitizers")
    env = {"LD_PRELOAD": str(FAULT)}
    for name, value in settings.items():
        env["FAULT" if name == "plan" else f"FAULT_{name.upper()}"] = str(value)
    return env


class Stage:
    """One workspace after the other, each to be broken in its own way."""

    def __init__(self, pattern, folder):
        self.pattern = pattern
        self.folder = folder
        self.used = 0

    def workspace(self):
        self.used += 1
        return self.pattern.copy(self.folder / f"ws{self.used}")

    def clear(self):
        """What went well needs no second look."""
        shutil.rmtree(self.folder / f"ws{self.used}")


def steps_of(ol, plan, *verbs, **options):
    """How many steps of a sort an undisturbed run has."""
    tally = ol.dir / "tally"
    env = preload(plan=f"{plan}:999999999:0:die", tally=tally)
    assert ol.run(*verbs, env=env, **options).rc in (OK, PARTLY)
    return int(tally.read_text())


def broken_run(ol, plan, *verbs, **settings):
    """
    Runs under a plan, dead or alive. Returns exit status, what it said, and
    whether the plan's step came: a run that dies leaves no tally.
    """
    tally = ol.dir / "tally"
    tally.unlink(missing_ok=True)
    env = preload(plan=plan, tally=tally, **settings)
    process = ol.start(*verbs, env=env)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    first = int(plan.split(":")[1])
    came = not tally.exists() or int(tally.read_text()) >= first
    return process.returncode, said.decode("utf-8", "replace"), came


def shifted(ol, seconds):
    """The environment of a run whose clock is ahead, where that is possible."""
    if SANITIZED or not FAULT.exists():
        return {}
    clock = ol.dir / "clock"
    clock.write_text(str(seconds))
    return preload(clock=clock)


HOUR = 3600
DAY = 24 * HOUR


def go_on(ol):
    """Resumes until nothing is left, later and later: retries come due."""
    if not ol.json("status"):
        ol.send(rc=None)
    for wait in (HOUR, 12 * HOUR, DAY, 2 * DAY):
        last = ol.run("resume", env=shifted(ol, wait))
        if last.rc != AGAIN:
            break
    assert last.rc in (OK, PARTLY), last
    return last


def in_parallel(jobs):
    """Runs functions on all processors. Raises what the first one raised."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()
