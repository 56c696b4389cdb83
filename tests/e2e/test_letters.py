"""What may stand in a letter and what comes of it, through check, preview
and the wire."""

from urllib.parse import unquote

import pytest

from servers import Page, html_of, text_of
from workspace import DATA, LETTER, OK, says


def preview(ol, *args):
    return ol.ok("preview", LETTER, "--format", "text", *args).out


def problems(ol):
    """What check finds wrong, when it must find something."""
    result = ol.run("check")
    assert result.rc == DATA, result
    return result.err


# what is wrong is named

WRONG_BODIES = [
    # body, line within the body, words
    ("{{recipient.salutaion}}", 1, ("salutaion", "salutation")),
    ("{{nobody}}", 1, ("nobody",)),
    ("fine\n\n{{#signer}}{{signer.nmae}}{{/signer}}", 3, ("nmae", "name")),
    ("{{#signatures.list}}\n{{nam}}\n{{/signatures.list}}", 2, ("nam",)),
    ("{{#signer}}never closed", 1, ("signer",)),
    ("{{#signer}}x{{/recipient}}", 1, ("recipient",)),
    ("{{/signer}}", 1, ("signer",)),
    ("{{recipient.name", 1, ()),
    ("{{{recipient.name}}}", 1, ()),
    ("{{&recipient.name}}", 1, ()),
    ("{{> nowhere}}", 1, ("nowhere",)),
    ("<script>alert(1)</script>", 1, ("HTML",)),
    ("[x](javascript:alert(1))", 1, ("javascript",)),
]


@pytest.mark.parametrize("body, line, words", WRONG_BODIES)
def test_wrong_body(ol, catcher, body, line, words):
    ol.conf(catcher.port)
    ol.letter(body=body + "\n")
    found = problems(ol)
    assert says(found, "director-general.en.md:", *words)
    if "HTML" not in words and "javascript" not in words:
        # Three header lines and the blank one come first.
        assert says(found, f"director-general.en.md:{4 + line}:"), found
    ol.send(rc=DATA)
    assert not catcher.tried
    assert ol.json("status") == []


WRONG_FIELDS = [
    ({"Subjekt": "x"}, ("Subjekt", "Subject")),
    ({"X-Own": "x"}, ("X-Own",)),
    ({"Subject": None}, ("Subject",)),
    ({"Subject": "{{nobody}}"}, ("nobody",)),
    ({"Title": None}, ("Title",)),
    ({"Date": "7 January"}, ("Date",)),
    ({"Date": "2010-02-30"}, ("Date",)),
    ({"Goal": "many"}, ("Goal",)),
    ({"Closes": "soon"}, ("Closes",)),
    ({"Opens": "2026-02-01", "Closes": "2026-01-01"}, ("Closes",)),
    ({"From": "not an address"}, ("From",)),
    ({"Reply-To": "a@b@c"}, ("Reply-To",)),
    ({"Copy": "nobody"}, ("Copy",)),
    ({"To": "nolist"}, ("nolist",)),
    ({"Attach": "missing.pdf"}, ("missing.pdf",)),
    ({"Attach": "../../openletter.conf"}, ("Attach",)),
    ({"Attach": "/etc/passwd"}, ("Attach",)),
    ({"Title": ["One", "Two"]}, ("Title",)),
]


@pytest.mark.parametrize("fields, words", WRONG_FIELDS)
def test_wrong_field(ol, fields, words):
    ol.letter(**fields)
    assert says(problems(ol), "director-general", *words)


def test_everything_wrong_at_once(ol):
    ol.letter(body="{{one}}\n\n{{two}}\n", Subjekt="x", Goal="many")
    ol.letter("ilo/other", body="{{#signer}}\n")
    ol.recipients([{"email": "not an address"}])
    ol.conf(organiser={"nmae": "x"})
    found = ol.run("check")
    assert found.rc in (DATA, 78), found
    for words in (
        ("director-general.en.md:", "Subjekt"),
        ("director-general.en.md:", "Goal"),
        ("director-general.en.md:", "one"),
        ("director-general.en.md:", "two"),
        ("other.en.md:", "signer"),
        ("ilo.csv:2",),
        ("openletter.conf:", "nmae"),
    ):
        assert any(says(line, *words) for line in found.err.splitlines()), (
            words,
            found.err,
        )


def test_not_utf8(ol):
    ol.write(f"letters/{LETTER}.en.md", b"Title: x\nSubject: y\n\ncaf\xe9\n")
    assert says(problems(ol), "director-general.en.md", "UTF-8")


def test_check_of_one_letter(ol):
    ol.letter("ilo/other", body="{{nobody}}\n")
    assert ol.run("check", LETTER).rc == OK
    assert ol.run("check", "ilo/other").rc == DATA


def test_languages_must_agree(ol):
    ol.letter(lang="en", Goal="100")
    ol.letter(lang="fr", Goal="200")
    found = problems(ol)
    assert says(found, "director-general", "Goal")


