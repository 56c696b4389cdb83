"""Signing by options, on a terminal and at a table; withdraw and suppress."""

import os
import re

import pytest

from workspace import DATA, LETTER, NOTFOUND, OK, REFUSED, USAGE, says

# one signature


def test_signature_keeps_what_was_given(ol):
    signed = ol.sign(
        name="Bahram Azadi",
        email="Bahram@Example.ORG",
        organisation="Haft Tappeh Workers",
        role="secretary",
        country="ir",
        city="Shush",
        postcode="12345",
        comment="Pay the wages.",
        lang="fa",
        visibility="public",
    )
    assert signed.rc == OK, signed
    (row,) = ol.signatures()
    expected = {
        "number": 1,
        "name": "Bahram Azadi",
        "organisation": "Haft Tappeh Workers",
        "role": "secretary",
        "country": "IR",
        "city": "Shush",
        "comment": "Pay the wages.",
        "lang": "fa",
        "kind": "person",
        "postcode": "12345",
        "visibility": "public",
        "state": "confirmed",
        "source": "desk",
    }
    assert {key: row[key] for key in expected} == expected
    assert row["email"].lower() == "bahram@example.org"
    assert row["email"].endswith("@example.org")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d(T.*Z)?", row["date"])
    assert re.match(r"[0-9a-f]{8}", row["edition"])


def test_defaults(ol):
    ol.sign(email="ada@example.org")
    (row,) = ol.signatures()
    assert row["visibility"] == "recipient"
    assert row["updates"] in (False, 0, "no", "")


def test_updates_are_asked_for(ol):
    assert ol.sign(email="ada@example.org", updates=True).rc == OK
    (row,) = ol.signatures()
    assert row["updates"] in (True, 1, "yes")


def test_edition_is_the_text_that_was_signed(ol):
    ol.sign(email="one@example.org")
    ol.sign(email="two@example.org")
    ol.letter(body="Another text.\n")
    ol.sign(email="three@example.org")
    editions = {r["email"]: r["edition"] for r in ol.signatures()}
    assert editions["one@example.org"] == editions["two@example.org"]
    assert editions["one@example.org"] != editions["three@example.org"]


def test_organisations_are_counted_apart(ol):
    for i in range(2):
        ol.sign(
            name=f"Contact {i}",
            email=f"office{i}@example.org",
            organisation=f"Union {i}",
            country=["FR", "GB"][i],
            **{"as": "organisation"},
        )
    ol.sign(name="Ada", email="ada@example.org", country="FR")
    row = ol.count()
    assert (row["total"], row["people"], row["organisations"]) == (3, 1, 2)
    assert row["countries"] == 2 and row["pending"] == 0


def test_person_and_organisation_of_one_address(ol):
    ol.sign(name="Ada", email="office@example.org")
    ol.sign(
        name="Ada",
        email="office@example.org",
        organisation="Union",
        **{"as": "organisation"},
    )
    row = ol.count()
    assert (row["people"], row["organisations"]) == (1, 1)


# never twice


