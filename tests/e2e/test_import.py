"""Signature lists: what they may look like, what is taken, what is not."""

import csv
import stat

import pytest

from workspace import DATA, IO, LETTER, NOTFOUND, OK, PARTLY, csv_text, says

PEOPLE = [
    {"name": "Ada Lovelace", "email": "ada@example.org", "country": "GB"},
    {"name": "بابک آزادی", "email": "babak@example.org", "country": "IR"},
    {"name": "Zoë; de, Vries", "email": "zoe@example.org", "country": "NL"},
]


def names(ol):
    return sorted(row["name"] for row in ol.signatures())


ALL = sorted(p["name"] for p in PEOPLE)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_dialects(ol, delimiter, bom, ends):
    text = csv_text(PEOPLE, delimiter=delimiter, lineterminator=ends)
    path = ol.write("sheet.csv", bom + text)
    ol.ok("import", LETTER, path)
    assert names(ol) == ALL


def test_source_and_state(ol):
    ol.load(PEOPLE)
    for row in ol.signatures():
        assert row["state"] == "confirmed"
        assert "sheet.csv" in row["source"]
    path = ol.write(
        "more.csv", csv_text([{"name": "M", "email": "m@example.org"}])
    )
    ol.ok("import", LETTER, path, "--source", "May Day march")
    sources = {r["email"]: r["source"] for r in ol.signatures()}
    assert "May Day march" in sources["m@example.org"]


@pytest.mark.parametrize(
    "header",
    [
        "Full Name,E-Mail,Country",
        "NAME, email ,country",
        "full_name,Email Address,Country",
    ],
)
def test_header_aliases(ol, header):
    path = ol.write("s.csv", header + "\nAda Lovelace,ada@example.org,GB\n")
    ol.ok("import", LETTER, path)
    (row,) = ol.signatures()
    assert (row["name"], row["country"]) == ("Ada Lovelace", "GB")


def test_first_and_last_name(ol):
    path = ol.write(
        "s.csv",
        "first_name,last_name,e-mail,zip\nAda,Lovelace,ada@example.org,W1\n",
    )
    ol.ok("import", LETTER, path)
    (row,) = ol.signatures()
    assert (row["name"], row["postcode"]) == ("Ada Lovelace", "W1")


def test_map(ol):
    path = ol.write("s.csv", "wer,wo,adresse\nAda,GB,ada@example.org\n")
    ol.ok(
        "import",
        LETTER,
        path,
        "--map",
        "wer=name",
        "--map",
        "wo=country",
        "--map",
        "adresse=email",
    )
    (row,) = ol.signatures()
    assert (row["name"], row["country"]) == ("Ada", "GB")


def test_map_to_what_is_not_there(ol):
    path = ol.write("s.csv", "name,email\nAda,ada@example.org\n")
    wrong = ol.run("import", LETTER, path, "--map", "wer=name")
    assert wrong.rc in (64, DATA), wrong
    wrong = ol.run("import", LETTER, path, "--map", "name=nmae")
    assert wrong.rc in (64, DATA), wrong
    assert ol.count()["total"] == 0


def test_kinds_and_choices(ol):
    ol.load(
        [
            {
                "kind": "organisation",
                "name": "Contact",
                "organisation": "Union",
                "email": "o@example.org",
                "country": "FR",
                "visibility": "public",
                "updates": "yes",
            },
            {
                "kind": "person",
                "name": "Ada",
                "email": "a@example.org",
                "visibility": "count",
                "updates": "no",
            },
            {"name": "Ben", "email": "b@example.org"},
        ]
    )
    row = ol.count()
    assert (row["people"], row["organisations"]) == (2, 1)
    seen = {r["email"]: r["visibility"] for r in ol.signatures()}
    assert seen == {
        "o@example.org": "public",
        "a@example.org": "count",
        "b@example.org": "recipient",
    }


def test_repeatable(ol):
    ol.load(PEOPLE)
    again = ol.load(PEOPLE)
    assert again.rc == OK
    assert ol.count()["total"] == 3


def test_repeats_within_a_file(ol):
    ol.load(PEOPLE + [dict(PEOPLE[0], email="ADA@example.org")])
    assert ol.count()["total"] == 3


def test_without_address(ol):
    ol.load(
        [
            {"name": "Ali Karimi", "email": "", "country": "IR"},
            {"name": "Ali Karimi", "email": "", "country": "SE"},
        ]
    )
    assert ol.count()["total"] == 2


