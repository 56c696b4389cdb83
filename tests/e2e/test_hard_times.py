"""
A disk that is full for a while, a database that another program holds, a
clock that jumps, two senders on one store.
"""

import signal
import sqlite3
import time
from contextlib import closing

import exact
import pytest
from workspace import AGAIN, CREATE, IO, LETTER, OK, PARTLY, REFUSED

COUNT = 6


@pytest.fixture
def mailing(ol, scribe):
    """A small mailing, and the server it goes to."""
    server = scribe()
    ol.conf(server.port, connections=2)
    ol.people(COUNT)
    return server


# the disk


@pytest.mark.parametrize(
    "site, what, room",
    [
        ("write", "ENOSPC", "never"),
        ("write", "ENOSPC", "soon"),
        ("sql", "FULL", "never"),
    ],
)
def test_disk_is_full_from_each_step_on(
    ol, tmp_path, mailing, site, what, room
):
    """
    Until the run ends, or for some writes: then there is room again. When
    only the database is refused, what is in flight is still written down.
    """
    stage = exact.Stage(ol, tmp_path / "stage")
    verbs = ("send", LETTER, "--yes")
    total = exact.steps_of(stage.workspace(), site, *verbs)
    for first in range(1, total + 1):
        ws = stage.workspace()
        mailing.clear()
        last = 0 if room == "never" else first + 5
        plan = f"{site}:{first}:{last}:{what}"
        rc, said, _ = exact.broken_run(ws, plan, *verbs)
        assert rc in (OK, PARTLY, CREATE, IO), f"{plan}: {rc} {said}"
        if rc in (CREATE, IO):
            assert ws.dir.name in said or "sending" in said, said
        mailing.settle()
        exact.go_on(ws)
        exact.check_finished(ws, mailing, COUNT, 2)
        stage.clear()


# the database is busy


def hold(database, seconds):
    """Another program writes for so long."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout = 20000")
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


def test_database_is_held_again_and_again(ol, mailing):
    """A mailing among others who write goes on in the gaps."""
    mailing.delay_s = 0.01
    ol.people(100)
    ol.ok("status")
    process = ol.start("send", LETTER, "--yes")
    held = 0
    while process.poll() is None:
        hold(ol.database, 0.03)
        held += 1
        time.sleep(0.005)
    process.communicate()
    assert process.returncode == OK
    assert held > 5
    exact.check_finished(ol, mailing, 100, 0)


def test_database_is_held_for_longer_than_it_waits(ol, mailing):
    """Nothing new is begun without it; what came of a letter is not lost."""
    mailing.delay_s = 0.05
    ol.people(100)
    process = ol.start("send", LETTER, "--yes")
    while len(mailing.accepted) < 10 and process.poll() is None:
        time.sleep(0.01)
    hold(ol.database, 12)
    process.communicate(timeout=60)
    mailing.settle()
    assert process.returncode in (OK, AGAIN)
    exact.check_ledger(ol, mailing, 100, 2)
    exact.go_on(ol)
    exact.check_finished(ol, mailing, 100, 0)


# the clock


class Clock:
    """The program's clock, so many seconds ahead, also while it runs."""

    def __init__(self, ol):
        self.path = ol.dir / "clock"
        self.set(0)
        self.env = exact.preload(clock=self.path)

    def set(self, seconds):
        fresh = self.path.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.rename(self.path)


JUMPS = [exact.DAY, -exact.DAY, exact.HOUR, -exact.HOUR, 10 * exact.DAY]


@pytest.mark.parametrize("jump", JUMPS)
def test_clock_jumps_between_runs(ol, mailing, jump):
    """A quota for ever is not overshot, and every letter goes out at last."""
    ol.conf(mailing.port, connections=2, quota="4/day")
    ol.people(COUNT)
    clock = Clock(ol)
    assert ol.run("send", LETTER, "--yes", env=clock.env).rc == AGAIN
    assert len(mailing.accepted) == 4
    clock.set(jump)
    last = ol.run("resume", env=clock.env)
    if jump < exact.DAY:
        # Whatever the clock says, a day has not passed.
        assert last.rc == AGAIN and len(mailing.accepted) == 4
        clock.set(max(jump, 0) + 2 * exact.DAY)
        last = ol.run("resume", env=clock.env)
    assert last.rc == OK
    exact.check_finished(ol, mailing, COUNT, 0)


def test_clock_was_ahead_and_is_right_again(ol, mailing):
    """A quota that was used in the future does not last until then."""
    ol.conf(mailing.port, connections=2, quota="4/day")
    clock = Clock(ol)
    clock.set(10 * exact.DAY)
    assert ol.run("send", LETTER, "--yes", env=clock.env).rc == AGAIN
    clock.set(0)
    assert ol.run("resume", env=clock.env).rc == AGAIN
    assert len(mailing.accepted) == 4
    clock.set(exact.DAY + exact.HOUR)
    assert ol.run("resume", env=clock.env).rc == OK
    exact.check_finished(ol, mailing, COUNT, 0)


