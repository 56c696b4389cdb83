"""
The big list of naughty strings through sign, import, count, export and a
rendered message: what is taken comes out unharmed, what is not is refused
aloud.
"""

import csv
import io
import json
import os
import re
import unicodedata

import pytest

from servers import Page, html_of, text_of
from workspace import DATA, LETTER, OK, PARTLY, USAGE

# Characters that cannot stand in a name: controls, line and paragraph
# separators, embedding and isolate controls, noncharacters, tags.
REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef"
    "\ufffe\uffff\U000e0000-\U000e007f]"
)
# So long, or so empty to the eye, that either answer is right.
LONG = 200


def tidy(text):
    """Both sides are compared in this form: NFC, blanks as one blank."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def must_refuse(text):
    return bool(REFUSED.search(text.strip(" \t"))) or not text.strip()


def must_take(text):
    visible = [c for c in text if unicodedata.category(c)[0] in "LNPS"]
    return not must_refuse(text) and len(text) < LONG and bool(visible)


@pytest.fixture(scope="module")
def strings():
    from workspace import CORPORA

    path = CORPORA / "naughty-strings" / "blns.json"
    if not path.exists():
        pytest.skip(f"{path} is not there (OPENLETTER_CORPORA)")
    return list(dict.fromkeys(json.loads(path.read_text("utf-8"))))


@pytest.fixture
def signed(ol, strings):
    """All strings imported as names, with an address that tells which."""
    rows = [
        {
            "name": text,
            "email": f"n{i}@example.org",
            "city": text,
            "visibility": "public",
        }
        for i, text in enumerate(strings)
    ]
    # The list's own formula guard must not be taken off twice.
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([guard(v) for v in row.values()])
    path = ol.write("naughty.csv", out.getvalue())
    assert ol.run("import", LETTER, path).rc == PARTLY
    return ol


def guard(text):
    return "'" + text if re.match(r"'*[=+\-@\t\r]", text) else text


def number(row):
    return int(row["email"][1:].split("@")[0])


def test_import_takes_and_refuses(signed, strings):
    taken = {number(row): row for row in signed.signatures()}
    for i, text in enumerate(strings):
        assert not (must_refuse(text) and i in taken), repr(text)
        assert not (must_take(text) and i not in taken), repr(text)
    for i, row in taken.items():
        assert tidy(row["name"]) == tidy(strings[i])
        assert tidy(row["city"]) == tidy(strings[i])
    assert signed.count()["total"] == len(taken)
    with open(
        signed.dir / "naughty.rejects.csv", encoding="utf-8-sig", newline=""
    ) as file:
        rejects = list(csv.DictReader(file))
    assert len(rejects) + len(taken) == len(strings), "nothing vanishes"
    assert all(row["error"] for row in rejects)


def test_formats_agree(signed):
    rows = signed.signatures()
    args = ["export", LETTER, "--audience", "organisers", "--format"]
    lines = signed.ok(*args, "jsonl").raw.split(b"\n")[:-1]
    assert [json.loads(line) for line in lines] == rows
    out = signed.ok(*args, "csv").out
    table = csv.DictReader(io.StringIO(out, newline=""))
    for line, row in zip(table, rows, strict=True):
        assert line["name"] == guard(row["name"])
        assert line["email"] == row["email"]
    assert signed.ok(*args, "table").out
    assert signed.ok("count", LETTER, "--by", "organisation").raw


def test_names_in_a_message(signed, catcher):
    """All names in one letter's list of signatures."""
    signed.conf(catcher.port)
    signed.letter(
        body="{{#signatures.list}}\n"
        "N{{number}}: {{name}} :E\n\n"
        "{{/signatures.list}}\n"
    )
    signed.people(1)
    signed.send()
    mail = catcher.messages[0].mail
    names = {
        r["number"]: tidy(r["name"])
        for r in signed.json("export", LETTER, "--audience", "public")
    }
    shown = re.findall(r"^N(\d+): (.*) :E$", text_of(mail), re.M)
    assert {int(n): tidy(name) for n, name in shown} == names
    page = Page(html_of(mail))
    shown = re.findall(r"^N(\d+): (.*) :E$", "\n".join(page.lines), re.M)
    assert {int(n): tidy(name) for n, name in shown} == names
    ours = {"html", "head", "meta", "title", "style", "body", "div", "p"}
    assert set(page.tags) <= ours


def test_names_of_recipients(ol, catcher, strings):
    """Each string as a recipient's name: in To, Subject and both parts."""
    ol.conf(catcher.port)
    ol.letter(
        Subject="S: {{recipient.name}} :E",
        body="N: {{recipient.name}} :E\n",
    )
    ol.recipients(
        [
            {"email": f"n{i}@example.org", "name": text}
            for i, text in enumerate(strings)
        ]
    )
    result = ol.send(rc=None, timeout=120)
    assert result.rc in (OK, PARTLY), result
    got = {int(m.to[1:].split("@")[0]): m for m in catcher.messages}
    for i, text in enumerate(strings):
        if i not in got:
            assert not must_take(text), repr(text)
            assert re.search(r"ilo\.csv:\d+", result.err)
            continue
        mail = got[i].mail
        wanted = tidy(text)
        assert tidy(mail["Subject"]) == tidy(f"S: {wanted} :E"), repr(text)
        assert tidy(text_of(mail)) == tidy(f"N: {wanted} :E"), repr(text)
        page = Page(html_of(mail))
        assert tidy(page.text) == tidy(f"N: {wanted} :E"), repr(text)
        (to,) = mail["To"].addresses
        assert to.addr_spec == f"n{i}@example.org"


def test_sign_with_some_of_them(ol, strings):
    """Every eighth through the command line itself."""
    taken = 0
    for i, text in enumerate(strings[::8]):
        argv = ol.argv("sign", LETTER, f"--name={text}")
        argv += ["--email", f"n{i}@example.org"]
        result = ol.run_argv([os.fsencode(arg) for arg in argv])
        assert result.rc in (OK, USAGE, DATA), (text, result)
        assert not (must_refuse(text) and result.rc == OK), repr(text)
        assert not (must_take(text) and result.rc != OK), (text, result)
        taken += result.rc == OK
    assert ol.count()["total"] == taken
