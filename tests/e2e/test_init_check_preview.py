"""A new workspace, finding it, and looking at letters before sending."""

import os
import stat

import pytest

from servers import Page, html_of, parse, text_of
from workspace import (
    CONFIG,
    FROM,
    LETTER,
    NOTFOUND,
    OK,
    PROGRAM,
    USAGE,
    says,
)

# init


def test_init_makes_a_workspace_that_checks_clean(bare):
    made = bare.run_argv([PROGRAM, "init", bare.dir])
    assert made.rc == OK, made
    assert (bare.dir / "openletter.conf").is_file()
    assert (bare.dir / "letters").is_dir()
    assert (bare.dir / "recipients").is_dir()
    bare.ok("check")


def test_init_leaves_a_workspace_alone(bare):
    bare.run_argv([PROGRAM, "init", bare.dir])
    bare.conf(port=2525)
    before = (bare.dir / "openletter.conf").read_bytes()
    again = bare.run_argv([PROGRAM, "init", bare.dir])
    assert again.rc != OK
    assert says(again.err, "openletter.conf") or says(again.err, "already")
    assert (bare.dir / "openletter.conf").read_bytes() == before


def test_init_in_the_current_folder(bare):
    bare.dir.mkdir()
    made = bare.run_argv(["env", "-C", bare.dir, PROGRAM, "init"])
    assert made.rc == OK, made
    assert (bare.dir / "openletter.conf").is_file()


def test_database_is_its_owners_only(ol):
    old = os.umask(0)
    try:
        ol.sign(email="ada@example.org")
    finally:
        os.umask(old)
    assert ol.database.exists()
    for path in ol.dir.glob("openletter.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


# finding the workspace


def test_found_from_a_folder_inside_it(ol):
    argv = ["env", "-C", ol.dir / "letters" / "ilo", PROGRAM, "count"]
    assert ol.run_argv(argv).rc == OK


def test_found_by_environment_and_after_the_verb(ol):
    env = {"OPENLETTER_DIR": str(ol.dir)}
    assert ol.run_argv([PROGRAM, "count"], env=env).rc == OK
    assert ol.run_argv([PROGRAM, "count", "-C", ol.dir]).rc == OK


def test_no_workspace(bare):
    bare.dir.mkdir()
    lost = bare.run_argv(["env", "-C", bare.dir, PROGRAM, "count"])
    assert lost.rc == NOTFOUND, lost
    assert says(lost.err, "init"), "it should say how to make one"


# the command line

VERBS = (
    "init letters check preview sign import withdraw send resume pause "
    "cancel status log count export suppress batches duplicates revoke "
    "confirm reject undo filters expire"
).split()


def test_version_and_help(ol):
    assert says(ol.ok("--version").out, "openletter")
    help_text = ol.ok("-h").out
    for verb in VERBS:
        assert verb in help_text, verb


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself(ol, verb):
    assert says(ol.ok(verb, "-h").out, "openletter " + verb)


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("cuont",),
        ("count", "--bye", "country"),
        ("count", "--by", "colour"),
        ("count", "--format", "xml"),
        ("send",),
        ("sign",),
        ("preview",),
        ("import", LETTER),
        ("send", LETTER, "--limit", "many"),
        ("send", LETTER, "--for-signers", "--to-signers"),
        ("status", "first"),
    ],
    ids=" ".join,
)
def test_wrong_command_line(ol, args):
    wrong = ol.run(*args)
    assert wrong.rc == USAGE, wrong
    assert wrong.err.startswith("openletter")
    assert not wrong.out


def test_misspelt_verb_gets_a_suggestion(ol):
    assert says(ol.run("cuont").err, "count")


# configuration


@pytest.mark.parametrize(
    "line, word",
    [
        ("[organizer]\nname = x", "organizer"),
        ("[smtp two]\nhost = 127.0.0.1\ntls = none\nhots = x", "hots"),
        ("[smtp two]\nhost = 127.0.0.1\nport = many", "port"),
        ("[smtp two]\nhost = 127.0.0.1\ntls = maybe", "maybe"),
        ("[smtp two]\nhost = 127.0.0.1\nquota = lots", "quota"),
        ("[imap]\nhost = imap.example.org", "imap"),
        ("[serve]\nport = 80", "serve"),
        (
            "[smtp two]\nhost = 127.0.0.1\nproxy = socks5://127.0.0.1:9050",
            "proxy",
        ),
    ],
)
def test_wrong_configuration_is_named(ol, line, word):
    conf = ol.conf()
    conf.write_text(conf.read_text() + "\n" + line + "\n")
    for verb in (["check"], ["send", LETTER, "--yes"]):
        wrong = ol.run(*verb)
        assert wrong.rc == CONFIG, wrong
        assert says(wrong.err, "openletter.conf:", word)


