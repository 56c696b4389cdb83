"""
check --server: logs in and looks around without sending anything, says what
is wrong in plain words, and lets nothing that strangers wrote onto a terminal
as it is.
"""

import datetime
import json
import re

import pytest

import certs as certificates
from servers import free_port
from workspace import (
    CONFIG,
    DATA,
    FROM,
    OK,
    UNAVAILABLE,
    USAGE,
    says,
)

LOGIN = {"OPENLETTER_PASSWORD_MAIN": "hunter2"}
DOMAIN = FROM.split("@")[1]
KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxK/aCBiVKTsMzBz1t9O1MQlM+3Gs"
    "jvM78/FZDfRu9V7USBDEA+Ga14ZJsCa/sM5ypz8f7lXOL2esFASmskeNMcyHYb2HyUbqx++n"
    "IFHVZzTVoOZnzBc/lEzZTA083M3C11k3ePkhimOdIyvkAZn6T2wrMPqXiPgqcrmQOrWWwpxc"
    "81TFyvyry30uWSK++emHGW95VnJnTbmdUyiYVx9gjIlmBgykaXwMkSk7xjnzMVXldKt3AOo1"
    "WYyPq9IWjpTs171TizztmVN2pW9La8HY8xeOl3qTX6tPrYzU8bY6Bizqx7OCvWv76U5CTszt"
    "vKQA4lqLbzKrpwtBYVr0+nqlUQIDAQAB"
)
GOOD = [
    f"{DOMAIN} MX 10 mx.{DOMAIN}",
    f"mx.{DOMAIN} A 203.0.113.25",
    f"{DOMAIN} TXT v=spf1 mx -all",
    f"s1._domainkey.{DOMAIN} TXT v=DKIM1; k=rsa; p={KEY}",
    f"_dmarc.{DOMAIN} TXT v=DMARC1; p=reject; rua=mailto:x@{DOMAIN}",
]


def add(ol, text):
    """Adds to openletter.conf."""
    path = ol.dir / "openletter.conf"
    path.write_text(path.read_text() + text)


def use_dns(ol, dns):
    add(ol, f"\n[dns]\nserver = 127.0.0.1:{dns.port}\n")


def look(ol, *args, rc=OK, **options):
    """Runs the check. Returns its findings by what was looked at."""
    options.setdefault("env", LOGIN)
    result = ol.run("check", "--server", "--format", "json", *args, **options)
    assert result.rc == rc, result
    assert "hunter2" not in result.out + result.err
    assert plain(result.out + result.err), result
    rows = result.rows()
    for row in rows:
        assert row["verdict"] in ("ok", "warning", "fault")
        assert row["what"] and row["value"] and row["account"]
    faults = [row for row in rows if row["verdict"] == "fault"]
    assert bool(faults) == (rc in (CONFIG, UNAVAILABLE)), result
    return {row["what"]: row for row in rows}


def plain(text):
    """No control character but line ends."""
    return not re.search(r"[^\n\x20-\x7e]", text)


@pytest.fixture
def dns(ol, fake_dns):
    """Gives a function that starts a name server; conf must be written."""

    def start(records=GOOD, faults=()):
        server = fake_dns(records, faults)
        use_dns(ol, server)
        return server

    return start


@pytest.fixture
def account(ol, fake_smtp, certs):
    """Gives a function that starts a server for starttls with a login."""

    def start(cert="good", cafile=True, conf=None, **options):
        options.setdefault("auth", "PLAIN LOGIN")
        server = fake_smtp(cert=certs / f"{cert}.pem", **options)
        settings = {"host": "localhost", "tls": "starttls", "timeout": 3}
        settings.update({"user": "ada", "dkim": "s1"}, **(conf or {}))
        if cafile:
            settings["cafile"] = certs / "ca.pem"
        ol.conf(server.port, **settings)
        return server

    return start


