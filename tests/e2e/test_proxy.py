"""
Through a SOCKS5 proxy: it looks names up and nobody else does, campaigns are
strangers to each other there, and what goes wrong is told.
"""

import hashlib
import socket
import threading

import pytest

import certs as certificates
from servers import ALIAS, free_port
from workspace import CONFIG, LETTER, OK, UNAVAILABLE, says

HOST = "mail.only-the-proxy-knows.test"
TLS = pytest.mark.parametrize("tls", ["starttls", "implicit"])


def conf(ol, port, proxy_port, tls="starttls", host=HOST, **options):
    proxy = f"socks5h://127.0.0.1:{proxy_port}"
    options = {"timeout": 5, "user": None, **options}
    ol.conf(port, host=host, tls=tls, proxy=proxy, **options)


@pytest.fixture
def own(tmp_path):
    """Certificates for HOST."""
    return certificates.make_for(HOST, tmp_path / "own")


def proxy_user(campaign, account=""):
    """Who openletter says it is at a proxy."""
    about = f"openletter\n{account}\n{campaign}"
    return hashlib.sha256(about.encode()).hexdigest()[:32]


@TLS
def test_name_is_for_the_proxy(ol, fake_smtp, fake_socks, own, tls):
    options = {"implicit": True} if tls == "implicit" else {}
    server = fake_smtp(cert=own / "good.pem", **options)
    proxy = fake_socks(name=f"{HOST}={server.port}")
    conf(ol, 4650, proxy.port, tls, cafile=own / "ca.pem")
    with pytest.raises(OSError):
        socket.getaddrinfo(HOST, 4650)
    ol.send()
    assert server.accepted == 3
    assert set(server.said("tls")) == {f"TLSv1.3 {HOST}"}
    ((user, *asked),) = set(proxy.asked)
    assert asked == ["name", HOST, "4650"]
    assert user == proxy_user("ilo")


def test_real_proxy_looks_the_name_up(
    ol, fake_smtp, microsocks, hosts, tmp_path
):
    own = certificates.make_for(ALIAS, tmp_path / "own")
    server = fake_smtp(cert=own / "good.pem")
    proxy = microsocks(prefix=hosts)
    conf(ol, server.port, proxy.port, host=ALIAS, cafile=own / "ca.pem")
    ol.send()
    assert server.accepted == 3


class Resolver:
    """A name server that hears questions and answers none."""

    def __init__(self):
        self.heard = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.77", 53))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        try:
            while True:
                question, _ = self.socket.recvfrom(4096)
                self.heard.append(question)
        except OSError:
            pass


def test_this_machine_asks_nobody(ol, fake_smtp, fake_socks, own, etc):
    """The system's name server hears no question, but without a proxy."""
    prefix = etc(
        "resolv.conf",
        "nameserver 127.0.0.77\noptions timeout:1 attempts:1\n",
    )
    try:
        resolver = Resolver()
    except OSError as error:
        pytest.skip(f"no name server of our own: {error}")
    server = fake_smtp(cert=own / "good.pem")
    proxy = fake_socks(name=f"{HOST}={server.port}")
    conf(ol, server.port, proxy.port, cafile=own / "ca.pem")
    ol.send(prefix=prefix)
    assert server.accepted == 3 and not resolver.heard
    conf(ol, server.port, fake_socks().port, cafile=own / "ca.pem")
    ol.send("--again", prefix=prefix, rc=UNAVAILABLE)
    assert not resolver.heard, "nor when the proxy finds nothing"
    ol.conf(server.port, host=HOST, tls="starttls", timeout=5)
    ol.run("resume", prefix=prefix)
    heard = b"".join(resolver.heard)
    resolver.socket.close()
    assert b"only-the-proxy-knows" in heard, "this would have heard it"


def test_environment_has_no_say(ol, fake_smtp, fake_socks, own):
    server = fake_smtp(cert=own / "good.pem")
    proxy = fake_socks(name=f"{HOST}={server.port}")
    conf(ol, server.port, proxy.port, cafile=own / "ca.pem")
    other = f"socks5h://127.0.0.1:{free_port()}"
    env = {"NO_PROXY": "*", "no_proxy": HOST, "ALL_PROXY": other}
    ol.send(env=env)
    assert server.accepted == 3 and len(proxy.asked) == 1


def test_environment_makes_no_proxy(ol, fake_smtp, fake_socks, certs):
    server = fake_smtp(cert=certs / "good.pem", implicit=True)
    proxy = fake_socks(name=f"localhost={server.port}")
    url = f"socks5h://127.0.0.1:{proxy.port}"
    ol.conf(
        server.port, host="localhost", tls="implicit", cafile=certs / "ca.pem"
    )
    ol.send(env={"ALL_PROXY": url, "all_proxy": url, "smtps_proxy": url})
    assert server.accepted == 3 and not proxy.asked


# campaigns