def test_languages_may_differ_in_words(ol):
    ol.write("letters/ilo/paper-en.txt", "x")
    ol.write("letters/ilo/paper-fr.txt", "x")
    for lang in ("en", "fr"):
        ol.letter(
            lang=lang,
            Title=lang,
            Subject=lang,
            Summary=lang,
            Consent=lang,
            Attach=f"paper-{lang}.txt",
        )
    ol.ok("check")


def test_document_needs_no_subject(ol):
    ol.write(
        "letters/ilo/statement.en.md",
        "Title: We said\nKind: statement\n\nIt.\n",
    )
    ol.ok("check")


def test_crlf_bom_and_folded_field(ol):
    ol.write(
        f"letters/{LETTER}.en.md",
        b"\xef\xbb\xbfTitle: A title\r\nSubject: one\r\n two\r\nTo: ilo\r\n\r\n"
        b"Dear {{recipient.name}},\r\n\r\nend\r\n",
    )
    ol.ok("check")
    assert "Dear Recipient 0,\n\nend" in preview(ol).replace("\r\n", "\n")


# what a letter becomes


def test_columns_are_variables(ol):
    ol.letter(body="On {{recipient.convention}}: {{recipient.role}}.\n")
    ol.people(1, convention="C29", role="chair")
    assert "On C29: chair." in preview(ol)


def test_known_columns_are_always_declared(ol):
    ol.letter(body="A{{recipient.organisation}}B{{recipient.country}}C\n")
    assert "ABC" in preview(ol)


def test_empty_is_false(ol):
    ol.letter(
        body="{{#recipient.title}}Title {{recipient.title}}{{/recipient.title}}"
        "{{^recipient.title}}No title{{/recipient.title}}\n"
    )
    ol.people(1, title="")
    assert "No title" in preview(ol)
    ol.people(1, title="Minister")
    assert "Title Minister" in preview(ol)


def test_counts_and_names_in_a_letter(ol):
    ol.letter(
        Goal="10",
        Date="2010-01-07",
        body="{{signatures.total}} of {{letter.goal}}: "
        "{{signatures.people}} people, {{signatures.organisations}} "
        "organisations, {{signatures.countries}} countries, "
        "{{letter.title}} of {{letter.date}} by {{organiser.name}}\n\n"
        "{{#signatures.list}}\n* {{number}} {{name}}, {{country}}\n"
        "{{/signatures.list}}\n",
    )
    ol.load(
        [
            {"name": "Ann", "email": "a@example.org", "country": "FR"},
            {"name": "Ben", "email": "b@example.org", "country": "IR"},
            {
                "name": "Kim",
                "email": "k@example.org",
                "country": "KR",
                "visibility": "count",
            },
        ]
    )
    ol.sign(
        name="Bo",
        email="o@example.org",
        **{"as": "organisation", "organisation": "Union", "country": "FR"},
    )
    out = preview(ol)
    assert (
        "4 of 10: 3 people, 1 organisations, 3 countries, "
        "A title of 2010-01-07 by Workers' Solidarity Committee" in out
    )
    assert "Ann, FR" in out and "Ben, IR" in out
    assert "Kim" not in out


def test_sections_make_list_items_and_paragraphs(ol):
    ol.letter(
        body="{{#recipient.a}}\n- first {{recipient.a}}\n{{/recipient.a}}\n"
        "{{#recipient.b}}\n- second\n{{/recipient.b}}\n\n"
        "{{#recipient.a}}\nOne paragraph.\n\nAnother.\n{{/recipient.a}}\n"
    )
    ol.people(1, a="yes", b="")
    text = preview(ol)
    assert "- first yes" in text and "second" not in text
    assert "One paragraph.\n\nAnother." in text
    page = Page(ol.ok("preview", LETTER, "--format", "html").out)
    assert page.tags.count("li") == 1
    assert page.tags.count("p") >= 2


def test_partials_in_languages(ol):
    ol.partial("sign-off", "Yours, {{organiser.name}}\n")
    ol.partial("sign-off.fr", "Salutations, {{organiser.name}}\n")
    for lang in ("en", "fr"):
        ol.letter(lang=lang, body="Text.\n\n{{> sign-off}}\n")
    assert "Yours, Workers' Solidarity Committee" in preview(ol)
    assert "Salutations, Workers'" in preview(ol, "--lang", "fr")


def test_wrong_partial_is_named_by_its_own_file(ol):
    ol.partial("sign-off", "fine\n\n{{nobody}}\n")
    ol.letter(body="{{> sign-off}}\n")
    assert says(problems(ol), "sign-off.md:3:", "nobody")


def test_value_in_a_link(ol):
    ol.letter(
        body="[act](https://example.org/?for={{recipient.name}}&x=1)\n\n"
        "[site]({{recipient.site}})\n\n[mail](mailto:{{recipient.email}})\n"
    )
    ol.recipients(
        [
            {
                "email": "a@example.org",
                "name": "R&D é\"x",
                "site": "https://example.net/a?b=c",
            }
        ]
    )
    page = Page(ol.ok("preview", LETTER, "--format", "html").out)
    assert page.links[:2] == [
        "https://example.org/?for=R%26D%20%C3%A9%22x&x=1",
        "https://example.net/a?b=c",
    ]
    assert unquote(page.links[2]) == "mailto:a@example.org"


