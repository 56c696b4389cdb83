"""The list of signatures that goes along with a letter, and who is in it."""

import csv
import io
import re
import shutil
import subprocess
import time

import pytest

from servers import Page, parse, text_of
from workspace import AGAIN, CONFIG, DATA, LETTER, OK, PARTLY, USAGE, says

LIST_BODY = "{{#signatures.list}}\n* {{number}} {{name}}\n{{/signatures.list}}\n"

PEOPLE = [
    {"name": "Ann Public", "email": "ann@secret.example", "country": "DE",
     "postcode": "10115", "visibility": "public", "comment": "Pay, now"},
    {"name": "Reza Recipient", "email": "reza@secret.example",
     "country": "IR", "city": "Abadan", "visibility": "recipient"},
    {"name": "Hidden Counted", "email": "hidden@secret.example",
     "country": "IR", "visibility": "count"},
    {"organisation": "Union A", "kind": "organisation",
     "email": "union@secret.example", "visibility": "public"},
    {"name": "=SUM(A1)", "email": "formula@secret.example", "country": "FR",
     "visibility": "recipient", "comment": 'say "x"\nand <b>y</b>'},
]


def attached(message, name):
    """The bytes of the attachment of this name."""
    (part,) = [
        part
        for part in message.mail.iter_attachments()
        if part.get_filename() == name
    ]
    assert part.get_content_disposition() == "attachment"
    return part.get_payload(decode=True)


def rows_of(message):
    text = attached(message, "signatures.csv").decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def everything(message):
    """All that a message says, decoded, as one text."""
    mail = message.mail
    return str(mail.items()) + "".join(
        part.get_payload(decode=True).decode("utf-8")
        for part in mail.walk()
        if not part.is_multipart()
    )


@pytest.fixture
def listed(ol, catcher):
    ol.conf(catcher.port)
    ol.letter(Copy="press@press.example", body="x {{signatures.total}}\n")
    ol.people(2)
    ol.load(PEOPLE)
    return ol


def test_csv_is_what_export_prints(listed, catcher):
    listed.send("--attach-signatures", "csv")
    assert len(catcher.messages) == 3
    for audience, address in [
        ("recipient", "r0@example.org"),
        ("recipient", "r1@example.org"),
        ("public", "press@press.example"),
    ]:
        export = listed.ok("export", LETTER, "--audience", audience)
        data = attached(catcher.one(address), "signatures.csv")
        assert data == export.raw, audience
    rows = rows_of(catcher.one("r0@example.org"))
    assert [r["name"] for r in rows] == [
        "Ann Public", "Reza Recipient", "", "'=SUM(A1)"
    ]
    assert [r["number"] for r in rows] == ["1", "2", "3", "4"]
    assert rows[2]["organisation"] == "Union A"


@pytest.mark.parametrize("body", ["x\n", LIST_BODY])
@pytest.mark.parametrize("form", ["csv", "html"])
def test_nobody_sees_what_is_not_theirs(listed, catcher, form, body):
    listed.letter(Copy="press@press.example", body=body)
    listed.send("--attach-signatures", form)
    for message in catcher.messages:
        text = everything(message)
        assert "Ann Public" in text
        for secret in ("Hidden", "Counted", "secret.example", "10115"):
            assert secret not in text, (message.to, secret)
        assert ("Reza" in text) == (message.to != "press@press.example")


def test_html(listed, catcher):
    listed.send("--attach-signatures", "html")
    page = Page(attached(catcher.one("r0@example.org"), "signatures.html")
                .decode("utf-8"))
    assert page.html == {"lang": "en", "dir": "ltr"}
    assert page.tags.count("tr") == 5 and page.tags.count("h1") == 1
    assert "script" not in page.tags and "b" not in page.tags
    assert not page.links
    for text in ("Union A", "=SUM(A1)", 'say "x"\nand <b>y</b>', "Abadan"):
        assert text in page.text
    # Nobody gave a role.
    assert "Role" not in page.text and "City" in page.text
    public = Page(attached(catcher.one("press@press.example"),
                           "signatures.html").decode("utf-8"))
    assert public.tags.count("tr") == 3


