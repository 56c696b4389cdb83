"""
kill -9 at random moments of a send, some hundred times, and resume: nothing
lost, nothing sent twice, what is not known is reported as such.
"""

import os
import random
import signal
import ssl
import subprocess
import time
from itertools import count as count_up

import exact
import pytest
from conftest import TRANSPORTS
from people import recount
from workspace import AGAIN, LETTER, OK, PARTLY, csv_text

KILLS = 20 if exact.SANITIZED else 200
COUNT = 600
EARLY = 8  # one of so many comes before the first message
BEFORE_KILL = 40  # messages at most
DELAY_S = 0.005

# Longer than what goes out in one piece, so that a kill cuts it.
BODY = "Dear {{recipient.salutation}},\n\n" + "we write to you. \n" * 300


class Killer:
    """Kills one run after the other in a mailing of its own."""

    def __init__(self, ol, scribe, connections, rng):
        self.ol, self.scribe, self.rng = ol, scribe, rng
        self.connections = connections
        self.hits = 0  # while it was sending
        self.all = 0
        self.checked = 0
        scribe.clear()
        ol.people(COUNT)
        ol.letter(body=BODY)

    def wait(self, process):
        """Waits for the moment. Returns whether messages were going out."""
        if self.rng.randrange(EARLY) == 0:
            time.sleep(self.rng.random() * 0.03)
            return False
        goal = len(self.scribe.accepted) + self.rng.randint(1, BEFORE_KILL)
        while process.poll() is None and len(self.scribe.accepted) < goal:
            time.sleep(0.0002)
        time.sleep(self.rng.random() * 0.003)
        return True

    def kill(self, *verbs):
        """Returns False when the run came to its end before."""
        ahead = self.rng.randrange(4) * exact.HOUR
        process = self.ol.start(*verbs, env=exact.shifted(self.ol, ahead))
        hit = self.wait(process)
        process.kill()
        process.communicate()
        self.scribe.settle()
        if process.returncode != exact.KILLED:
            return False
        self.all += 1
        self.hits += hit
        return True

    def check(self):
        """On a copy: the crash is recovered from by what comes next."""
        self.checked += 1
        copy = self.ol.copy(f"{self.ol.dir}-{self.checked}")
        if copy.json("status"):
            exact.check_ledger(copy, self.scribe, COUNT, self.doubts)
            assert copy.intact()

    @property
    def doubts(self):
        return self.all * self.connections

    def run(self, most):
        verbs = ["send", LETTER, "--yes"]
        while self.hits < most and self.kill(*verbs):
            self.check()
            # Killed before the mailing was made, it has to be made again.
            if self.ol.json("status"):
                verbs = ["resume"]
        exact.go_on(self.ol)
        exact.check_finished(self.ol, self.scribe, COUNT, self.doubts)


@pytest.fixture
def tls(certs):
    """Gives a function: how a scribe and an account speak to each other."""

    def find(way):
        account = dict(TRANSPORTS[way])
        if way == "clear":
            return {}, account
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certs / "good.pem")
        account["cafile"] = certs / "ca.pem"
        return {"context": context, "implicit": way == "implicit"}, account

    return find


