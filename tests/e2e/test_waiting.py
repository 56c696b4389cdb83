"""
Waiting: for a quota, for deferred letters, for a mailing's time; and what is
said of how long it takes.
"""

import os
import re
import signal
import time
from datetime import datetime, timedelta, timezone

import pytest

from servers import free_port
from workspace import (
    AGAIN,
    CONFIG,
    LETTER,
    OK,
    PARTLY,
    REFUSED,
    UNAVAILABLE,
    USAGE,
    Terminal,
    says,
)

YES = ("send", LETTER, "--yes")


class Watched:
    """A command that runs on, and what it said so far."""

    def __init__(self, ol, *args, prefix=()):
        # A session of its own: faketime is a process, too.
        self.process = ol.start(*args, prefix=prefix, start_new_session=True)
        self.said = b""

    def until(self, *words, limit=15):
        """Reads until it has said the words."""
        end = time.monotonic() + limit
        while not says(self.said.decode(), *words):
            assert time.monotonic() < end, self.said
            piece = self.process.stderr.read1()
            assert piece, self.said
            self.said += piece
        return self

    def end(self, limit=15):
        """Waits for its end. Returns the exit status."""
        _, rest = self.process.communicate(timeout=limit)
        self.said += rest
        return self.process.returncode

    def stop(self):
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        rc = self.end()
        assert time.monotonic() - begun < 2, "it does not listen"
        return rc


@pytest.fixture
def watch(ol):
    """Gives a function that starts a command; none is left at the end."""
    started = []

    def start(*args, **options):
        started.append(Watched(ol, *args, **options))
        return started[-1]

    yield start
    for watched in started:
        if watched.process.poll() is None:
            os.killpg(watched.process.pid, signal.SIGKILL)
            watched.process.communicate()


def soon(**delta):
    """A moment from now as RFC 3339."""
    at = datetime.now(timezone.utc) + timedelta(**delta)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_summary_counts_what_was_spent(ol, catcher):
    """The time it takes is that of an account that sent before."""
    ol.conf(catcher.port, quota="5/hour, 8/day")
    ol.people(5)
    planned = ol.ok("send", "ilo/director-general", "--dry-run")
    assert not says(planned.err, "at least")
    ol.send()
    ol.letter("ilo/other")
    planned = ol.ok("send", "ilo/other", "--dry-run")
    # 3 of them today, the others when the first five are a day old.
    assert re.search(r"at least (23 h 59 min|1 d 0 h)\n", planned.err), planned
    ol.people(3)
    planned = ol.ok("send", "ilo/other", "--dry-run")
    assert re.search(r"at least (60 min|1 h 0 min)\n", planned.err), planned


def test_quota_of_deferred_letters(ol, catcher, clock):
    """When the quota comes back later than a letter is due, it counts."""
    ol.conf(catcher.port, quota="3/day")
    catcher.rcpt["r1@example.org"] = ["450 4.2.1 grey"]
    ol.send(rc=AGAIN)
    stopped = ol.run("resume", prefix=clock("+2h"))
    assert stopped.rc == AGAIN and says(stopped.err, "quota"), stopped
    assert ol.run("resume", prefix=clock("+25h")).rc == 0
    assert len(catcher.messages) == 3


def test_when_to_come_back_with_two_quotas(ol, catcher, clock):
    ol.conf(catcher.port, quota="3/hour, 5/day")
    ol.people(7)
    first = ol.send(rc=AGAIN)
    second = ol.run("resume", prefix=clock("+2h"))
    assert second.rc == AGAIN
    assert len(catcher.messages) == 5
    # The day is full now; it began with the first three.
    begun = ol.sql("select min(at) from spending")
    for run, wait in ((first, 3600), (second, 86400)):
        at = ol.sql(
            "select strftime('%Y-%m-%dT%H:%M:%SZ', "
            f"{begun + wait}, 'unixepoch')"
        )
        assert at in run.err, run


# send --wait, resume --wait


def test_waits_for_the_quota(ol, catcher):
    """Larger than the quota, it runs on by itself and never exceeds it."""
    ol.conf(catcher.port, quota="3/second")
    ol.people(8)
    result = ol.send("--wait")
    assert says(result.err, "quota is used up; waiting until")
    assert len(set(catcher.to)) == len(catcher.messages) == 8
    assert result.seconds > 1
    assert ol.status()["state"] == "done"


