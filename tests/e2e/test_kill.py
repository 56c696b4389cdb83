"""
kill -9 during a send, ten times at random, then resume: nothing lost,
nothing sent twice, what is not known is reported as such.
"""

import os
import random
import signal
import subprocess
import time
from collections import Counter

import pytest

from workspace import AGAIN, LETTER, OK, PARTLY, csv_text

COUNT = 400
KILLS = 10
DELAY_S = 0.005


def check(ol, accepted, kills, count=COUNT, connections=1):
    """What must hold whenever the program was killed."""
    states = ol.states()
    taken = Counter(address for address, _ in accepted)
    ids = dict(accepted)
    assert len(states) == count
    assert not [a for a, times in taken.items() if times > 1], "sent twice"
    unknown = {a for a, state in states.items() if state == "unknown"}
    sent = {a for a, state in states.items() if state == "sent"}
    assert sent <= set(taken), "said to be sent and never accepted"
    assert set(taken) <= sent | unknown, "accepted and not in the ledger"
    assert len(unknown) <= kills * connections, "one for each connection"
    for row in ol.log():
        if row["state"] == "sent":
            assert row["message_id"] == ids[row["recipient"]]
    return states


def kill_some(ol, verbs, rng):
    """Runs until killed or done. Returns whether it had to be killed."""
    process = ol.start(*verbs)
    try:
        process.wait(0.05 + rng.random() * 0.3)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("connections", [1, 4, 16])
def test_ten_kills(ol, scribe, connections):
    seed = int(os.environ.get("OPENLETTER_TEST_SEED", time.time()))
    print("OPENLETTER_TEST_SEED =", seed)
    rng = random.Random(seed)
    server = scribe(DELAY_S)
    ol.conf(server.port, connections=connections)
    count = COUNT * min(connections, 8)
    ol.people(count)

    kills = 0
    verbs = ["send", LETTER, "--yes"]
    for _ in range(4 * KILLS):
        if kills == KILLS:
            break
        kills += kill_some(ol, verbs, rng)
        # Killed before the mailing was made, it has to be made again.
        if ol.json("status"):
            verbs = ["resume"]
    assert kills == KILLS, "it was done before it could be killed so often"
    # The last message may still be on its way into the server's list.
    time.sleep(0.2)
    assert ol.intact()

    last = ol.run("resume")
    states = check(ol, server.accepted, kills, count, connections)
    counts = Counter(states.values())
    assert set(counts) <= {"sent", "unknown"}, counts
    assert last.rc == (PARTLY if counts["unknown"] else OK), last
    status = ol.status()
    assert status["unknown"] == counts["unknown"]
    assert status["sent"] == counts["sent"]
    assert len(ol.log("--state", "unknown")) == counts["unknown"]
    assert server.accepted, "it sent something"


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
    states = check(ol, server.accepted, 1)
    if process.returncode == AGAIN:
        assert "unknown" not in states.values()
    assert ol.run("resume").rc in (OK, PARTLY)
    check(ol, server.accepted, 1)
    assert len(server.accepted) >= COUNT - 1


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
