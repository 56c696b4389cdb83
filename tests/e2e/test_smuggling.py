"""
SMTP smuggling: what somebody types or a spreadsheet holds must never end a
message early. Each sequence stands in every field that a person fills, and
what counts is the bytes on the wire.
"""

import csv
import io
import re

import pytest

from servers import parse, text_of
from workspace import DATA, LETTER, OK, PARTLY

# What one server or another has taken for the end of the data.
ENDS = {
    "LF.LF": "\n.\n",
    "LF.CRLF": "\n.\r\n",
    "CR.CR": "\r.\r",
    "CR.CRLF": "\r.\r\n",
    "CRLF.CR": "\r\n.\r",
    "CRLF.LF": "\r\n.\n",
    "CR.LF": "\r.\n",
    "LF.CR": "\n.\r",
    "CRLF.CRLF": "\r\n.\r\n",
}
# What would follow, were the message over.
FORGED = "MAIL FROM:<forged@example.net>\r\nRCPT TO:<victim@example.net>\r\n"
LAST = "the last words"

sequences = pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())


def sessions(tap):
    """The messages as they went over the wire, dots still doubled."""
    raw = bytes(b"".join(tap.spoken))
    assert not re.search(rb"[^\r]\n|\r[^\n]|\A\n|\r\Z", raw), "a bare CR or LF"
    commands, bodies = [], []
    while raw:
        line, _, raw = raw.partition(b"\r\n")
        commands.append(line)
        if line.upper() == b"DATA":
            body, end, raw = raw.partition(b"\r\n.\r\n")
            assert end, "a body without an end"
            bodies.append(body + b"\r\n")
    return commands, bodies


def check_wire(tap, catcher, count):
    """One end of data for each message, and nothing forged."""
    commands, bodies = sessions(tap)
    verbs = {c.split(b" ")[0].split(b":")[0].upper() for c in commands}
    known = {b"EHLO", b"MAIL", b"RCPT", b"DATA", b"QUIT", b"RSET", b"NOOP"}
    assert verbs <= known, verbs
    assert len(bodies) == len(catcher.messages) == count
    assert not [c for c in commands if b"example.net" in c]
    taken = [message.data for message in catcher.messages]
    for body in bodies:
        lines = body.split(b"\r\n")
        assert not [n for n in lines if n.startswith(b".") and n[1:2] != b"."]
        plain = b"\r\n".join(n[n.startswith(b".") :] for n in lines)
        assert plain in taken, "what was taken is not what was sent"
    return [parse(data) for data in taken]


def quoted(rows):
    """CSV whose fields keep every CR and LF as it is."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return out.getvalue().encode()


@sequences
def test_recipients_columns(ol, catcher, wiretap, end):
    """In every column but the address; in headers, text and HTML."""
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    evil = "a" + end + FORGED + "b"
    names = ("name", "salutation", "title", "organisation", "note")
    ol.letter(
        Subject="S {{recipient.name}} {{recipient.note}} E",
        body="".join("{{recipient.%s}}\n\n" % n for n in names) + LAST + "\n",
    )
    row = {"email": "r0@example.org", **dict.fromkeys(names, evil)}
    ol.write("recipients/ilo.csv", quoted([row]))
    result = ol.send(rc=None)
    assert result.rc in (OK, PARTLY, DATA), result
    if result.rc != OK:
        # Refused, with file and line, is as good.
        assert "ilo.csv" in result.err and not catcher.messages
        return
    (mail,) = check_wire(tap, catcher, 1)
    assert LAST in text_of(mail)
    assert mail["Subject"].startswith("S a") and mail["Subject"].endswith("b E")
    assert text_of(mail).count("forged@example.net") == len(names)


@sequences
def test_addresses(ol, catcher, wiretap, end):
    """An address with a line end is none."""
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    rows = [
        {"email": "r0@example.org" + end + FORGED},
        {"email": end + "r1@example.org"},
        {"email": "r2@example.org"},
    ]
    ol.write("recipients/ilo.csv", quoted(rows))
    result = ol.send(rc=PARTLY)
    assert "ilo.csv:" in result.err
    (mail,) = check_wire(tap, catcher, 1)
    assert mail["To"].addresses[0].addr_spec == "r2@example.org"


@sequences
def test_signatures(ol, catcher, wiretap, end):
    """Names, places and comments of signers, from a sheet."""
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    fields = ("name", "organisation", "role", "city", "comment")
    rows = [
        {"name": "Ada", "email": "ada@example.org", "visibility": "public"}
    ]
    for field in fields:
        row = {"name": "Bo", "email": f"{field}@example.org"}
        row.update({"visibility": "public", field: "a" + end + FORGED + "b"})
        rows.append({f: row.get(f, "") for f in (*row, *fields)})
    keys = list(dict.fromkeys(k for row in rows for k in row))
    rows = [{k: row.get(k, "") for k in keys} for row in rows]
    path = ol.write("sheet.csv", quoted(rows))
    assert ol.run("import", LETTER, path).rc in (OK, PARTLY)
    ol.letter(
        body="{{#signatures.list}}\n{{name}}, {{organisation}}, {{role}}, "
        "{{city}}: {{comment}}\n\n{{/signatures.list}}\n" + LAST + "\n"
    )
    ol.people(1)
    ol.send()
    (mail,) = check_wire(tap, catcher, 1)
    assert "Ada" in text_of(mail) and LAST in text_of(mail)


@sequences
def test_for_signers(ol, catcher, wiretap, end):
    """A signer's name goes into From and Reply-To."""
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    ol.letter(body="{{signer.name}}: {{signer.comment}}\n\n" + LAST + "\n")
    ol.people(1)
    evil = "a" + end + FORGED + "b"
    rows = [
        {"name": "Ada", "email": "ada@example.org", "comment": evil},
        {"name": evil, "email": "bo@example.org", "comment": ""},
    ]
    path = ol.write("sheet.csv", quoted(rows))
    assert ol.run("import", LETTER, path).rc in (OK, PARTLY)
    ol.send("--for-signers")
    count = ol.count()["total"]
    assert count >= 1
    for mail in check_wire(tap, catcher, count):
        assert LAST in text_of(mail)
        assert [a.addr_spec for a in mail["From"].addresses] == [
            "campaign@committee.example"
        ]


