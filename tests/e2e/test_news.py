"""What mail to supporters bears: how to leave, which list, no auto-replies."""

import re
from email.header import decode_header, make_header
from email.utils import parseaddr

from servers import html_of, parse, text_of
from workspace import DATA, FROM, LETTER, NOTFOUND, says

URL = "https://sign.example.org"
TOKEN = "[A-Za-z0-9_-]{22}"
PERSIAN = "درخواست از سازمان جهانی کار"
LONG = "A campaign whose title is long enough to need a line more " * 3

READERS = [
    {"name": f"Reader {i}", "email": f"r{i}@example.net", "updates": "yes"}
    for i in range(3)
]

BODY = "Dear {{recipient.name}},\n\n{{#unsubscribe}}\n[Stop]({{unsubscribe}})\n"
BODY += "{{/unsubscribe}}\n"

FIELDS = (
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "Precedence",
)


def prepare(ol, port, url=URL):
    ol.conf(port, organiser={"url": url} if url else None)
    ol.letter(body=BODY)
    ol.load(READERS)


def intro(ol, lang, title):
    ol.write(
        f"letters/ilo/campaign.{lang}.md",
        f"Title: {title}\nKind: campaign\nSummary: Wages\n\nText.\n",
    )


def links(caught):
    """The targets of List-Unsubscribe, in order: nothing else is in it."""
    field = caught.mail["List-Unsubscribe"].strip()
    assert re.fullmatch("<[^<> ]*>(, <[^<> ]*>)?", field)
    return re.findall("<([^>]*)>", field)


