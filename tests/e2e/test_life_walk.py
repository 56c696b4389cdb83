"""
A random walk over all that becomes of signatures, beside a model of it that
says in the plainest words what must be. OPENLETTER_TEST_SEED repeats one.
"""

import os
import random
import time

import exact
import pytest
from people import pend, person, recount
from workspace import LETTER, NOTFOUND, OK, REFUSED, csv_text


class Row:
    """One signature that was stored."""

    def __init__(self, own, visibility, batch=None):
        self.own = own  # C confirmed, P pending, X expired
        self.visibility = visibility
        self.batch = batch
        self.used = False


class Signer:
    """One person: the rows that are about them now, and their word."""

    def __init__(self):
        self.rows = []
        self.head = None
        self.verdict = None
        self.since = 0  # rows before the verdict


class Model:
    """What must be, in the plainest words."""

    RANK = {"C": 3, "P": 2, "X": 1}

    def __init__(self):
        self.signers = {}
        self.revoked = set()
        self.changes = []

    def live(self, s):
        return [r for r in s.rows if r.batch not in self.revoked]

    def settle(self, s):
        if s.verdict:
            return
        live = self.live(s)
        best = max((self.RANK[r.own] for r in live), default=0)
        if s.head in live and self.RANK[s.head.own] == best:
            return
        s.head = next((r for r in live if self.RANK[r.own] == best), s.head)

    def begin(self, s, row):
        """A new signature of who had ended the old ones."""
        open_rows = [
            r for r in s.rows[s.since :] if r.own == "P" and r is not row
        ]
        s.rows = [row, *open_rows]
        s.head, s.verdict = row, None

    def arrive(self, who, row, revive):
        s = self.signers.setdefault(who, Signer())
        if s.verdict and not revive:
            return
        if s.verdict and row.own == "C":
            s.rows.append(row)
            self.begin(s, row)
            return
        s.rows.append(row)
        if not s.verdict:
            newest = s.head is None or s.head not in self.live(s)
            if newest or s.head.own == "X":
                s.head = row
            self.settle(s)

    def end(self, s, verdict):
        s.verdict = verdict
        s.since = len(s.rows)
        for row in s.rows:
            if row is not s.head and row.own == "P":
                row.own = "X"

    def state(self, s):
        if s.verdict:
            return s.verdict
        if s.head not in self.live(s):
            return "revoked"
        names = {"C": "confirmed", "P": "pending", "X": "expired"}
        return names[s.head.own]

    def visibility(self, s):
        order = ["public", "recipient", "count"]
        rows = [r for r in self.live(s) if r.own == "C"] + [s.head]
        return max((r.visibility for r in rows), key=order.index)


