"""The formats of export besides the listings that test_reports.py looks at,
and that what is exported can be imported again."""

import csv
import io
import json
import random
import re
import shutil
from html.parser import HTMLParser

import pytest

from workspace import LETTER, OK, USAGE, Workspace, csv_text, says

SIGNERS = [
    {"name": "Ada \"Countess\" <Lovelace>", "email": "ada@secret.example",
     "country": "GB", "city": "London", "postcode": "W1-SECRET",
     "role": "mathematician", "comment": "Pay & pay.\n<b>Now</b>",
     "visibility": "public", "lang": "en", "date": "2020-05-01T22:30:00Z",
     "updates": "yes"},
    {"name": "بابک آزادی", "email": "babak@secret.example", "country": "IR",
     "city": "اهواز", "organisation": "اتحادیه", "visibility": "public",
     "lang": "fa", "date": "2020-05-02", "updates": "yes"},
    {"name": "Reza Recipient", "email": "reza@secret.example",
     "visibility": "recipient", "lang": "de-CH", "date": "2020-05-02"},
    {"name": "Hidden Counted", "email": "hidden@secret.example",
     "visibility": "count", "date": "2020-05-02"},
    {"kind": "organisation", "organisation": "Union A", "name": "Con Tact",
     "email": "union@secret.example", "visibility": "public",
     "date": "2020-05-03"},
    {"kind": "organisation", "organisation": "سندیکا", "country": "IR",
     "visibility": "public", "lang": "fa", "date": "2020-05-03"},
]


@pytest.fixture
def signed(ol):
    ol.letter(Title="A & B <c>", Summary="In short")
    ol.letter(lang="fa", Title="نامه")
    ol.load(SIGNERS)
    ol.ok("suppress", "ada@secret.example")
    return ol


def export(ol, *args):
    return ol.ok("export", LETTER, *args)


# what goes with what


def test_bom(signed, tmp_path):
    plain = export(signed, "--format", "csv").raw
    marked = export(signed, "--format", "csv", "--bom").raw
    assert marked == b"\xef\xbb\xbf" + plain
    assert export(signed, "--bom").raw == marked, "CSV is the default"
    everything = export(signed, "--bom", "--audience", "organisers").raw
    again = signed.ok("import", LETTER, signed.write("back.csv", everything))
    assert "0 new, 6 there already" in again.err


@pytest.mark.parametrize("format", ["table", "json", "jsonl", "osdi", "html"])
def test_bom_is_for_csv(signed, format):
    wrong = signed.run("export", LETTER, "--bom", "--format", format)
    assert wrong.rc == USAGE and says(wrong.err, "--bom", "csv")
    assert not wrong.raw


@pytest.mark.parametrize("format", ["table", "csv", "json", "jsonl"])
def test_lang_filters_nothing(signed, format):
    wrong = signed.run("export", LETTER, "--lang", "fa", "--format", format)
    assert wrong.rc == USAGE and says(wrong.err, "--lang", "html")


def test_unknown_format(signed):
    wrong = signed.run("export", LETTER, "--format", "xml")
    assert wrong.rc == USAGE and says(wrong.err, "xml", "osdi", "html")


@pytest.mark.parametrize("format", ["csv", "osdi", "html"])
def test_of_a_letter_that_is_gone_or_never_was(signed, format):
    assert signed.run("export", "ilo/no", "--format", format).rc == 66
    for path in (signed.dir / "letters/ilo").glob("director-general.*"):
        path.unlink()
    assert "Union A" in export(signed, "--format", format).out


@pytest.mark.parametrize("format", ["osdi", "html"])
def test_a_full_disk_is_told(signed, format):
    with open("/dev/full", "wb") as full:
        lost = signed.run("export", LETTER, "--format", format, stdout=full)
    assert lost.rc == 74 and says(lost.err, "cannot write the output")


# OSDI


def osdi(ol, *args):
    return json.loads(export(ol, "--format", "osdi", *args).out)


def test_osdi(signed):
    whole = osdi(signed)
    petition = whole["_embedded"]["osdi:petition"]
    assert petition == {
        "identifiers": ["openletter:" + LETTER],
        "origin_system": "openletter",
        "name": LETTER,
        "title": "A & B <c>",
        "summary": "In short",
        "total_signatures": 6,
    }
    signatures = whole["_embedded"]["osdi:signatures"]
    assert whole["total_records"] == whole["per_page"] == len(signatures) == 4
    assert whole["page"] == whole["total_pages"] == 1
    ada = signatures[0]
    assert ada["action_date"] == "2020-05-01T00:00:00Z"
    assert ada["comments"] == "Pay & pay.\n<b>Now</b>"
    assert ada["_embedded"]["osdi:person"] == {
        "identifiers": ["openletter:person-1"],
        "given_name": 'Ada "Countess" <Lovelace>',
        "postal_addresses": [
            {"primary": True, "locality": "London", "country": "GB"}
        ],
        "languages_spoken": ["en"],
        "custom_fields": {"role": "mathematician"},
    }
    nothing = signatures[3]["_embedded"]["osdi:person"]
    assert "email_addresses" not in nothing
    names = [s["_embedded"]["osdi:person"]["given_name"] for s in signatures]
    assert names[1:] == ["بابک آزادی", "Con Tact", "سندیکا"]
    ids = [s["identifiers"][0] for s in signatures]
    assert len(set(ids)) == 4
    assert all(re.fullmatch(r"openletter:\d+", i) for i in ids)


