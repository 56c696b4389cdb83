"""Who is written to, how much at a time, and what is asked before."""

import mailbox
import re
import signal
import time

import pytest

from servers import parse, text_of
from workspace import (
    AGAIN,
    FROM,
    LETTER,
    OK,
    ORGANISER,
    PARTLY,
    REFUSED,
    USAGE,
    says,
)

# recipients


def test_to_replaces_the_letters_lists(ol, catcher):
    ol.conf(catcher.port)
    ol.recipients([{"email": "else@example.org"}], name="others")
    ol.send("--to", "others")
    assert catcher.to == ["else@example.org"]


def test_to_unknown_list(ol, catcher):
    ol.conf(catcher.port)
    lost = ol.send("--to", "othres", rc=None)
    assert lost.rc in (65, 66), lost
    assert says(lost.err, "othres") and not catcher.tried


def test_account_by_name(ol, catcher):
    conf = ol.conf(port=1)
    conf.write_text(
        conf.read_text()
        + f"\n[smtp two]\nhost = 127.0.0.1\ntls = none\nport = {catcher.port}\n"
    )
    wrong = ol.send("--account", "three", rc=None)
    assert wrong.rc in (USAGE, 66, 78), wrong
    ol.send("--account", "two")
    assert len(catcher.messages) == 3


def test_what_went_out_is_not_sent_again(ol, catcher):
    ol.conf(catcher.port)
    ol.send()
    ol.people(5)
    ol.send()
    assert len(catcher.messages) == 5
    ol.send(rc=None)
    assert len(catcher.messages) == 5


def test_again(ol, catcher):
    ol.conf(catcher.port)
    ol.send()
    ol.send("--again")
    assert len(catcher.messages) == 6
    assert len({m.id for m in catcher.messages}) == 6
    assert [r["mailing"] for r in ol.json("status")] in ([1, 2], [2, 1])


def test_copy(ol, catcher):
    ol.conf(catcher.port)
    ol.letter(Copy="archive@committee.example, press@committee.example")
    ol.send()
    for address in ("archive@committee.example", "press@committee.example"):
        copy = catcher.one(address)
        assert b"copy" in copy.data.lower(), "it is marked as a copy"
    assert len(catcher.messages) == 5


def test_copy_shows_public_names_only(ol, catcher):
    ol.conf(catcher.port)
    ol.letter(
        Copy="press@press.example, press@press.example",
        body="{{#signatures.list}}\n* {{name}}\n{{/signatures.list}}\n\nx\n",
    )
    ol.people(1)
    ol.sign(name="Ann Public", email="ann@example.net", visibility="public")
    ol.sign(name="Reza Hidden", email="reza@example.net")
    ol.send()
    assert len(catcher.messages) == 2, "one address gets one message"
    copy = text_of(catcher.one("press@press.example").mail)
    assert "Ann Public" in copy and "Reza Hidden" not in copy
    assert "Reza Hidden" in text_of(catcher.one("r0@example.org").mail)


def test_copy_that_cannot_be_made_stops_nothing(ol, catcher):
    ol.conf(catcher.port)
    ol.letter(Copy="press@press.example", body="[x]({{recipient.site}})\n")
    ol.recipients([{"email": "a@example.org", "site": "https://example.org"}])
    ol.sign(name="Ann", email="ann@example.net", visibility="public")
    sent = ol.run("send", LETTER, "--for-signers", "--yes")
    assert sent.rc == PARTLY and says(sent.err, "Copy")
    assert catcher.to == ["a@example.org"]
    assert ol.status()["state"] == "done"


def test_rate_does_not_wait_for_nobody(ol, catcher):
    ol.conf(catcher.port, rate="3/minute")
    ol.people(3)
    assert ol.send().seconds < 30, "a wait would be a minute"
    assert len(catcher.messages) == 3


def test_resume_goes_on_with_every_mailing(ol, catcher):
    ol.conf(catcher.port)
    ol.letter("ilo/other")
    ol.send("--limit", "1", rc=AGAIN)
    ol.run("send", "ilo/other", "--yes", "--limit", "1")
    assert ol.run("resume").rc == OK
    assert {m["state"] for m in ol.json("status")} == {"done"}


