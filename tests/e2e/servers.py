"""Mail servers for the tests, all on free loopback ports."""

import email
import email.policy
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from aiosmtpd.controller import Controller

SMTP_SINK = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
MICROSOCKS = shutil.which("microsocks")
# Names that only the fixture hosts knows.
CANONICAL, ALIAS = "canonical.example", "alias.example"
FAKE = Path(__file__).resolve().parents[1] / "fake"


def parse(data):
    """Parses a message with Python's own email package."""
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert not [p.defects for p in mail.walk() if p.defects], data
    return mail


def text_of(mail):
    """The plain text part, as people read it."""
    part = mail.get_body(("plain",))
    return part.get_content().replace("\r\n", "\n").strip()


def html_of(mail):
    return mail.get_body(("html",)).get_content()


class Page(HTMLParser):
    """A page's visible text, links and the attributes of its html tag."""

    HIDDEN = ("title", "style", "script")
    BLOCKS = ("p", "li", "h1", "h2", "h3", "blockquote", "div", "pre")

    def __init__(self, html):
        super().__init__()
        self.text = ""
        self.links = []
        self.html = {}
        self.tags = []
        self.hidden = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attrs = dict(attrs)
        if tag == "html":
            self.html = attrs
        elif tag == "a":
            self.links.append(attrs.get("href"))
        elif tag == "br":
            self.text += "\n"
        if tag in self.HIDDEN:
            self.hidden += 1

    def handle_endtag(self, tag):
        if tag in self.HIDDEN:
            self.hidden -= 1
        if tag in self.BLOCKS:
            self.text += "\n"

    def handle_data(self, data):
        if not self.hidden:
            self.text += data

    @property
    def lines(self):
        return [line.strip() for line in self.text.split("\n") if line.strip()]


@dataclass
class Caught:
    """One message as a server took it."""

    sender: str
    to: str
    data: bytes

    @property
    def mail(self):
        return parse(self.data)

    @property
    def id(self):
        return str(self.mail["Message-ID"]).strip()


class Catcher:
    """
    aiosmtpd, keeping envelope and bytes of what it accepted. rcpt and data
    map an address to the reply it gets (or to a list, one for each try).
    """

    def __init__(self):
        self.messages = []
        self.tried = []
        self.helo = set()
        self.rcpt = {}
        self.data = {}
        self.delay_s = 0
        self.controller = None

    def start(self):
        sock = socket.create_server(("127.0.0.1", 0))

        class OnSocket(Controller):
            def _create_server(self):
                return self.loop.create_server(self._factory_invoker, sock=sock)

        self.controller = OnSocket(
            self, "127.0.0.1", sock.getsockname()[1], ready_timeout=20
        )
        self.controller.start()
        return self

    def stop(self):
        self.controller.stop()

    @property
    def port(self):
        return self.controller.port

    @staticmethod
    def scripted(replies, address):
        reply = replies.get(address)
        if isinstance(reply, list):
            reply = reply.pop(0) if reply else None
        return reply

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.tried.append(address)
        reply = self.scripted(self.rcpt, address)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient taken"

    async def handle_DATA(self, server, session, envelope):
        if self.delay_s:
            time.sleep(self.delay_s)
        self.helo.add(session.host_name)
        (to,) = envelope.rcpt_tos
        reply = self.scripted(self.data, to)
        if reply:
            return reply
        self.messages.append(
            Caught(envelope.mail_from, to, bytes(envelope.original_content))
        )
        return f"250 2.0.0 caught as {len(self.messages)}"

    # questions

    @property
    def to(self):
        return sorted(message.to for message in self.messages)

    def one(self, address):
        """The only message to an address."""
        (found,) = [m for m in self.messages if m.to == address]
        return found