def test_html_from_right_to_left(listed, catcher):
    listed.letter(lang="fa", Title="نامه", Subject="موضوع",
                  Copy="press@press.example", body="متن\n")
    listed.recipients([
        {"email": "fa@example.org", "lang": "fa"},
        {"email": "en@example.org", "lang": "en"},
    ])
    listed.load([{"name": "رضا", "email": "r2@secret.example"}],
                file="more.csv")
    listed.send("--attach-signatures", "html")
    for lang, way, title in [("fa", "rtl", "نامه"), ("en", "ltr", "A title")]:
        data = attached(catcher.one(f"{lang}@example.org"), "signatures.html")
        page = Page(data.decode("utf-8"))
        assert page.html == {"lang": lang, "dir": way}
        assert title in page.text and "رضا" in page.text


@pytest.mark.parametrize(
    "args",
    [
        ("--attach-signatures", "pdf"),
        ("--attach-signatures", "csv", "--for-signers"),
        ("--attach-signatures", "csv", "--to-signers"),
    ],
)
def test_usage(listed, catcher, args):
    listed.send(*args, rc=USAGE)
    assert not catcher.tried


def test_the_list_is_frozen_and_a_retry_is_the_same(listed, catcher):
    """Refused once after the body: the second try has the same bytes, also
    when names changed in between; others have the new ones."""
    catcher.data["r0@example.org"] = ["451 4.3.0 later"] * 2
    refused = []
    listed.conf(catcher.port, connections=1)
    original = catcher.handle_DATA

    async def handle_DATA(server, session, envelope):
        reply = await original(server, session, envelope)
        if reply.startswith("4"):
            refused.append(bytes(envelope.content))
        return reply

    catcher.handle_DATA = handle_DATA
    listed.send("--attach-signatures", "csv", "--limit", "1", rc=AGAIN)
    listed.ok("withdraw", LETTER, "reza@secret.example")
    listed.load([{"name": "Late", "email": "late@secret.example"}],
                file="late.csv")
    listed.sql("update delivery set due_at = 0")
    assert listed.run("resume").rc == AGAIN
    listed.ok("withdraw", LETTER, "ann@secret.example")
    listed.sql("update delivery set due_at = 0")
    listed.ok("resume")
    before, again = refused
    assert again == before
    after = catcher.one("r0@example.org")
    assert after.data == before and b"Late" not in before
    assert "Reza Recipient" in everything(after)
    for message in catcher.messages:
        assert "Late" not in everything(message)
        if message.to != "r0@example.org":
            assert "Reza" not in everything(message), "withdrew in time"


@pytest.mark.parametrize("form", ["csv", "body"])
def test_who_withdrew_before_the_body_is_left_out(listed, catcher, form):
    """Not handed over yet: also not what was tried in vain."""
    listed.conf(catcher.port, connections=1)
    listed.letter(Copy="press@press.example", body=LIST_BODY)
    args = ("--attach-signatures", "csv") if form == "csv" else ()
    catcher.rcpt["r0@example.org"] = ["451 4.7.1 greylisted", None]
    listed.send(*args, "--limit", "1", rc=AGAIN)
    listed.ok("withdraw", LETTER, "ann@secret.example")
    listed.run("sign", LETTER, "--as", "organisation", "--organisation",
               "Union A", "--email", "union@secret.example",
               "--visibility", "recipient")
    listed.load([{**PEOPLE[1], "visibility": "count"}], file="tighter.csv")
    listed.sql("update delivery set due_at = 0")
    listed.ok("resume")
    assert len(catcher.messages) == 3
    for message in catcher.messages:
        text = everything(message)
        assert "Ann" not in text and "Reza" not in text
        assert ("Union A" in text) == (message.to != "press@press.example")
    if form == "csv":
        rows = rows_of(catcher.one("r0@example.org"))
        assert [r["number"] for r in rows] == ["1", "2"]


def test_who_withdraws_while_it_is_sent(ol, catcher):
    """A run under way looks again before each batch."""
    ol.conf(catcher.port, connections=1)
    ol.people(300)
    ol.load(PEOPLE)
    catcher.delay_s = 0.01
    run = ol.start("send", LETTER, "--yes", "--attach-signatures", "csv")
    deadline = time.monotonic() + 30
    while not catcher.messages and time.monotonic() < deadline:
        time.sleep(0.02)
    ol.ok("withdraw", LETTER, "reza@secret.example")
    assert run.wait(120) == OK
    run.communicate()
    seen = ["Reza" in everything(m) for m in catcher.messages]
    assert len(seen) == 300 and seen[0] and not seen[-1]
    # From one batch on, for good.
    assert seen == sorted(seen, reverse=True)