def test_ledger_says_why_without_a_reply(ol, catcher):
    ol.conf(catcher.port)
    ol.load(SIGNERS)
    ol.ok("suppress", "ann@example.net")
    ol.send("--to-signers", rc=None)
    why = {row["recipient"]: row["reply"] for row in ol.log()}
    assert "suppressed" in why["ann@example.net"]


# signers

SIGNERS = [
    {
        "name": "Ann Public",
        "email": "ann@example.net",
        "visibility": "public",
        "updates": "yes",
        "lang": "fr",
        "country": "FR",
    },
    {
        "name": "رضا کریمی",
        "email": "reza@example.net",
        "visibility": "recipient",
        "updates": "yes",
        "lang": "en",
    },
    {
        "name": "Kim Count",
        "email": "kim@example.net",
        "visibility": "count",
        "updates": "no",
    },
    {"name": "No Address", "email": "", "country": "IR", "updates": "no"},
]


def test_for_signers(ol, catcher):
    ol.conf(catcher.port)
    ol.letter(
        Subject="From {{signer.name}} to {{recipient.name}}",
        body="Dear {{recipient.name}},\n\nI, {{signer.name}}, ask you.\n",
    )
    ol.people(2)
    ol.load(SIGNERS)
    ol.send("--for-signers")
    seen = set()
    for caught in catcher.messages:
        mail = caught.mail
        (sender,) = mail["From"].addresses
        (reply,) = mail["Reply-To"].addresses
        assert sender.addr_spec == caught.sender == FROM
        name = {s["email"]: s["name"] for s in SIGNERS}[reply.addr_spec]
        # Python leaves a blank too many between two encoded words.
        shown = " ".join(sender.display_name.split())
        assert shown == f"{name} via {ORGANISER}"
        number = re.search(r"\d", caught.to).group()
        assert mail["Subject"] == f"From {name} to Recipient {number}"
        assert f"I, {name}, ask you." in text_of(mail)
        seen.add((name, caught.to))
    assert seen == {
        (name, f"r{i}@example.org")
        for name in ("Ann Public", "رضا کریمی")
        for i in range(2)
    }
    assert ol.status()["audience"] == "for-signers"
    assert ol.status()["total"] == 4


def test_signer_is_a_false_section_elsewhere(ol, catcher):
    ol.conf(catcher.port)
    ol.letter(
        body="{{#signer}}I, {{signer.name}}{{/signer}}"
        "{{^signer}}We{{/signer}}\n"
    )
    ol.people(1)
    ol.send()
    assert text_of(catcher.messages[0].mail) == "We"


def test_to_signers(ol, catcher):
    ol.conf(catcher.port)
    for lang, word in (("en", "News"), ("fr", "Nouvelles")):
        ol.letter("ilo/news", lang, Subject=word, body=f"{word}, friends.\n")
    ol.load(SIGNERS)
    ol.load(
        [
            {
                "name": "Of Another Letter",
                "email": "other@example.net",
                "updates": "yes",
            }
        ],
        letter="ilo/news",
        file="other.csv",
    )
    ol.send("--to-signers", letter="ilo/news")
    assert catcher.to == [
        "ann@example.net",
        "other@example.net",
        "reza@example.net",
    ]
    for caught in catcher.messages:
        unsubscribe = caught.mail["List-Unsubscribe"]
        assert re.search(r"<mailto:[^>]+@committee\.example[^>]*>", unsubscribe)
    assert text_of(catcher.one("ann@example.net").mail) == "Nouvelles, friends."
    assert ol.status()["audience"] == "to-signers"


def test_letter_to_recipients_has_no_unsubscribe(ol, catcher):
    ol.conf(catcher.port)
    ol.send()
    assert [m.mail["List-Unsubscribe"] for m in catcher.messages] == [None] * 3


def test_suppressed_get_no_supporter_mail(ol, catcher):
    ol.conf(catcher.port)
    ol.load(SIGNERS)
    ol.ok("suppress", "ANN@example.net")
    ol.send("--to-signers")
    assert catcher.to == ["reza@example.net"]


def test_suppressed_between_a_send_and_its_resume(ol, catcher):
    ol.conf(catcher.port)
    ol.load(SIGNERS)
    ol.send("--to-signers", "--limit", "1", rc=AGAIN)
    (first,) = catcher.to
    (other,) = {"ann@example.net", "reza@example.net"} - {first}
    ol.ok("suppress", other)
    ol.run("resume")
    assert catcher.to == [first]
    assert ol.status()["suppressed"] == 1
    assert ol.states()[other] == "suppressed"