def test_all_is_well(ol, account, dns):
    server = account()
    dns()
    seen = look(ol)
    assert seen["connection"]["value"] == "to 127.0.0.1"
    assert seen["connection"]["about"] == f"localhost:{server.port}"
    assert says(seen["encryption"]["value"], "TLSv1.3", "AES")
    year = datetime.datetime.utcnow() + datetime.timedelta(days=365)
    assert says(
        seen["certificate"]["value"],
        "localhost",
        "Test Authority",
        str(year.year),
    )
    assert says(seen["login"]["value"], "ada", "PLAIN LOGIN")
    assert says(seen["size"]["value"], "10.0 MB")
    assert says(seen["sender"]["value"], FROM, "taken")
    assert says(seen["reverse name"]["value"], "127.0.0.1", "not looked up")
    assert seen["answers"]["value"] == f"arrive at mx.{DOMAIN}"
    assert seen["SPF"]["record"] == "v=spf1 mx -all"
    assert says(seen["DKIM"]["value"], "2048", f"s1._domainkey.{DOMAIN}")
    assert seen["DKIM"]["record"].startswith("v=DKIM1; k=rsa; p=MIIB")
    assert says(seen["DMARC"]["value"], "reject")
    assert says(seen["verdict"]["value"], "accepted", "server signs")
    assert {row["verdict"] for row in seen.values()} <= {"ok", "warning"}


def test_nothing_is_sent(ol, account, dns):
    server = account()
    dns()
    look(ol)
    verbs = [c.split(" ")[0] for c in server.commands]
    del verbs[4]  # what follows AUTH
    assert verbs == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "QUIT"]
    assert f"MAIL FROM:<{FROM}>" in server.commands
    assert not server.accepted and not ol.database.exists()


def test_every_transport(ol, transport, dns, fake_dns):
    server = transport(user="ada", auth="PLAIN LOGIN")
    questions = dns()
    seen = look(ol)
    assert server.said("login")[0].endswith("ada hunter2")
    assert not server.accepted
    if transport.name == "clear":
        assert says(seen["encryption"]["value"], "none", "this machine")
        assert "certificate" not in seen
    else:
        assert says(seen["encryption"]["value"], "TLSv1.3")
        assert seen["certificate"]["verdict"] == "ok"
    if transport.name == "proxy":
        assert says(seen["connection"]["value"], "through the proxy")
        assert "127.0.0.1, port" in seen["connection"]["value"]


def test_behind_a_proxy_nothing_is_looked_up(ol, account, dns, microsocks):
    account(conf={"proxy": f"socks5h://127.0.0.1:{microsocks().port}"})
    server = dns()
    seen = look(ol)
    assert says(seen["look-ups"]["value"], "left out", "proxy")
    assert not {"SPF", "DKIM", "DMARC", "verdict", "reverse name"} & set(seen)
    assert server.asked == []


def test_one_proxy_keeps_all_silent(ol, account, dns, microsocks):
    """The same domain would be asked about for the other account."""
    account()
    server = dns()
    proxy = microsocks().port
    add(
        ol,
        f"\n[smtp tor]\nhost = localhost\nport = {free_port()}\n"
        f"proxy = socks5h://127.0.0.1:{proxy}\ntimeout = 2\n",
    )
    look(ol, rc=UNAVAILABLE)
    assert server.asked == []
    look(ol, "--account", "main")
    assert f"{DOMAIN} TXT" in server.asked


def test_ipv6(ol, fake_smtp, dns):
    server = fake_smtp(host="::1")
    ol.conf(server.port, host="::1")
    dns()
    seen = look(ol)["connection"]
    assert seen["value"] == "to ::1"
    assert seen["about"] == f"[::1]:{server.port}"


def test_real_servers(ol, catcher, smtp_sink, dns):
    ol.conf(catcher.port)
    dns()
    # A second MAIL on one connection would be refused.
    ol.letter("ilo/other", From=f"press@{DOMAIN}")
    result = ol.ok("check", "--server", "--format", "json")
    taken = [r["value"] for r in result.rows() if r["what"] == "sender"]
    assert len(taken) == 2 and all(says(value, "taken") for value in taken)
    seen = look(ol)
    assert says(seen["size"]["value"], "33.6 MB")
    assert says(seen["login"]["value"], "not tried")
    sink = smtp_sink("-8")
    ol.conf(sink.port)
    dns()
    assert says(look(ol)["sender"]["value"], "taken")
    assert not catcher.messages and not sink.messages