def test_fields(ol, catcher):
    prepare(ol, catcher.port)
    ol.send("--to-signers")
    assert len(catcher.messages) == 3
    tokens = set()
    for caught in catcher.messages:
        page, mail = links(caught)
        assert re.fullmatch(f"{URL}/u/{TOKEN}", page)
        assert mail.startswith(f"mailto:{FROM}?subject=unsubscribe%20")
        tokens.add(page)
        fields = caught.mail
        assert fields["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert fields["Auto-Submitted"] == "auto-generated"
        assert fields["Precedence"] is None
        assert fields["List-Id"] == "Call on the ILO <ilo.committee.example>"
        assert f"<{page}>" in text_of(fields)
        assert f'href="{page}"' in html_of(fields)
        # Neither who nor which number.
        assert caught.to not in page
    assert len(tokens) == 3


def test_without_a_page_a_mail(ol, catcher):
    prepare(ol, catcher.port, url=None)
    ol.send("--to-signers")
    for caught in catcher.messages:
        (mail,) = links(caught)
        assert mail.startswith(f"mailto:{FROM}?")
        assert caught.mail["List-Unsubscribe-Post"] is None
        assert mail in text_of(caught.mail)
        assert caught.mail["List-Id"] and caught.mail["Auto-Submitted"]


def test_no_one_click_without_tls(ol, catcher):
    prepare(ol, catcher.port, url="http://127.0.0.1:8080")
    ol.send("--to-signers")
    for caught in catcher.messages:
        page, mail = links(caught)
        assert re.fullmatch(f"http://127.0.0.1:8080/u/{TOKEN}", page)
        assert caught.mail["List-Unsubscribe-Post"] is None


def test_letters_to_recipients_bear_none_of_it(ol, catcher):
    prepare(ol, catcher.port)
    ol.load(
        [{"name": "Ann", "email": "ann@example.net", "country": "IE"}],
        file="more.csv",
    )
    ol.send()
    ol.send("--for-signers", "--limit", "2", rc=None)
    ol.send("--test", "me@example.org")
    assert len(catcher.messages) == 6
    for caught in catcher.messages:
        assert [caught.mail[field] for field in FIELDS] == [None] * 5


def test_a_test_of_news_bears_it(ol, catcher):
    prepare(ol, catcher.port)
    ol.send("--to-signers", "--test", "me@example.org")
    (caught,) = catcher.messages
    assert caught.mail["List-Unsubscribe-Post"] and caught.mail["List-Id"]


def test_list_id_in_every_language(ol, catcher):
    prepare(ol, catcher.port)
    intro(ol, "en", LONG)
    intro(ol, "fa", PERSIAN)
    ol.letter(lang="fa", body=BODY)
    ol.load(
        [
            {
                "name": "سارا",
                "email": "sara@example.net",
                "updates": "yes",
                "lang": "fa",
            }
        ],
        file="fa.csv",
    )
    ol.send("--to-signers")
    found = {}
    for caught in catcher.messages:
        head = caught.data.split(b"\r\n\r\n")[0]
        (raw,) = re.findall(
            rb"^List-Id:((?:.|\r\n[ \t])*)\r\n", head, re.MULTILINE
        )
        assert max(map(len, (b"List-Id:" + raw).split(b"\r\n"))) <= 78
        raw = raw.decode("ascii").replace("\r\n", "")
        name, list_id = parseaddr(raw)
        found[caught.to] = str(make_header(decode_header(name)))
        # The same list in every language.
        assert raw.endswith("<ilo.committee.example>")
        assert list_id == "ilo.committee.example"
    assert found["r0@example.net"] == LONG.strip()
    assert found["sara@example.net"] == PERSIAN


def test_campaign_with_a_name_that_is_no_label(ol, catcher):
    prepare(ol, catcher.port)
    ol.letter("برای آزادی/news", body=BODY)
    ol.write(
        "letters/برای آزادی/campaign.en.md",
        "Title: Freedom\nKind: campaign\n\nText.\n",
    )
    ol.load(READERS, letter="برای آزادی/news", file="second.csv")
    ol.send("--to-signers", letter="برای آزادی/news")
    assert {caught.mail["List-Id"] for caught in catcher.messages} == {
        "Freedom <51d6d97fc43f6b78.committee.example>"
    }


def test_a_retry_has_the_same_link(ol, catcher):
    prepare(ol, catcher.port)
    catcher.data["r1@example.net"] = ["451 4.3.0 later"]
    ol.send("--to-signers", rc=75)
    ol.sql("update delivery set due_at = 0")
    ol.ok("resume")
    # A second mailing has the same key and other numbers.
    ol.send("--to-signers", "--again")
    pages = [links(caught)[0] for caught in catcher.messages]
    assert len(pages) == 6 and len(set(pages)) == 6
    assert ol.sql("select count(*) from secret") == 1
    for caught in catcher.messages:
        ol.ok("suppress", links(caught)[0])


def test_suppress_takes_the_link(ol, catcher):
    prepare(ol, catcher.port)
    ol.send("--to-signers")
    page = links(catcher.one("r1@example.net"))[0]
    assert says(ol.ok("suppress", page).err, "no more mail")
    assert says(ol.ok("suppress", page).err, "already")
    # Its end is enough; one in 64 begins like an option.
    ol.ok("suppress", "--", links(catcher.one("r2@example.net"))[0][-22:])
    catcher.messages.clear()
    ol.send("--to-signers", "--again")
    assert catcher.to == ["r0@example.net"]


def test_suppress_refuses_what_was_never_sent(ol, catcher):
    prepare(ol, catcher.port)
    ol.send("--to-signers")
    page = links(catcher.one("r1@example.net"))[0]
    other = page[:-1] + ("A" if page[-1] != "A" else "Q")
    for wrong in (other, page[:-1], page + "A", URL + "/u/", "r1", ""):
        refused = ol.run("suppress", wrong)
        assert refused.rc in (NOTFOUND, DATA), wrong
    assert ol.sql("select count(*) from suppression") == 0


def test_an_outbox_has_no_page(ol, tmp_path):
    """Its numbers are not kept, and another mailing gets them."""
    prepare(ol, 25)
    ol.ok("send", LETTER, "--to-signers", "--outbox", tmp_path / "out")
    files = list((tmp_path / "out/new").iterdir())
    assert len(files) == 3
    for file in files:
        mail = parse(file.read_bytes())
        assert mail["List-Unsubscribe"].strip().startswith("<mailto:")
        assert mail["List-Unsubscribe-Post"] is None
        assert "/u/" not in text_of(mail)
    assert ol.sql("select count(*) from secret") == 0


def test_the_plan_says_where_the_link_goes(ol):
    prepare(ol, 25)
    plan = ol.ok("send", LETTER, "--to-signers", "--dry-run")
    assert says(plan.err, f"{URL}/u/...", "must answer", "by mail")
    prepare(ol, 25, url=None)
    plan = ol.ok("send", LETTER, "--to-signers", "--dry-run")
    assert says(plan.err, f"Leaving:  mailto:{FROM}")
    assert "Leaving" not in ol.ok("send", LETTER, "--dry-run").err
