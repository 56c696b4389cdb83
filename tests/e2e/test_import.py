"""Signature lists: what they may look like, what is taken, what is not."""

import csv
import os
import stat
import sys

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


LANGUAGES = {
    "en": "First name,Last name,E-mail,Country,City,Postcode,Union,Role,Date",
    "fr": "Prénom,Nom,Courriel,Pays,Ville,Code postal,Syndicat,Fonction,"
    "Date de signature",
    "es": "Nombre,Apellidos,Correo electrónico,País,Ciudad,Código postal,"
    "Sindicato,Cargo,Fecha",
    "fa": "نام,نام خانوادگی,رایانامه,کشور,شهر,کد پستی,اتحادیه,سمت,تاریخ",
    "ar": "الاسم,اسم العائلة,البريد الإلكتروني,الدولة,المدينة,الرمز البريدي,"
    "النقابة,المنصب,التاريخ",
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_header_in(ol, lang):
    row = "Reza,Shahabi,r@example.org,IR,Tehran,1,Vahed,driver,2010-01-07"
    path = ol.write("s.csv", f"{LANGUAGES[lang]}\n{row}\n")
    ol.ok("import", LETTER, path)
    (row,) = ol.signatures()
    assert row["name"] == "Reza Shahabi"
    assert row["email"] == "r@example.org"
    assert (row["country"], row["city"]) == ("IR", "Tehran")
    assert (row["postcode"], row["role"]) == ("1", "driver")
    assert row["organisation"] == "Vahed"
    assert row["date"].startswith("2010-01-07")


def test_asks_rather_than_guesses(ol):
    path = ol.write("s.csv", "name,surname,email\nAda,Lovelace,a@example.org\n")
    wrong = ol.run("import", LETTER, path)
    assert wrong.rc == DATA
    assert says(wrong.err, "s.csv:1", '--map "name=first_name"')
    ol.ok("import", LETTER, path, "--map", "name=first_name")
    assert names(ol) == ["Ada Lovelace"]


COUNTRIES = {
    "IR": ["iran", "IRN", "Iran, Islamic Republic of", "Irán", "ایران", "إيران"],
    "GB": ["UK", "England", "Royaume-Uni", "انگلستان"],
    "DE": ["Germany", "Allemagne", "Alemania", "آلمان", "ألمانيا"],
    "US": ["USA", "U.S.A.", "États-Unis", "EE. UU.", "آمریکا"],
    "KR": ["South Korea"],
    "CZ": ["Czech Republic"],
}


def test_countries_by_name(ol):
    rows = [
        {"name": f"{code} {i}", "country": name}
        for code, spellings in COUNTRIES.items()
        for i, name in enumerate(spellings)
    ]
    ol.load(rows)
    assert len(names(ol)) == len(rows)
    for row in ol.signatures():
        assert row["country"] == row["name"][:2], row


def test_country_that_may_be_two(ol):
    ol.load([{"name": "A", "country": "Congo"}], rc=PARTLY)
    assert "Congo" in (ol.dir / "sheet.rejects.csv").read_text()


DATES = {
    "2010-01-07": "2010-01-07",
    "2010-01-07T23:30:00-01:00": "2010-01-08",
    "2010-01-07 14:05:00": "2010-01-07",
    "7.1.2010": "2010-01-07",
    "07/01/2010": "2010-01-07",
    "07-01-2010": "2010-01-07",
    "7/1/2010 14:05": "2010-01-07",
    "13/01/2010": "2010-01-13",
    "۲۰۱۰-۰۱-۰۷": "2010-01-07",
    "٧/١/٢٠١٠": "2010-01-07",
}


def test_dates(ol):
    ol.load(
        [
            {"name": text, "email": f"p{i}@example.org", "date": text}
            for i, text in enumerate(DATES)
        ]
    )
    assert {r["name"]: r["date"][:10] for r in ol.signatures()} == DATES


def dated(*dates):
    return [
        {"name": "A", "email": f"p{i}@example.org", "date": text}
        for i, text in enumerate(dates)
    ]


def test_month_first(ol):
    """A list that has its months first is not misread without a word."""
    rows = dated("2/3/2010", "2/13/2010", "2/14/2010")
    refused = ol.load(rows, rc=DATA)
    assert says(refused.err, "sheet.csv:3:", "--month-first"), refused
    assert ol.signatures() == []
    assert not (ol.dir / "sheet.rejects.csv").exists()
    ol.ok("import", "--month-first", LETTER, ol.dir / "sheet.csv")
    days = {r["date"][:10] for r in ol.signatures()}
    assert days == {"2010-02-03", "2010-02-13", "2010-02-14"}


def test_not_month_first(ol):
    path = ol.write("a.csv", csv_text(dated("3/2/2010", "13/2/2010")))
    refused = ol.run("import", "--month-first", LETTER, path)
    assert refused.rc == DATA
    assert says(refused.err, "a.csv:3:", "without --month-first"), refused
    assert ol.signatures() == []


@pytest.mark.parametrize("options", [[], ["--month-first"]])
def test_one_date_in_the_other_order(ol, options):
    """It is rejected alone when others show that the list is as told."""
    rows = dated("2/13/2010", "13/2/2010", "2/2/2010")
    path = ol.write("sheet.csv", csv_text(rows))
    assert ol.run("import", *options, LETTER, path).rc == PARTLY
    day = {r["date"][:10] for r in ol.signatures()}
    assert day == {"2010-02-02", "2010-02-13"}
    first = "months come first" if options else "days come first"
    assert first in (ol.dir / "sheet.rejects.csv").read_text()


@pytest.mark.parametrize(
    "text, word",
    [
        ("12.31.2010", "there is no month 31; days come first here"),
        ("31.2.2010", "no day 31"),
        ("7/1/10", "four digits"),
        ("1388/10/17", "another calendar"),
        ("yesterday", "7.1.2010"),
    ],
)
def test_impossible_dates(ol, text, word):
    ol.load([{"name": "A", "email": "a@b.example", "date": text}], rc=PARTLY)
    assert word in (ol.dir / "sheet.rejects.csv").read_text()


def test_words_in_other_languages(ol):
    ol.load(
        [
            {"type": "سندیکا", "name": "O", "email": "o@example.org"},
            {"name": "P", "email": "p@example.org", "visibility": "publique"},
            {"name": "C", "email": "c@example.org", "visibility": "ناشناس"},
            {"name": "U", "email": "u@example.org", "newsletter": "sí"},
            {"name": "N", "email": "n@example.org", "newsletter": "نه"},
        ]
    )
    rows = {r["email"][0]: r for r in ol.signatures()}
    assert rows["o"]["kind"] == "organisation"
    assert rows["p"]["visibility"] == "public"
    assert rows["c"]["visibility"] == "count"
    assert rows["u"]["updates"] != rows["n"]["updates"]


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


PERSIAN = "name;email;country\nبابک پارسی;babak@example.org;ایران\n"
WESTERN = "name;email;country\nRené Lévêque;rene@example.org;France\n"
ARABIC = "الاسم;البريد;الدولة\nرامين پارسي;ramin@example.org;المغرب\n"
ENCODINGS = [
    # text, how it is written, --encoding
    (PERSIAN, "utf-8-sig", None),
    (PERSIAN, "utf-16", None),
    (PERSIAN, "utf-16", "utf-16"),
    (PERSIAN, "utf-16-le", "utf-16le"),
    (PERSIAN, "utf-16-be", "utf-16be"),
    (ARABIC, "cp1256", "windows-1256"),
    (WESTERN, "cp1252", "windows-1252"),
    (WESTERN, "latin-1", "latin-1"),
    (WESTERN, "utf-8", "utf-8"),
]


@pytest.mark.parametrize("text, codec, told", ENCODINGS)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings(ol, text, codec, told, ends):
    path = ol.write("s.csv", text.replace("\n", ends).encode(codec))
    ol.ok("import", LETTER, path, *(["--encoding", told] if told else []))
    assert names(ol) == [text.split("\n")[1].split(";")[0]]


UNTOLD = [
    # bytes, arguments, what the message says
    (PERSIAN.encode("utf-16-le"), [], ["s.csv:1", "--encoding utf-16le"]),
    (PERSIAN.encode("utf-16-be"), [], ["s.csv:1", "--encoding utf-16be"]),
    (WESTERN.encode("latin-1"), [], ["s.csv:2", "--encoding windows-1252"]),
    (
        b"\xef\xbb\xbf" + WESTERN.encode(),
        ["--encoding", "latin-1"],
        ["s.csv:1", "leave --encoding out"],
    ),
    (
        WESTERN.encode(),
        ["--encoding", "utf-16"],
        ["s.csv:1", "utf-16le or utf-16be"],
    ),
    (b"a\nb\n\x81\n", ["--encoding", "windows-1252"], ["s.csv:1"]),
]


@pytest.mark.parametrize("data, told, words", UNTOLD)
def test_encoding_is_never_guessed(ol, data, told, words):
    path = ol.write("s.csv", data)
    wrong = ol.run("import", LETTER, path, *told)
    assert wrong.rc == DATA, wrong
    assert says(wrong.err, *words)
    assert ol.count()["total"] == 0


def test_unknown_encoding_and_delimiter(ol):
    path = ol.write("s.csv", WESTERN)
    wrong = ol.run("import", LETTER, path, "--encoding", "ebcdic")
    assert wrong.rc == 64 and says(wrong.err, "--encoding", "windows-1256")
    wrong = ol.run("import", LETTER, path, "--delimiter", "|")
    assert wrong.rc == 64 and says(wrong.err, "--delimiter", "tab")


@pytest.mark.parametrize("told, sign", [(";", ";"), ("tab", "\t"), (",", ",")])
def test_told_delimiter(ol, told, sign):
    # The other two stand in the header more often.
    extra = ",;\t".replace(sign, "") * 3
    text = csv_text(
        [dict(PEOPLE[0], **{f"x{extra}": "1"})], delimiter=sign
    )
    path = ol.write("s.csv", text.replace('"', ""))
    ol.ok("import", LETTER, path, "--delimiter", told)
    assert names(ol) == [PEOPLE[0]["name"]]


def test_sep_line(ol):
    text = csv_text(PEOPLE, delimiter=";")
    ol.ok("import", LETTER, ol.write("s.csv", "sep=;\r\n" + text))
    assert names(ol) == ALL


def test_says_what_was_not_taken(ol):
    path = ol.write("s.csv", "name,email,phone\nAda,a@example.org,1\n")
    said = ol.ok("import", LETTER, path)
    assert says(said.err, "not taken", "phone")


def wide(text):
    return "name,email\nA,a@example.org\n" + text


MALFORMED = {
    "unbalanced": (wide('"B,b@example.org\n'), "s.csv:3", "quote"),
    "stray quote": (wide('B "b" B,b@example.org\n'), "s.csv:3", "quote"),
    "100 MB field": (wide("B" * 100_000_000 + ",b@b.c\n"), "s.csv:3", "4 MB"),
    "100 MB quoted": (wide('"' + "B\n" * 50_000_000), "s.csv:3", "quote"),
    "100,000 columns": ("name,email" + ",x" * 100_000, "s.csv:1", "4096"),
    "doubled header": ("name,email,x,x\n", "s.csv:1", "both called"),
    "two of a kind": ("name,email,Mail\n", "s.csv:1", "both the email"),
    "empty header": ("name,,email\n", "s.csv:1", "column 2 has no name"),
    "NUL": (wide("B\0,b@example.org\n"), "s.csv:3", "NUL"),
    "sep": ("sep=|\nname|email\n", "s.csv:1", "delimiter"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed(ol, case):
    text, *words = MALFORMED[case]
    path = ol.write("s.csv", text)
    wrong = ol.run("import", LETTER, path)
    assert wrong.rc == DATA, wrong
    assert len(wrong.err.strip().splitlines()) == 1, wrong
    assert says(wrong.err, *words)
    assert ol.count()["total"] == 0
    assert not (ol.dir / "s.rejects.csv").exists()


# Runs a command and says its peak memory in KB on the last line.
PEAK = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""


def test_many_rejects_take_no_memory(ol):
    peaks = []
    for rows in (10, 20_000):
        line = "x" * 4000 + ",no address\n"
        path = ol.write("s.csv", "name,email\n" + line * rows)
        prefix = [sys.executable, "-c", PEAK]
        done = ol.run("import", LETTER, path, prefix=prefix)
        assert done.rc == PARTLY
        peaks.append(int(done.err.split()[-1]))
        size = (ol.dir / "s.rejects.csv").stat().st_size
        assert size > rows * 4000
    assert peaks[1] < peaks[0] + 20_000


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


def test_full_disk(ol, tmp_path):
    """All of a list or nothing; with more room it goes in."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for a disk of its own")
    ol.sign("Ana", "ana@example.org")
    rows = "".join(f"Name {i},n{i}@example.net\n" for i in range(20000))
    ol.write("many.csv", "name,email\n" + rows)
    small = f"{ol.dir}.small"
    script = (
        f"mkdir {small} && mount -t tmpfs -o size=2m none {small} || exit 99;"
        f" cp -a {ol.dir}/. {small};"
        f" {ol.argv()[0]} -C {small} import {LETTER} {small}/many.csv;"
        f" echo $?; {ol.argv()[0]} -C {small} check --store || echo bad;"
        f" rm -rf {ol.dir}/*; cp -a {small}/. {ol.dir}"
    )
    done = ol.run_argv(["unshare", "-m", "sh", "-c", script])
    if done.rc == 99 or not done.out:
        pytest.skip("a mount namespace is not allowed here")
    assert done.out == f"{IO}\n", done
    assert says(done.err, "the disk is full", "run the command again")
    assert ol.count()["total"] == 1
    ol.ok("import", LETTER, ol.dir / "many.csv")
    assert ol.count()["total"] == 20001
    ol.ok("check", "--store")


def test_the_same_file_again_leaves_no_trace(ol):
    """Not even its repeats are kept a second time; of another file they are."""
    path = ol.write("a.csv", csv_text([*PEOPLE, PEOPLE[0]]))
    ol.ok("import", LETTER, path)
    before = ol.json("batches"), ol.json("duplicates", LETTER)
    assert [len(rows) for rows in before] == [1, 1]
    again = ol.ok("import", LETTER, path)
    assert says(again.err, "0 new", "4 there already")
    assert (ol.json("batches"), ol.json("duplicates", LETTER)) == before
    ol.ok("import", LETTER, ol.write("b.csv", csv_text(PEOPLE)))
    assert len(ol.json("batches")) == 2
    assert len(ol.json("duplicates", LETTER)) == 4