def test_token(ol, account, dns):
    server = account(
        auth="XOAUTH2", token="good", conf={"tokencmd": "echo good"}
    )
    dns()
    assert look(ol)["login"]["verdict"] == "ok"
    assert server.said("login") == ["XOAUTH2 ada good"]


# What goes wrong at the server


@pytest.mark.parametrize(
    "cert, words",
    [
        ("selfsigned", ("self-signed",)),
        ("wronghost", ("another name", "mail.example.org")),
        ("expired", ("expired",)),
        ("notyet", ("not yet valid",)),
        ("weak", ("weak",)),
        ("cnonly", ("Common Name",)),
    ],
)
def test_wrong_certificate(ol, account, dns, cert, words):
    server = account(cert)
    dns()
    seen = look(ol, rc=CONFIG)
    assert seen["certificate"]["verdict"] == "fault"
    assert says(seen["certificate"]["value"], *words)
    assert seen["certificate"]["hint"]
    assert not server.said("login") and "login" not in seen
    assert "MAIL" not in " ".join(server.commands)
    assert seen["SPF"], "the domain is looked at all the same"


def test_what_a_wrong_certificate_holds(ol, account, dns):
    """Both what it says and what is wrong with it."""
    account("wronghost")
    dns()
    result = ol.run("check", "--server", "--format", "json", env=LOGIN)
    rows = [r for r in result.rows() if r["what"] == "certificate"]
    assert [r["verdict"] for r in rows] == ["ok", "fault"]
    assert says(rows[0]["value"], "mail.example.org", "Test Authority")


def test_certificate_ends_soon(ol, fake_smtp, dns, tmp_path):
    end = certificates.NOW + datetime.timedelta(days=5, hours=12)
    certificates.make_kinds(tmp_path / "soon", {"good": {"end": end}})
    server = fake_smtp(cert=tmp_path / "soon" / "good.pem")
    ol.conf(
        server.port,
        host="localhost",
        tls="starttls",
        cafile=tmp_path / "soon" / "ca.pem",
    )
    dns()
    seen = look(ol)["certificate"]
    assert seen["verdict"] == "warning" and says(seen["hint"], "5 days")


def test_no_authority(ol, account, dns):
    account(cafile=False)
    dns()
    assert says(look(ol, rc=CONFIG)["certificate"]["value"], "not trusted")


@pytest.mark.parametrize(
    "options, rc, what, words",
    [
        (
            {"auth_reply": "535 5.7.8 bad credentials"},
            CONFIG,
            "login",
            ("ada", "535 5.7.8 bad credentials"),
        ),
        (
            {"auth_reply": "454 4.7.0 later"},
            UNAVAILABLE,
            "login",
            ("cannot check logins now", "454"),
        ),
        ({"auth": ""}, CONFIG, "login", ("offers no login",)),
        ({"auth": "CRAM-MD5"}, CONFIG, "login", ("offers no login",)),
        ({"starttls": "strip"}, CONFIG, "connection", ("STARTTLS",)),
        ({"starttls": "inject"}, CONFIG, "connection", ("clear",)),
        ({"tls_max": "1.1"}, CONFIG, "connection", ("too old",)),
        (
            {"fault": "CONNECT:0:421 4.3.2 closed"},
            UNAVAILABLE,
            "connection",
            ("421 4.3.2 closed",),
        ),
        ({"fault": "CONNECT:0:drop"}, UNAVAILABLE, "connection", ()),
        ({"fault": "CONNECT:0:hang"}, UNAVAILABLE, "connection", ("in time",)),
        ({"fault": "EHLO:0:drip"}, UNAVAILABLE, "connection", ("in time",)),
        ({"fault": "EHLO:2:hang"}, UNAVAILABLE, "connection", ("in time",)),
        ({"fault": "AUTH:0:hang"}, UNAVAILABLE, "login", ("in time",)),
        ({"fault": "MAIL:0:drop"}, UNAVAILABLE, "login", ()),
    ],
)
def test_server_goes_wrong(ol, account, dns, options, rc, what, words):
    account(**options)
    dns()
    seen = look(ol, rc=rc)
    assert seen[what]["verdict"] == "fault", seen[what]
    assert says(seen[what]["value"], *words), seen[what]
    assert "nothing was sent" not in json.dumps(seen)


