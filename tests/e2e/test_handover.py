"""export --format pdf: who is named on its pages, and how they read."""

import os
import re
import shutil
import subprocess

import pytest

from workspace import (
    CONFIG,
    DATA,
    IO,
    LETTER,
    NOTFOUND,
    ORGANISER,
    REFUSED,
    ROOT,
    USAGE,
    Terminal,
    says,
)

TITLE = "Pay what is owed & now"
FA_TITLE = "دستمزدها را بپردازید"

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("pdftotext", "pdfinfo", "pdftoppm"))),
    reason="poppler-utils are not installed",
)


@pytest.fixture
def campaign(ol):
    """A letter in English and Persian that one of each sort has signed."""
    body = (
        "Dear {{recipient.salutation}}{{^recipient.salutation}}all"
        "{{/recipient.salutation}},\n\n"
        "# Our *demand*\n\n- pay {{signatures.total}} times\n\n"
        "[Read on](https://example.org/a?b=1&c) {{organiser.name}}\n\n"
        "{{#signatures.list}}in the list: {{name}}\n\n{{/signatures.list}}"
    )
    ol.letter(body=body, Title=TITLE)
    ol.letter(lang="fa", body="درود بر همه\n", Title=FA_TITLE)
    ol.load(
        [
            {
                "name": "Pub Lic",
                "email": "secret1@example.net",
                "postcode": "POST1",
                "country": "FR",
                "city": "Paris",
                "role": "Nurse",
                "organisation": "The Clinic",
                "comment": "So be it",
                "visibility": "public",
            },
            {
                "name": "محمد کریمی",
                "email": "secret2@example.net",
                "postcode": "POST2",
                "country": "IR",
                "city": "تهران",
                "visibility": "recipient",
            },
            {
                "name": "Hid Den",
                "email": "secret3@example.net",
                "postcode": "POST3",
                "country": "IR",
                "city": "Hiddentown",
                "comment": "Hidden words",
                "visibility": "count",
            },
            {
                "kind": "organisation",
                "name": "Con Tact",
                "organisation": "The Union",
                "email": "secret4@example.net",
                "postcode": "POST4",
                "country": "GB",
                "visibility": "recipient",
            },
        ]
    )
    return ol


