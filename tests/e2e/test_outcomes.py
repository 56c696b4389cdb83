"""
What the server does and what the ledger says of it then: on libESMTP in
clear and under STARTTLS, on libcurl under implicit TLS and through a SOCKS5
proxy, and against Postfix's own test server.
"""

import signal
import subprocess

import pytest

from workspace import AGAIN, CONFIG, LETTER, OK, PARTLY, UNAVAILABLE, says

# where, what happens there each time, the state, the exit status
FAULTS = [
    ("CONNECT", "421 4.3.2 busy", "queued", (UNAVAILABLE, AGAIN)),
    ("CONNECT", "drop", "queued", (UNAVAILABLE, AGAIN)),
    ("EHLO", "drop", "queued", (UNAVAILABLE, AGAIN)),
    ("MAIL", "451 4.3.0 not now", "deferred", (AGAIN,)),
    ("MAIL", "550 5.7.1 not you", "queued", (CONFIG,)),
    ("MAIL", "530 5.7.0 log in first", "queued", (CONFIG,)),
    ("MAIL", "reply+drop 421 4.3.2 bye", "deferred", (AGAIN,)),
    ("MAIL", "drop", "queued", (UNAVAILABLE, AGAIN)),
    ("RCPT", "450 4.2.1 busy", "deferred", (AGAIN,)),
    ("RCPT", "452 4.5.3 too many", "deferred", (AGAIN,)),
    ("RCPT", "550 5.1.1 no such user", "rejected", (PARTLY,)),
    ("RCPT", "530 5.7.0 log in first", "queued", (CONFIG,)),
    ("RCPT", "drop", "deferred", (AGAIN,)),
    ("RCPT", "hang", "deferred", (AGAIN,)),
    ("DATA", "451 4.3.0 not now", "deferred", (AGAIN,)),
    ("DATA", "554 5.6.0 never", "rejected", (PARTLY,)),
    ("DATA", "drop", "deferred", (AGAIN,)),
    ("DOT", "451 4.3.0 not now", "deferred", (AGAIN,)),
    ("DOT", "552 5.3.4 too big", "rejected", (PARTLY,)),
    ("DOT", "reply+drop 250 2.0.0 taken", "sent", (OK,)),
    ("DOT", "drop", "unknown", (PARTLY,)),
    ("DOT", "half", "unknown", (PARTLY,)),
]


@pytest.mark.parametrize(
    "where, what, state, codes", FAULTS, ids=[f"{f[0]}-{f[1]}" for f in FAULTS]
)
def test_fault(ol, transport, where, what, state, codes):
    server = transport(fault=f"{where}:0:{what}")
    (address,) = ol.people(1)
    result = ol.send(rc=None)
    (row,) = ol.log()
    assert (row["recipient"], row["state"]) == (address, state), result
    assert result.rc in codes, result
    assert result.err.strip() or result.rc == OK
    code = what.replace("reply+drop ", "").split()[0]
    if code.isdigit() and where not in ("CONNECT", "EHLO"):
        assert says(result.err + str(row["code"]), code), (row, result)
    if state in ("rejected", "deferred") and code.isdigit():
        _, status, reply = what.replace("reply+drop ", "").split(" ", 2)
        assert row["code"] == int(code)
        assert row["status"] == status
        assert reply in row["reply"]
    if state == "queued":
        assert row["attempts"] == 0, "the try is not counted"
    if codes == (CONFIG,):
        status = ol.status()
        assert status["state"] == "paused" and status["reason"]
    assert server.accepted == 0


def test_nothing_wrong(ol, transport):
    server = transport()
    ol.send()
    assert server.accepted == 3
    assert set(ol.states().values()) == {"sent"}


def test_one_of_many(ol, transport):
    """One refusal, one delay and one lost answer, and the rest goes out."""
    server = transport(
        fault=[
            "RCPT:2:550 5.1.1 no such user",
            "DOT:3:451 4.2.0 not now",
            "DOT:5:drop",
        ]
    )
    ol.people(9)
    ol.send(rc=AGAIN)
    states = list(ol.states().values())
    assert sorted(set(states)) == ["deferred", "rejected", "sent", "unknown"]
    for state, count in (
        ("sent", 6),
        ("rejected", 1),
        ("deferred", 1),
        ("unknown", 1),
    ):
        assert states.count(state) == count == ol.status()[state]
    assert server.accepted == 6


def test_first_server_word_is_lost_only_once(ol, transport):
    """A connection that breaks is opened again for what is left."""
    server = transport(fault=["MAIL:3:drop", "MAIL:6:drop"])
    ol.people(8)
    result = ol.send(rc=None)
    if result.rc != OK:
        for _ in range(3):
            ol.run("resume")
    assert server.accepted == 8
    assert set(ol.states().values()) == {"sent"}