def test_waits_day_after_day(ol, catcher, moving_clock, watch):
    ol.conf(catcher.port, quota="2/day")
    ol.people(5)
    run = watch(*YES, "--wait", prefix=moving_clock.prefix)
    for day in (1, 2):
        run.until(f"waiting until {soon(days=day)[:10]}")
        assert len(catcher.messages) == 2 * day
        moving_clock.move(f"+{day}d")
    assert run.end() == OK
    assert len(set(catcher.to)) == len(catcher.messages) == 5


def test_waits_for_deferred_letters(ol, catcher, moving_clock, watch):
    ol.conf(catcher.port)
    catcher.rcpt["r1@example.org"] = ["450 4.2.1 grey"]
    run = watch(*YES, "--wait", prefix=moving_clock.prefix)
    run.until("tried again; waiting until")
    assert len(catcher.messages) == 2
    moving_clock.move("+30m")
    assert run.end() == OK
    assert len(catcher.messages) == 3


def test_resume_waits_too(ol, catcher):
    ol.conf(catcher.port, quota="2/second")
    ol.people(7)
    ol.send(rc=AGAIN)
    result = ol.run("resume", "1", "--wait")
    assert result.rc == OK and len(catcher.messages) == 7


def test_the_limit_ends_it(ol, catcher):
    ol.conf(catcher.port, quota="2/second")
    ol.people(7)
    result = ol.send("--wait", "--limit", "5", rc=AGAIN)
    assert len(catcher.messages) == 5
    assert says(result.err, "openletter resume 1")


def test_the_limit_does_not_wait_for_deferred_letters(ol, catcher):
    ol.conf(catcher.port)
    catcher.rcpt["r1@example.org"] = ["450 4.2.1 grey"]
    result = ol.send("--wait", "--limit", "3", rc=AGAIN)
    assert says(result.err, "can be tried again", "openletter resume 1")


def waiting(ol, catcher, watch):
    """A run that waits an hour for the quota."""
    ol.conf(catcher.port, quota="2/hour")
    ol.people(5)
    return watch(*YES, "--wait").until("waiting until")


def test_a_signal_ends_the_wait(ol, catcher, watch):
    run = waiting(ol, catcher, watch)
    assert run.stop() == AGAIN
    assert says(run.said.decode(), "openletter resume 1")
    assert ol.status()["state"] == "running"


def test_pause_ends_the_wait(ol, catcher, watch):
    run = waiting(ol, catcher, watch)
    begun = time.monotonic()
    ol.ok("pause", 1)
    assert run.end() == AGAIN
    assert time.monotonic() - begun < 2
    assert says(run.said.decode(), "paused meanwhile")


def test_cancel_ends_the_wait(ol, catcher, watch):
    run = waiting(ol, catcher, watch)
    ol.ok("cancel", 1)
    assert run.end() == OK
    assert says(run.said.decode(), "cancelled meanwhile")
    status = ol.status()
    assert (status["sent"], status["cancelled"]) == (2, 3)


def test_others_may_work_during_the_wait(ol, catcher, fake_smtp, watch):
    """It holds nothing that another account's mailing would need."""
    conf = ol.conf(catcher.port, quota="2/hour").read_text()
    other = fake_smtp(fault="DOT:1:drop")
    ol.write(
        "openletter.conf",
        conf + f"\n[smtp two]\nhost = 127.0.0.1\nport = {other.port}\n"
        "tls = none\nconnections = 1\n",
    )
    ol.people(5)
    run = watch(*YES, "--wait").until("waiting until")
    ol.letter("ilo/other")
    ol.send("--account", "two", letter="ilo/other", rc=PARTLY)
    ol.ok("resolve", 2, "--sent", "all", "--yes")
    assert run.process.poll() is None
    assert run.stop() == AGAIN


def test_waits_for_the_server(ol, fake_smtp, moving_clock, watch):
    port = free_port()
    ol.conf(port)
    run = watch(*YES, "--wait", prefix=moving_clock.prefix)
    run.until(f"127.0.0.1:{port}", "trying again at")
    moving_clock.move("+30m")
    run.until("trying again at", "trying again at")
    server = fake_smtp(port=port)
    moving_clock.move("+3h")
    assert run.end() == OK
    assert server.accepted == 3


def test_gives_a_dead_server_up(ol, moving_clock, watch):
    ol.conf(free_port())
    run = watch(*YES, "--wait", prefix=moving_clock.prefix)
    run.until("trying again at")
    for day in (1, 2, 4):
        run.said = b""
        moving_clock.move(f"+{day}d")
        run.until("trying again at")
    moving_clock.move("+6d")
    assert run.end() == UNAVAILABLE
    assert set(ol.states().values()) == {"queued"}


