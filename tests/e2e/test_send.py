"""
The main job: a thousand recipients in four languages over real SMTP. Each
message, parsed by Python's email package, is what template and row say.
"""

import re
from email.utils import parsedate_to_datetime

import pytest

from servers import Page, html_of, text_of
from workspace import FROM, LETTER, ORGANISER

COUNT = 1000
SIGNERS = 7

LANGUAGES = {
    "en": {
        "dir": "ltr",
        "subject": "Unpaid wages: {total} signatures for {name}",
        "text": (
            "Dear {salutation},",
            "the workers of {convention} have not been paid. Read more "
            "<https://example.org/w?for={convention}>.",
            "Act now & soon.",
            "Yours, {organiser}",
        ),
    },
    "fr": {
        "dir": "ltr",
        "subject": "Salaires impayés : {total} signatures, à {name}",
        "text": (
            "À {salutation},",
            "les ouvriers de {convention} ne sont pas payés. Lire plus "
            "<https://example.org/w?for={convention}>.",
            "Agissez « maintenant » — s’il vous plaît.",
            "Salutations, {organiser}",
        ),
    },
    "es": {
        "dir": "ltr",
        "subject": "¿Salarios? {total} firmas para {name}",
        "text": (
            "Señor(a) {salutation}:",
            "a los trabajadores de {convention} no se les paga. Leer más "
            "<https://example.org/w?for={convention}>.",
            "¡Actúe ya!",
            "Saludos, {organiser}",
        ),
    },
    "fa": {
        "dir": "rtl",
        "subject": "دستمزدهای پرداخت‌نشده: {total} امضا برای {name}",
        "text": (
            "{salutation} گرامی،",
            "دستمزد کارگران {convention} پرداخت نشده است. بیشتر بخوانید "
            "<https://example.org/w?for={convention}>.",
            "همین امروز اقدام کنید؛ «دیر» است.",
            "با احترام، {organiser}",
        ),
    },
}

NAMES = [
    "Ann O'Hara",
    "Zoë de la Crème",
    "José Núñez, Ministro",
    'Ray "Red" Smith',
    "علی‌رضا کریمی",
    "王小明",
    "Łukasz Żółć",
    "R&D <office>",
]


def template(lang):
    """The letter that must give what LANGUAGES says."""
    tags = {
        "total": "{{signatures.total}}",
        "name": "{{recipient.name}}",
        "salutation": "{{recipient.salutation}}",
        "convention": "{{recipient.convention}}",
        "organiser": "{{organiser.name}}",
    }
    about = LANGUAGES[lang]
    paragraphs = [
        re.sub(r"(\S+ \S+) <(https:[^ ]*)>", r"[\1](\2)", p)
        for p in about["text"]
    ]
    paragraphs[2] = "**" + paragraphs[2].replace(" ", "** ", 1)
    return about["subject"].format(**tags), "\n\n".join(
        paragraph.format(**tags) for paragraph in paragraphs
    )


def row(i):
    lang = list(LANGUAGES)[i % 4]
    name = f"{NAMES[i % len(NAMES)]} {i}"
    return {
        "email": f"delegate.{i}@host{i % 50}.example",
        "name": name,
        "salutation": f"D. {name}",
        "convention": f"C{i}",
        "lang": lang,
    }


@pytest.fixture
def campaign(ol):
    """The letter in four languages, a thousand recipients, some signers."""
    for lang in LANGUAGES:
        subject, body = template(lang)
        ol.letter(lang=lang, Title=f"Title {lang}", Subject=subject, body=body)
    ol.recipients([row(i) for i in range(COUNT)])
    ol.load(
        [
            {"name": f"Signer {i}", "email": f"s{i}@example.org"}
            for i in range(SIGNERS)
        ]
    )
    return ol


def check_message(caught, expected):
    lang = expected["lang"]
    about = LANGUAGES[lang]
    values = dict(expected, total=SIGNERS, organiser=ORGANISER)
    mail = caught.mail

    assert mail["Subject"] == about["subject"].format(**values)
    assert caught.sender == FROM
    assert mail["From"].addresses[0].addr_spec == FROM
    (to,) = mail["To"].addresses
    assert to.addr_spec == expected["email"]
    assert to.display_name in (expected["name"], "")
    assert mail.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.iter_parts()] == [
        "text/plain",
        "text/html",
    ]

    paragraphs = [p.format(**values) for p in about["text"]]
    assert text_of(mail) == "\n\n".join(paragraphs)
    page = Page(html_of(mail))
    assert page.html["lang"] == lang and page.html["dir"] == about["dir"]
    assert page.lines == [re.sub(r" <https:[^ ]*>", "", p) for p in paragraphs]
    assert page.links == [f"https://example.org/w?for={expected['convention']}"]

    check_discretion(mail)


def check_discretion(mail):
    """Nothing in the header says who, when, where or with what."""
    assert mail["Date"].endswith(("+0000", "-0000", "GMT"))
    assert parsedate_to_datetime(mail["Date"]).utcoffset().total_seconds() == 0
    own_id = str(mail["Message-ID"]).strip()
    assert re.fullmatch(r"<[^@\s<>]+@[^@\s<>]+>", own_id)
    names = [name.lower() for name in mail.keys()]
    assert len(names) == len(set(names)), names
    assert not {"x-mailer", "user-agent", "sender", "bcc"} & set(names)


