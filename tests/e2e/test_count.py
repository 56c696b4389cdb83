"""Counts: by what signatures have in common, as bars and as charts."""

import csv
import datetime
import io
import re
import xml.etree.ElementTree as ET
from itertools import combinations

import pyte
import pytest
from browser import CHROMIUM, measure
from workspace import LETTER, NOTFOUND, OK, USAGE, says

SVG = "{http://www.w3.org/2000/svg}"
PERSIAN = "فراخوان به مدیرکل سازمان بین‌المللی کار (ILO) در سال 2026"

browser = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")


def people(*days, **columns):
    """Rows of people who signed on these days."""
    return [
        {
            "name": f"Person {i}",
            "email": f"p{i}.{day}@example.net",
            "date": day,
            **columns,
        }
        for i, day in enumerate(days)
    ]


@pytest.fixture
def winter(ol):
    """Signatures around the end of a year."""
    ol.letter(lang="fa", Title=PERSIAN)
    ol.load(
        people("2025-12-28", country="IR", lang="fa")
        + people("2025-12-29", "2025-12-29", country="FR", lang="fr")
        + people("2026-01-04", organisation="اتحادیه", country="FR")
        + people("2026-01-25", visibility="count", country="DE", lang="de")
    )
    return ol


def by(ol, field, *args):
    return {
        row[field]: row["total"]
        for row in ol.json("count", LETTER, "--by", field, *args)
    }


def test_by_week(winter):
    assert by(winter, "week") == {
        "2025-W52": 1,
        "2026-W01": 3,
        "2026-W04": 1,
    }


def test_weeks_are_those_of_the_calendar(ol):
    """Every day around thirty year ends, as Python counts weeks."""
    days = [
        datetime.date(year, 12, 22) + datetime.timedelta(days=n)
        for year in range(1990, 2020)
        for n in range(21)
    ]
    ol.load(people(*map(str, days)))
    expected = {}
    for day in days:
        year, week, _ = day.isocalendar()
        name = f"{year}-W{week:02}"
        expected[name] = expected.get(name, 0) + 1
    found = by(ol, "week")
    assert found == expected
    assert list(found) == sorted(found)


def test_by_state(winter):
    winter.ok("withdraw", LETTER, "p0.2026-01-04@example.net")
    assert by(winter, "state") == {"confirmed": 4, "withdrawn": 1}


@pytest.mark.parametrize(
    "field",
    "country day week language organisation source visibility state".split(),
)
def test_every_field_in_every_format(winter, field):
    rows = winter.json("count", "--by", field)
    assert rows == winter.json("count", LETTER, "--by", field)
    assert sum(row["total"] for row in rows) == 5
    for row in rows:
        assert list(row)[:2] == [field, "total"]
        assert type(row["total"]) is int
    lines = winter.ok("count", LETTER, "--by", field).out
    table = list(csv.DictReader(io.StringIO(lines)))
    assert [row[field] for row in table] == [row[field] for row in rows]
    plain = winter.ok("count", "--by", field, "--format", "table").out
    assert "#" not in plain and "█" not in plain
    assert len(plain.splitlines()) == len(rows) + 1


def test_since_and_until(winter):
    assert by(winter, "day", "--since", "2025-12-29") == {
        "2025-12-29": 2,
        "2026-01-04": 1,
        "2026-01-25": 1,
    }
    assert by(winter, "day", "--until", "2025-12-29") == {
        "2025-12-28": 1,
        "2025-12-29": 2,
    }
    # A week of which not all days are asked for.
    between = ("--since", "2025-12-30", "--until", "2026-01-24")
    assert by(winter, "week", *between) == {"2026-W01": 1}
    assert by(winter, "day", "--since", "2027-01-01") == {}


@pytest.mark.parametrize(
    "args, word",
    [
        (["--by", "month"], "week"),
        (["--by", "day", "--since", "2025-02-29"], "2025-02-29"),
        (["--by", "week", "--until", "today"], "--until"),
        (["--by", "country", "--since", "2025-01-01"], "--by day"),
        (["--since", "2025-01-01"], "--by day"),
        (
            ["--by", "day", "--since", "2025-01-02", "--until", "2025-01-01"],
            "after",
        ),
        (["--chart", "--by", "source"], "country, day or week"),
        (["--chart", "--format", "json"], "--format"),
        (["--chart", "--lang", "e"], "--lang"),
        (["--by", "day", "--lang", "fa"], "--by country"),
    ],
)
def test_what_cannot_be(winter, args, word):
    result = winter.run("count", LETTER, *args)
    assert result.rc == USAGE and result.raw == b""
    assert says(result.err, word) and result.err.count("\n") == 1


def test_countries_have_names(winter):
    def named(*args):
        rows = winter.json("count", LETTER, "--by", "country", *args)
        return [row["country"] + " " + row["name"] for row in rows]

    assert named() == ["FR France", "DE Germany", "IR Iran"]
    assert named("--lang", "es") == ["FR Francia", "DE Alemania", "IR Irán"]
    assert named("--lang", "fa-IR") == ["FR فرانسه", "DE آلمان", "IR ایران"]
    assert named("--lang", "pl") == named()


