"""The line that says how far something is, as a person sees it."""

import re
import time

import pyte

from workspace import LETTER, OK, PARTLY

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


def test_import(ol):
    rows = [f"Name {i},n{i % 150000}@example.net\n" for i in range(200000)]
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
        "200000 rows: 150000 new, 49999 there already, 1 rejected."
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
