"""
Login by an OAuth 2.0 access token that a command prints: XOAUTH2 and
OAUTHBEARER, tokens that expire, and what is told when one is refused.
"""

import socket

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from servers import Catcher
from workspace import CONFIG, UNAVAILABLE, says

TOKEN = "ya29.t0-ken_~+/=="

# Prints token1, token2 ... and counts in a file.
COUNTING = (
    "echo >>calls; n=$(wc -l <calls); "
    "test ! -e broken || exit 3; echo token$n"
)


@pytest.fixture
def calls(ol):
    """How often tokencmd was run; where it is COUNTING."""
    path = ol.dir.parent / "calls"
    return lambda: len(path.read_text().splitlines())


@pytest.fixture(params=["starttls", "implicit", "proxy"])
def serve(request, ol, fake_smtp, certs):
    """
    Gives a function that starts the scripted server and points the workspace
    there, with a token.
    """

    def start(auth="XOAUTH2", tokencmd=f"echo '{TOKEN}'", conf=None, **options):
        tls = "implicit" if request.param == "implicit" else "starttls"
        settings = {"tls": tls, "host": "localhost", "timeout": 5}
        settings.update(conf or {})
        if request.param == "proxy":
            proxy = request.getfixturevalue("microsocks")()
            settings["proxy"] = f"socks5h://127.0.0.1:{proxy.port}"
        if tls == "implicit":
            options["implicit"] = True
        server = fake_smtp(cert=certs / "good.pem", auth=auth, **options)
        ol.conf(
            server.port,
            user="ada",
            tokencmd=tokencmd,
            cafile=certs / "ca.pem",
            **settings,
        )
        return server

    return start


def check_paused(ol, server, result):
    assert result.rc == CONFIG, result
    assert TOKEN not in result.err + result.out
    assert server.accepted == 0
    assert {(r["state"], r["attempts"]) for r in ol.log()} == {("queued", 0)}
    assert ol.status()["state"] == "paused"


@pytest.mark.parametrize(
    "auth, chosen",
    [
        ("XOAUTH2", "XOAUTH2"),
        ("OAUTHBEARER", "OAUTHBEARER"),
        ("PLAIN LOGIN XOAUTH2", "XOAUTH2"),
        ("LOGIN PLAIN XOAUTH2 OAUTHBEARER", "OAUTHBEARER"),
    ],
)
def test_login(ol, serve, auth, chosen):
    server = serve(auth, token=TOKEN)
    result = ol.send("-v")
    assert set(server.said("login")) == {f"{chosen} ada {TOKEN}"}
    assert server.accepted == 3
    assert TOKEN not in result.err + result.out
    for path in ol.dir.glob("openletter.db*"):
        assert TOKEN.encode() not in path.read_bytes()


@pytest.mark.parametrize("auth", ["PLAIN LOGIN", "CRAM-MD5 GSSAPI", ""])
def test_no_such_login(ol, serve, auth):
    """The token is never given as a password."""
    server = serve(auth)
    result = ol.send(rc=None)
    check_paused(ol, server, result)
    assert says(result.err, "offers no login by token")
    assert not server.said("login")
    assert not [c for c in server.commands if c.startswith("AUTH")]


@pytest.mark.parametrize("auth", ["XOAUTH2", "OAUTHBEARER"])
def test_token_is_refused(ol, serve, auth):
    """With a question that gives the reason, as the big providers do."""
    server = serve(auth, token="another")
    result = ol.send(rc=None)
    check_paused(ol, server, result)
    assert says(result.err, "token of ada was refused", "invalid_token")
    assert says(result.err, "tokencmd")
    assert len(server.said("login")) == 1, "it would only be the same again"


@pytest.mark.parametrize("auth", ["XOAUTH2", "OAUTHBEARER"])
def test_token_is_refused_at_once(ol, serve, auth):
    server = serve(auth, auth_reply="535 5.7.3 bad credentials")
    result = ol.send(rc=None)
    check_paused(ol, server, result)
    assert says(result.err, "token", "535 5.7.3 bad credentials")


def test_reason_may_be_anything(ol, serve):
    for reply in (
        "334 not base64!",
        "334 " + "QUJD" * 100,
        "334 AAECAwQ=",
        "334 ====",
        "334",
    ):
        server = serve("XOAUTH2", auth_reply=reply)
        check_paused(ol, server, ol.send("--again", rc=None))
        ol.run("cancel", ol.status()["mailing"])
        (ol.dir / "openletter.db").unlink()


def test_server_cannot_say_now(ol, serve):
    server = serve(auth_reply="454 4.7.0 try again")
    assert ol.send(rc=None).rc == UNAVAILABLE
    assert len(server.said("login")) == 1
    assert ol.status()["state"] == "running"
    assert set(ol.states().values()) == {"queued"}


# tokens that expire


def test_expired_token_is_fetched_anew(ol, serve, calls):
    """One is fetched when the mailing is made, one when it begins to send."""
    server = serve(tokencmd=COUNTING, token="token3", conf={"connections": 1})
    ol.send()
    assert [n.split()[2] for n in server.said("login")] == ["token2", "token3"]
    assert server.accepted == 3 and calls() == 3