def test_withdrawn_are_not_written_to(ol, catcher):
    ol.conf(catcher.port)
    ol.load(SIGNERS)
    ol.ok("withdraw", LETTER, "ann@example.net")
    ol.send("--to-signers")
    assert catcher.to == ["reza@example.net"]


# trying out


def test_test_message(ol, catcher):
    ol.conf(catcher.port)
    ol.send("--test", "me@committee.example")
    (caught,) = catcher.messages
    assert caught.to == "me@committee.example"
    assert caught.mail["Subject"].startswith("[TEST]")
    assert ol.status()["audience"] == "test"
    ol.send()
    assert len(catcher.messages) == 4


def test_test_message_to_a_recipient_does_not_count(ol, catcher):
    ol.conf(catcher.port)
    ol.send("--test", "r1@example.org")
    ol.send()
    assert catcher.to.count("r1@example.org") == 2


def test_outbox(ol, catcher, tmp_path):
    ol.conf(catcher.port)
    out = tmp_path / "outbox"
    ol.send("--outbox", out)
    assert {p.name for p in out.iterdir()} == {"cur", "new", "tmp"}
    # Mailbox files have the line ends of the system.
    found = [
        parse(re.sub(rb"\r?\n", b"\r\n", bytes(m)))
        for m in mailbox.Maildir(out, create=False)
    ]
    assert sorted(m["To"].addresses[0].addr_spec for m in found) == [
        "r0@example.org",
        "r1@example.org",
        "r2@example.org",
    ]
    assert not catcher.tried
    assert ol.log() == [] and ol.json("status") == []
    ol.send()
    assert len(catcher.messages) == 3


def test_outbox_needs_no_account(ol, tmp_path):
    conf = ol.conf()
    conf.write_text(conf.read_text().split("[smtp")[0])
    ol.send("--outbox", tmp_path / "outbox")
    assert len(list((tmp_path / "outbox" / "new").iterdir())) == 3


def test_dry_run(ol, catcher):
    ol.conf(catcher.port)
    shown = ol.ok("send", LETTER, "--dry-run")
    assert says(shown.out + shown.err, "3", "main")
    assert not catcher.tried and ol.json("status") == []


# how much at a time


def test_limit_and_resume(ol, catcher):
    ol.conf(catcher.port)
    ol.people(8)
    ol.send("--limit", "3", rc=AGAIN)
    assert len(catcher.messages) == 3
    status = ol.status()
    assert (status["sent"], status["queued"]) == (3, 5)
    assert ol.run("resume").rc == OK
    assert len(set(catcher.to)) == len(catcher.messages) == 8
    assert ol.status()["state"] == "done"


def test_quota_is_counted_from_the_ledger(ol, catcher):
    ol.conf(catcher.port, quota="5/day")
    ol.people(8)
    stopped = ol.send(rc=AGAIN)
    assert says(stopped.err, "quota")
    assert len(catcher.messages) == 5
    for _ in range(2):
        assert ol.run("resume").rc == AGAIN
    assert len(catcher.messages) == 5
    # Another letter through the same account has no quota left either.
    ol.letter("ilo/other")
    ol.send(letter="ilo/other", rc=AGAIN)
    assert len(catcher.messages) == 5


def test_quota_comes_back(ol, catcher, clock):
    ol.conf(catcher.port, quota="5/day")
    ol.people(8)
    ol.send(rc=AGAIN)
    assert ol.run("resume", prefix=clock("+23h")).rc == AGAIN
    assert len(catcher.messages) == 5
    assert ol.run("resume", prefix=clock("+25h")).rc == OK
    assert len(set(catcher.to)) == len(catcher.messages) == 8


def test_refused_messages_cost_quota_too(ol, catcher):
    ol.conf(catcher.port, quota="4/day")
    ol.people(8)
    catcher.data["r0@example.org"] = "550 5.7.1 no"
    ol.send(rc=AGAIN)
    assert len(catcher.tried) <= 4