@pytest.mark.parametrize(
    "site",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
    ],
)
def test_dangerous_scheme_stops_that_row_only(ol, catcher, site):
    ol.conf(catcher.port)
    ol.letter(body="[site]({{recipient.site}})\n")
    ol.recipients(
        [
            {"email": "bad@example.org", "site": site},
            {"email": "good@example.org", "site": "https://example.net/"},
        ]
    )
    partly = ol.send(rc=1)
    assert catcher.to == ["good@example.org"]
    assert says(partly.err, "ilo.csv:2") or says(partly.err, "bad@example.org")


def test_values_are_not_markup(ol, catcher):
    hostile = (
        "*a* _b_ [c](https://x.example) `d` # <b>&amp; {{letter.title}} \\*"
    )
    ol.conf(catcher.port)
    ol.letter(
        Subject="{{recipient.name}}", body="Dear {{recipient.name}}, hello.\n"
    )
    ol.recipients([{"email": "a@example.org", "name": hostile}])
    ol.send()
    mail = catcher.one("a@example.org").mail
    assert mail["Subject"] == hostile
    assert text_of(mail) == f"Dear {hostile}, hello."
    page = Page(html_of(mail))
    assert page.lines == [f"Dear {hostile}, hello."]
    assert "b" not in page.tags and not page.links


def test_plain_text_part(ol):
    long = "word " * 60
    ol.letter(
        body=f"# Heading\n\n**Bold** and *em* {long.strip()}\n\n"
        "1. one\n2. two\n\n> quoted\n\n<https://example.org/>\n"
    )
    text = preview(ol)
    assert "Heading" in text and "# Heading" not in text
    assert f"Bold and em {long.strip()}" in text, "no hard wrap"
    assert "1. one\n2. two" in text
    assert "> quoted" in text
    assert "https://example.org/ <" not in text


def test_language_of_each_recipient(ol, catcher):
    ol.conf(catcher.port, organiser={"lang": "fr"})
    for lang in ("en", "fr", "pt"):
        ol.letter(lang=lang, Subject=lang, body=f"in {lang}\n")
    wanted = {
        "a@example.org": ("pt-BR", "pt"),
        "b@example.org": ("EN", "en"),
        "c@example.org": ("", "fr"),
        "d@example.org": ("ko", "fr"),
    }
    ol.recipients([{"email": e, "lang": w[0]} for e, w in wanted.items()])
    ol.send()
    for address, (_, lang) in wanted.items():
        mail = catcher.one(address).mail
        assert mail["Subject"] == lang
        assert Page(html_of(mail)).html["lang"] == lang
    assert {r["recipient"]: r["lang"] for r in ol.log()} == {
        address: lang for address, (_, lang) in wanted.items()
    }


def test_attachment_and_own_fields(ol, catcher):
    ol.conf(catcher.port)
    data = bytes(range(256)) * 40
    ol.write("letters/ilo/گزارش.pdf", data)
    ol.letter(
        From='"Branch, 7" <branch@committee.example>',
        Reply_To="answers@committee.example",
        Attach="گزارش.pdf",
    )
    ol.people(1)
    ol.send()
    caught = catcher.messages[0]
    mail = caught.mail
    assert caught.sender == "branch@committee.example"
    assert mail["From"].addresses[0].display_name == "Branch, 7"
    (reply,) = mail["Reply-To"].addresses
    assert reply.addr_spec == "answers@committee.example"
    (part,) = mail.iter_attachments()
    assert part.get_filename() == "گزارش.pdf"
    assert part.get_content_type() == "application/pdf"
    assert part.get_content() == data


def test_changed_delimiters_and_comments(ol):
    ol.letter(
        body="{{! a note to the translators }}A{{=<% %>=}}<%recipient.name%>"
        " {{literal}}\n"
    )
    assert "ARecipient 0 {{literal}}" in preview(ol)


def test_introduction_needs_no_kind(ol):
    ol.write(
        "letters/ilo/campaign.en.md", "Title: Our campaign\n\nWhat we do.\n"
    )
    assert ol.run("check").rc == OK
    kinds = {row["letter"]: row["kind"] for row in ol.json("letters")}
    assert kinds["ilo/campaign"] == "introduction"


def test_pictures_are_refused(ol):
    ol.letter(body="Look:\n\n![a](https://example.org/pixel.png)\n")
    assert says(problems(ol), "director-general.en.md:", "picture")


def test_attachment_that_is_no_file(ol):
    ol.write("letters/ilo/folder/x.txt", "x")
    ol.letter(Attach="folder")
    assert says(problems(ol), "director-general.en.md:", "Attach")
    (ol.dir / "letters/ilo/out.txt").symlink_to("/etc/hostname")
    ol.letter(Attach="out.txt")
    assert says(problems(ol), "director-general.en.md:", "folder")


def test_template_errors_and_unknown_variables_at_once(ol):
    ol.letter(body="{{{recipient.name}}}\n\n{{nope}}\n\n{{#date}}{{> gone}}\n")
    found = problems(ol)
    for words in ("escaped", "nope", "date", "gone"):
        assert says(found, "director-general.en.md:", words), found
