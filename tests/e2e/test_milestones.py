"""Letters that go out again when so many have signed, and their figures."""

import time

import pytest

from servers import text_of
from workspace import AGAIN, LETTER, NOTFOUND, OK, REFUSED, USAGE, says

BODY = "total {{signatures.total}}, new {{signatures.new}}\n"


@pytest.fixture
def signed(ol, catcher):
    """Gives a function that signs for so many more people."""
    ol.conf(catcher.port)
    ol.letter(body=BODY)
    ol.people(1)
    made = []

    def sign(count, **columns):
        rows = [
            {"name": f"S{n}", "email": f"s{n}@example.net", **columns}
            for n in range(len(made), len(made) + count)
        ]
        made.extend(rows)
        ol.load(rows)

    return sign


def bodies(catcher):
    return [text_of(message.mail) for message in catcher.messages]


def test_when(ol, catcher, signed):
    signed(4)
    early = ol.send("--when", "5")
    assert says(early.err, "4 of 5", "1 to go")
    assert len(early.err.splitlines()) == 1 and not early.out
    assert not catcher.tried and ol.json("status") == []
    signed(2)
    ol.send("--when", "5")
    assert bodies(catcher) == ["total 6, new 6"]
    assert ol.status()["milestone"] == 5


def test_when_is_quiet_and_sent_once(ol, catcher, signed):
    quiet = ("-q", "--when", "5")
    assert ol.send(*quiet).err == ""
    signed(5)
    # Without a word of the sender either: this is for a job that runs often.
    for _ in range(3):
        done = ol.send(*quiet)
        assert done.err == "" and done.out == ""
    assert len(catcher.messages) == 1
    again = ol.send("--when", "5")
    assert says(again.err, "already", "mailing 1")
    # A greater one has said it all.
    ol.send("--when", "4")
    assert len(catcher.messages) == 1


def test_when_nobody_signed_and_no_such_letter(ol, catcher, signed):
    assert says(ol.send("--when", "10").err, "0 of 10")
    lost = ol.send("--when", "10", letter="ilo/lost", rc=NOTFOUND)
    assert says(lost.err, "ilo/lost")


def test_when_writes_to_those_who_have_the_letter(ol, catcher, signed):
    ol.send()
    signed(3)
    ol.send("--when", "3")
    assert bodies(catcher) == ["total 0, new 0", "total 3, new 3"]
    first, second = catcher.messages
    assert first.to == second.to and first.id != second.id
    ol.send()
    assert len(catcher.messages) == 2, "and an ordinary send leaves them out"


def test_every(ol, catcher, signed):
    for more, wanted in [
        (2, []),
        (1, ["total 3, new 3"]),
        (2, ["total 3, new 3"]),
        # Two multiples at once are one letter.
        (5, ["total 3, new 3", "total 10, new 7"]),
        (1, ["total 3, new 3", "total 10, new 7"]),
    ]:
        signed(more)
        for _ in range(2):
            ol.send("--every", "3")
            assert bodies(catcher) == wanted
    assert ol.status()["milestone"] == 9
    assert says(ol.send("--every", "3").err, "11 of 12", "1 to go")
    # Another step goes by what was sent, and by the greatest.
    ol.send("--every", "4")
    assert len(catcher.messages) == 2
    assert says(ol.send("--every", "20").err, "11 of 20")


def test_every_after_some_withdrew(ol, catcher, signed):
    signed(3)
    ol.send("--every", "3")
    ol.ok("withdraw", LETTER, "s0@example.net")
    assert says(ol.send("--every", "3").err, "2 of 6", "4 to go")
    signed(1)
    ol.send("--every", "3")
    assert len(catcher.messages) == 1, "3 are reached a second time"


def test_a_cancelled_milestone_is_sent_again(ol, catcher, signed):
    signed(3)
    ol.people(2)
    ol.send("--when", "3", "--limit", "1", rc=AGAIN)
    ol.ok("cancel", "1")
    signed(1)
    ol.send("--when", "3")
    assert bodies(catcher) == ["total 3, new 3"] + ["total 4, new 4"] * 2