class SmtpSink:
    """Postfix's smtp-sink with options of its own."""

    def __init__(self, folder, *options):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        argv = [SMTP_SINK, *options, "-d", f"{folder}/m."]
        if os.geteuid() == 0:
            argv += ["-u", "root"]
        for _ in range(5):
            self.port = free_port()
            self.process = subprocess.Popen(
                [*argv, f"inet:127.0.0.1:{self.port}", "64"],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if wait_for_port(self.port, self.process):
                return
            self.stop()
        raise AssertionError("smtp-sink does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    @property
    def messages(self):
        """
        What it dumped. It writes LF for CRLF and its own fields first, and
        leaves an empty file for a transaction without a message.
        """
        found = []
        for path in sorted(self.folder.iterdir()):
            head, _, rest = path.read_bytes().partition(b"Received: ")
            args = dict(
                line.split(b": ", 1) for line in head.splitlines() if line
            )
            message = b"Received: " + rest
            if b"\n\n" not in message:
                continue
            found.append(
                Caught(
                    args[b"X-Mail-Args"].split(b">")[0][1:].decode(),
                    args[b"X-Rcpt-Args"].split(b">")[0][1:].decode(),
                    message.replace(b"\n", b"\r\n"),
                )
            )
        return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def wait_for_port(port, process, limit=10, host="127.0.0.1"):
    end = time.monotonic() + limit
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((host, port), 1).close()
            return True
        except OSError:
            time.sleep(0.02)
    return False


class Threaded:
    """Listens on a free port and gives each connection a thread."""

    def start(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def listen(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self.guarded, args=(sock,), daemon=True
            ).start()

    def guarded(self, sock):
        try:
            with sock:
                self.talk(sock)
        except OSError:
            pass

    def stop(self):
        # shutdown wakes the thread that waits in accept; close does not.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()


class Wiretap(Threaded):
    """Passes a connection on to another port and keeps what clients say."""

    def __init__(self, port):
        self.target = port
        self.spoken = []

    def talk(self, sock):
        said = bytearray()
        self.spoken.append(said)
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            back = threading.Thread(
                target=self.answer, args=(server, sock), daemon=True
            )
            back.start()
            while True:
                piece = sock.recv(65536)
                if not piece:
                    break
                said += piece
                server.sendall(piece)
            server.shutdown(socket.SHUT_WR)
            back.join(10)

    @staticmethod
    def answer(server, sock):
        try:
            while True:
                piece = server.recv(65536)
                if not piece:
                    break
                sock.sendall(piece)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@dataclass
class Copy:
    """What came of one message: all of it, or what came before the end."""

    to: str
    data: bytes
    whole: bool

    @property
    def id(self):
        found = re.search(rb"^Message-ID:\s*(<[^>]*>)", self.data, ID_FLAGS)
        return found and found[1].decode()


ID_FLAGS = re.MULTILINE | re.IGNORECASE


class Scribe(Threaded):
    """
    A server that writes down what it accepts *before* it answers, so that
    nothing it took is ever missing from accepted. It may be slow. With a
    context it speaks TLS, from the first byte or after STARTTLS. With coy it
    takes nothing at the first try.
    """

    def __init__(self, delay_s=0.0, context=None, implicit=False, coy=False):
        self.coy = coy
        self.delay_s = delay_s
        self.context = context
        self.implicit = implicit
        self.lock = threading.Lock()
        self.connections = 0
        self.clear()

    def clear(self):
        self.copies = []  # whole ones and others
        self.accepted = []  # (address, Message-ID)

    def settle(self, limit=10):
        """Waits until nobody is connected: all that was sent is read."""
        end = time.monotonic() + limit
        quiet = 0
        while quiet < 2:
            assert time.monotonic() < end, "somebody stays connected"
            quiet = 0 if self.connections else quiet + 1
            time.sleep(0.001)

    def talk(self, sock):
        with self.lock:
            self.connections += 1
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.implicit:
                sock = self.context.wrap_socket(sock, server_side=True)
            say(sock, "220 scribe ESMTP")
            while onward := self.converse(sock):
                sock = onward
        finally:
            sock.close()
            with self.lock:
                self.connections -= 1

    def converse(self, sock):
        """Serves until QUIT, or returns the socket that TLS goes on with."""
        file = sock.makefile("rb")
        to = None
        for line in file:
            verb = line.split()[0].upper() if line.split() else b""
            if verb in (b"EHLO", b"HELO"):
                words = "250-scribe\r\n250-PIPELINING\r\n"
                if self.context and not self.implicit:
                    words += "250-STARTTLS\r\n"
                say(sock, words + "250 ENHANCEDSTATUSCODES")
            elif verb == b"STARTTLS":
                say(sock, "220 2.0.0 go on")
                return self.context.wrap_socket(sock, server_side=True)
            elif verb == b"RCPT":
                to = line.split(b"<")[1].split(b">")[0].decode()
                answer = self.answer_to(to)
                say(sock, answer)
                to = to if answer.startswith("2") else None
            elif verb == b"DATA" and not to:
                say(sock, "554 5.5.1 nobody to give it to")
            elif verb == b"DATA":
                say(sock, "354 go on")
                taken = self.write_down(to, file)
                say(sock, "250 2.0.0 done" if taken else "459 4.0.0 not now")
            elif verb == b"QUIT":
                say(sock, "221 2.0.0 bye")
                return None
            else:
                say(sock, "250 2.0.0 ok")
        return None

    def answer_to(self, to):
        """What it says to RCPT."""
        return "250 2.1.5 ok"

    def write_down(self, to, file):
        """Returns whether it takes the message."""
        lines = []
        whole = False
        try:
            for line in file:
                if line == b".\r\n":
                    whole = True
                    break
                lines.append(line)
            if whole and self.delay_s:
                time.sleep(self.delay_s)
        finally:
            copy = Copy(to, b"".join(lines), whole)
            with self.lock:
                taken = whole and (
                    not self.coy or any(c.to == to for c in self.copies)
                )
                self.copies.append(copy)
                if taken:
                    self.accepted.append((to, copy.id))
        if not whole:
            raise OSError("cut off")
        return taken


def say(sock, text):
    sock.sendall(text.encode() + b"\r\n")


class FakeSmtp:
    """
    tests/fake/smtp.py in a process of its own. Options are its own, _ for -;
    a list repeats one, True gives it without a value.
    """

    script = FAKE / "smtp.py"

    def __init__(self, transcript, **options):
        self.path = transcript
        transcript.touch()
        argv = [sys.executable, str(self.script)]
        argv += ["--transcript", str(transcript)]
        for option, value in options.items():
            flag = "--" + option.replace("_", "-")
            for item in value if isinstance(value, list) else [value]:
                argv += [flag] if item is True else [flag, str(item)]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)

    def said(self, word):
        """The texts of the transcript's lines of one sort, in order."""
        found = []
        for line in self.path.read_text("utf-8").splitlines():
            parts = line.split(" ", 2)
            if len(parts) < 2:
                continue  # the rest of a line of binary rubbish
            _, what, *text = parts
            if what == word:
                found.append(text[0] if text else "")
        return found

    @property
    def commands(self):
        return self.said("client")

    @property
    def accepted(self):
        """How many messages it took responsibility for."""
        return len(self.said("accepted"))


class FakeSocks(FakeSmtp):
    """tests/fake/socks.py, likewise."""

    script = FAKE / "socks.py"

    @property
    def asked(self):
        """(user, sort of address, host, port) of each connection."""
        lines = self.path.read_text().splitlines()
        return [tuple(line.split()) for line in lines]


class FakeDns:
    """tests/fake/dns.py; records and faults as it takes them."""

    def __init__(self, queries, records=(), faults=()):
        self.path = queries
        queries.touch()
        argv = [sys.executable, str(FAKE / "dns.py"), "--queries", str(queries)]
        argv += [word for r in records for word in ("--record", r)]
        argv += [word for f in faults for word in ("--fault", f)]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)

    @property
    def asked(self):
        """"NAME TYPE" of each question."""
        return self.path.read_text().splitlines()


class Microsocks:
    """A real SOCKS5 proxy, which looks names up as the system does."""

    def __init__(self, prefix=(), host="127.0.0.1", user=None):
        login = ["-u", user, "-P", user] if user else []
        for _ in range(5):
            self.port = free_port()
            self.process = subprocess.Popen(
                [*prefix, MICROSOCKS, *login, "-i", host]
                + ["-p", str(self.port)],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if wait_for_port(self.port, self.process, host=host):
                return
            self.stop()
        raise AssertionError("microsocks does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
