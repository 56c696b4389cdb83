"""
The program ends at its first write, sync or send, at the second, and so on
until a run completes; or that step fails, or a call of the database, or an
allocation. Each time resume must bring the mailing to a true end.
"""

import os
import random
import time
from itertools import count as count_up

import exact
import pytest
from workspace import LETTER, OK, csv_text

COUNT = 3
# Allocations are many: some, others in each run. 1 takes them all.
EVERY = int(os.environ.get("OPENLETTER_TEST_EVERY", 60))



class Sending:
    """A small mailing, made and sent, in a workspace for each step."""

    verbs = ("send", LETTER, "--yes")

    def __init__(self, ol, folder, scribe, connections):
        ol.conf(scribe.port, connections=connections, timeout=5)
        ol.letter(body="Dear you,\n\n" + "we write. " * 400)
        ol.people(COUNT)
        self.connections = connections
        self.scribe = scribe
        self.stage = exact.Stage(ol, folder)

    def begin(self):
        """Returns a workspace as it was, and puts the server back, too."""
        self.scribe.clear()
        return self.stage.workspace()

    def steps(self, site):
        return exact.steps_of(self.begin(), site, *self.verbs)

    def broken(self, site, number, what, last=None):
        """Returns whether there was such a step."""
        ol = self.begin()
        plan = f"{site}:{number}:{last or number}:{what}"
        try:
            _, _, came = exact.broken_run(ol, plan, *self.verbs)
            self.scribe.settle()
            exact.go_on(ol)
            exact.check_finished(ol, self.scribe, COUNT, self.connections)
        except AssertionError as error:
            raise AssertionError(f"FAULT={plan}") from error
        self.stage.clear()
        return came


class Resuming(Sending):
    """The same, where a run died before, once the second letter was out."""

    def __init__(self, *args):
        super().__init__(*args)
        self.copies, self.accepted = [], []
        for number in count_up(1):
            ol = self.begin()
            exact.broken_run(ol, f"send:{number}:0:done", *self.verbs)
            self.scribe.settle()
            if len(self.scribe.accepted) == 2:
                break
            assert number < 100
        self.copies = list(self.scribe.copies)
        self.accepted = list(self.scribe.accepted)
        self.stage = exact.Stage(ol, self.stage.folder / "again")
        self.verbs = ("resume",)
        self.connections *= 2

    def begin(self):
        ol = super().begin()
        self.scribe.copies += self.copies
        self.scribe.accepted += self.accepted
        return ol


@pytest.fixture
def sending(ol, tmp_path, scribe):
    """Gives a function that makes such mailings."""

    def make(connections=1, sort=Sending):
        return [
            sort(
                ol.copy(tmp_path / f"pattern{i}"),
                tmp_path / f"stage{i}",
                scribe(),
                connections,
            )
            for i in range(os.cpu_count())
        ]

    exact.preload()
    return make


def all_steps(stages, site, what):
    """One after the other until there is none; the stages take turns."""
    total = stages[0].steps(site)

    def some(begin):
        for number in range(begin + 1, total + 1, len(stages)):
            stages[begin].broken(site, number, what)

    exact.in_parallel([lambda i=i: some(i) for i in range(len(stages))])
    for number in count_up(total + 1):
        if not stages[0].broken(site, number, what):
            return
        assert number < total * 2, "there is no end to it"


@pytest.mark.parametrize("what", ["die", "half", "done"])
def test_ends_at_each_step(sending, what):
    all_steps(sending(), "step", what)


@pytest.mark.parametrize("what", ["die", "done"])
def test_ends_at_each_step_of_two_connections(sending, what):
    all_steps(sending(2), "step", what)


@pytest.mark.parametrize(
    "site, what",
    [("step", "die"), ("step", "half"), ("step", "done"), ("write", "EIO")],
)
def test_resume_breaks_at_each_step(sending, site, what):
    all_steps(sending(sort=Resuming), site, what)


@pytest.mark.parametrize(
    "site, what",
    [
        ("write", "ENOSPC"),
        ("write", "EIO"),
        ("write", "short"),
        ("write", "EINTR"),
        ("sync", "EIO"),
        ("send", "ECONNRESET"),
        ("send", "EINTR"),
        ("send", "short"),
    ],
)
def test_each_step_fails(sending, site, what):
    all_steps(sending(), site, what)


@pytest.mark.parametrize("what", ["BUSY", "FULL", "IOERR", "NOMEM", "LATE"])
def test_each_call_of_the_database_fails(sending, what):
    all_steps(sending(), "sql", what)


def test_resume_meets_each_fault_of_the_database(sending):
    all_steps(sending(sort=Resuming), "sql", "IOERR")


def some_allocations(stages, seed):
    """Some out of all, others in each run."""
    rng = random.Random(seed)
    total = stages[0].steps("alloc")
    chosen = [n for n in range(1, total) if rng.randrange(EVERY) == 0]

    def some(begin):
        for number in chosen[begin :: len(stages)]:
            stages[begin].broken("alloc", number, "NOMEM")

    exact.in_parallel([lambda i=i: some(i) for i in range(len(stages))])


@pytest.mark.parametrize("sort", [Sending, Resuming])
def test_memory_runs_out(sending, sort):
    seed = int(os.environ.get("OPENLETTER_TEST_SEED", time.time()))
    print("OPENLETTER_TEST_SEED =", seed)
    some_allocations(sending(sort=sort), seed)


class Signing:
    """sign, or import, with what must hold of it."""

    def __init__(self, ol, folder, verbs, total):
        self.stage = exact.Stage(ol, folder)
        self.verbs = verbs
        self.total = total
        ol.ok("sign", LETTER, "--name", "First", "--email", "first@x.org")

    def steps(self, site):
        return exact.steps_of(self.stage.workspace(), site, *self.verbs)

    def broken(self, site, number, what):
        ol = self.stage.workspace()
        plan = f"{site}:{number}:{number}:{what}"
        try:
            rc, said, came = exact.broken_run(ol, plan, *self.verbs)
            total = ol.count()["total"]
            # One by one would be a batch that is half there.
            assert total in (1, self.total), total
            if rc == OK:
                assert total == self.total, said
            assert ol.intact()
            ol.ok(*self.verbs)
            assert ol.count()["total"] == self.total
        except AssertionError as error:
            raise AssertionError(f"FAULT={plan}") from error
        self.stage.clear()
        return came


@pytest.fixture(params=["sign", "import"])
def signing(ol, tmp_path, request):
    """Such a run on each processor."""
    rows = [{"name": f"N{i}", "email": f"n{i}@x.org"} for i in range(20)]
    path = tmp_path / "sheet.csv"
    path.write_text(csv_text(rows))
    verbs = ("sign", LETTER, "--name", "N", "--email", "n@x.org")
    total = 2
    if request.param == "import":
        verbs, total = ("import", LETTER, path), 21
    exact.preload()
    return [
        Signing(
            ol.copy(tmp_path / f"pattern{i}"),
            tmp_path / f"stage{i}",
            verbs,
            total,
        )
        for i in range(os.cpu_count())
    ]


@pytest.mark.parametrize(
    "site, what",
    [
        ("step", "die"),
        ("step", "half"),
        ("step", "done"),
        ("step", "EIO"),
        ("sql", "FULL"),
        ("sql", "LATE"),
    ],
)
def test_no_signature_is_lost(signing, site, what):
    all_steps(signing, site, what)