def test_server_is_down(ol, dns):
    ol.conf(free_port())
    dns()
    result = ol.run("check", "--server")
    assert result.rc == UNAVAILABLE
    assert says(result.err, "1 fault", "no letter was sent")
    seen = look(ol, rc=UNAVAILABLE)
    assert says(seen["connection"]["value"], "failed")
    assert says(seen["connection"]["hint"], "host and port")
    assert seen["SPF"]["record"], "the domain is looked at all the same"


def test_sender_is_refused(ol, account, dns):
    account(fault="MAIL:0:553 5.7.1 not yours")
    dns()
    seen = look(ol, rc=CONFIG)["sender"]
    assert says(seen["value"], FROM, "refused", "553 5.7.1 not yours")
    assert says(seen["hint"], "From")


def test_sender_is_not_taken_now(ol, account, dns):
    account(fault="MAIL:0:451 4.7.1 greylisted")
    dns()
    assert look(ol)["sender"]["verdict"] == "warning"


def test_other_senders_of_letters(ol, account, dns):
    server = account()
    dns(GOOD + ["other.example MX 0 ."])
    ol.letter("ilo/other", From="Other <b@other.example>")
    ol.letter("ilo/same", From="Same <press@committee.example>")
    result = ol.run("check", "--server", "--format", "json", env=LOGIN)
    assert result.rc == CONFIG, result
    rows = result.rows()
    taken = [r["value"] for r in rows if r["what"] == "sender"]
    assert len(taken) == 3 and "b@other.example" in " ".join(taken)
    assert len([c for c in server.commands if c.startswith("MAIL")]) == 3
    answers = {r["about"]: r for r in rows if r["what"] == "answers"}
    assert set(answers) == {DOMAIN, "other.example"}
    assert answers["other.example"]["verdict"] == "fault"
    # Only what was asked for.
    look(ol, "ilo/same")


@pytest.mark.parametrize(
    "line, words",
    [
        ("SIZE 52428800", "up to 52.4 MB"),
        ("size 0", "any size"),
        ("SIZE", "any size"),
        ("SIZE lots", "does not say"),
        ("SIZE 99999999999999999999", "does not say"),
        ("SIZES 5", "does not say"),
    ],
)
def test_size(ol, fake_smtp, dns, line, words):
    server = fake_smtp(fault=f"EHLO:1:raw 250-fake\\r\\n250 {line}\\r\\n")
    ol.conf(server.port)
    dns()
    assert says(look(ol)["size"]["value"], words)


def test_limits(ol, account, dns):
    account(
        fault="EHLO:2:raw 250-fake\\r\\n250-SIZE 0\\r\\n250-AUTH PLAIN\\r\\n"
        "250 LIMITS MAILMAX=20 RCPTMAX=5 X=1\\r\\n"
    )
    dns()
    seen = look(ol)
    assert says(seen["limits"]["value"], "20 letters a connection")
    assert says(seen["limits"]["value"], "5 recipients a letter")
    assert says(seen["size"]["value"], "any size")


# The DNS


def test_dns_is_silent(ol, account, dns):
    """Silence is not absence, and it is not waited for long."""
    account()
    dns(faults=["* silent"])
    result = ol.run("check", "--server", "--format", "json", env=LOGIN)
    assert result.rc == OK and result.seconds < 15, result
    for row in result.rows():
        if row["what"] in ("answers", "SPF", "DKIM", "DMARC"):
            assert says(row["value"], "could not be looked up now"), row
            assert row["verdict"] == "warning"
        if row["what"] in ("verdict", "over 5,000 a day"):
            assert says(row["value"], "cannot be said"), row
    assert not says(result.out, "no record")