def test_new_since_the_last_letter(winter, catcher):
    assert winter.count()["new"] == 5
    winter.conf(catcher.port)
    winter.send()
    assert winter.count()["new"] == 0
    winter.sign(email="late@example.net")
    assert winter.count()["new"] == 1


def test_nobody_signed_yet(ol):
    assert ol.count()["total"] == ol.count()["new"] == 0
    assert by(ol, "day") == {}
    assert ol.run("count", "ilo/nothing", "--chart").rc == NOTFOUND
    assert "No signatures" in ol.ok("count", LETTER, "--chart").out


# on a terminal


def screen(ol, *args, term="xterm", columns=60, locale="C.UTF-8"):
    """The lines that a command leaves on a terminal."""
    plain = ol.env
    ol.env = lambda extra=None: {**plain(extra), "LC_ALL": locale}
    terminal = ol.terminal(*args, term=term, columns=columns)
    ol.env = plain
    assert terminal.close() == OK
    shown = pyte.Screen(columns, 60)
    pyte.ByteStream(shown).feed(terminal.raw)
    return [line.rstrip() for line in shown.display if line.strip()]


def bars(lines):
    return [re.search(r"[█▌#]*$", line)[0] for line in lines[1:]]


def test_bars(winter):
    lines = screen(winter, "count", LETTER, "--by", "week")
    lengths = [len(bar.replace("▌", "")) for bar in bars(lines)]
    # Three times the number is three times as long, and it fills the screen.
    assert lengths[0] == lengths[2] == lengths[1] // 3
    assert 50 < len(lines[2]) < 60
    # Where there is no room for them there are none, and no line is too long.
    narrow = screen(winter, "count", LETTER, "--by", "week", columns=26)
    assert narrow == [
        "week      total",
        "2025-W52      1",
        "2026-W01      3",
        "2026-W04      1",
    ]


@pytest.mark.parametrize(
    "term, locale", [("dumb", "C.UTF-8"), ("xterm", "C"), ("", "C.UTF-8")]
)
def test_bars_where_there_are_no_blocks(winter, term, locale):
    show = ["count", LETTER, "--by", "organisation"]
    lines = screen(winter, *show, term=term, locale=locale)
    assert all(set(bar) == {"#"} for bar in bars(lines))
    assert not set("".join(lines)) & set("█▌\u2068\u2069")


def test_words_from_right_to_left_stay_in_their_cell(winter):
    show = ["count", LETTER, "--by", "organisation"]
    (line,) = [x for x in screen(winter, *show) if "اتحادیه" in x]
    assert line.startswith("\u2068اتحادیه\u2069 ")
    assert re.search(r" 1  [█▌]+$", line)
    # Nothing of it where it is read by programs.
    assert "\u2068" not in winter.ok(*show, "--format", "table").out


def test_no_bars_for_totals(winter):
    assert not any(bars(screen(winter, "count")))


# charts


def chart(ol, *args, letter=LETTER):
    """A chart as text; it must be safe to put anywhere."""
    svg = ol.ok("count", *([letter] if letter else []), "--chart", *args).out
    root = ET.fromstring(svg)
    assert root.tag == SVG + "svg"
    for element in root.iter():
        tag = element.tag.removeprefix(SVG)
        assert tag in {"svg", "title", "rect", "line", "path", "text"}
        for name in element.attrib:
            assert "href" not in name and not name.startswith("on")
            assert name != "style"
    assert svg.count("http") == 1 and "url(" not in svg
    # Black, white and grey.
    for colour in re.findall(r'(?:fill|stroke)="([^"]*)"', svg):
        assert colour == "none" or len(set(colour[1:])) == 1
    return svg


def texts(svg):
    return [t.text for t in ET.fromstring(svg).iter(SVG + "text")]


def test_growth(winter):
    svg = chart(winter)
    assert {"A title", "Signatures: 5", "New each day"} <= set(texts(svg))
    assert "2026-01-12" in texts(svg), "a day without a signature"
    svg = chart(winter, "--by", "week")
    assert {"New each week", "2025-W52", "2026-W02"} <= set(texts(svg))
    # The total includes what was before.
    svg = chart(winter, "--since", "2026-01-01", "--until", "2026-01-10")
    assert "Signatures: 4" in texts(svg) and "2026-01-07" in texts(svg)


def test_language(winter):
    """One that the letter is not in gives what the organisers speak."""
    for lang, used in [("fa-AF", "fa"), ("pl", "en"), ("en", "en")]:
        svg = chart(winter, "--lang", lang)
        assert ET.fromstring(svg).get("lang") == used
        words = "امضاها: 5" if used == "fa" else "Signatures: 5"
        assert words in texts(svg)
    # A letter in a language whose words are not known here.
    winter.letter(lang="pl", Title="Petycja")
    svg = chart(winter, "--lang", "pl")
    assert ET.fromstring(svg).get("lang") == "pl"
    assert {"Petycja", "Signatures: 5"} <= set(texts(svg))