def test_new_token_is_shared(ol, serve, calls):
    """Four connections have the same old one; one of them fetches another."""
    server = serve(tokencmd=COUNTING, token="token3", conf={"connections": 4})
    ol.people(200)
    ol.send()
    assert server.accepted == 200 and calls() == 3
    tokens = [n.split()[2] for n in server.said("login")]
    assert set(tokens) <= {"token2", "token3"}


def test_new_tokens_are_refused_too(ol, serve):
    server = serve(tokencmd=COUNTING, token="none", conf={"connections": 1})
    result = ol.send(rc=None)
    check_paused(ol, server, result)
    assert len(server.said("login")) == 2


def test_no_new_token_to_be_had(ol, serve):
    """The network is gone for the command too: that is no reason to pause."""
    server = serve(
        tokencmd=COUNTING.replace("-e broken", "$n -ge 3"), token="token3"
    )
    result = ol.send(rc=UNAVAILABLE)
    assert says(result.err, "tokencmd failed with exit status 3")
    assert ol.status()["state"] == "running" and server.accepted == 0
    assert set(ol.states().values()) == {"queued"}


def test_token_is_not_kept_for_long(ol, serve, calls, clock):
    """With a clock that goes so fast that two batches take many minutes."""
    slow = {"timeout": 3600, "endtimeout": 3600, "deadline": 86400}
    server = serve(tokencmd=COUNTING, conf={"connections": 1, **slow})
    ol.people(200)
    ol.send(prefix=clock("+0 x6000"))
    assert server.accepted == 200
    tokens = [n.split()[2] for n in server.said("login")]
    assert tokens[0] != tokens[-1] and calls() == 1 + len(set(tokens))


# the command


@pytest.mark.parametrize(
    "command, word",
    [
        ("exit 7", "exit status 7"),
        (":", "no token"),
        ("echo", "no token"),
        ("echo Error: log in first", "no token"),
        ("printf 'a\\\\001b'", "no token"),
        ("printf '\\\\303\\\\251'", "no token"),
        ("head -c 9000 /dev/zero | tr '\\\\0' x", "8191 bytes"),
    ],
)
def test_command_fails(ol, serve, command, word):
    server = serve(tokencmd=command)
    result = ol.send(rc=CONFIG)
    assert says(result.err, "account main", "tokencmd", word), result
    assert not server.said("connect")
    assert ol.json("status") == [], "no mailing was made"


def test_long_token(ol, serve):
    token = "x" * 8191
    server = serve(
        tokencmd="head -c 8191 /dev/zero | tr '\\\\0' x", token=token
    )
    ol.send()
    assert server.accepted == 3


# aiosmtpd, which has its own mind about the exchange


class Provider:
    """Takes a token by XOAUTH2 and keeps what it was given."""

    def __init__(self, catcher, tokens):
        self.catcher = catcher
        self.tokens = tokens
        self.given = []

    async def handle_RCPT(self, *args):
        return await self.catcher.handle_RCPT(*args)

    async def handle_DATA(self, *args):
        return await self.catcher.handle_DATA(*args)

    async def auth_XOAUTH2(self, server, args):
        blob = await server.challenge_auth("")
        self.given.append(blob)
        token = blob.split(b"\1auth=Bearer ")[1].split(b"\1\1")[0]
        if token.decode() in self.tokens:
            return AuthResult(success=True, auth_data=token)
        await server.challenge_auth('{"status":"400"}')
        return AuthResult(success=False, handled=False)


@pytest.fixture
def provider(ol):
    """Gives a function that starts it, in the clear on this machine."""
    started = []

    def start(*tokens):
        handler = Provider(Catcher(), tokens)
        sock = socket.create_server(("127.0.0.1", 0))

        class OnSocket(Controller):
            def _create_server(self):
                return self.loop.create_server(self._factory_invoker, sock=sock)

        controller = OnSocket(
            handler,
            "127.0.0.1",
            sock.getsockname()[1],
            ready_timeout=20,
            auth_require_tls=False,
            auth_exclude_mechanism=["PLAIN", "LOGIN"],
        )
        controller.start()
        started.append(controller)
        ol.conf(controller.port, user="ada", tokencmd=f"echo '{TOKEN}'")
        return handler

    yield start
    for controller in started:
        controller.stop()


def test_provider_takes_it(ol, provider):
    server = provider(TOKEN)
    ol.send()
    assert len(server.catcher.messages) == 3
    assert set(server.given) == {
        b"user=ada\1auth=Bearer " + TOKEN.encode() + b"\1\1"
    }


def test_provider_refuses_it(ol, provider):
    server = provider("another")
    result = ol.send(rc=CONFIG)
    assert says(result.err, "token of ada was refused", '{"status":"400"}')
    assert not server.catcher.tried, "no recipient was named to it"
    assert not server.catcher.messages
    assert len(server.given) == 1