@pytest.mark.parametrize("fault", ["servfail", "refused", "garbage", "half"])
def test_dns_fails(ol, account, dns, fault):
    account()
    dns(faults=[f"{DOMAIN} {fault}", f"_dmarc.{DOMAIN} {fault}"])
    seen = look(ol)
    assert says(seen["SPF"]["value"], "could not be looked up now")
    assert says(seen["DMARC"]["value"], "could not be looked up now")
    assert seen["DKIM"]["verdict"] == "ok"


def test_nothing_is_published(ol, account, dns):
    account()
    dns([f"{DOMAIN} A 203.0.113.1"])
    seen = look(ol, rc=CONFIG)
    assert says(seen["answers"]["value"], "itself")
    for what in ("SPF", "DMARC"):
        assert seen[what]["value"] == "no record" and seen[what]["hint"]
    assert says(seen["DKIM"]["value"], "no key")
    assert says(seen["verdict"]["value"], "refused")
    assert seen["verdict"]["verdict"] == "fault"


def test_domain_does_not_exist(ol, account, dns):
    account()
    dns(["else.example A 203.0.113.1"])
    seen = look(ol, rc=CONFIG)
    assert says(seen["answers"]["value"], "does not exist")
    assert says(seen["verdict"]["value"], "refused", "does not exist")


def test_selector_is_not_known(ol, account, dns):
    account(conf={"dkim": None})
    dns()
    seen = look(ol)["DKIM"]
    assert seen["verdict"] == "warning"
    assert says(seen["hint"], "dkim = SELECTOR", "[smtp main]", "s=")


def test_broken_records(ol, account, dns):
    account()
    dns(
        [
            f"{DOMAIN} MX 10 mx.{DOMAIN}",
            f"{DOMAIN} TXT v=spf1 include:{DOMAIN} -all",
            f"s1._domainkey.{DOMAIN} TXT v=DKIM1; p=",
            f"_dmarc.{DOMAIN} TXT v=DMARC1; p=perhaps",
        ]
    )
    seen = look(ol, rc=CONFIG)
    assert says(seen["SPF"]["value"], "more than 10 look-ups")
    assert says(seen["DKIM"]["value"], "revoked")
    assert says(seen["DMARC"]["value"], "no policy")
    assert says(seen["verdict"]["value"], "refused")


# Strangers' words


@pytest.mark.parametrize("form", ["table", "csv", "json", "jsonl"])
def test_hostile_words(ol, account, dns, form):
    server = account(
        fault=[
            "EHLO:2:raw 250-\\x1b[2J\\r\\n250-AUTH PLAIN \\x1b[31m\\x9b\\r\\n"
            + "".join(f"250-X{i} \\x1b{'y' * 100}\\r\\n" for i in range(60))
            + "250 SIZE \\x1b[2J\\r\\n",
            "MAIL:0:raw 550 \\x1b]0;title\\x07\\x80 no\\r\\n",
        ]
    )
    evil = "\\x1b]0;x\\x07\\x1b[2J\\r\\nok login\\x9b31m\\xe2\\x80\\xae"
    dns(
        [
            f"{DOMAIN} TXT v=spf1 {evil} -all",
            f"s1._domainkey.{DOMAIN} TXT v=DKIM1; {evil} p=x",
            f"_dmarc.{DOMAIN} TXT v=DMARC1; p={evil}",
            f"{DOMAIN} MX 10 evil\x1b[2J.example",
        ]
    )
    result = ol.run("check", "--server", "-v", "--format", form, env=LOGIN)
    assert result.rc == CONFIG, result.out
    assert plain(result.out + result.err), result
    assert "ok login" not in result.out.replace("?ok login", "")
    assert len(result.out) < 20000
    assert server.said("login")


