"""
Certificates and TLS: everything that is not right fails closed, on both
transports and through a proxy, with a message that says what is wrong.
"""

import pytest

import certs as certificates
from servers import ALIAS, CANONICAL
from workspace import CONFIG, OK

LOGIN = {"OPENLETTER_PASSWORD_MAIN": "hunter2"}

# certificate, words of which one must be in the message
WRONG = [
    ("selfsigned", ("self", "trust")),
    ("wronghost", ("name", "localhost")),
    ("expired", ("expired",)),
    ("notyet", ("not yet",)),
    ("weak", ("weak", "short", "small", "1024", "key")),
    ("cnonly", ("name", "localhost")),
]


def attempt(ol, server, tls, certs, host="localhost", **options):
    ol.conf(
        server.port,
        host=host,
        tls=tls,
        cafile=certs and certs / "ca.pem",
        user="ada",
        timeout=5,
    )
    return ol.send(rc=None, env=LOGIN, **options)


def start(fake_smtp, certs, tls, cert="good", **options):
    if tls == "implicit":
        options["implicit"] = True
    return fake_smtp(cert=certs / f"{cert}.pem", auth="PLAIN LOGIN", **options)


def check_closed(ol, server, result, words=()):
    """Nothing of the message or the password may have gone out."""
    assert result.rc == CONFIG, result
    text = result.err.lower()
    assert not words or any(word in text for word in words), result
    verbs = {c.split(" ")[0].split(":")[0].upper() for c in server.commands}
    assert verbs <= {"EHLO", "HELO", "STARTTLS", "QUIT", "RSET", "NOOP"}, verbs
    assert not server.said("login") and not server.accepted
    assert {(r["state"], r["attempts"]) for r in ol.log()} == {("queued", 0)}
    status = ol.status()
    assert status["state"] == "paused" and status["reason"]


@pytest.fixture(params=["direct", "proxy"])
def way(request, ol):
    """How the server is reached: nothing may depend on it."""
    if request.param == "proxy":
        proxy = request.getfixturevalue("microsocks")()
        ol.smtp["proxy"] = f"socks5h://127.0.0.1:{proxy.port}"


either = pytest.mark.parametrize("tls", ["starttls", "implicit"])
any_way = pytest.mark.usefixtures("way")


def both(test):
    return any_way(either(test))


@both
def test_right_certificate(ol, fake_smtp, certs, tls):
    server = start(fake_smtp, certs, tls)
    assert attempt(ol, server, tls, certs).rc == OK
    assert server.accepted == 3
    (about,) = set(server.said("tls"))
    assert about == "TLSv1.3 localhost", "newest TLS, by its name"
    assert server.said("login")[0].endswith("ada hunter2")


@both
def test_right_certificate_for_an_address(ol, fake_smtp, certs, tls):
    server = start(fake_smtp, certs, tls)
    assert attempt(ol, server, tls, certs, host="127.0.0.1").rc == OK
    assert server.accepted == 3


@both
def test_tls_1_2_is_good_enough(ol, fake_smtp, certs, tls):
    server = start(fake_smtp, certs, tls, tls_max="1.2")
    assert attempt(ol, server, tls, certs).rc == OK
    assert server.accepted == 3


@both
@pytest.mark.parametrize("cert, words", WRONG, ids=[w[0] for w in WRONG])
def test_wrong_certificate(ol, fake_smtp, certs, tls, cert, words):
    server = start(fake_smtp, certs, tls, cert)
    check_closed(ol, server, attempt(ol, server, tls, certs), words)


@both
def test_unknown_authority(ol, fake_smtp, certs, tls):
    server = start(fake_smtp, certs, tls)
    result = attempt(ol, server, tls, None)
    check_closed(ol, server, result, ("trust", "authority", "issuer", "signed"))


@both
def test_authority_file_is_missing(ol, fake_smtp, certs, tls, tmp_path):
    server = start(fake_smtp, certs, tls)
    result = attempt(ol, server, tls, tmp_path)
    assert result.rc in (66, CONFIG), result
    assert "ca.pem" in result.err and not server.accepted


@both
def test_old_tls(ol, fake_smtp, certs, tls):
    server = start(fake_smtp, certs, tls, tls_max="1.1")
    check_closed(ol, server, attempt(ol, server, tls, certs), ("tls",))


@any_way
@pytest.mark.parametrize(
    "options, words",
    [
        ({"starttls": "strip"}, ("starttls",)),
        ({"starttls": "454"}, ("454", "starttls", "tls")),
        ({"fault": "STARTTLS:1:500 5.5.2 what?"}, ("500", "starttls")),
        ({"fault": "EHLO:1:502 5.5.1 what?"}, ("tls",)),
        ({"starttls": "inject"}, ("plain", "clear", "before", "inject")),
        ({"fault": "STARTTLS:0:reply+drop 220 2.0.0 go"}, ()),
    ],
    ids=["stripped", "454", "500", "helo-only", "injected", "dropped"],
)
def test_starttls_goes_wrong(ol, fake_smtp, certs, options, words):
    server = start(fake_smtp, certs, "starttls", **options)
    result = attempt(ol, server, "starttls", certs)
    if not words:
        # A broken line is the server's fault, not the configuration's.
        assert result.rc in (69, 75, CONFIG), result
        assert not server.accepted and set(ol.states().values()) == {"queued"}
        return
    check_closed(ol, server, result, words)


@both
def test_server_speaks_no_tls(ol, fake_smtp, certs, tls):
    server = fake_smtp(auth="PLAIN LOGIN")
    result = attempt(ol, server, tls, certs)
    assert result.rc in (69, CONFIG), result
    assert not server.accepted and not server.said("login")
    assert set(ol.states().values()) == {"queued"}


@either
def test_alias_with_the_configured_name(ol, fake_smtp, tmp_path, hosts, tls):
    own = certificates.make_for(ALIAS, tmp_path / "own")
    server = start(fake_smtp, own, tls)
    result = attempt(ol, server, tls, own, host=ALIAS, prefix=hosts)
    assert result.rc == OK, result
    assert server.accepted == 3


@either
def test_alias_with_another_name(ol, fake_smtp, tmp_path, hosts, tls):
    own = certificates.make_for(CANONICAL, tmp_path / "own")
    server = start(fake_smtp, own, tls)
    result = attempt(ol, server, tls, own, host=ALIAS, prefix=hosts)
    check_closed(ol, server, result, ("name", ALIAS))