class Pdf:
    """What a reader makes of a PDF."""

    def __init__(self, raw, folder):
        assert raw.startswith(b"%PDF-") and raw.rstrip().endswith(b"%%EOF")
        self.raw = raw
        self.path = folder / "handover.pdf"
        self.path.write_bytes(raw)

    def tool(self, *argv):
        done = subprocess.run(argv, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert not done.stderr, done.stderr
        return done.stdout

    def pages(self, *options):
        """The text of each page, without marks for its direction."""
        out = self.tool(
            "pdftotext", "-enc", "UTF-8", *options, self.path, "-"
        )
        text = re.sub("[\u202a-\u202e\u2066-\u2069]", "", out.decode())
        return text.split("\f")[:-1]

    @property
    def text(self):
        return "\n".join(self.pages())

    def info(self):
        out = self.tool("pdfinfo", "-isodates", self.path).decode()
        return dict(re.findall(r"^([^:\n]+): +(.*)$", out, re.M))

    def bytes_unpacked(self):
        """All bytes, streams decompressed too where they can be."""
        import zlib

        found = [self.raw]
        for part in re.findall(
            rb"stream\r?\n(.*?)\r?\nendstream", self.raw, re.S
        ):
            try:
                found.append(zlib.decompressobj().decompress(part))
            except zlib.error:
                pass
        return b"\n".join(found)

    def ink(self, page, top=0):
        """
        The columns of pixels of a page that are not white, as 0..1; from top
        (in percent) down to the foot.
        """
        out = self.tool(
            "pdftoppm", "-gray", "-r", "50", "-f", str(page), "-l",
            str(page), self.path,
        )  # fmt: skip
        _, size, _, pixels = out.split(b"\n", 3)
        width, height = map(int, size.split())
        rows = [
            pixels[y * width : (y + 1) * width]
            for y in range(height * top // 100, height * 9 // 10)
        ]
        return [
            x / width for x in range(width) if any(r[x] < 128 for r in rows)
        ]


def handover(ol, *args, letter=LETTER, **options):
    result = ol.ok("export", letter, "--format", "pdf", *args, **options)
    return Pdf(result.raw, ol.dir.parent)


def numbers(text):
    """What the names of a page in English are numbered."""
    return [int(n) for n in re.findall(r"^(\d+) [^/\s]", text, re.M)]


def test_recipient_is_the_audience(campaign):
    pdf = handover(campaign)
    text = pdf.text
    order = ["The Union", "Con Tact", "Pub Lic", "محمد کریمی"]
    places = [text.index(name) for name in order]
    assert places == sorted(places)
    assert "Nurse, The Clinic, Paris, France" in text
    assert "So be it" in text
    assert text.count("and 1 more whose name is not shown") == 1


def test_public_sees_less(campaign):
    text = handover(campaign, "--audience", "public").text
    assert "Pub Lic" in text
    assert "محمد" not in text and "The Union" not in text
    assert "and 2 more whose names are not shown" in text
    assert "and 1 more whose name is not shown" in text
    # What they add up to is the same for everybody.
    assert re.search(r"Signatures: 4\b", text)


@pytest.mark.parametrize("audience", ["public", "recipient"])
@pytest.mark.parametrize("lang", ["en", "fa"])
def test_nothing_of_those_who_only_count(campaign, audience, lang):
    pdf = handover(campaign, "--audience", audience, "--lang", lang)
    everything = pdf.bytes_unpacked() + pdf.text.encode()
    for secret in ["Hid Den", "Hiddentown", "Hidden words"]:
        assert secret.encode() not in everything
    # What is for the organisers only is there of nobody.
    assert not re.search(rb"secret\d|@example\.net|POST\d", everything)


def test_organisers_are_refused(campaign):
    result = campaign.run(
        "export", LETTER, "--format", "pdf", "--audience", "organisers"
    )
    assert result.rc == USAGE
    assert not result.raw
    assert says(result.err, "handed over", "organisers")


def test_letter_and_totals(campaign):
    pages = handover(campaign).pages()
    assert TITLE in pages[0] and ORGANISER in pages[0]
    letter = pages[1]
    assert "Dear all," in letter
    assert "Our demand" in letter and "pay 4 times" in letter
    assert "Read on <https://example.org/a?b=1&c>" in letter
    assert "in the list" not in letter
    totals = pages[2]
    for label in ["Signatures", "People", "Organisations", "Countries"]:
        assert label in totals
    assert re.search(r"Iran\s+2\b", handover(campaign).pages("-layout")[2])


@pytest.mark.parametrize("count, spread", [(1, 1), (7, 3), (90, 3), (249, 3)])
def test_countries(ol, count, spread):
    """Each with its number, evenly in columns while they fit on a page."""
    source = (ROOT / "src/core/country_titles.h").read_text()
    titles = dict(re.findall(r'{"([A-Z]{2})", {"([^"]+)"', source))
    codes = list(titles)[:count]
    ol.load(
        [
            {"name": f"Name {code}", "country": code}
            for code in codes
        ]
    )  # fmt: skip
    pdf = handover(ol)
    pages = pdf.pages()
    table = [page for page in pages[2:] if "Name" not in page]
    assert len(table) == (3 if count > 200 else 1)
    text = " ".join("\n".join(table).split())
    for code in codes:
        assert titles[code] in text
    ink = pdf.ink(3, 24)
    columns = [[x for x in ink if a <= x < a + 0.27] for a in (0.05, 0.36, 0.66)]
    assert sum(map(bool, columns)) == spread


def test_for_one_recipient(campaign):
    pages = handover(campaign, "--recipient", "R1@example.org").pages()
    assert "Dear Delegate 1," in pages[1]
    result = campaign.run(
        "export", LETTER, "--format", "pdf", "--recipient", "x@example.org"
    )
    assert result.rc == NOTFOUND and not result.raw


def test_page_numbers(campaign):
    pages = handover(campaign).pages()
    assert len(pages) == 5
    for number, page in enumerate(pages, 1):
        assert re.search(rf"\b{number} ?/ ?5\b", page)
        assert TITLE in page


def test_paper(campaign):
    assert "A4" in handover(campaign).info()["Page size"]
    letter = handover(campaign, "--paper", "letter").info()["Page size"]
    assert "612 x 792" in letter
    result = campaign.run("export", LETTER, "--format", "pdf", "--paper", "b5")
    assert result.rc == USAGE and says(result.err, "a4", "letter")


def test_says_nothing_about_the_machine(campaign):
    pdf = handover(campaign, env={"SOURCE_DATE_EPOCH": "1270000000"})
    info = pdf.info()
    assert info["Title"] == TITLE
    assert info["Author"] == ORGANISER
    assert info["CreationDate"].startswith("2010-03-31T00:00:00")
    assert "Creator" not in info and "ModDate" not in info
    assert "2010-03-31" in pdf.pages()[0]
    assert os.uname().nodename not in "".join(info.values())
    assert str(campaign.dir.parent).encode() not in pdf.bytes_unpacked()
    again = handover(campaign, env={"SOURCE_DATE_EPOCH": "1270000000"})
    assert again.raw == pdf.raw


def test_right_to_left(campaign):
    pdf = handover(campaign, "--lang", "fa")
    pages = pdf.pages()
    assert FA_TITLE in pages[0]
    assert "درود بر همه" in pages[1]
    assert "سازمان" in pages[3] and "The Union" in pages[3]
    assert "محمد کریمی" in pages[4] and "Pub Lic" in pages[4]
    assert "Nurse" in pages[4] and "فرانسه" in pages[4]
    # A page is the mirror of one from left to right: with few names its
    # first column alone is written on.
    assert min(pdf.ink(5)) > 0.5
    english = handover(campaign)
    assert max(english.ink(5)) < 0.6


def test_words_of_the_language(campaign):
    titles = {"fr": "Salaires", "es": "Salarios", "ar": "الأجور", "de": "Lohn"}
    for lang, title in titles.items():
        campaign.letter(lang=lang, Title=title)
    words = {
        "fr": ["Personnes", "et 1 autre dont le nom"],
        "es": ["Personas", "y 1 más cuyo nombre"],
        "ar": ["المنظمات"],
        "fa": ["افراد", "امضاها"],
        "de": ["People", "and 1 more whose name"],
    }
    for lang, expected in words.items():
        text = handover(campaign, "--lang", lang).text
        for word in expected:
            assert word in text, (lang, word)


def test_nobody_signed(ol):
    ol.letter(Title=TITLE)
    pages = handover(ol).pages()
    assert len(pages) == 3
    assert re.search(r"Signatures: 0\b", pages[0])
    assert "By country" not in pages[2]


def test_only_those_who_count(ol):
    ol.sign("Hid Den", country="IR", visibility="count")
    text = handover(ol).text
    assert "Hid Den" not in text
    assert "and 1 more whose name is not shown" in text


def test_thousands(ol):
    """Numbers without a gap, organisations first, every name whole."""
    ol.load(
        [
            {
                "kind": "organisation" if i % 10 == 0 else "person",
                "name": f"Name{i}x",
                "email": f"n{i}@example.net",
                "organisation": f"Org{i}x" if i % 10 == 0 else "",
                "country": "FR",
                "city": "Lyon",
                "visibility": "recipient" if i % 7 else "count",
                "comment": "We stand with you." if i % 9 == 0 else "",
            }
            for i in range(5000)
        ]
    )
    pdf = handover(ol)
    pages = pdf.pages("-raw")  # in the order it was written
    assert re.search(rf"\b{len(pages)} ?/ ?{len(pages)}\b", pages[-1])
    assert numbers("\n".join(pages)) == list(range(1, 4286))
    text = "\n".join(pages)
    named = [i for i in range(5000) if i % 7]
    orgs = [f"Org{i}x" for i in named if i % 10 == 0]
    people = [f"Name{i}x" for i in named if i % 10]
    shown = re.findall(r"^\d+ (\w+)$", text, re.M)
    assert shown == orgs + people
    assert re.findall(r"and (\d+) more", text) == ["72", "643"]


def test_long_values(ol):
    """They are broken into lines within their column, and nothing is lost."""
    long = {
        "name": "W" * 200,
        "organisation": "O" * 200,
        "role": "Secretary " * 19,
        "city": "م" * 190,
        "comment": "word " * 790,
        "visibility": "public",
        "country": "FR",
    }
    ol.load([{**long, "email": f"n{i}@example.net"} for i in range(3)])
    pdf = handover(ol)
    text = pdf.text
    for letter, count in [("W", 600), ("O", 600)]:
        runs = re.findall(f"{letter}{{5,}}", text)
        assert sum(map(len, runs)) == count
    assert text.count("word") == 3 * 790
    columns = pdf.ink(4)
    assert max(columns) < 0.92 and min(columns) > 0.08
    assert not [x for x in columns if 0.485 < x < 0.515]


def test_values_are_only_text(ol):
    """No value is markup, and none runs into its neighbours."""
    rows = [
        "<b>bold</b> & <i>",
        "&amp; %s %n",
        "(cid:1) \\) Tj",
        "日本語",
        "a\u0301\u0302\u0303\u0304" * 20,
    ]
    ol.load(
        [
            {"name": name, "country": "FR", "visibility": "public"}
            for name in rows
        ]
    )
    text = handover(ol).text
    for name in rows[:3]:
        assert name in text


def test_scripts_without_a_font_are_told(ol, tmp_path):
    """Who cannot be read is told, and without any font there is no PDF."""
    ol.sign("𓀀𓁐", country="EG", visibility="public")
    fonts = tmp_path / "fonts.conf"
    head = '<!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
    tail = f"<cachedir>{tmp_path}</cachedir></fontconfig>"
    dejavu = "/usr/share/fonts/truetype/dejavu"
    env = {"FONTCONFIG_FILE": str(fonts)}
    fonts.write_text(head + tail)
    result = ol.run("export", LETTER, "--format", "pdf", env=env)
    assert result.rc == CONFIG and not result.raw
    assert says(result.err, "fonts", "install")
    if os.path.isdir(dejavu):
        fonts.write_text(f"{head}<dir>{dejavu}</dir>{tail}")
        result = ol.ok("export", LETTER, "--format", "pdf", env=env)
        assert says(result.err, "1 of the names", "install")


def test_terminal_is_refused(campaign):
    terminal = campaign.terminal("export", LETTER, "--format", "pdf")
    said = terminal.read()
    assert terminal.close() == USAGE
    assert "> FILE.pdf" in said and "%PDF" not in said


def test_progress(ol):
    """What takes longer than a second says how far it is."""
    ol.load(
        [
            {"name": f"Name {i}", "country": "FR", "postcode": str(i)}
            for i in range(20000)
        ]
    )
    out = ol.dir.parent / "out.pdf"
    script = 'exec "$@" > "$0"'
    argv = ["/bin/sh", "-c", script, str(out)]
    argv += ol.argv("export", LETTER, "--format", "pdf")
    terminal = Terminal(argv, ol.env({"TERM": "xterm"}))
    while terminal.open:
        terminal.read()
    assert terminal.close() == 0
    shares = [int(n) for n in re.findall(r"(\d+) %", terminal.text)]
    assert shares and shares == sorted(shares) and shares[-1] <= 100
    assert out.read_bytes().rstrip().endswith(b"%%EOF")


def test_full_disk(campaign):
    with open("/dev/full", "wb") as full:
        result = campaign.run(
            "export", LETTER, "--format", "pdf", stdout=full
        )
    assert result.rc == IO and says(result.err, "cannot write")


def test_what_goes_wrong(campaign):
    def fails(*args):
        result = campaign.run("export", *args)
        assert not result.raw
        return result.rc

    pdf = ("--format", "pdf")
    assert fails(LETTER, *pdf, "--lang", "xx") == NOTFOUND
    assert fails("ilo/nothing", *pdf) == NOTFOUND
    assert fails("ilo/campaign", *pdf) == REFUSED
    assert fails(LETTER, *pdf, "--audience", "all") == USAGE
    assert fails(LETTER, "--lang", "fa") == USAGE
    campaign.letter(body="{{no.such}}")
    assert fails(LETTER, *pdf) == DATA