def test_endless_greeting(ol, account, dns):
    lines = "".join(f"250-X{i} {'y' * 900}\\r\\n" for i in range(110))
    account(fault=f"EHLO:2:raw {lines}250 OK\\r\\n")
    dns()
    look(ol, rc=UNAVAILABLE)


def test_long_records(ol, account, dns):
    account()
    dns(
        [
            f"{DOMAIN} MX 10 mx.{DOMAIN}",
            f"{DOMAIN} TXT v=spf1 " + "ip4:203.0.113.9 " * 2000 + "-all",
            f"s1._domainkey.{DOMAIN} TXT v=DKIM1; p={'A' * 40000}",
        ]
    )
    seen = look(ol, rc=CONFIG)
    assert len(seen["SPF"]["record"]) <= 1000
    assert seen["SPF"]["verdict"] == "ok", "it is long, not wrong"
    assert says(seen["DKIM"]["value"], "no key")


# The command line


def test_as_people_read_it(ol, account, dns):
    account()
    dns()
    result = ol.run("check", "--server", "--format", "table", env=LOGIN)
    assert result.rc == OK, result
    lines = result.out.splitlines()
    assert all(len(line) <= 79 for line in lines), result.out
    headings = [line for line in lines if line and line[0] != " "]
    assert len(headings) == 2 and all("(account main)" in h for h in headings)
    assert any(re.match(r"  ok +login +as ada worked", x) for x in lines)
    assert "v=spf1" not in result.out
    verbose = ol.run("check", "--server", "-v", "--format", "table", env=LOGIN)
    assert "= v=spf1 mx -all" in verbose.out


def test_on_a_terminal(ol, catcher, dns):
    ol.conf(catcher.port)
    dns()
    terminal = ol.terminal("check", "--server")
    assert terminal.close() == OK
    assert "127.0.0.1" in terminal.text and "  ok " in terminal.text
    assert "account,about" not in terminal.text


def test_in_a_pipe(ol, catcher, dns):
    ol.conf(catcher.port)
    dns()
    result = ol.ok("check", "--server")
    assert result.out.startswith("account,about,what,value,verdict,hint,record")
    assert says(result.err, "No problems")


def test_accounts(ol, catcher, dns):
    ol.conf(catcher.port)
    dns()
    add(
        ol,
        f"\n[smtp second]\nhost = 127.0.0.1\nport = {free_port()}\ntls = none\n",
    )
    result = ol.run("check", "--server", "--format", "json")
    assert result.rc == UNAVAILABLE
    assert {r["account"] for r in result.rows()} == {"main", "second"}
    result = ol.ok("check", "--server", "--account", "main", "--format", "json")
    assert {r["account"] for r in result.rows()} == {"main"}
    look(ol, "--account", "second", rc=UNAVAILABLE)
    result = ol.run("check", "--server", "--account", "third")
    assert result.rc == CONFIG and says(result.err, "[smtp third]")
    assert ol.run("check", "--account", "main").rc == USAGE


def test_password_is_missing(ol, account, dns):
    server = account()
    dns()
    seen = look(ol, rc=CONFIG, env={})
    assert says(seen["login"]["value"], "no password")
    assert says(seen["login"]["hint"], "give")
    assert not server.commands
    assert seen["SPF"]["record"], "the domain is looked at all the same"


def test_letters_are_checked_too(ol, catcher, dns):
    ol.conf(catcher.port)
    dns()
    ol.letter(body="{{recipient.nonsense}}\n")
    result = ol.run("check", "--server")
    assert result.rc == DATA, result
    assert says(result.err, "nonsense", "1 problem") and "SPF" in result.out


def test_broken_configuration(ol):
    ol.write("openletter.conf", "[organiser]\nnonsense = 1\n")
    result = ol.run("check", "--server")
    assert result.rc == CONFIG and not result.out
    assert ol.run("check", "--server", "--format", "xml").rc == CONFIG


def test_format_is_checked_first(ol, account):
    server = account()
    assert ol.run("check", "--server", "--format", "xml").rc == USAGE
    assert not server.commands