@sequences
def test_letter_and_partial(ol, catcher, wiretap, end):
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    ol.partial("foot", "foot" + end + FORGED)
    ol.letter(body="a\n" + end + FORGED + "\n{{> foot}}\n\n" + LAST + "\n")
    ol.people(1)
    result = ol.send(rc=None)
    if re.search(r"\r(?!\n)", end):
        # A CR alone is refused, with its place.
        assert result.rc == DATA and "director-general.en.md:" in result.err
        assert not catcher.messages
        return
    assert result.rc == OK, result
    (mail,) = check_wire(tap, catcher, 1)
    assert LAST in text_of(mail)


@sequences
def test_header_fields_of_a_letter(ol, catcher, wiretap, end):
    """Wherever the line ends, the rest is a line of the file's header."""
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    ol.letter(Subject="a" + end + "b", body=LAST + "\n")
    ol.people(1)
    result = ol.send(rc=None)
    assert result.rc in (OK, DATA), result
    if result.rc == OK:
        (mail,) = check_wire(tap, catcher, 1)
        assert "\n" not in mail["Subject"]
    else:
        assert "director-general.en.md:" in result.err
        assert not catcher.messages


@sequences
def test_organiser(ol, catcher, wiretap, end):
    """The configuration, with the line ends its format can write."""
    tap = wiretap(catcher.port)
    escaped = end.replace("\r", "\\r").replace("\n", "\\n")
    ol.conf(tap.port, organiser={"name": "a" + escaped + "b"})
    ol.letter(body="{{organiser.name}}\n\n" + LAST + "\n")
    ol.people(1)
    result = ol.send(rc=None)
    if result.rc == OK:
        (mail,) = check_wire(tap, catcher, 1)
        assert LAST in text_of(mail)
    else:
        assert "openletter.conf" in result.err and not catcher.messages


@sequences
def test_attachments(ol, catcher, wiretap, end):
    """What a file holds; and its name, as far as a folder takes it."""
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    ol.write("letters/ilo/a.txt", "a" + end + FORGED)
    ol.letter(Attach="a.txt", body=LAST + "\n")
    ol.people(1)
    ol.send()
    (mail,) = check_wire(tap, catcher, 1)
    (part,) = mail.iter_attachments()
    content = part.get_content()
    if isinstance(content, str):
        content = content.encode()
    assert b"forged@example.net" in content
    assert LAST in text_of(mail)


def test_lines_of_dots(ol, catcher, wiretap):
    """Dots at line starts arrive as they were written."""
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    dots = "\n\n".join("." * n for n in range(1, 80))
    ol.letter(body=dots + "\n\n" + LAST + "\n")
    ol.people(2)
    ol.send()
    for mail in check_wire(tap, catcher, 2):
        assert text_of(mail) == dots + "\n\n" + LAST