def test_unknown_names_stay_after_a_kill(listed, catcher):
    """A message that was perhaps taken is made of the same names again."""
    listed.conf(catcher.port, connections=1)
    catcher.delay_s = 5
    run = listed.start("send", LETTER, "--yes", "--attach-signatures", "csv")
    deadline = time.monotonic() + 30
    while listed.sql("select count(*) from delivery where state = 2") != 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.kill()
    run.communicate()
    catcher.delay_s = 0
    listed.ok("withdraw", LETTER, "reza@secret.example")
    listed.run("resume")
    assert listed.sql("select names from delivery where state = 6") == 0
    assert listed.sql("select group_concat(names) from delivery "
                      "where state = 3") == "1,1"


def test_outbox_test_and_dry_run(listed, catcher, tmp_path):
    box = tmp_path / "box"
    listed.ok("send", LETTER, "--outbox", box, "--attach-signatures", "csv")
    mails = [parse(path.read_bytes()) for path in (box / "new").iterdir()]
    assert len(mails) == 3
    assert all("signatures.csv" in m.as_string() for m in mails)
    shown = listed.ok("send", LETTER, "--dry-run", "--attach-signatures",
                      "html")
    assert says(shown.err, "list of 4 names")
    listed.send("--test", "me@example.org", "--attach-signatures", "csv")
    assert len(rows_of(catcher.one("me@example.org"))) == 4


def test_with_a_milestone(listed, catcher):
    listed.send("--when", "5", "--attach-signatures", "csv")
    assert len(rows_of(catcher.one("r0@example.org"))) == 4


@pytest.mark.parametrize("reply", ["552 5.3.4 too big", "552 too much data"])
def test_larger_than_the_server_takes(listed, catcher, reply):
    """What is told: not the recipient is at fault, the size is."""
    catcher.data["r0@example.org"] = reply
    sent = listed.send("--attach-signatures", "html", rc=PARTLY)
    assert says(sent.err, "1 are larger than the mail server takes")
    catcher.data["r1@example.org"] = "552 5.2.2 mailbox full"
    full = listed.send("--again", rc=PARTLY)
    assert says(full.err, "1 are larger", "2 rejected")


def test_refused_for_its_size_at_mail(listed, fake_smtp):
    server = fake_smtp(fault="MAIL:1:552 5.3.4 limit is 1 MB")
    listed.conf(server.port)
    sent = listed.send("--attach-signatures", "html", rc=CONFIG)
    assert says(sent.err, "as large as this one", "let less go along")
    assert listed.status()["state"] == "paused"


def test_too_many_names_for_a_letter(ol, catcher):
    """Told once, and what to do instead."""
    ol.conf(catcher.port)
    ol.letter(body="{{#signatures.list}}\n* {{name}}, {{city}}, {{country}}, "
              "{{comment}}{{organisation}}\n{{/signatures.list}}\n")
    rows = [{"name": f"N{i}", "country": "DE", "postcode": str(i)}
            for i in range(25000)]
    ol.load(rows)
    told = ol.send(rc=DATA)
    assert says(told.err, "25000 names", "--attach-signatures")
    assert len(told.err.splitlines()) == 1 and not catcher.tried


@pytest.mark.parametrize("count", [5000, 100000])
def test_many_names(ol, smtp_sink, count):
    sink = smtp_sink()
    ol.conf(sink.port, connections=2)
    ol.people(4)
    rows = [{"name": f"Name {i}", "country": "DE", "postcode": str(i),
             "city": "Somewhere", "comment": f"comment {i}"}
            for i in range(count)]
    ol.load(rows)
    if count <= 5000:
        ol.letter(body=LIST_BODY)
    memory = shutil.which("time", path="/usr/bin")
    prefix = [memory, "-f", "peak %M kB"] if memory else []
    sent = ol.run("send", LETTER, "--yes", "--attach-signatures", "csv",
                  prefix=prefix)
    assert sent.rc == OK, sent
    assert len(sink.messages) == 4
    got = rows_of(sink.messages[0])
    assert len(got) == count and got[-1]["comment"] == f"comment {count - 1}"
    peak = re.search(r"peak (\d+) kB", sent.err)
    print(sent.seconds, peak and peak[1])
    if peak:
        assert int(peak[1]) < 400_000
