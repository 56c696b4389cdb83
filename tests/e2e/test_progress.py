"""The line that says how far something is, as a person sees it."""

import re
import time

import pyte
import pytest

from workspace import AGAIN, LETTER, OK, PARTLY

# One drawing of the line: it begins at the left and clears what was there.
LINE = re.compile(rb"\r([^\r\n\x1b]+)\x1b\[K")


def screen(terminal, columns=80):
    """The lines that stand on the terminal, as pyte draws them."""
    shown = pyte.Screen(columns, 120)
    pyte.ByteStream(shown).feed(terminal.raw)
    return [line.rstrip() for line in shown.display if line.strip()]


def drawn(terminal):
    """Every line that was drawn, in order."""
    return [found.decode() for found in LINE.findall(terminal.raw)]


def watch(terminal, until, limit=20):
    """Reads until a line was drawn that matches. Returns it."""
    end = time.monotonic() + limit
    while time.monotonic() < end and terminal.open:
        terminal.read(quiet=0.1, limit=0.3)
        for line in drawn(terminal):
            if re.search(until, line):
                return line
    raise AssertionError(f"not seen: {until} in {drawn(terminal)}")


@pytest.fixture
def slow(ol, scribe):
    """A mailing of 20 letters that takes some seconds."""
    ol.conf(scribe(0.15).port, connections=1)
    ol.people(20)
    return ol


def test_line_of_a_mailing(slow):
    terminal = slow.terminal("send", LETTER, "--yes", term="xterm", columns=99)
    line = watch(terminal, "s left")
    assert re.fullmatch(
        r"\d+ of 20, \d+ sent, 0 deferred, 0 rejected, 0 unknown, "
        r"\d+(\.\d)?/(s|min), \d+ s left",
        line,
    )
    assert terminal.close() == OK
    # A few times a second, not for every message.
    assert 3 < len(drawn(terminal)) < 20
    # At the end nothing of it is left.
    assert screen(terminal, 99) == [
        "Mailing 1: 20 sent, 0 deferred, 0 rejected, 0 unknown."
    ]


# Where one more part just does not fit, and where nothing does.
@pytest.mark.parametrize("columns", [80, 68, 34, 18, 1])
def test_line_fits(slow, columns):
    terminal = slow.terminal(
        "send", LETTER, "--yes", term="xterm", columns=columns
    )
    assert terminal.close() == OK
    lines = drawn(terminal)
    assert all(len(line) < columns for line in lines)
    if columns >= 18:
        assert lines and all(" of 20" in line for line in lines)
    # Nothing of it is left, and what is printed after it is whole.
    wrapped = "".join(screen(terminal, columns)).replace(" ", "")
    assert wrapped == "Mailing1:20sent,0deferred,0rejected,0unknown."


def test_no_line_where_none_can_be(slow):
    quiet = slow.terminal("send", LETTER, "--yes", "-q", term="xterm")
    assert quiet.close() == OK and quiet.raw == b""
    dumb = slow.terminal("send", LETTER, "--yes", "--again", term="dumb")
    assert dumb.close() == OK and b"\x1b" not in dumb.raw
    assert b" of 20" not in dumb.raw
    piped = slow.send("--again")
    assert " of 20" not in piped.err and "\x1b" not in piped.err


def test_it_lives_while_the_rate_makes_it_wait(ol, scribe):
    ol.conf(scribe().port, rate="2/minute")
    terminal = ol.terminal("send", LETTER, "--yes", term="xterm")
    line = watch(terminal, "waiting")
    assert re.fullmatch(
        r"2 of 3, 2 sent, waiting until \d\d:\d\d:\d\dZ \(rate\)", line
    ), line
    before = len(drawn(terminal))
    terminal.read(quiet=1, limit=1)
    assert len(drawn(terminal)) > before
    terminal.interrupt()
    assert terminal.close() == AGAIN


def test_it_lives_between_two_runs(ol, scribe):
    ol.conf(scribe().port, quota="2/day")
    terminal = ol.terminal("send", LETTER, "--yes", "--wait", term="xterm")
    watch(terminal, r"^mailing 1, waiting, (23 h 59 min|1 d 0 h) left$")
    before = len(drawn(terminal))
    terminal.read(quiet=1, limit=1)
    assert len(drawn(terminal)) > before
    terminal.interrupt()
    assert terminal.close() == AGAIN
    assert "mailing 1, waiting" not in "".join(screen(terminal))


def test_it_lives_while_a_server_says_nothing(ol, fake_smtp):
    ol.conf(fake_smtp(fault="DOT:2:hang").port, connections=1, timeout=600)
    terminal = ol.terminal("send", LETTER, "--yes", term="xterm")
    assert re.fullmatch(
        r"1 of 3, 1 sent, .*no answer for [34] s",
        watch(terminal, "no answer"),
    )
    watch(terminal, "no answer for 5 s")
    terminal.interrupt()
    watch(terminal, "finishing, no answer")
    terminal.interrupt()
    assert terminal.close() == -2


def test_lines_that_come_between(slow):
    terminal = slow.terminal("send", LETTER, "--yes", term="xterm")
    watch(terminal, "of 20")
    terminal.interrupt()
    assert terminal.close() == AGAIN
    first, second, third = screen(terminal)
    assert first == "Finishing the messages in flight; again to leave at once."
    assert re.fullmatch(r"Mailing 1: \d+ sent, .*", second)
    assert third == "There is more to send: openletter resume 1"


def test_import(ol):
    rows = [f"Name {i},n{i % 900000}@example.net\n" for i in range(1000000)]
    rows[100] = "Nobody,none\n"
    path = ol.write("many.csv", "name,email\n" + "".join(rows))
    terminal = ol.terminal("import", LETTER, path, term="xterm", columns=99)
    line = watch(terminal, "rows")
    assert re.fullmatch(
        r"\d+ rows, \d+ new, \d+ there already, 1 rejected, \d+/s, "
        r"\d+ s left",
        line,
    )
    assert terminal.close(60) == PARTLY
    assert screen(terminal, 99)[0] == (
        "1000000 rows: 900000 new, 99999 there already, 1 rejected."
    )


def test_outbox(ol, tmp_path):
    ol.people(6000)
    terminal = ol.terminal(
        "send", LETTER, "--outbox", tmp_path / "out", term="xterm"
    )
    line = watch(terminal, "left")
    assert re.fullmatch(r"\d+ of 6000 written, \d+/s, \d+ s left", line)
    assert terminal.close(60) == OK
    assert screen(terminal)[0].startswith("6000 messages are in ")


def test_making_a_large_mailing(ol):
    ol.people(150000)
    terminal = ol.terminal("send", LETTER, "--dry-run", term="xterm")
    line = watch(terminal, "making the letters")
    assert re.fullmatch(r"making the letters: \d+, \d+/s", line)
    assert terminal.close(60) == OK
    assert "making" not in " ".join(screen(terminal))
