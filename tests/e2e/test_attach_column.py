"""The list column `attach`: files that go along to one recipient only."""

import os
import time

import pytest

from exact import SANITIZED
from servers import parse
from workspace import AGAIN, DATA, LETTER, OK, PARTLY, says

ROWS = [
    {"email": "a@example.org", "attach": "for-a.pdf; annex/both.txt"},
    {"email": "b@example.org", "attach": "annex/both.txt"},
    {"email": "c@example.org", "attach": ""},
]


def files_of(mail):
    return [
        (part.get_filename(), part.get_payload(decode=True))
        for part in mail.iter_attachments()
    ]


@pytest.fixture
def annexed(ol, catcher):
    ol.conf(catcher.port)
    ol.write("letters/ilo/for-a.pdf", b"%PDF-1.4 only for a")
    ol.write("letters/ilo/annex/both.txt", "for a and b\n")
    ol.write("letters/ilo/all.txt", "for all\n")
    ol.recipients(ROWS)
    return ol


A = ("for-a.pdf", b"%PDF-1.4 only for a")
BOTH = ("both.txt", b"for a and b\n")
ALL = ("all.txt", b"for all\n")


def test_each_gets_their_own(annexed, catcher):
    annexed.letter(Attach="all.txt", Copy="press@press.example")
    annexed.send("--attach-signatures", "csv")
    names = ("signatures.csv", catcher.one("c@example.org"))
    wanted = {
        "a@example.org": [ALL, A, BOTH],
        "b@example.org": [ALL, BOTH],
        "c@example.org": [ALL],
        # A copy shows the letter of a, and goes to others than a.
        "press@press.example": [ALL],
    }
    for message in catcher.messages:
        *files, last = files_of(message.mail)
        assert files == wanted[message.to], message.to
        assert last[0] == names[0]


def test_known_and_empty_where_there_is_none(ol, catcher):
    ol.conf(catcher.port)
    ol.letter(body="{{#recipient.attach}}see{{/recipient.attach}} x\n")
    ol.send()
    assert len(catcher.messages) == 3
    ol.sign(email="a@example.net", updates=True)
    ol.send("--to-signers")


def test_preview_outbox_and_test(annexed, catcher, tmp_path):
    eml = annexed.ok("preview", LETTER, "--recipient", "b@example.org",
                     "--format", "eml")
    assert files_of(parse(eml.raw)) == [BOTH]
    box = tmp_path / "box"
    annexed.ok("send", LETTER, "--outbox", box)
    boxed = {
        str(mail["To"]): files_of(mail)
        for mail in (parse(p.read_bytes()) for p in (box / "new").iterdir())
    }
    assert boxed == {
        "a@example.org": [A, BOTH], "b@example.org": [BOTH],
        "c@example.org": [],
    }
    annexed.send("--test", "me@example.org")
    assert files_of(catcher.one("me@example.org").mail) == [A, BOTH]


def test_for_signers(annexed, catcher):
    annexed.sign(name="Ann", email="ann@example.net", visibility="public")
    annexed.send("--for-signers")
    assert files_of(catcher.one("a@example.org").mail) == [A, BOTH]


def test_rows_whose_files_cannot_go_along(annexed, catcher, tmp_path):
    annexed.write("letters/other/theirs.txt", "x")
    annexed.write("letters/ilo/big.bin", b"")
    os.truncate(annexed.dir / "letters/ilo/big.bin", (25 << 20) + 1)
    for half in ("h1", "h2"):
        annexed.write(f"letters/ilo/{half}.bin", os.urandom(13 << 20))
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (annexed.dir / "letters/ilo/link.txt").symlink_to(secret)
    bad = ["lost.pdf", "../other/theirs.txt", str(secret), "link.txt",
           "annex", "big.bin", "h1.bin;h2.bin", "annex/both.txt;lost.pdf"]
    annexed.recipients(
        [{"email": f"x{n}@example.org", "attach": attach}
         for n, attach in enumerate(bad)] + ROWS[1:]
    )
    sent = annexed.send(rc=PARTLY)
    assert sorted(catcher.to) == ["b@example.org", "c@example.org"]
    lines = [l for l in sent.err.splitlines() if "recipients/ilo.csv" in l]
    assert len(lines) == len(bad)
    for n, line in enumerate(lines):
        assert f"recipients/ilo.csv:{n + 2}: attach: " in line
        assert says(line, "this row is skipped")
    checked = annexed.run("check")
    assert checked.rc == DATA
    for n in (2, 3, 4, 5, 6, 7, 9):
        assert f"recipients/ilo.csv:{n}: attach: " in checked.err


def test_a_changed_file_stops_the_mailing(annexed, catcher):
    annexed.conf(catcher.port, connections=1)
    annexed.send("--limit", "1", rc=AGAIN)
    annexed.write("letters/ilo/annex/both.txt", "something else\n")
    stopped = annexed.run("resume")
    assert stopped.rc == DATA and says(stopped.err, "annex/both.txt")
    assert catcher.to == ["a@example.org"]
    states = annexed.states()
    assert states["b@example.org"] == states["c@example.org"] == "queued"
    (annexed.dir / "letters/ilo/annex/both.txt").unlink()
    assert annexed.run("resume").rc == DATA
    annexed.write("letters/ilo/annex/both.txt", "for a and b\n")
    annexed.ok("resume")
    assert files_of(catcher.one("b@example.org").mail) == [BOTH]
    assert len(catcher.messages) == 3


def test_files_are_frozen_and_a_retry_is_the_same(annexed, catcher):
    catcher.data["b@example.org"] = ["451 4.3.0 later", None]
    bodies = []
    original = catcher.handle_DATA

    async def handle_DATA(server, session, envelope):
        if envelope.rcpt_tos == ["b@example.org"]:
            bodies.append(bytes(envelope.content))
        return await original(server, session, envelope)

    catcher.handle_DATA = handle_DATA
    annexed.send(rc=AGAIN)
    # The list may change; what the mailing froze may not.
    annexed.recipients([{"email": "b@example.org", "attach": "for-a.pdf"}])
    annexed.sql("update delivery set due_at = 0")
    annexed.ok("resume")
    assert len(bodies) == 2 and bodies[0] == bodies[1]


@pytest.mark.skipif(SANITIZED, reason="a sanitizer has its own memory")
def test_many_files_in_bounded_memory(ol, smtp_sink):
    """Each of 80 has three megabytes of their own."""
    sink = smtp_sink()
    ol.conf(sink.port, connections=2)
    rows = []
    for n in range(80):
        ol.write(f"letters/ilo/f{n}.bin", os.urandom(3 << 20))
        rows.append({"email": f"r{n}@example.org", "attach": f"f{n}.bin"})
    ol.recipients(rows)
    sent = ol.run("send", LETTER, "--yes", prefix=["/usr/bin/prlimit",
                                                   "--data=270000000"])
    assert sent.rc == OK, sent
    states = ol.states()
    assert list(states.values()) == ["sent"] * 80
    for message in sink.messages[:5]:
        ((name, data),) = files_of(message.mail)
        n = int(message.to[1:].split("@")[0])
        assert name == f"f{n}.bin"
        assert data == (ol.dir / f"letters/ilo/f{n}.bin").read_bytes()