def test_rejects(ol):
    rows = [
        PEOPLE[0],
        {"name": "No Address", "email": "not an address", "country": "FR"},
        {"name": "", "email": "nameless@example.org", "country": "FR"},
        {"name": "Nowhere", "email": "", "country": ""},
        {"name": "Ada \u202eevil", "email": "evil@example.org"},
        PEOPLE[1],
    ]
    partly = ol.load(rows, rc=PARTLY)
    assert names(ol) == sorted([PEOPLE[0]["name"], PEOPLE[1]["name"]])
    path = ol.dir / "sheet.rejects.csv"
    assert says(partly.err, "sheet.rejects.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with open(path, encoding="utf-8-sig", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert len(rejects) == 4
    assert [r["name"] for r in rejects] == [r["name"] for r in rows[1:5]]
    assert all(r["error"] for r in rejects)
    lines = {value for r in rejects for value in r.values()}
    assert {"3", "4", "5", "6"} <= lines, "each has its line number"


def test_corrected_rejects_can_be_imported(ol):
    ol.load([PEOPLE[0], {"name": "Eve", "email": "eve@", "country": ""}], rc=1)
    path = ol.dir / "sheet.rejects.csv"
    path.write_text(path.read_text().replace("eve@", "eve@example.org"))
    ol.ok("import", LETTER, path)
    assert ol.count()["total"] == 2


def test_rejects_of_an_earlier_run_do_not_stay(ol):
    ol.load([{"name": "Eve", "email": "eve@", "country": ""}], rc=PARTLY)
    assert "eve@" in (ol.dir / "sheet.rejects.csv").read_text()
    ol.load([{"name": "Bob", "email": "bob@", "country": ""}], rc=PARTLY)
    assert "Eve" not in (ol.dir / "sheet.rejects.csv").read_text()


def test_dry_run(ol):
    path = ol.write("s.csv", csv_text(PEOPLE))
    said = ol.ok("import", LETTER, path, "--dry-run")
    assert "3" in said.out + said.err
    assert ol.count()["total"] == 0
    assert not (ol.dir / "s.rejects.csv").exists()


BROKEN = [
    # what stands where a row should, what the message names
    (b'"open quote,x@example.org\n', "quote"),
    (b"caf\xe9,x@example.org\n", "UTF-8"),
    (b"nul\0,x@example.org\n", "NUL"),
]


@pytest.mark.parametrize("line, word", BROKEN, ids=[b[1] for b in BROKEN])
def test_all_or_nothing(ol, line, word):
    ol.load(PEOPLE[:1])
    good = b"".join(b"P %d,p%d@example.org\n" % (i, i) for i in range(2000))
    path = ol.write("s.csv", b"name,email\n" + good + line)
    broken = ol.run("import", LETTER, path)
    assert broken.rc == DATA, broken
    assert says(broken.err, "s.csv:2002", word)
    assert ol.count()["total"] == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"name\n",
        b"city,country\nParis,FR\n",
        b"name,email,email\nAda,a@example.org,b@example.org\n",
        "name,email\nAda,ada@example.org\n".encode("utf-16-be"),
    ],
)
def test_useless_file(ol, data):
    path = ol.write("s.csv", data)
    wrong = ol.run("import", LETTER, path)
    assert wrong.rc in (OK, DATA) if data == b"name\n" else wrong.rc == DATA
    assert ol.count()["total"] == 0


def test_ragged_rows(ol):
    path = ol.write(
        "s.csv",
        "name,email,country\nAda,a@example.org\nBen,b@example.org,FR,x\n",
    )
    result = ol.run("import", LETTER, path)
    assert result.rc in (OK, PARTLY), result
    # Nothing vanishes: each row is taken or stands among the rejects.
    rejects = ol.dir / "s.rejects.csv"
    text = rejects.read_text() if rejects.exists() else ""
    for name in ("Ada", "Ben"):
        assert (name in names(ol)) != (name in text)


def test_missing_file_and_letter(ol):
    assert ol.run("import", LETTER, "nowhere.csv").rc == NOTFOUND
    path = ol.write("s.csv", csv_text(PEOPLE))
    assert ol.run("import", "ilo/nothing", path).rc == NOTFOUND
    assert ol.run("import", LETTER, ol.dir).rc in (DATA, IO, NOTFOUND)


def test_goes_by_each_rows_own_day(ol):
    ol.letter(Opens="2010-01-01", Closes="2010-12-31")
    rows = [
        {"name": "Early", "email": "e@example.org", "date": "2009-12-31"},
        {"name": "First", "email": "f@example.org", "date": "2010-01-01"},
        {"name": "Last", "email": "l@example.org", "date": "2010-12-31"},
        {"name": "Late", "email": "t@example.org", "date": "2011-01-01"},
    ]
    ol.load(rows, rc=PARTLY)
    assert names(ol) == ["First", "Last"]
    assert {r["date"][:10] for r in ol.signatures()} == {
        "2010-01-01",
        "2010-12-31",
    }


def test_only_tightens(ol):
    ol.load([dict(PEOPLE[0], visibility="count")])
    ol.load([dict(PEOPLE[0], visibility="public")])
    (row,) = ol.signatures()
    assert row["visibility"] == "count"


def test_some_thousands(ol):
    rows = [
        {"name": f"Person {i}", "email": f"p{i}@example.org", "country": "FR"}
        for i in range(5000)
    ]
    done = ol.load(rows)
    assert ol.count()["total"] == 5000
    assert done.seconds < 20