def check_ledger(ol, caught):
    """One row each, sent, with the Message-ID that the message bears."""
    log = ol.log()
    assert len(log) == len(caught) == COUNT
    by_address = {message.to: message for message in caught}
    assert len(by_address) == COUNT
    for line in log:
        message = by_address.pop(line["recipient"])
        assert line["state"] == "sent"
        assert line["message_id"] == message.id
        assert (line["attempts"], line["code"]) == (1, 250)
        assert line["letter"] == LETTER
        assert line["reply"]
    assert len({line["message_id"] for line in log}) == COUNT
    status = ol.status()
    assert (status["total"], status["sent"]) == (COUNT, COUNT)
    assert status["state"] == "done"
    assert status["audience"] == "recipients"


def test_thousand_to_aiosmtpd(campaign, catcher):
    campaign.conf(catcher.port)
    done = campaign.send(timeout=120)
    rows = {r["email"]: r for r in (row(i) for i in range(COUNT))}
    for caught in catcher.messages:
        check_message(caught, rows[caught.to])
        assert b"\n" not in caught.data.replace(b"\r\n", b"")
        assert b"\r" not in caught.data.replace(b"\r\n", b"")
        assert all(len(x) <= 998 for x in caught.data.split(b"\r\n"))
        assert caught.data.isascii()
    check_ledger(campaign, catcher.messages)
    # Ours is the domain of From, never this machine's name.
    assert catcher.helo == {FROM.split("@")[1]}
    assert {line["status"] for line in campaign.log()} == {"2.0.0"}
    assert done.seconds < 60


def test_thousand_to_smtp_sink(campaign, smtp_sink, wiretap):
    sink = smtp_sink()
    tap = wiretap(sink.port)
    campaign.conf(tap.port)
    campaign.send(timeout=120)
    rows = {r["email"]: r for r in (row(i) for i in range(COUNT))}
    caught = sink.messages
    for message in caught:
        check_message_from_sink(message, rows[message.to])
    check_ledger(campaign, caught)
    check_wire(tap)


def check_message_from_sink(message, expected):
    # The sink puts a Received field in front; the rest is as it came.
    head, _, rest = message.data.partition(b"\r\n")
    while rest[:1] in b" \t":
        _, _, rest = rest.partition(b"\r\n")
    message.data = rest
    check_message(message, expected)


def check_wire(tap):
    for said in tap.spoken:
        said = bytes(said)
        assert b"\n" not in said.replace(b"\r\n", b""), "bare LF"
        assert b"\r" not in said.replace(b"\r\n", b""), "bare CR"
        assert b"\r\nBDAT" not in said.upper()
        assert said.isascii()
    assert any(b"\r\nDATA\r\n" in bytes(said) for said in tap.spoken)


def test_dots_and_long_lines(ol, catcher, wiretap):
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    long = "x" * 2500
    ol.letter(body=f".\n\n.. two\n\n.dot\n\n{long}\n\n{{{{recipient.name}}}}\n")
    ol.recipients([{"email": "a@example.org", "name": "."}])
    ol.send()
    text = text_of(catcher.messages[0].mail)
    assert text == f".\n\n.. two\n\n.dot\n\n{long}\n\n."
    check_wire(tap)


def test_chunking_is_never_used(ol, fake_smtp):
    """A server that offers CHUNKING must never see BDAT."""
    server = fake_smtp(chunking=True)
    ol.conf(server.port)
    ol.letter(body="word " * 2000)
    ol.send()
    assert server.accepted == 3
    assert not [c for c in server.commands if c.upper().startswith("BDAT")]


def test_one_message_for_each_address(ol, catcher):
    ol.conf(catcher.port)
    ol.recipients(
        [
            {"email": "a@example.org", "name": "One"},
            {"email": "A@EXAMPLE.org", "name": "Two"},
            {"email": "b@example.org", "name": "Three"},
        ]
    )
    sent = ol.send(rc=None)
    assert sent.rc in (0, 1)
    assert len(catcher.messages) == 2
    assert "ilo.csv:3" in sent.err, "repeats are reported"


def test_several_lists(ol, catcher):
    ol.conf(catcher.port)
    ol.letter(To="ilo, governments")
    ol.recipients([{"email": "a@example.org"}, {"email": "b@example.org"}])
    ol.recipients(
        [{"email": "b@example.org"}, {"email": "c@example.org"}],
        name="governments",
    )
    ol.send(rc=None)
    assert catcher.to == ["a@example.org", "b@example.org", "c@example.org"]


def test_bad_rows_do_not_stop_a_mailing(ol, catcher):
    ol.conf(catcher.port)
    ol.recipients(
        [
            {"email": "a@example.org"},
            {"email": "not an address"},
            {"email": ""},
            {"email": "b@example.org\r\nDATA"},
            {"email": "c@example.org"},
        ]
    )
    partly = ol.send(rc=1)
    assert catcher.to == ["a@example.org", "c@example.org"]
    for line in (3, 4, 5):
        assert f"ilo.csv:{line}" in partly.err


def test_idn_recipient(ol, catcher):
    ol.conf(catcher.port)
    ol.recipients([{"email": "post@bücher.example"}])
    ol.send()
    assert catcher.to == ["post@xn--bcher-kva.example"]


def test_retry_is_byte_identical(ol, catcher, clock):
    ol.conf(catcher.port)
    ol.people(1)
    kept = []
    catcher.data["r0@example.org"] = ["451 4.3.0 not now"]
    original = catcher.handle_DATA

    async def keep(server, session, envelope):
        kept.append(bytes(envelope.original_content))
        return await original(server, session, envelope)

    catcher.handle_DATA = keep
    ol.send(rc=75)
    assert ol.run("resume", prefix=clock("+1d")).rc == 0
    assert len(kept) == 2 and kept[0] == kept[1]


def test_server_is_not_there(ol):
    ol.conf(port=1)
    failed = ol.send(rc=None)
    assert failed.rc in (69, 75), failed
    assert set(ol.states().values()) == {"queued"}
    assert "127.0.0.1:1" in failed.err