@pytest.mark.parametrize(
    "first, second",
    [
        ("ada@example.org", "ada@example.org"),
        ("ada@example.org", "ADA@Example.Org"),
        ("ada@example.org", " ada@example.org "),
        ("ada@example.org", "mailto:ada@example.org"),
        ("ada.lovelace@gmail.com", "adalovelace@gmail.com"),
        ("ada@gmail.com", "ada+petition@gmail.com"),
        ("ada@gmail.com", "ada@googlemail.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_same_address_is_one_signature(ol, first, second):
    assert ol.sign(email=first).rc == OK
    again = ol.sign(email=second)
    assert again.rc == OK, again
    assert again.err.strip(), "it should say that it was there already"
    assert ol.count()["total"] == 1


@pytest.mark.parametrize(
    "first, second",
    [
        ("ada.lovelace@example.org", "adalovelace@example.org"),
        ("ada@example.org", "ada@example.net"),
    ],
)
def test_different_addresses_are_two(ol, first, second):
    ol.sign(email=first)
    ol.sign(email=second)
    assert ol.count()["total"] == 2


SAME_NAMES = [
    ("علي كريمي", "علی کریمی"),
    ("می\u200cخواهد", "میخواهد"),
    ("José Núñez", "JOSE NUNEZ"),
    ("José", "Jose\u0301"),
    ("Ｍａｒｉａ", "maria"),
    ("Straße", "STRASSE"),
    ("Ada  Lovelace", "ada lovelace"),
]


@pytest.mark.parametrize("first, second", SAME_NAMES)
def test_same_name_without_address_is_one(ol, first, second):
    assert ol.sign(name=first, country="IR").rc == OK
    assert ol.sign(name=second, country="IR").rc == OK
    assert ol.count()["total"] == 1


def test_same_name_elsewhere_is_another(ol):
    ol.sign(name="Ali Karimi", country="IR")
    ol.sign(name="Ali Karimi", country="SE")
    assert ol.count()["total"] == 2


def test_one_person_may_sign_two_letters(ol):
    ol.letter("ilo/other")
    ol.sign(email="ada@example.org")
    ol.sign(email="ada@example.org", letter="ilo/other")
    assert ol.count()["total"] == 1
    assert ol.count("ilo/other")["total"] == 1


@pytest.mark.parametrize(
    "first, second, kept",
    [
        ("recipient", "public", "recipient"),
        ("public", "recipient", "recipient"),
        ("public", "count", "count"),
        ("count", "public", "count"),
    ],
)
def test_signing_again_only_tightens(ol, first, second, kept):
    ol.sign(email="ada@example.org", visibility=first, city="Paris")
    again = ol.sign(email="ada@example.org", visibility=second, city="Rome")
    assert again.rc == OK
    (row,) = ol.signatures()
    assert (row["visibility"], row["city"]) == (kept, "Paris")


# refused


@pytest.mark.parametrize(
    "day", [{"Opens": "2999-01-01"}, {"Closes": "2001-01-01"}]
)
def test_not_open(ol, day):
    ol.letter(**day)
    refused = ol.sign(email="ada@example.org")
    assert refused.rc == REFUSED, refused
    assert says(refused.err, *(d[:4] for d in day.values()))
    assert ol.count()["total"] == 0


def test_days_are_inclusive(ol):
    today = ol.run_argv(["date", "-u", "+%Y-%m-%d"]).out.strip()
    ol.letter(Opens=today, Closes=today)
    assert ol.sign(email="ada@example.org").rc == OK
    assert ol.count()["total"] == 1


def test_unknown_letter(ol):
    lost = ol.sign(email="a@example.org", letter="ilo/director-genral")
    assert lost.rc == NOTFOUND
    assert says(lost.err, "ilo/director-general")


def test_document_cannot_be_signed(ol):
    ol.write("letters/ilo/report.en.md", "Title: R\nKind: report\n\nText.\n")
    refused = ol.sign(email="a@example.org", letter="ilo/report")
    assert refused.rc in (DATA, NOTFOUND, REFUSED), refused


BAD_ADDRESSES = [
    "ada",
    "ada@",
    "@example.org",
    "ada@@example.org",
    "ada@example..org",
    ".ada@example.org",
    "ada lovelace@example.org",
    "ada@example.org, eve@example.org",
    "ada@[127.0.0.1]",
    '"ada"@example.org',
    "ada@example.org\r\nRCPT TO:<eve@example.org>",
    "ada@example.org\n",
    "ada@example.org>",
    "ad\x00a@example.org",
    "a" * 65 + "@example.org",
    "ada@" + "a" * 64 + ".org",
    "ada@-example.org",
    "adá@example.org",
]


@pytest.mark.parametrize("email", [e for e in BAD_ADDRESSES if "\0" not in e])
def test_bad_address(ol, email):
    refused = ol.sign(email=email)
    if email == "ada@example.org\n":
        # White space round an address may be dropped.
        assert refused.rc in (OK, DATA)
        return
    assert refused.rc == DATA, refused
    assert refused.err.strip() and ol.count()["total"] == 0


@pytest.mark.parametrize(
    "option, value",
    [
        ("country", "XX1"),
        ("country", "Congo"),
        ("lang", "not a tag"),
        ("visibility", "secret"),
        ("as", "robot"),
    ],
)
def test_bad_value(ol, option, value):
    refused = ol.sign(email="ada@example.org", **{option: value})
    assert refused.rc in (USAGE, DATA), refused
    assert says(refused.err, value)
    assert ol.count()["total"] == 0


def test_country_by_name(ol):
    assert ol.sign(email="ada@example.org", country="Allemagne").rc == OK
    (row,) = ol.signatures()
    assert row["country"] == "DE"


HOSTILE = [
    "Ada\nLovelace",
    "Ada\rLovelace",
    "Ada\r\nBcc: eve@example.org",
    "Ada\tLovelace",
    "Ada\x1b[31m",
    "Ada\x7f",
    "Ada\u0085Lovelace",
    "Ada\u2028Lovelace",
    "Ada \u202eecalevoL",
    "Ada \u2066x\u2069",
    "Ada\U000e0041",
    "Ada\ufffe",
    b"Ada \xff",
    b"Ada \xed\xa0\x80",
    "x" * 5000,
    "",
    "   ",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_is_refused(ol, name):
    argv = [os.fsencode(a) for a in ol.argv("sign", LETTER, "--name")]
    argv.append(name if isinstance(name, bytes) else name.encode())
    refused = ol.run_argv(argv + [b"--email", b"ada@example.org"])
    assert refused.rc in (USAGE, DATA), refused
    # What was refused must not reach the terminal as it is.
    wild = r"[\x00-\x08\x0b-\x1f\x7f\x85\u202e\u2066]"
    assert not re.search(wild, refused.err)
    assert ol.count()["total"] == 0


@pytest.mark.parametrize(
    "name",
    [
        "{{letter.title}}",
        "<script>alert(1)</script>",
        "O'Brien & Sons; DROP TABLE signature; --",
        "Ng",
        "علی\u200cرضا",
        "%s%n",
        "../../etc/passwd",
        "-v",
        "👩\u200d👧",
    ],
)
def test_odd_name_is_kept_as_it_is(ol, name):
    argv = ol.argv("sign", LETTER, f"--name={name}", "--email", "a@example.org")
    assert ol.run_argv(argv).rc == OK
    (row,) = ol.signatures()
    assert row["name"] == name


def test_no_name_and_no_terminal(ol):
    refused = ol.run("sign", LETTER)
    assert refused.rc == USAGE, refused
    assert says(refused.err, "--name")


def test_neither_address_nor_country(ol):
    assert ol.sign(name="Ada").rc in (USAGE, DATA)
    assert ol.count()["total"] == 0


# on a terminal

ANSWERS = [
    # what the question is about, the answer; the first that fits is given
    (r"e-?mail|address", "email"),
    (r"country", "country"),
    (r"visib|who may see|public", "visibility"),
    (r"updates|news|informed", "updates"),
    (r"organi[sz]ation", "organisation"),
    (r"name", "name"),
]


def answer(terminal, people):
    """
    Answers questions about one person after the other, until the program is
    done or asks for the name of one more. What is not known is left empty,
    and so is what is asked again.
    """
    people = iter(people)
    person = {}
    for _ in range(100):
        shown = terminal.read()
        if not terminal.open:
            return
        question = shown.strip().split("\n")[-1].lower()
        field = next((f for p, f in ANSWERS if re.search(p, question)), None)
        if field == "name":
            person = dict(next(people, {}))
            if not person:
                return
        terminal.say(person.pop(field, ""))
    raise AssertionError(terminal.text)


def test_asks_on_a_terminal(ol):
    terminal = ol.terminal("sign", LETTER)
    answer(
        terminal,
        [{"name": "Ada Lovelace", "email": "ada@example.org", "country": "GB"}],
    )
    assert terminal.close() == OK, terminal.text
    (row,) = ol.signatures()
    assert (row["name"], row["email"]) == ("Ada Lovelace", "ada@example.org")
    assert row["source"] == "desk" and row["state"] == "confirmed"


def test_desk_keeps_asking(ol):
    terminal = ol.terminal("sign", LETTER, "--desk")
    people = [
        {"name": f"Person {i}", "email": f"p{i}@example.org", "country": "FR"}
        for i in range(3)
    ]
    answer(terminal, people)
    terminal.end_of_input()
    assert terminal.close() == OK, terminal.text
    assert [r["name"] for r in ol.signatures()] == [p["name"] for p in people]


def test_desk_survives_a_typing_error(ol):
    terminal = ol.terminal("sign", LETTER, "--desk")
    answer(
        terminal,
        [
            {"name": "Ada", "email": "ada at example", "country": "FR"},
            {"name": "Ben", "email": "ben@example.org", "country": "FR"},
            {"name": "Cid", "email": "cid@example.org", "country": "FR"},
        ],
    )
    terminal.end_of_input()
    terminal.close()
    assert "Cid" in [row["name"] for row in ol.signatures()]


# withdraw, suppress


def test_withdraw(ol):
    ol.sign(email="ada@example.org", visibility="public")
    ol.sign(name="Ben", email="ben@example.org", visibility="public")
    ol.ok("withdraw", LETTER, "ADA@example.org")
    assert ol.count()["total"] == 1
    assert [r["name"] for r in ol.signatures("public")] == ["Ben"]


def test_withdraw_who_did_not_sign(ol):
    assert ol.run("withdraw", LETTER, "nobody@example.org").rc == NOTFOUND
    assert ol.run("withdraw", LETTER, "not an address").rc == DATA


def test_withdrawn_may_sign_again(ol):
    ol.sign(email="ada@example.org")
    ol.ok("withdraw", LETTER, "ada@example.org")
    assert ol.sign(email="ada@example.org").rc == OK
    assert ol.count()["total"] == 1


def test_suppress(ol):
    ol.ok("suppress", "ada@example.org")
    ol.ok("suppress", "Ada@Example.org")
    assert ol.run("suppress", "not an address").rc == DATA