def test_hang_up_in_the_middle_of_a_body(ol, transport):
    server = transport(fault="BODY:0:drop")
    ol.people(1)
    result = ol.send(rc=None)
    (row,) = ol.log()
    # A short body may have been handed over whole before the line broke.
    assert (row["state"], result.rc) in (
        ("deferred", AGAIN),
        ("unknown", PARTLY),
    )
    assert server.accepted == 0


def test_hang_up_in_the_middle_of_a_long_body(ol, transport):
    server = transport(fault="BODY:0:drop")
    ol.people(1)
    ol.write("letters/ilo/film.bin", bytes(6 << 20))
    ol.letter(Attach="film.bin")
    ol.send(rc=AGAIN)
    (row,) = ol.log()
    assert row["state"] == "deferred"
    assert server.accepted == 0


def test_ten_policy_refusals_pause(ol, transport):
    transport(fault="RCPT:0:550 5.7.1 we do not like you")
    ol.people(13)
    result = ol.send(rc=None)
    assert result.rc in (PARTLY, AGAIN, CONFIG), result
    status = ol.status()
    assert (status["state"], status["rejected"]) == ("paused", 10)
    assert status["queued"] == 3
    assert "we do not like you" in status["reason"] + result.err


def test_endless_reply_does_not_hold_us(ol, transport):
    """It gives up by itself, or at the latest when it is asked to."""
    transport(fault="RCPT:0:drip")
    ol.people(1)
    process = ol.start("send", LETTER, "--yes")
    for _ in range(3):
        try:
            process.communicate(timeout=3)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
    still_there = process.poll() is None
    if still_there:
        process.kill()
        process.communicate()
    assert not still_there, "Ctrl-C does not stop it"
    assert ol.states()["r0@example.org"] in ("queued", "claimed", "deferred")


def test_server_that_does_not_say_goodbye(ol, transport):
    """What is sent is sent; the answer to QUIT is waited for like others."""
    server = transport(fault="QUIT:0:hang")
    result = ol.send()
    assert server.accepted == 3
    assert result.seconds < 30


# login


def login(ol, transport, auth="PLAIN LOGIN", password="hunter2", **options):
    if transport.name == "clear":
        pytest.skip("no login in clear text")
    server = transport(user="ada", auth=auth, **options)
    env = {"OPENLETTER_PASSWORD_MAIN": password} if password else {}
    return server, ol.send(rc=None, env=env)


@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN", "PLAIN LOGIN NTLM"])
def test_login(ol, transport, auth):
    server, result = login(ol, transport, auth)
    assert result.rc == OK, result
    (noted,) = set(server.said("login"))
    assert noted.split(" ", 1)[1] == "ada hunter2"
    assert server.accepted == 3


@pytest.mark.parametrize(
    "reply", ["535 5.7.8 bad credentials", "534 5.7.9 too weak"]
)
def test_login_is_refused(ol, transport, reply):
    server, result = login(ol, transport, auth_reply=reply)
    assert result.rc == CONFIG, result
    assert says(result.err, reply.split()[0]) or says(result.err, "password")
    assert "hunter2" not in result.err + result.out
    assert server.accepted == 0
    assert {(r["state"], r["attempts"]) for r in ol.log()} == {("queued", 0)}
    assert ol.status()["state"] == "paused"


def test_login_is_not_offered(ol, transport):
    server, result = login(ol, transport, auth="")
    assert result.rc == CONFIG, result
    assert server.accepted == 0


def test_no_password(ol, transport):
    server, result = login(ol, transport, password=None)
    assert result.rc == CONFIG, result
    assert says(result.err, "password")
    assert server.accepted == 0


def test_password_by_command(ol, transport):
    if transport.name == "clear":
        pytest.skip("no login in clear text")
    server = transport(user="ada", auth="PLAIN")
    conf = ol.dir / "openletter.conf"
    conf.write_text(conf.read_text() + "passwordcmd = echo 'pass word'\n")
    ol.send()
    assert server.said("login")[0] == "PLAIN ada pass word"


# Postfix's smtp-sink

