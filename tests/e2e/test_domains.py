"""Recipients' domains: how many letters at a time, and patience."""

import collections
import threading
import time

import pytest

from servers import Scribe
from workspace import AGAIN, LETTER, OK


class Crowd(Scribe):
    """Knows when letters to each domain came, and how many at a time."""

    def __init__(self, *args, slow=(), **options):
        super().__init__(*args, **options)
        self.slow = dict(slow)  # domain: how many it turns away at first
        self.counting = threading.Lock()
        self.now = collections.Counter()
        self.most = collections.Counter()
        self.came = collections.defaultdict(list)
        self.turned_away = {}

    def answer_to(self, to):
        domain = to.split("@")[1]
        with self.counting:
            if self.slow.get(domain, 0) > 0:
                self.slow[domain] -= 1
                self.turned_away[domain] = time.monotonic()
                return "450 4.2.1 too much mail from you, wait"
        return "250 2.1.5 ok"

    def write_down(self, to, file):
        domain = to.split("@")[1]
        with self.counting:
            self.came[domain].append(time.monotonic())
            self.now[domain] += 1
            self.most[domain] = max(self.most[domain], self.now[domain])
        try:
            return super().write_down(to, file)
        finally:
            with self.counting:
                self.now[domain] -= 1


@pytest.fixture
def crowd():
    """Gives a function that starts a Crowd."""
    started = []

    def start(*args, **options):
        started.append(Crowd(*args, **options).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


def write_to(ol, *addresses):
    ol.letter()
    ol.recipients([{"email": a, "name": "N"} for a in addresses])


def to_domain(domain, count):
    return [f"r{i}@{domain}" for i in range(count)]


@pytest.mark.parametrize("limit", [1, 2])
def test_so_many_at_a_time(ol, crowd, limit):
    server = crowd(0.005)
    ol.conf(server.port, connections=6, perdomain=limit)
    write_to(ol, *to_domain("big.example", 150), *to_domain("Small.example", 30))
    ol.send()
    assert len(server.accepted) == 180
    assert server.most["big.example"] == limit
    assert server.most["Small.example"] <= limit


def test_any_number_at_a_time_else(ol, crowd):
    server = crowd(0.005)
    ol.conf(server.port, connections=4)
    write_to(ol, *to_domain("big.example", 200))
    ol.send()
    assert server.most["big.example"] == 4


def test_limited_letters_do_not_hide_others(ol, crowd):
    """More than a claim looks at stand before the others in the list."""
    server = crowd()
    ol.conf(server.port, connections=3, perdomain=1)
    write_to(ol, *to_domain("big.example", 2500), *to_domain("last.example", 3))
    ol.send()
    assert len(server.accepted) == 2503
    assert server.most["big.example"] == 1


def test_a_domain_that_asks_for_patience_waits_alone(ol, crowd):
    server = crowd(slow={"busy.example": 3})
    ol.conf(server.port, connections=1)
    busy, calm = to_domain("busy.example", 30), to_domain("calm.example", 70)
    write_to(ol, *[a for pair in zip(busy, calm) for a in pair], *calm[30:])
    ol.send(rc=AGAIN)
    (status,) = [ol.status()]
    assert (status["sent"], status["deferred"]) == (97, 3)
    asked = server.turned_away["busy.example"]
    later = [t for t in server.came["busy.example"] if t > asked + 0.5]
    assert later and min(later) > asked + 0.7
    meanwhile = [t for t in server.came["calm.example"] if t < min(later)]
    assert len(meanwhile) > 30, "the others did not wait"


def test_patience_grows_and_ends(ol, crowd):
    """A domain that turns everybody away holds nobody else up, and those that
    wait for it are tried again in the same run."""
    server = crowd(slow={"busy.example": 22})
    ol.conf(server.port, connections=2)
    write_to(ol, *to_domain("busy.example", 40), *to_domain("calm.example", 40))
    begun = time.monotonic()
    ol.send(rc=AGAIN)
    assert time.monotonic() - begun < 40
    assert len(server.came["calm.example"]) == 40
    status = ol.status()
    assert (status["sent"], status["deferred"]) == (58, 22)
    assert ol.run("resume", 1).rc == AGAIN, "a quarter of an hour to wait"
    assert ol.status()["queued"] == 0


def test_stopped_while_a_domain_waits(ol, crowd):
    server = crowd(slow={"busy.example": 100})
    ol.conf(server.port, connections=1)
    write_to(ol, *to_domain("busy.example", 60))
    process = ol.start("send", LETTER, "--yes")
    while "busy.example" not in server.turned_away:
        time.sleep(0.01)
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == AGAIN
    status = ol.status()
    assert status["queued"] + status["deferred"] == 60
    server.slow.clear()
    while ol.status()["queued"]:
        assert ol.run("resume", 1).rc in (OK, AGAIN)
    ids = [mail for _, mail in server.accepted]
    assert len(ids) == len(set(ids)) == ol.status()["sent"]