def test_clear_text_only_to_this_machine(ol):
    ol.conf(host="smtp.example.org", tls="none")
    refused = ol.send(rc=CONFIG)
    assert says(refused.err, "tls")


def test_password_file_that_others_can_read(ol, catcher):
    secret = ol.write("secret", "hunter2\n")
    secret.chmod(0o644)
    ol.conf(catcher.port, user="ada", passwordfile=secret)
    refused = ol.send(rc=CONFIG)
    assert says(refused.err, "secret")
    assert not catcher.messages


# letters


def test_letters_lists_what_there_is(ol):
    ol.letter(lang="fr", Goal="500", Date="2010-01-07", Title="Un titre")
    ol.letter(lang="en", Goal="500", Date="2010-01-07", Title="A title")
    ol.write(
        "letters/ilo/report.en.md",
        "Title: A report\nKind: statement\nDate: 2011-05-01\n\nText.\n",
    )
    ol.sign(email="ada@example.org")
    rows = {row["letter"]: row for row in ol.json("letters")}
    row = rows[LETTER]
    assert row["title"] == "A title"
    assert row["kind"] == "letter"
    assert row["date"] == "2010-01-07"
    assert row["goal"] == 500
    assert row["total"] == 1
    assert "en" in row["languages"] and "fr" in row["languages"]
    assert rows["ilo/report"]["kind"] == "statement"
    assert "A title" in ol.ok("letters", LETTER).out


@pytest.mark.parametrize(
    "args",
    [
        ["letters"],
        ["preview"],
        ["check"],
        ["count"],
        ["export"],
        ["send", "--yes"],
    ],
    ids=lambda a: a[0],
)
def test_unknown_letter_gets_a_suggestion(ol, args):
    wrong = ol.run(args[0], "ilo/director-genral", *args[1:])
    assert wrong.rc == NOTFOUND, wrong
    assert says(wrong.err, "ilo/director-general")


# preview


@pytest.fixture
def greeting(ol):
    ol.letter(
        body="Dear {{recipient.salutation}},\n\n"
        "*Act* on [wages](https://example.org/w).\n",
        Subject="To {{recipient.name}}",
    )
    ol.letter(
        lang="fa",
        body="{{recipient.salutation}} گرامی،\n\nدستمزدها را بپردازید.\n",
        Subject="به {{recipient.name}}",
        Title="نامه",
    )
    ol.recipients(
        [
            {
                "email": "a@example.org",
                "name": "Ann",
                "salutation": "Ms Ann",
                "lang": "en",
            },
            {
                "email": "b@example.org",
                "name": "بابک",
                "salutation": "آقای بابک",
                "lang": "fa-IR",
            },
        ]
    )
    return ol


def test_preview_text(greeting):
    out = greeting.ok("preview", LETTER, "--format", "text").out
    assert "Dear Ms Ann," in out
    assert "Act on wages <https://example.org/w>." in out


def test_preview_html(greeting):
    page = Page(greeting.ok("preview", LETTER, "--format", "html").out)
    assert page.html["lang"] == "en" and page.html["dir"] == "ltr"
    assert "Dear Ms Ann," in page.lines
    assert page.links == ["https://example.org/w"]


def test_preview_for_one_recipient_is_in_their_language(greeting):
    out = greeting.ok(
        "preview", LETTER, "--recipient", "b@example.org", "--format", "eml"
    )
    mail = parse(out.raw)
    assert mail["Subject"] == "به بابک"
    assert mail["To"].addresses[0].addr_spec == "b@example.org"
    assert text_of(mail).startswith("آقای بابک گرامی،")
    page = Page(html_of(mail))
    assert page.html["lang"].startswith("fa") and page.html["dir"] == "rtl"


def test_preview_in_a_language(greeting):
    out = greeting.ok("preview", LETTER, "--lang", "fa", "--format", "text")
    assert "دستمزدها را بپردازید." in out.out


def test_preview_of_what_is_not_there(greeting):
    lost = greeting.run("preview", LETTER, "--recipient", "z@example.org")
    assert lost.rc == NOTFOUND, lost
    lost = greeting.run("preview", LETTER, "--lang", "de")
    assert lost.rc == NOTFOUND, lost


def test_preview_is_what_is_sent(greeting, catcher):
    greeting.conf(catcher.port)
    shown = greeting.ok(
        "preview", LETTER, "--recipient", "b@example.org", "--format", "eml"
    ).raw
    greeting.send()
    sent = catcher.one("b@example.org").data
    own = (b"message-id:", b"date:")

    def rest(data):
        assert b"\r\n" in data
        return [
            line
            for line in data.split(b"\r\n")
            if not line.lower().startswith(own)
        ]

    # A boundary may be made from the Message-ID, then it differs too.
    assert rest(shown) == rest(sent)
    assert parse(sent)["From"].addresses[0].addr_spec == FROM