def test_an_unfinished_milestone_is_not_sent_again(ol, catcher, signed):
    signed(3)
    ol.people(2)
    ol.send("--when", "3", "--limit", "1", rc=AGAIN)
    for verb in ("pause", None):
        if verb:
            ol.ok(verb, "1")
        again = ol.send("--when", "3")
        assert says(again.err, "not finished", "resume")
    # The next one is another letter, and refused as any other is.
    signed(1)
    assert says(ol.send("--when", "4", rc=REFUSED).err, "resume 1")
    ol.ok("resume", "1")
    ol.send("--when", "4")
    assert len(catcher.messages) == 4


def test_audiences_and_tests_are_apart(ol, catcher, signed):
    signed(2, updates="yes")
    ol.send("--test", "me@example.org")
    ol.send("--to-signers", "--when", "2")
    assert len(catcher.messages) == 3
    ol.send("--to-signers", "--when", "2")
    assert len(catcher.messages) == 3
    ol.send("--when", "2")
    assert bodies(catcher)[-1] == "total 2, new 2"


@pytest.mark.parametrize(
    "args",
    [
        ("--when", "5", "--every", "5"),
        ("--when", "0"),
        ("--every", "-1"),
        ("--when", "many"),
        ("--when", "5", "--for-signers"),
        ("--every", "5", "--test", "me@example.org"),
        ("--when", "5", "--outbox", "box"),
    ],
)
def test_usage(ol, catcher, signed, args):
    signed(5)
    ol.send(*args, rc=USAGE)
    assert ol.json("status") == [] and not catcher.tried


def test_the_question_and_the_dry_run(ol, catcher, signed):
    signed(1)
    waits = ol.run("send", LETTER, "--when", "2")
    assert waits.rc == OK, "nothing to confirm"
    assert says(ol.ok("send", LETTER, "--when", "2", "--dry-run").err, "1 of 2")
    signed(2)
    asks = ol.run("send", LETTER, "--when", "2")
    assert asks.rc == REFUSED and says(asks.err, "--yes", "total 3, new 3")
    shown = ol.ok("send", LETTER, "--when", "2", "--dry-run")
    assert says(shown.err, "2 signatures; there are 3")
    assert not catcher.tried and ol.json("status") == []


def test_two_at_once_make_one_mailing(ol, catcher, signed):
    signed(5)
    people = ol.people(20)
    for n in range(1, 6):
        runs = [
            ol.start("send", LETTER, "--yes", "--when", str(n))
            for _ in range(3)
        ]
        ends = {run.wait(60) for run in runs}
        for run in runs:
            run.communicate()
        # One sends; the others come too early or too late.
        assert ends <= {OK, REFUSED} and OK in ends
        assert len(ol.json("status")) == n
        assert len(catcher.messages) == n * len(people)


def test_another_letter_under_way_does_not_matter(ol, catcher, signed):
    """As long as nothing is due there is nothing to refuse."""
    signed(1)
    ol.letter("ilo/other")
    catcher.delay_s = 3
    other = ol.start("send", "ilo/other", "--yes")
    deadline = time.monotonic() + 20
    while not catcher.tried and time.monotonic() < deadline:
        time.sleep(0.05)
    assert says(ol.send("--when", "5").err, "1 of 5")
    assert ol.send("--when", "1", rc=REFUSED).err
    other.communicate()
    assert other.returncode == OK
    ol.send("--when", "1")


def test_new_is_exact_within_a_second(ol, catcher, signed, clock):
    """The clock stands still and nothing is counted twice or missed."""
    stopped = clock("2026-05-01 12:00:00")
    ol.run("sign", LETTER, "--name", "A", "--country", "DE", prefix=stopped)
    ol.run("send", LETTER, "--yes", prefix=stopped)
    ol.run("sign", LETTER, "--name", "B", "--country", "DE", prefix=stopped)
    ol.run("send", LETTER, "--yes", "--again", prefix=stopped)
    ol.run("send", LETTER, "--yes", "--again", prefix=stopped)
    assert bodies(catcher) == [
        "total 1, new 1",
        "total 2, new 1",
        "total 2, new 0",
    ]