SINK = [
    (["-f", "MAIL"], "queued", (CONFIG,)),
    (["-r", "MAIL"], "deferred", (AGAIN,)),
    (["-q", "MAIL"], "queued", (AGAIN, UNAVAILABLE)),
    (["-Q", "MAIL"], "deferred", (AGAIN,)),
    (["-f", "RCPT"], "rejected", (PARTLY,)),
    (["-r", "RCPT"], "deferred", (AGAIN,)),
    (["-q", "RCPT"], "deferred", (AGAIN,)),
    (["-Q", "RCPT"], "deferred", (AGAIN,)),
    (["-f", "DATA"], "rejected", (PARTLY,)),
    (["-r", "DATA"], "deferred", (AGAIN,)),
    (["-q", "DATA"], "deferred", (AGAIN,)),
    (["-f", "."], "rejected", (PARTLY,)),
    (["-r", "."], "deferred", (AGAIN,)),
    (["-q", "."], "unknown", (PARTLY,)),
    (["-Q", "."], "deferred", (AGAIN,)),
    (["-f", "EHLO"], "sent", (OK,)),
    (["-e"], "sent", (OK,)),
    (["-p"], "sent", (OK,)),
    (["-8", "-a", "-E", "-N"], "sent", (OK,)),
    (["-f", "QUIT"], "sent", (OK,)),
    (["-q", "QUIT"], "sent", (OK,)),
]


@pytest.mark.parametrize(
    "options, state, codes", SINK, ids=["".join(s[0]) for s in SINK]
)
def test_smtp_sink(ol, smtp_sink, options, state, codes):
    sink = smtp_sink(*options)
    ol.conf(sink.port, timeout=5)
    (address,) = ol.people(1)
    result = ol.send(rc=None)
    assert ol.states() == {address: state}, result
    assert result.rc in codes, result


def test_smtp_sink_aborts_after_data(ol, smtp_sink):
    sink = smtp_sink("-A", "0")
    ol.conf(sink.port, timeout=5)
    (address,) = ol.people(1)
    result = ol.send(rc=None)
    assert ol.states()[address] in ("rejected", "unknown", "deferred"), result
    assert result.rc in (PARTLY, AGAIN)


# what comes after


def test_deferred_is_tried_again_when_due(ol, catcher, clock):
    ol.conf(catcher.port)
    catcher.rcpt["r1@example.org"] = ["450 4.2.1 grey", "450 4.2.1 grey"]
    ol.send(rc=AGAIN)
    tried = catcher.tried.count("r1@example.org")
    assert tried == 1
    ol.run("resume")
    assert catcher.tried.count("r1@example.org") == 1, "it is not due yet"
    assert ol.run("resume", prefix=clock("+12h")).rc == AGAIN
    assert ol.run("resume", prefix=clock("+2d")).rc == OK
    (row,) = [r for r in ol.log() if r["recipient"] == "r1@example.org"]
    assert (row["state"], row["attempts"]) == ("sent", 3)
    assert len(set(catcher.to)) == len(catcher.messages) == 3
    assert ol.status()["state"] == "done"


def test_deferred_ends_as_rejected(ol, catcher, clock):
    ol.conf(catcher.port)
    ol.people(1)
    catcher.rcpt["r0@example.org"] = "450 4.2.1 grey"
    ol.send(rc=AGAIN)
    for day in range(1, 7):
        ol.run("resume", prefix=clock(f"+{day}d"))
    assert ol.states() == {"r0@example.org": "rejected"}


def test_unknown_is_never_sent_again_by_itself(ol, fake_smtp, clock):
    server = fake_smtp(fault="DOT:1:drop")
    ol.conf(server.port)
    ol.people(1)
    first = ol.send(rc=PARTLY)
    assert says(first.err, "unknown")
    ol.run("resume")
    ol.run("resume", prefix=clock("+30d"))
    ol.send(rc=None)
    assert server.accepted == 0
    assert ol.states() == {"r0@example.org": "unknown"}
    assert len(server.said("dot")) == 1


def test_paused_by_our_fault_goes_on_when_it_is_mended(ol, fake_smtp, catcher):
    server = fake_smtp(fault="MAIL:0:550 5.1.8 bad sender")
    ol.conf(server.port)
    ol.send(rc=CONFIG)
    ol.conf(catcher.port)
    assert ol.run("resume").rc == OK
    assert len(catcher.messages) == 3


def test_patience_when_asked_for(ol, fake_smtp):
    """Batch after batch of 450, each for other domains, is waited after."""
    server = fake_smtp(fault="RCPT:0:450 4.2.1 busy")
    ol.conf(server.port, connections=1)
    ol.recipients([{"email": f"a@d{i}.example"} for i in range(120)])
    ol.send(rc=AGAIN)
    assert ol.status()["deferred"] == 120
    claims = ol.sql("select group_concat(at) from spending").split(",")
    times = sorted(int(at) for at in claims)
    waits = [b - a for a, b in zip(times, times[1:])]
    assert len(waits) >= 2 and sum(waits) >= 2, waits


def test_dead_server_is_asked_once(ol, fake_smtp):
    server = fake_smtp(fault="CONNECT:0:drop")
    ol.conf(server.port, connections=4)
    ol.people(3)
    assert ol.send(rc=None).rc == UNAVAILABLE
    assert len(server.said("connect")) == 1
    assert set(ol.states().values()) == {"queued"}