def test_without_wait_a_dead_server_ends_it(ol):
    ol.conf(free_port())
    ol.send(rc=UNAVAILABLE)


def two_accounts(ol, first, second, **smtp):
    """Mailing 1 by the first account, mailing 2 by the second, unfinished."""
    conf = ol.conf(first, **smtp).read_text()
    ol.write(
        "openletter.conf",
        conf + f"\n[smtp two]\nhost = 127.0.0.1\nport = {second}\n"
        "tls = none\n",
    )
    ol.send(rc=None)
    ol.letter("ilo/other")
    ol.send("--account", "two", "--limit", "1", letter="ilo/other", rc=AGAIN)


def test_one_mailing_does_not_hold_another_up(ol, catcher):
    """A used up quota, a dead server or a fault of one account is its own."""
    two_accounts(ol, catcher.port, catcher.port, quota="2/day")
    result = ol.run("resume")
    assert result.rc == AGAIN and says(result.err, "quota", "resume 1")
    assert [row["sent"] for row in ol.json("status")] == [2, 3]


def test_a_dead_server_does_not_hold_another_up(ol, catcher):
    port = free_port()
    two_accounts(ol, port, catcher.port)
    result = ol.run("resume")
    assert result.rc == UNAVAILABLE and f":{port}" in result.err
    assert [row["sent"] for row in ol.json("status")] == [0, 3]


def test_our_fault_does_not_hold_another_up(ol, catcher, fake_smtp):
    server = fake_smtp(fault="MAIL:0:550 5.1.8 bad sender")
    two_accounts(ol, server.port, catcher.port)
    result = ol.run("resume")
    assert result.rc == CONFIG and says(result.err, "bad sender")
    states = [(r["state"], r["sent"]) for r in ol.json("status")]
    assert states == [("paused", 0), ("done", 3)]


# send --at


def test_goes_out_at_its_time(ol, catcher, watch):
    ol.conf(catcher.port)
    run = watch(*YES, "--at", soon(seconds=3))
    run.until("Waiting", "here")
    assert ol.status()["start_at"] and not catcher.messages
    # It is frozen now.
    ol.letter(Subject="Another subject")
    assert run.end() == OK
    assert len(catcher.messages) == 3
    assert catcher.messages[0].mail["Subject"] == "A subject"
    assert ol.status()["start_at"] == ""


def test_local_time(ol, catcher, clock):
    """Tests run in the clock zone of Tehran, which is UTC+03:30."""
    plan = ol.ok(
        "send", LETTER, "--dry-run", "--at", "2027-05-01 12:00",
        prefix=clock("@2027-01-01 00:00:00"),
    )  # fmt: skip
    assert says(plan.err, "2027-05-01T08:30:00Z", "(2027-05-01 12:00 here)")
    assert not ol.json("status")


@pytest.mark.parametrize(
    "args",
    [
        ("2001-01-01T00:00:00Z",),
        ("2001-01-01 00:00",),
        ("2999-01-01T00:00:00Z",),
        ("2026-05-01",),
        ("12:00",),
        ("tomorrow",),
        ("",),
        (soon(hours=1), "--test", "a@example.org"),
        (soon(hours=1), "--outbox", "out"),
    ],
)
def test_bad_times(ol, catcher, args):
    ol.conf(catcher.port)
    result = ol.run(*YES, "--at", *args)
    assert result.rc == USAGE and "--at" in result.err
    assert not ol.json("status")


def planned(ol, watch, **options):
    """A mailing that is to go out in an hour, and nobody waits for it."""
    run = watch(*YES, "--at", soon(hours=1), **options).until("Waiting")
    assert run.stop() == AGAIN
    assert says(run.said.decode(), "openletter resume 1")
    status = ol.status()
    assert (status["state"], status["queued"]) == ("running", 3)


def test_resume_without_a_number_leaves_it_alone(ol, catcher, watch, clock):
    ol.conf(catcher.port)
    planned(ol, watch)
    for prefix in ([], clock("+65m"), clock("+1d")):
        result = ol.run("resume", prefix=prefix)
        assert result.rc == AGAIN and says(result.err, "openletter resume 1")
    result = ol.send(rc=REFUSED)
    assert says(result.err, "resume 1")
    assert not catcher.messages