@pytest.mark.parametrize(
    "connections, way, kills",
    [
        (1, "clear", KILLS),
        (4, "clear", KILLS),
        (16, "clear", KILLS),
        (4, "starttls", KILLS // 10),
        (4, "implicit", KILLS // 10),
    ],
)
def test_random_kills(ol, tmp_path, scribe, tls, connections, way, kills):
    seed = int(os.environ.get("OPENLETTER_TEST_SEED", time.time()))
    print("OPENLETTER_TEST_SEED =", seed)
    rng = random.Random(seed)
    options, account = tls(way)
    server = scribe(**options)
    ol.conf(server.port, connections=connections, **account)
    for number in count_up():
        copy = ol.copy(tmp_path / f"round{number}")
        killer = Killer(copy, server, connections, rng)
        killer.run(kills)
        kills -= killer.hits
        if kills <= 0:
            break
        assert number < 100, "it is done before it can be killed"


def kill_second_tries(ol, server, rng):
    """Returns whether it was killed while letters went out again."""
    server.clear()
    clock = ol.dir / "clock"
    clock.write_text("0")
    process = ol.start(
        "send", LETTER, "--yes", env=exact.preload(clock=clock)
    )
    goal = rng.randint(1, COY // 2)
    while process.poll() is None and len(server.accepted) < goal:
        # What was put off comes due while the run goes on.
        clock.write_text(str(len(server.copies) // 20 * exact.HOUR))
        time.sleep(0.001)
    process.kill()
    process.communicate()
    server.settle()
    exact.go_on(ol)
    exact.check_finished(ol, server, COY, 4)
    return process.returncode == exact.KILLED


COY = 200


def test_killed_at_the_second_try(ol, tmp_path, scribe):
    """What is known of the first try is not taken for the second's."""
    exact.preload()
    server = scribe(coy=True, delay_s=0.001)
    ol.conf(server.port, connections=4)
    ol.people(COY)
    hits = sum(
        kill_second_tries(
            ol.copy(tmp_path / f"coy{i}"), server, random.Random(i)
        )
        for i in range(20)
    )
    assert hits > 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop(ol, scribe, number):
    """Ctrl-C finishes the message it is at and loses nothing."""
    server = scribe(DELAY_S)
    ol.conf(server.port)
    ol.people(COUNT)
    process = ol.start("send", LETTER, "--yes")
    while len(server.accepted) < 20:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode in (AGAIN, -number)
    server.settle()
    states = exact.check_ledger(ol, server, COUNT, 1)
    if process.returncode == AGAIN:
        assert not {"unknown", "sending"} & set(states.values())
    exact.go_on(ol)
    exact.check_finished(ol, server, COUNT, 1)


def test_killed_while_signing(ol):
    """A signature once acknowledged is never lost."""
    for i in range(8):
        process = ol.start(
            "sign", LETTER, "--name", "A", "--email", f"a{i}@x.org"
        )
        time.sleep(random.random() * 0.01)
        process.kill()
        process.communicate()
        if process.returncode == 0:
            assert f"a{i}@x.org" in {r["email"] for r in ol.signatures()}
    assert ol.sign(email="last@x.org").rc == OK
    assert ol.intact()


def test_killed_while_importing(ol):
    rows = [
        {"name": f"Person {i}", "email": f"p{i}@example.org"}
        for i in range(20000)
    ]
    ol.load(rows[:1])
    path = ol.write("many.csv", csv_text(rows))
    for wait in (0.02, 0.05, 0.1, 0.2):
        process = ol.start("import", LETTER, path)
        time.sleep(wait)
        process.kill()
        process.communicate()
        assert ol.count()["total"] in (1, 20000), "all or nothing"
    ol.ok("import", LETTER, path)
    assert ol.count()["total"] == 20000


SIGNERS = 4000


class Batches:
    """One batch that comes and goes, beside one that stays and shares half."""

    def __init__(self, ol, rng):
        self.ol, self.rng = ol, rng
        people = [
            {"name": f"Person {i}", "email": f"p{i}@example.org"}
            for i in range(SIGNERS)
        ]
        self.few = SIGNERS // 2
        ol.load(people[: self.few], file="few.csv")
        self.file = ol.write("all.csv", csv_text(people))
        self.number = 1  # of the latest batch
        self.took = {}  # how long a run takes to its end

    def verbs(self):
        if self.ol.count()["total"] == self.few:
            return "import", LETTER, self.file
        return "revoke", self.number, "--yes"

    def kill(self):
        """Returns whether a run was killed on its way."""
        verbs = self.verbs()
        before = self.ol.count()["total"]
        longest = self.took.setdefault(verbs[0], 0.05)
        begun = time.monotonic()
        process = self.ol.start(*verbs)
        try:
            process.communicate(timeout=self.rng.random() * longest * 1.1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        if process.returncode == OK:
            self.took[verbs[0]] = time.monotonic() - begun
        self.check(process.returncode, before)
        return process.returncode == exact.KILLED

    def check(self, rc, before):
        """All of it is done or nothing."""
        now = self.ol.count()["total"]
        assert now in (self.few, SIGNERS)
        assert rc == exact.KILLED or (rc == OK and now != before)
        recount(self.ol)
        last = self.ol.json("batches")[-1]
        self.number = last["batch"]
        came = now == SIGNERS
        assert came == (last["state"] == "imported" and self.number > 1)


def test_killed_while_importing_and_revoking(ol):
    seed = int(os.environ.get("OPENLETTER_TEST_SEED", time.time()))
    print("OPENLETTER_TEST_SEED =", seed)
    batches = Batches(ol, random.Random(seed))
    kills = KILLS // 2
    for _ in range(10 * kills):
        kills -= batches.kill()
        if kills == 0:
            break
    assert kills == 0, "it is done before it can be killed"
    # Run again, it is whole.
    ol.ok(*batches.verbs())
    batches.check(OK, None)
    assert ol.intact()