@pytest.mark.parametrize("jump", JUMPS)
def test_clock_jumps_during_a_run(ol, mailing, jump):
    mailing.delay_s = 0.02
    ol.people(60)
    clock = Clock(ol)
    process = ol.start("send", LETTER, "--yes", env=clock.env)
    while len(mailing.accepted) < 20:
        assert process.poll() is None
        time.sleep(0.005)
    clock.set(jump)
    process.communicate(timeout=30)
    assert process.returncode == OK
    exact.check_finished(ol, mailing, 60, 0)


def test_clock_jumps_back_during_a_quota(ol, mailing):
    """The hour is not over because the clock was set back and forth."""
    mailing.delay_s = 0.02
    ol.conf(mailing.port, connections=2, quota="30/day")
    ol.people(60)
    clock = Clock(ol)
    process = ol.start("send", LETTER, "--yes", env=clock.env)
    while len(mailing.accepted) < 10:
        assert process.poll() is None
        time.sleep(0.005)
    clock.set(-exact.HOUR)
    process.communicate(timeout=30)
    assert process.returncode == AGAIN
    assert len(mailing.accepted) == 30
    clock.set(0)
    assert ol.run("resume", env=clock.env).rc == AGAIN
    assert len(mailing.accepted) == 30


@pytest.mark.parametrize("jump", [-exact.DAY, -exact.HOUR, 3 * exact.DAY])
def test_a_retry_outlives_a_jump(ol, catcher, jump):
    """It is tried again with the same bytes, however the clock went."""
    kept = []
    catcher.data["r0@example.org"] = ["451 4.3.0 not now"]
    original = catcher.handle_DATA

    async def keep(server, session, envelope):
        kept.append(bytes(envelope.original_content))
        return await original(server, session, envelope)

    catcher.handle_DATA = keep
    ol.conf(catcher.port)
    ol.people(1)
    clock = Clock(ol)
    assert ol.run("send", LETTER, "--yes", env=clock.env).rc == AGAIN
    clock.set(jump)
    ol.run("resume", env=clock.env)
    # A clock that was set back for good must not put it off for that long.
    clock.set(jump + exact.DAY // 2)
    assert ol.run("resume", env=clock.env).rc == OK
    assert len(kept) == 2 and kept[0] == kept[1]
    assert ol.status()["sent"] == 1


# two senders


@pytest.fixture
def first(ol, mailing):
    """A sender at work, slowly."""
    mailing.delay_s = 0.1
    ol.people(60)
    process = ol.start("send", LETTER, "--yes")
    while len(mailing.accepted) < 4:
        assert process.poll() is None
        time.sleep(0.01)
    yield process
    process.kill()
    process.communicate()


def check_refused(ol, first):
    for verbs in (("resume",), ("send", LETTER, "--yes"), ("resume", "1")):
        refused = ol.run(*verbs)
        assert refused.rc == REFUSED, refused
        if verbs[0] == "resume":
            assert str(first.pid) in refused.err


def test_second_sender_is_told_who_has_it(ol, first, mailing):
    check_refused(ol, first)
    first.send_signal(signal.SIGSTOP)
    try:
        check_refused(ol, first)
        # Asking is no harm, and takes nothing out of its hands.
        assert ol.status()["state"] == "running"
    finally:
        first.send_signal(signal.SIGCONT)
    first.send_signal(signal.SIGTERM)
    first.wait(30)
    mailing.delay_s = 0
    exact.go_on(ol)
    exact.check_finished(ol, mailing, 60, 0)


def test_second_sender_after_a_kill(ol, first, mailing):
    """The lock goes with its holder; the file that stays is no lock."""
    first.kill()
    first.wait(10)
    mailing.settle()
    mailing.delay_s = 0
    assert (ol.dir / "openletter.lock").exists()
    exact.go_on(ol)
    exact.check_finished(ol, mailing, 60, 2)


@pytest.mark.parametrize("content", ["", "1\n", "999999999\n", "x" * 5000])
def test_stale_lock_file(ol, mailing, content):
    ol.write("openletter.lock", content)
    ol.send()
    exact.check_finished(ol, mailing, COUNT, 0)


def test_two_senders_at_the_same_moment(ol, mailing):
    """Of several that start at once one has it, and nothing goes out twice."""
    ol.send("--limit", "1", rc=AGAIN)
    for _ in range(5):
        started = [ol.start("resume", "--limit", "1") for _ in range(4)]
        for process in started:
            process.communicate(timeout=30)
        codes = {process.returncode for process in started}
        assert codes <= {OK, AGAIN, REFUSED}, codes
    exact.go_on(ol)
    exact.check_finished(ol, mailing, COUNT, 0)
