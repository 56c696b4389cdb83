"""What is exported for the organisers and imported elsewhere is the same
signatures, whatever people wrote. OPENLETTER_TEST_SEED repeats a run."""

import os
import random

import pytest

from workspace import LETTER, OK

SEED = int(os.environ.get("OPENLETTER_TEST_SEED", random.randrange(10**6)))

# Pieces of texts, the worse the better.
PIECES = [
    "a", "B", "é", "e\u0301", "ß", "İ", "Ångström", "O'Brien", "von", "7",
    "'", "''", '"', '""', ",", ";", "=", "+", "-", "@", "=1+1", "+49", "-1",
    "@SUM(A1)", "'=", "''+", "\\", "|", "%", "&amp;", "<b>", "{{x}}", "#",
    " ", "  ", "\u00a0", "\u3000", "\u2003", "؛", "،", "بابک", "آزادی",
    "می\u200cخواهم", "\u200f", "\u200e", "\u0640", "ك", "ي", "ۀ", "کار", "שלום",
    "日本", "ก\u0e33", "क\u093c", "\u0958", "\u0344", "\u1100\u1161", "ﬁ", "①",
    "👩\u200d🔧", "\ufeff", "\u00ad", "\u200b", "NULL", "nan", "1e9", "TRUE",
]
COMMENT_PIECES = [*PIECES, "\n", "\n\n", "\r\n", "\t", " \n ", "\n=x", "\n'"]


def words(chance, pieces, most):
    return "".join(chance.choice(pieces)
                   for _ in range(chance.randrange(1, most)))


def make(chance, i):
    """A signature that may be as odd as signatures can be."""
    def maybe(text):
        return text if chance.random() < 0.6 else ""

    kind = chance.choice(["person", "person", "organisation"])
    mail = f"p{i}.{chance.choice(['x', 'X+tag', 'o-o', 'é'])}@"
    mail += chance.choice(["example.org", "Bücher.example", "EXAMPLE.net"])
    one = {
        "kind": kind,
        # A letter somewhere, so that two of no address are told apart.
        "name": words(chance, PIECES, 12) + f"n{i}",
        "email": maybe(mail),
        "organisation": maybe(words(chance, PIECES, 8)),
        "role": maybe(words(chance, PIECES, 8)),
        "country": chance.choice(["IR", "fr", "UK", "EL", "de", "US"]),
        "city": maybe(words(chance, PIECES, 6)),
        "postcode": maybe(chance.choice(["0012", "=1", "W1 4X", "-5", "۱۲"])),
        "comment": maybe(words(chance, COMMENT_PIECES, 40)),
        "lang": chance.choice(["", "en", "fa", "de-CH", "zh-Hant", "FA-ir"]),
        "visibility": chance.choice(["public", "recipient", "count", ""]),
        "updates": chance.choice(["yes", "no", "", "1"]),
        "date": chance.choice(["2020-05-01", "2020-05-01T23:59:59Z",
                               "2019-12-31 23:30", "1969-12-31",
                               "2020-02-29T00:30:00+02:00"]),
    }
    if i % 50 == 0:
        one["name"] = f"n{i}" + "خ" * 190
        one["comment"] = '"\n' * 1990
    if i % 50 == 1:
        # Two characters each where values are kept.
        one["name"] = f"n{i}" + chance.choice(["\u0958", "\u0344"]) * 150
    return one


@pytest.fixture
def elsewhere(ol, tmp_path):
    """Gives a function that makes a workspace with the same letters and no
    signatures."""
    empty = ol.copy(tmp_path / "empty")

    def make_one(name):
        return empty.copy(tmp_path / name)

    return make_one


def everything(ol):
    """All that organisers can see, but where it came from here."""
    return [{field: value for field, value in row.items() if field != "source"}
            for row in ol.signatures()]


def move(source, target, *args):
    """Exports and imports."""
    data = source.ok("export", LETTER, "--audience", "organisers",
                     "--format", "csv", *args).raw
    done = target.run("import", LETTER, target.write("moved.csv", data))
    assert done.rc == OK, (SEED, done)


@pytest.mark.parametrize("lap", range(3))
def test_odd_signatures(ol, elsewhere, lap):
    chance = random.Random(SEED + lap)
    rows = [make(chance, i) for i in range(200)]
    # What is refused the first time is not what this is about.
    ol.load(rows, rc=None)
    before = everything(ol)
    assert len(before) > 100
    there = elsewhere("there")
    move(ol, there, *(["--bom"] if lap == 1 else []))
    assert everything(there) == before, SEED
    assert there.count() == ol.count(), SEED
    back = elsewhere("back")
    move(there, back)
    assert everything(back) == before, SEED


def person(who, **others):
    return {"name": who, "email": f"{who.lower()}@example.org",
            "country": "IR", **others}


def test_only_what_counts_is_taken(ol, elsewhere):
    """Nobody who withdrew is counted again elsewhere, but who then signed
    once more is."""
    ol.load([person("Ann"), person("Bob"), person("Cem")])
    for who in ("bob", "cem"):
        ol.ok("withdraw", LETTER, f"{who}@example.org")
    ol.sign("Cem", "cem@example.org", country="IR", visibility="public")
    states = [(r["name"], r["state"]) for r in ol.signatures()]
    assert states == [("Ann", "confirmed"), ("Bob", "withdrawn"),
                      ("Cem", "withdrawn"), ("Cem", "confirmed")]
    there = elsewhere("there")
    data = ol.ok("export", LETTER, "--audience", "organisers").raw
    done = there.ok("import", LETTER, there.write("moved.csv", data))
    assert "4 rows: 2 new, 0 there already, 0 rejected" in done.err
    assert "2 not taken: their state is pending, withdrawn" in done.err
    assert everything(there) == [
        {**row, "number": n} for n, row in enumerate(
            (r for r in everything(ol) if r["state"] == "confirmed"), 1)]
    assert there.count() == ol.count()


@pytest.mark.parametrize("state, taken", [
    ("withdrawn", 0), ("Pending", 0), ("rejected", 0), ("expired", 0),
    ("confirmed", 1), ("", 1), ("CA", 1), ("New York", 1)])
def test_states_of_america(ol, state, taken):
    """A column "state" of somebody else's list means nothing to us."""
    ol.load([person("Ann", state=state)])
    assert ol.count()["total"] == taken


def test_a_row_that_does_not_count_is_not_looked_at(ol):
    ol.load([person("Ann", state="withdrawn", date="sometime")])
    assert not ol.signatures()


def test_exported_twice_is_the_same(ol):
    """And importing one's own export changes nothing."""
    chance = random.Random(SEED)
    ol.load([make(chance, i) for i in range(50)], rc=None)
    args = ("export", LETTER, "--audience", "organisers")
    first = ol.ok(*args).raw
    done = ol.ok("import", LETTER, ol.write("own.csv", first))
    assert " 0 new" in done.err and " 0 rejected" in done.err
    assert ol.ok(*args).raw == first