def test_rate_over_restarts(ol, catcher):
    """At most 3 in any minute, however often it is started again."""
    ol.conf(catcher.port, rate="3/minute")
    ol.people(9)
    for verb in (["send", LETTER, "--yes"], ["resume"], ["resume"]):
        process = ol.start(*verb)
        time.sleep(2.5)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
    assert 1 <= len(catcher.messages) <= 3


def test_rate_slows_down(ol, catcher):
    ol.conf(catcher.port, rate="2/second")
    ol.people(7)
    done = ol.send()
    assert len(catcher.messages) == 7
    assert done.seconds >= 2


# asking first


def test_refuses_without_a_terminal(ol, catcher):
    ol.conf(catcher.port)
    refused = ol.run("send", LETTER)
    assert refused.rc == REFUSED, refused
    assert says(refused.err, "--yes")
    assert not catcher.tried and ol.json("status") == []


def test_input_that_is_not_a_terminal_is_no_yes(ol, catcher):
    ol.conf(catcher.port)
    assert ol.run("send", LETTER, input="yes\ny\n").rc == REFUSED
    assert not catcher.tried


@pytest.mark.parametrize("reply", ["n", "no", "", "maybe"])
def test_asked_and_said_no(ol, catcher, reply):
    ol.conf(catcher.port)
    terminal = ol.terminal("send", LETTER)
    shown = terminal.read()
    assert says(shown, "3", "main", "Delegate"), shown
    terminal.say(reply)
    terminal.read()
    if terminal.open:
        terminal.end_of_input()
    assert terminal.close() == REFUSED
    assert not catcher.tried


def test_asked_and_said_yes(ol, catcher):
    ol.conf(catcher.port)
    terminal = ol.terminal("send", LETTER)
    terminal.read()
    terminal.say("yes")
    assert terminal.close() == OK, terminal.text
    assert len(catcher.messages) == 3


def test_unfinished_mailing_is_resumed_not_repeated(ol, catcher):
    ol.conf(catcher.port)
    ol.send("--limit", "1", rc=AGAIN)
    refused = ol.send(rc=REFUSED)
    number = ol.status()["mailing"]
    assert says(refused.err, f"resume {number}")
    # Another audience of the same letter is another matter.
    ol.load(SIGNERS)
    ol.send("--to-signers")
    assert len(catcher.messages) == 3


def test_one_sender_at_a_time(ol, scribe):
    slow = scribe(delay_s=0.3)
    ol.conf(slow.port)
    ol.people(10)
    process = ol.start("send", LETTER, "--yes")
    wait_until(lambda: slow.accepted)
    ol.letter("ilo/other")
    busy = ol.send(letter="ilo/other", rc=None)
    process.communicate(timeout=60)
    assert process.returncode == OK
    assert busy.rc == REFUSED, busy
    assert len([a for a, _ in slow.accepted]) == 10


def wait_until(done, limit=20):
    end = time.monotonic() + limit
    while not done():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


# pause, cancel


def test_cancel(ol, catcher):
    ol.conf(catcher.port)
    ol.send("--limit", "1", rc=AGAIN)
    number = ol.status()["mailing"]
    ol.ok("cancel", number)
    assert ol.status()["state"] == "cancelled"
    assert ol.status()["cancelled"] == 2
    ol.run("resume", number)
    assert len(catcher.messages) == 1
    # Those who did not get it can be written to again.
    ol.send()
    assert len(set(catcher.to)) == len(catcher.messages) == 3


def test_pause(ol, catcher):
    ol.conf(catcher.port)
    ol.send("--limit", "1", rc=AGAIN)
    number = ol.status()["mailing"]
    ol.ok("pause", number)
    assert ol.status()["state"] == "paused"
    assert ol.run("resume", number).rc == OK
    assert len(catcher.messages) == 3


@pytest.mark.parametrize("verb", ["resume", "pause", "cancel", "status", "log"])
def test_mailing_that_is_not_there(ol, verb):
    assert ol.run(verb, "4711").rc == 66


def test_resume_with_nothing_to_do(ol):
    assert ol.run("resume").rc == OK


def test_rejected_are_reached_by_the_next_send(ol, catcher):
    """`send` again reaches only those not yet reached."""
    ol.conf(catcher.port)
    catcher.rcpt["r1@example.org"] = ["550 5.1.1 no such user"]
    ol.send(rc=PARTLY)
    ol.send()
    assert len(set(catcher.to)) == len(catcher.messages) == 3