def test_resume_waits_for_its_time(ol, catcher, watch, moving_clock):
    ol.conf(catcher.port)
    planned(ol, watch)
    run = watch("resume", "1", prefix=moving_clock.prefix).until("Waiting")
    moving_clock.move("+50m")
    time.sleep(0.6)
    assert run.process.poll() is None and not catcher.messages
    moving_clock.move("+61m")
    assert run.end() == OK
    assert len(catcher.messages) == 3


def test_a_little_late_is_no_question(ol, catcher, watch, clock):
    ol.conf(catcher.port)
    planned(ol, watch)
    assert ol.run("resume", "1", prefix=clock("+69m")).rc == OK
    assert len(catcher.messages) == 3


def test_asks_when_its_time_has_passed(ol, catcher, watch, clock):
    ol.conf(catcher.port)
    planned(ol, watch)
    late = clock("+72m")
    refused = ol.run("resume", "1", prefix=late)
    assert refused.rc == REFUSED
    assert says(refused.err, "should have gone out at", "--yes")
    assert not catcher.messages
    env = ol.env({"TERM": "dumb"})
    for answer, rc in (("n", REFUSED), ("y", OK)):
        terminal = Terminal([*late, *ol.argv("resume", "1")], env)
        terminal.read()
        assert says(terminal.text, "3 messages", "(y/N)")
        assert not catcher.messages
        terminal.say(answer)
        assert terminal.close() == rc
    assert len(catcher.messages) == 3


def test_yes_sends_it_late(ol, catcher, watch, clock):
    ol.conf(catcher.port)
    planned(ol, watch)
    assert ol.run("resume", "1", "--yes", prefix=clock("+2d")).rc == OK
    assert len(catcher.messages) == 3


def test_once_begun_nothing_is_asked(ol, catcher, watch, clock):
    ol.conf(catcher.port)
    planned(ol, watch)
    first = ol.run("resume", "1", "--limit", "1", prefix=clock("+62m"))
    assert first.rc == AGAIN and len(catcher.messages) == 1
    assert ol.run("resume", prefix=clock("+1d")).rc == OK
    assert len(catcher.messages) == 3


def test_a_machine_that_slept_does_not_fire(ol, catcher, watch, moving_clock):
    """The process was there, but its time passed while it could not run."""
    ol.conf(catcher.port)
    run = watch(*YES, "--at", soon(hours=1), prefix=moving_clock.prefix)
    run.until("Waiting")
    moving_clock.move("+3h")
    assert run.end() == REFUSED
    assert says(run.said.decode(), "should have gone out at", "resume 1")
    assert not catcher.messages
    assert ol.status()["queued"] == 3


def test_killed_while_it_waits(ol, catcher, watch, clock):
    ol.conf(catcher.port)
    run = watch(*YES, "--at", soon(hours=1)).until("Waiting")
    run.process.kill()
    run.end()
    assert ol.run("resume", "1", prefix=clock("+2h")).rc == REFUSED
    assert not catcher.messages
    ol.ok("cancel", 1)
    assert ol.status()["cancelled"] == 3


def test_paused_before_its_time(ol, catcher, watch, clock):
    ol.conf(catcher.port)
    run = watch(*YES, "--at", soon(hours=1)).until("Waiting")
    ol.ok("pause", 1)
    assert run.end() == AGAIN
    run = watch("resume", "1").until("Waiting")
    assert ol.status()["state"] == "running"
    assert run.stop() == AGAIN
    ol.ok("pause", 1)
    assert ol.run("resume", "1", prefix=clock("+65m")).rc == OK
    assert len(catcher.messages) == 3


def test_cancelled_before_its_time(ol, catcher, watch):
    ol.conf(catcher.port)
    run = watch(*YES, "--at", soon(hours=1)).until("Waiting")
    ol.ok("cancel", 1)
    assert run.end() == OK
    assert ol.run("resume", "1").rc == REFUSED
    assert not catcher.messages


def test_sent_by_another_process_meanwhile(ol, catcher, watch, clock):
    ol.conf(catcher.port)
    run = watch(*YES, "--at", soon(hours=1)).until("Waiting")
    assert ol.run("resume", "1", prefix=clock("+65m")).rc == OK
    assert run.end() == OK
    assert len(catcher.messages) == 3


def test_its_time_comes_while_another_sends(ol, catcher, watch):
    ol.conf(catcher.port)
    ol.letter("ilo/other")
    catcher.delay_s = 1.5
    run = watch(*YES, "--at", soon(seconds=3)).until("Waiting")
    ol.send(letter="ilo/other")
    assert run.end() == OK
    assert len(catcher.messages) == 6
