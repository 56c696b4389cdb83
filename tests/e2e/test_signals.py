"""^C and kill: the first lets messages in flight end, the second does not."""

import re
import signal
import sqlite3
import time
from collections import Counter

import pytest

from workspace import AGAIN, LETTER, OK, PARTLY, says

FINISHING = "Finishing the messages in flight; again to leave at once."


@pytest.fixture(params=[1, 4], ids=["one", "four"])
def mailing(request, ol, scribe):
    """A mailing under way for long, over so many connections."""
    server = scribe(0.3)
    ol.conf(server.port, connections=request.param)
    ol.people(40 * request.param)
    ol.server, ol.connections = server, request.param
    return ol


class Piped:
    """The program with nobody at a terminal."""

    def __init__(self, ol):
        self.process = ol.start("send", LETTER, "--yes")

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def end(self):
        """Waits for the end. Returns exit status and what it said."""
        _, err = self.process.communicate(timeout=20)
        return self.process.returncode, err.decode()


class Typed:
    """The program on a terminal, where a person presses ^C."""

    def __init__(self, ol):
        self.terminal = ol.terminal("send", LETTER, "--yes", term="xterm")

    def interrupt(self):
        self.terminal.interrupt()

    def end(self):
        return self.terminal.close(), self.terminal.text


@pytest.fixture(params=[Piped, Typed], ids=["pipe", "terminal"])
def run(request, mailing):
    """The same, once the server has accepted something."""
    process = request.param(mailing)
    end = time.monotonic() + 20
    while len(mailing.server.accepted) < 2 * mailing.connections:
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


def compare(ol, unknown):
    """The ledger against what the server accepted."""
    accepted = Counter(ol.server.accepted)
    assert not accepted or max(accepted.values()) == 1
    log = {(row["recipient"], row["message_id"]): row for row in ol.log()}
    in_doubt = 0
    for message, row in log.items():
        if row["state"] == "sent":
            assert message in accepted
        elif row["state"] == "unknown":
            in_doubt += 1
        else:
            assert row["state"] == "queued" and message not in accepted
    assert in_doubt <= unknown
    assert ol.intact()


def finish(ol, rc):
    """The rest goes out, nothing twice."""
    ol.server.delay_s = 0
    assert ol.run("resume").rc == rc
    accepted = Counter(ol.server.accepted)
    assert max(accepted.values()) == 1
    states = Counter(ol.states().values())
    assert set(states) <= {"sent", "unknown"}
    assert len(accepted) >= states["sent"]
    return states["unknown"]


def test_first_signal(run, mailing):
    run.interrupt()
    rc, said = run.end()
    assert rc == AGAIN
    assert said.count(FINISHING) == 1 and says(said, "There is more to send")
    # Every message that was begun has its outcome.
    compare(mailing, unknown=0)
    accepted = len(mailing.server.accepted)
    assert re.search(rf"\b{accepted} sent, 0 deferred, 0 rejected, 0 unk", said)
    assert accepted < 40 * mailing.connections
    assert finish(mailing, OK) == 0
    assert len(mailing.server.accepted) == 40 * mailing.connections


def test_second_signal(run, mailing):
    mailing.server.delay_s = 60
    # Messages that wait for an answer now get none.
    time.sleep(0.5)
    run.interrupt()
    time.sleep(0.5)
    before = time.monotonic()
    run.interrupt()
    rc, said = run.end()
    assert time.monotonic() < before + 3
    assert rc == -signal.SIGINT and FINISHING in said
    recovered = mailing.run("status")
    assert recovered.rc == OK
    compare(mailing, unknown=mailing.connections)
    unknown = finish(mailing, PARTLY)
    assert unknown == mailing.connections


def is_sending(ol):
    """Whether a message was handed over and not yet answered."""
    try:
        return ol.database.exists() and ol.sql(
            "select count(*) from delivery where state = 2"
        )
    except sqlite3.OperationalError:
        return False  # its tables are just being made


@pytest.mark.parametrize(
    "first, second",
    [
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGTERM),
        (signal.SIGTERM, signal.SIGINT),
        (signal.SIGHUP, signal.SIGINT),
    ],
)
def test_any_second_signal_leaves_at_once(ol, fake_smtp, first, second):
    ol.conf(fake_smtp(fault="DOT:1:hang").port, timeout=600)
    run = Piped(ol)
    end = time.monotonic() + 20
    while not is_sending(ol):
        assert time.monotonic() < end
        time.sleep(0.05)
    run.interrupt(first)
    time.sleep(0.5)
    assert run.process.poll() is None
    run.interrupt(second)
    rc, said = run.end()
    assert rc == -second and says(said, "again to leave at once")


def test_quiet_says_nothing(ol, scribe):
    server = scribe(0.3)
    ol.conf(server.port)
    ol.people(40)
    process = ol.start("send", LETTER, "--yes", "-q")
    end = time.monotonic() + 20
    while not server.accepted:
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == AGAIN and err == b""


def test_signal_at_the_last_message(ol, scribe):
    """What is done is done: there is nothing to run again."""
    ol.conf(scribe(1).port, connections=1)
    ol.people(1)
    process = ol.start("send", LETTER, "--yes")
    time.sleep(0.7)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == OK
    assert ol.status()["state"] == "done"