def test_each_campaign_is_another_user(ol, fake_smtp, fake_socks, own):
    server = fake_smtp(cert=own / "good.pem")
    proxy = fake_socks(name=f"{HOST}={server.port}")
    conf(ol, server.port, proxy.port, cafile=own / "ca.pem", connections=1)
    ol.letter("ilo/second")
    ol.letter("embassies/first")
    for letter in (LETTER, "ilo/second", "embassies/first"):
        ol.send(letter=letter)
    users = [user for user, *_ in proxy.asked]
    assert users[0] == users[1] != users[2]
    assert users == [proxy_user(c) for c in ("ilo", "ilo", "embassies")]


def test_each_account_is_another_user(ol, fake_smtp, fake_socks, own):
    server = fake_smtp(cert=own / "good.pem", auth="PLAIN")
    proxy = fake_socks(name=f"{HOST}={server.port}")
    for user in ("ada", "bob"):
        conf(ol, 587, proxy.port, cafile=own / "ca.pem", user=user)
        ol.send("--again", env={"OPENLETTER_PASSWORD_MAIN": "secret"})
    users = {user for user, *_ in proxy.asked}
    assert users == {proxy_user("ilo", "ada"), proxy_user("ilo", "bob")}


def test_real_proxy_knows_the_user(ol, fake_smtp, microsocks, certs):
    """One campaign's user opens the door of a proxy that another's does not."""
    server = fake_smtp(cert=certs / "good.pem")
    proxy = microsocks(user=proxy_user("ilo"))
    ca = certs / "ca.pem"
    conf(ol, server.port, proxy.port, host="localhost", cafile=ca)
    ol.send()
    assert server.accepted == 3
    ol.letter("embassies/first")
    result = ol.send(letter="embassies/first", rc=CONFIG)
    assert says(result.err, "proxy", "user and password")
    assert server.accepted == 3
    assert ol.status()["state"] == "paused"


def test_real_proxy_on_ipv6(ol, fake_smtp, microsocks, certs):
    server = fake_smtp(cert=certs / "good.pem")
    try:
        proxy = microsocks(host="::1")
    except AssertionError:
        pytest.skip("no IPv6 here")
    ol.conf(
        server.port,
        host="localhost",
        tls="starttls",
        cafile=certs / "ca.pem",
        proxy=f"socks5h://[::1]:{proxy.port}",
    )
    ol.send()
    assert server.accepted == 3


# what goes wrong


def check_not_sent(ol, result, rc=UNAVAILABLE):
    assert result.rc == rc, result
    assert {(r["state"], r["attempts"]) for r in ol.log()} == {("queued", 0)}
    assert ol.status()["state"] == ("paused" if rc == CONFIG else "running")


@pytest.mark.parametrize(
    "options, words",
    [
        ({}, ("name not found",)),
        ({"refuse": 1}, ("it failed",)),
        ({"refuse": 2}, ("does not allow",)),
        ({"refuse": 3}, ("network unreachable",)),
        ({"refuse": 4}, ("name not found",)),
        ({"refuse": 5}, ("connection refused",)),
        ({"refuse": 6}, ("too long",)),
        ({"drop": True}, ("proxy",)),
        ({"hang": True}, ("in time",)),
    ],
    ids=str,
)
def test_proxy_does_not_connect(ol, fake_socks, options, words):
    proxy = fake_socks(**options)
    conf(ol, 587, proxy.port, timeout=2)
    result = ol.send(rc=None)
    check_not_sent(ol, result)
    assert says(result.err, HOST, *words), result
    assert result.seconds < 20


def test_proxy_takes_no_user(ol, fake_socks):
    proxy = fake_socks(no_user=True)
    conf(ol, 587, proxy.port)
    result = ol.send(rc=None)
    check_not_sent(ol, result, CONFIG)
    assert says(result.err, "proxy", "user")


def test_proxy_is_not_there(ol):
    port = free_port()
    conf(ol, 587, port)
    result = ol.send(rc=None)
    check_not_sent(ol, result)
    assert says(result.err, f"proxy 127.0.0.1:{port}", "is it running?")


def test_real_proxy_finds_no_server(ol, microsocks):
    conf(ol, free_port(), microsocks().port, host="localhost")
    result = ol.send(rc=None)
    check_not_sent(ol, result)
    assert says(result.err, "connection refused")


def test_proxy_goes_away_and_comes_back(ol, fake_smtp, microsocks, certs):
    server = fake_smtp(cert=certs / "good.pem")
    proxy = microsocks()
    ca = certs / "ca.pem"
    conf(ol, server.port, proxy.port, host="localhost", cafile=ca)
    proxy.process.kill()
    check_not_sent(ol, ol.send(rc=None))
    proxy = microsocks()
    conf(ol, server.port, proxy.port, host="localhost", cafile=ca)
    assert ol.run("resume").rc == OK
    assert server.accepted == 3


def test_clear_text_is_refused(ol, fake_socks):
    proxy = fake_socks()
    conf(ol, 25, proxy.port, host="127.0.0.1", tls="none")
    result = ol.send(rc=None)
    assert result.rc == CONFIG, result
    assert says(result.err, "proxy", "tls = none") and not proxy.asked