class Walk:
    """One random step after the other, in the program and in the model."""

    NAMES = [f"p{i}" for i in range(6)]
    SEEN = ["public", "recipient", "count"]

    def __init__(self, ol, rng):
        self.ol, self.rng = ol, rng
        self.model = Model()
        self.ahead = 0
        self.imports = 0
        self.tokens = []  # (token, who, row, until)

    def env(self):
        return exact.shifted(self.ol, self.ahead)

    def run(self, *args):
        return self.ol.run(*args, env=self.env())

    def expire(self):
        """Most commands do this before anything else."""
        for _, who, row, until in self.tokens:
            if row.own == "P" and until <= self.ahead:
                row.own = "X"
        for s in self.model.signers.values():
            self.model.settle(s)

    def load(self):
        self.imports += 1
        people = [
            person(name, visibility=self.rng.choice(self.SEEN))
            for name in self.rng.choices(self.NAMES, k=self.rng.randint(1, 4))
        ]
        file = f"{self.imports}.csv"
        path = self.ol.write(file, csv_text(people))
        before = len(self.ol.json("batches"))
        assert self.run("import", LETTER, path).rc == OK
        if len(self.ol.json("batches")) == before:
            self.imports -= 1  # everybody had withdrawn
        for who in people:
            row = Row("C", who["visibility"], self.imports)
            self.model.arrive(who["name"], row, False)

    def revoke(self):
        live = set(range(1, self.imports + 1)) - self.model.revoked
        if not live:
            return
        batch = self.rng.choice(sorted(live))
        assert self.run("revoke", batch, "--yes").rc == OK
        self.model.revoked.add(batch)
        for s in self.model.signers.values():
            self.model.settle(s)

    def sign(self):
        name, seen = self.rng.choice(self.NAMES), self.rng.choice(self.SEEN)
        args = ["--name", name, "--email", f"{name}@example.org"]
        self.expire()
        assert self.run("sign", LETTER, *args, "--visibility", seen).rc == OK
        self.model.arrive(name, Row("C", seen), True)

    def pend(self):
        name, seen = self.rng.choice(self.NAMES), self.rng.choice(self.SEEN)
        self.expire()
        token = pend(self.ol, name, env=self.env(), visibility=seen)
        row = Row("P", seen)
        self.model.arrive(name, row, True)
        self.tokens.append((token, name, row, self.ahead + 7 * exact.DAY))

    def confirm(self):
        if not self.tokens:
            return
        token, who, row, _ = self.rng.choice(self.tokens)
        self.expire()
        s = self.model.signers[who]
        good = not row.used and row.own != "X" and row in s.rows
        if s.verdict and row in s.rows[: s.since]:
            good = False
        assert self.run("confirm", token).rc == (OK if good else REFUSED)
        if not good:
            return
        row.own, row.used = "C", True
        if s.verdict:
            self.model.begin(s, row)
        self.model.settle(s)

    def end(self):
        name = self.rng.choice(self.NAMES)
        verb, state = self.rng.choice(
            [("withdraw", "withdrawn"), ("reject", "rejected")]
        )
        s = self.model.signers.get(name)
        good = s and self.model.state(s) in ("pending", "confirmed")
        done = self.run(verb, LETTER, f"{name}@example.org")
        assert done.rc == (OK if good else NOTFOUND), done
        if good:
            self.model.changes.append((state, [(s, s.head, s.head.own)]))
            self.model.end(s, state)

    def reject_pending(self):
        chosen = [
            s
            for s in self.model.signers.values()
            if self.model.state(s) == "pending"
        ]
        done = self.run("reject", LETTER, "--state", "pending", "--yes")
        assert done.rc == OK
        if chosen:
            self.model.changes.append(
                ("rejected", [(s, s.head, s.head.own) for s in chosen])
            )
        for s in chosen:
            self.model.end(s, "rejected")

    def confirm_by_hand(self):
        state = self.rng.choice(["pending", "expired"])
        chosen = [
            s
            for s in self.model.signers.values()
            if self.model.state(s) == state
        ]
        done = self.run("confirm", LETTER, "--state", state, "--yes")
        assert done.rc == OK
        if chosen:
            self.model.changes.append(
                ("confirmed", [(s, s.head, s.head.own) for s in chosen])
            )
        for s in chosen:
            s.head.own = "C"
            self.model.settle(s)

    def undo(self):
        left = [i for i, c in enumerate(self.model.changes) if c]
        if not left:
            return
        number = self.rng.choice(left)
        assert self.run("undo", number + 1).rc == OK
        state, items = self.model.changes[number]
        self.model.changes[number] = None
        for s, row, was in items:
            if self.model.state(s) != state or s.head is not row:
                continue
            if state != "confirmed":
                s.verdict = None
            elif not row.used:
                row.own = was
            self.model.settle(s)

    def later(self):
        self.ahead += self.rng.choice([exact.HOUR, exact.DAY, 3 * exact.DAY])
        assert self.run("expire").rc == OK
        self.expire()

    def check(self):
        recount(self.ol)
        states = {}
        for name, s in self.model.signers.items():
            state = self.model.state(s)
            if state in ("confirmed", "pending"):
                states[name] = (state, self.model.visibility(s))
        found = {
            row["name"]: (row["state"], row["visibility"])
            for row in self.ol.signatures()
            if row["state"] in ("confirmed", "pending")
        }
        assert found == states


STEPS = 40 if exact.SANITIZED else 90


@pytest.mark.parametrize("number", range(3))
def test_random_walk(ol, number):
    if not exact.shifted(ol, 0):
        pytest.skip("the clock cannot be shifted here")
    seed = int(os.environ.get("OPENLETTER_TEST_SEED", time.time())) + number
    print("OPENLETTER_TEST_SEED =", seed - number)
    walk = Walk(ol, random.Random(seed))
    verbs = [
        *[walk.load] * 3,
        *[walk.pend] * 3,
        *[walk.confirm] * 3,
        walk.revoke,
        walk.sign,
        walk.end,
        walk.reject_pending,
        walk.confirm_by_hand,
        *[walk.undo] * 2,
        walk.later,
    ]
    walk.load()
    for step in range(STEPS):
        verb = walk.rng.choice(verbs)
        print(step, verb.__name__)
        verb()
        walk.check()