def test_many_days_become_weeks(winter):
    winter.load(people("2025-10-25"), file="more.csv")
    assert "New each week" in texts(chart(winter))
    assert "New each day" in texts(chart(winter, "--since", "2025-10-26"))


def test_chart_of_a_hostile_title(winter):
    title = """<script>alert("1")</script> &amp; ]]> '--"""
    winter.letter(Title=title)
    assert title in texts(chart(winter))


def test_chart_of_all_letters(winter):
    winter.letter("ilo/other")
    winter.load(people("2026-02-01"), letter="ilo/other", file="o.csv")
    found = texts(chart(winter, letter=None))
    assert "Workers' Solidarity Committee" in found
    assert "Signatures: 6" in found


def test_letter_that_is_gone(winter):
    for file in (winter.dir / "letters/ilo").glob("director*"):
        file.unlink()
    assert LETTER in texts(chart(winter))
    winter.letter("ilo/other")
    rows = winter.json("count")
    assert [(row["letter"], row["total"]) for row in rows] == [
        ("ilo/other", 0),
        (LETTER, 5),
    ]


def many_countries(ol, count):
    codes = (
        "IR FR DE GB ES IT SE NO CA US AU TR IQ AF PK IN BR AR MX ZA KE NG "
        "EG MA TN NL BE AT CH DK"
    ).split()[:count]
    ol.load(
        [
            {
                "name": f"P{i}",
                "email": f"{code}{i}@example.net",
                "country": code,
                "date": "2026-01-01",
            }
            for k, code in enumerate(codes)
            for i in range(40 - k)
        ]
        + people("2026-01-01")
    )


def test_many_countries(ol):
    many_countries(ol, 30)
    found = texts(chart(ol, "--by", "country"))
    total = sum(range(11, 41)) + 1
    assert f"Signatures by country: {total}" in found
    others = found.index("Other countries")
    assert found[others + 1] == str(sum(range(11, 21)) + 1)
    assert "Iran" in found and "Kenya" not in found


def check_layout(svg, tmp_path):
    """Nothing is cut off, and no text stands on another."""
    page, found = measure(svg, tmp_path)
    assert len(found) > 2
    for text in found:
        assert page.left + 8 < text.left and text.right < page.right - 8, text
        assert page.top < text.top and text.bottom < page.bottom, text
    for a, b in combinations(found, 2):
        assert not a.meets(b), (a, b)
    return page, {text.text: text for text in found}


LONG = {
    "long": "A long title that says what the letter is about " * 4,
    "capitals": "STOP THE THEFT OF WAGES NOW AND FOR EVER, WE DEMAND IT " * 3,
    "one-word": "Donaudampfschifffahrt" * 10,
    "short": "Short",
}


@browser
@pytest.mark.parametrize("title", LONG)
@pytest.mark.parametrize("font", ["sans-serif", "DejaVu Sans"])
def test_layout(ol, tmp_path, title, font):
    """Whoever looks has a font of their own; DejaVu is the widest."""
    ol.letter(Title=LONG[title].strip())
    many_countries(ol, 30)
    for args in (["--by", "country"], []):
        svg = chart(ol, *args).replace("sans-serif", font)
        check_layout(svg, tmp_path)


@browser
@pytest.mark.parametrize("lang", ["en", "fa"])
@pytest.mark.parametrize(
    "span",
    [
        ["--since", "2025-12-28", "--until", "2025-12-28"],
        ["--since", "2025-12-01", "--until", "2025-12-31"],
        ["--since", "2025-12-20", "--until", "2026-01-08", "--by", "week"],
        ["--since", "2023-03-05", "--until", "2026-03-04", "--by", "day"],
        ["--since", "2023-03-05", "--until", "2026-03-04"],
        ["--since", "1990-01-01"],
        ["--since", "2030-01-01"],
        ["--by", "country"],
    ],
    ids=" ".join,
)
def test_layout_of_any_length(winter, tmp_path, lang, span):
    check_layout(chart(winter, "--lang", lang, *span), tmp_path)


@browser
def test_right_to_left(winter, tmp_path):
    svg = chart(winter, "--by", "country", "--lang", "fa")
    root = ET.fromstring(svg)
    assert root.get("lang") == "fa" and root.get("direction") == "rtl"
    page, found = check_layout(svg, tmp_path)
    title = found[PERSIAN]
    assert title.direction == "rtl" and abs(title.right - 936) < 2
    assert abs(found["امضاها به تفکیک کشور: 5"].right - 936) < 2
    # Names are right of the bars, numbers left of them; the axis runs left.
    iran = found["ایران"]
    assert iran.direction == "rtl" and iran.left > found["0"].right
    assert abs(iran.left - found["فرانسه"].left) < 2
    assert found["0"].left > found["1"].left > found["2"].left