def test_osdi_for_organisers(signed):
    signed.ok("withdraw", LETTER, "union@secret.example")
    whole = osdi(signed, "--audience", "organisers", "--lang", "fa")
    assert whole["_embedded"]["osdi:petition"]["title"] == "نامه"
    signatures = whole["_embedded"]["osdi:signatures"]
    people = [s["_embedded"]["osdi:person"] for s in signatures]
    assert whole["total_records"] == 5, "no word for one that was withdrawn"
    assert signatures[0]["action_date"] == "2020-05-01T22:30:00Z"
    assert signatures[0]["referrer_data"] == {"source": "sheet.csv"}
    assert people[0]["postal_addresses"][0]["postal_code"] == "W1-SECRET"
    assert [p.get("email_addresses") for p in people] == [
        [{"primary": True, "address": "ada@secret.example",
          "status": "unsubscribed"}],  # suppressed
        [{"primary": True, "address": "babak@secret.example",
          "status": "subscribed"}],
        [{"primary": True, "address": "reza@secret.example",
          "status": "unsubscribed"}],
        [{"primary": True, "address": "hidden@secret.example",
          "status": "unsubscribed"}],
        None,
    ]
    assert people[2]["languages_spoken"] == ["de"]
    assert people[4]["custom_fields"] == {
        "organisation": "سندیکا", "kind": "organisation",
        "visibility": "public",
    }


def test_osdi_of_nobody(ol):
    whole = osdi(ol)
    assert whole["_embedded"]["osdi:signatures"] == []
    assert whole["total_records"] == 0
    assert whole["_embedded"]["osdi:petition"]["total_signatures"] == 0


# the page


class Names(HTMLParser):
    """The tags of a page, and its lists: number and lines of each entry."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.entries = []
        self.text = ""
        self.number = 0
        self.open = []
        self.feed(html)
        assert not self.open, "every tag is closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta",):
            self.open.append(tag)
        if tag == "ol":
            self.number = int(dict(attrs)["start"])
        if tag == "li":
            self.entries.append([self.number, ""])
            self.number += 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "li" in self.open:
            self.entries[-1][1] += data


def page(ol, *args):
    return Names(export(ol, "--format", "html", *args).out)


def test_page(signed):
    shown = page(signed, "--audience", "recipient")
    assert [tuple(e) for e in shown.entries] == [
        (1, "Union A\nCon Tact"),
        (2, "سندیکا\nIR"),
        (3, 'Ada "Countess" <Lovelace>\nmathematician, London, GB\n'
            "Pay & pay.\n<b>Now</b>"),
        (4, "بابک آزادی\nاتحادیه, اهواز, IR"),
        (5, "Reza Recipient"),
    ]
    assert shown.tags[0] == ("html", {"lang": "en", "dir": "ltr"})
    assert "and 1 more whose name is not shown" in shown.text
    langs = [a.get("lang") for t, a in shown.tags if t == "li"]
    assert langs == [None, "fa", None, "fa", "de-CH"]
    assert all(a == {"dir": "auto"} for t, a in shown.tags
               if t in ("b", "bdi"))
    assert "and 2 more whose names are not shown" in page(signed).text
    assert "secret" not in shown.text.lower()


def test_page_needs_nothing_else(signed):
    html = export(signed, "--format", "html").out
    assert not re.search(r"<script|<link|<img|src=|href=|url\(|https?:|@import",
                         html)
    assert 'name="viewport"' in html and "@media print" in html


def test_page_from_right_to_left(signed):
    shown = page(signed, "--lang", "fa")
    assert shown.tags[0] == ("html", {"lang": "fa", "dir": "rtl"})
    assert "نامه" in shown.text and "سازمان‌ها" in shown.text
    langs = [a.get("lang") for t, a in shown.tags if t == "li"]
    assert langs == ["en", None, "en", None]


def test_page_for_organisers(signed):
    """Names that only count, but no address: a page is soon put up."""
    shown = page(signed, "--audience", "organisers")
    assert "Hidden Counted" in shown.text and "not shown" not in shown.text
    assert "For the organisers only" in shown.text
    assert "organisers only" not in page(signed).text
    assert "فقط برای برگزارکنندگان" in page(
        signed, "--audience", "organisers", "--lang", "fa").text
    assert "secret" not in shown.text.lower()


def test_page_of_nobody(ol):
    shown = page(ol)
    assert not shown.entries and "more" not in shown.text


# much


@pytest.mark.parametrize("format", ["csv", "json", "jsonl", "osdi", "html"])
def test_memory_stays_flat(ol, format):
    time = shutil.which("time", path="/usr/bin")
    if not time:
        pytest.skip("GNU time is not installed")

    def peak(count):
        rows = [{"name": f"Name {i}", "country": "DE", "postcode": str(i),
                 "visibility": "public", "comment": "some words " * 8}
                for i in range(count)]
        ol.load(rows)
        done = ol.run("export", LETTER, "--format", format,
                      prefix=[time, "-f", "peak %M kB"])
        assert done.rc == OK and done.raw.count(b"Name ") == count
        return int(re.search(r"peak (\d+) kB", done.err)[1])

    few = peak(1000)
    assert peak(20000) < few + 8000


def test_a_page_is_of_one_moment(ol):
    """Who signs or withdraws while it is written: names and totals agree."""
    rows = [{"name": f"Name {i}", "email": f"n{i}@example.org",
             "visibility": "public", "comment": "words " * 100}
            for i in range(2000)]
    ol.load(rows)
    run = ol.start("export", LETTER, "--format", "html", bufsize=0)
    head = run.stdout.read(1000)  # it waits for us with the rest
    ol.ok("withdraw", LETTER, "n1999@example.org")
    for i in range(3):
        ol.sign(f"Late {i}", f"late{i}@example.org", visibility="public")
    rest, _ = run.communicate(timeout=60)
    shown = Names((head + rest).decode())
    assert len(shown.entries) == 2000 and "not shown" not in shown.text
    assert "Late" not in shown.text
