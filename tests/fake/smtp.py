#!/usr/bin/python3
"""An SMTP server for tests that misbehaves as it is told to.

It listens on 127.0.0.1 (--host) and a free port, prints the port on a line of
its own, and serves until its standard input is closed or it is killed.

    smtp.py --cert good.pem --auth "PLAIN LOGIN" --fault "RCPT:2:550 5.1.1 no"

--fault WHERE:N:WHAT (repeatable) does WHAT instead of the right thing, the
N-th time that WHERE is reached in the server's life; N = 0 is every time.

    WHERE  CONNECT EHLO STARTTLS AUTH MAIL RCPT DATA BODY DOT RSET NOOP QUIT
           (BODY is the middle of a body: after its second line)
    WHAT   a reply, e.g. "450 4.2.1 busy"
           drop           hang up
           reply+drop X   say X, then hang up
           half           say half a line, then hang up
           hang           say nothing more, keep the connection
           drip           a byte of an endless reply every 100 ms
           raw X          send X with its Python escapes, without a line end
           pieces X|Y     the same, with a pause at each bar

--transcript FILE gets one line for each thing that happens, flushed at once:
the connection's number, a word, and its text:

    1 connect | 1 server 220 ... | 1 client EHLO x | 1 tls TLSv1.3 localhost
    1 body Subject: x | 1 dot | 1 accepted | 1 fault MAIL drop | 1 close

A `body` line is what came over the wire, with dots still doubled. Credentials
are written out: use no real ones.
"""

import argparse
import base64
import os
import socket
import ssl
import sys
import threading
import time
import warnings

WHERE = ("CONNECT EHLO STARTTLS AUTH MAIL RCPT DATA BODY DOT RSET NOOP "
         "QUIT").split()


class Hangup(Exception):
    """The connection is to be closed without a further word."""


class Fault:
    def __init__(self, text):
        where, number, self.what = text.split(":", 2)
        if where not in WHERE:
            raise ValueError("no such place: " + where)
        self.where, self.number = where, int(number)


class Transcript:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1, encoding="utf-8",
                         errors="backslashreplace") if path else None
        self.lock = threading.Lock()

    def note(self, connection, word, text=""):
        if self.file:
            with self.lock:
                print(f"{connection} {word} {text}".rstrip(),
                      file=self.file)


class Server:
    """What all connections share: options, faults, transcript."""

    def __init__(self, options):
        self.options = options
        self.faults = [Fault(text) for text in options.fault]
        self.transcript = Transcript(options.transcript)
        self.reached = dict.fromkeys(WHERE, 0)
        self.lock = threading.Lock()
        self.tls = self.make_tls() if options.cert else None
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.bind((options.host, options.port))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]

    def make_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Weak keys and old versions are what some tests are about.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(self.options.cert)
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.sni_callback = self.note_name
        if self.options.tls_max:
            context.maximum_version = getattr(
                ssl.TLSVersion, "TLSv" + self.options.tls_max.replace(
                    ".", "_"))
        return context

    @staticmethod
    def note_name(connection, host, _):
        connection.name_asked = host

    def fault_at(self, where):
        """Counts a visit; the fault that is due there, or None."""
        with self.lock:
            self.reached[where] += 1
            visit = self.reached[where]
        for fault in self.faults:
            if fault.where == where and fault.number in (0, visit):
                return fault.what
        return None

    def serve(self):
        number = 0
        while True:
            connection, _ = self.socket.accept()
            number += 1
            threading.Thread(target=Session(self, connection, number).run,
                             daemon=True).start()


class Together:
    """A TLS connection whose records wait until the next is read for, and
    leave in one piece."""

    def __init__(self, context, connection):
        self.socket = connection
        self.coming, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.coming, self.going, server_side=True)
        self.when_there(self.tls.do_handshake)

    def when_there(self, step, *arguments):
        while True:
            try:
                return step(*arguments)
            except ssl.SSLWantReadError:
                if self.going.pending:
                    self.socket.sendall(self.going.read())
                self.coming.write(self.socket.recv(65536) or b"")

    def recv(self, size):
        return self.when_there(self.tls.read, size)

    def sendall(self, data):
        self.tls.write(data)

    def version(self):
        return self.tls.version()

    def close(self):
        self.socket.sendall(self.going.read())
        self.socket.close()


class Session:
    """One connection."""

    def __init__(self, server, connection, number):
        self.server = server
        self.options = server.options
        self.socket = connection
        self.number = number
        self.buffer = b""
        self.secure = False
        self.recipients = 0
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # Bytes and lines

    def note(self, word, text=""):
        self.server.transcript.note(self.number, word, text)

    def read_line(self):
        while b"\n" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise Hangup
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def read_command(self):
        line = self.read_line()
        self.note("client", line)
        return line

    def send(self, data):
        self.note("server", data.decode("latin-1").rstrip("\r\n"))
        self.socket.sendall(data)

    def say(self, text):
        self.send(text.encode("latin-1") + b"\r\n")

    def ok(self, code, status):
        self.say(f"{code} ok" if self.options.no_enhanced
                 else f"{code} {status} ok")

    # Faults

    def misbehave(self, where):
        """True when a fault has answered in place of the right reply."""
        what = self.server.fault_at(where)
        if what is None:
            return False
        self.note("fault", where + " " + what)
        word, _, text = what.partition(" ")
        if word == "drop":
            raise Hangup
        if word == "half":
            self.send(b"25")
            raise Hangup
        if word == "reply+drop":
            self.say(text)
            raise Hangup
        if word == "hang":
            self.wait_for_hangup()
        elif word == "drip":
            self.drip()
        elif word in ("raw", "pieces"):
            raw = text.encode("latin-1").decode("unicode_escape")
            for piece in raw.split("|"):
                self.send(piece.encode("latin-1"))
                time.sleep(0.1 if word == "pieces" else 0)
        else:
            self.say(what)
        return True

    def wait_for_hangup(self):
        while self.socket.recv(65536):
            pass
        raise Hangup

    def drip(self):
        while True:
            self.socket.sendall(b"2")
            time.sleep(0.1)

    # Commands

    def run(self):
        self.note("connect")
        try:
            if self.options.implicit:
                self.start_tls()
            if not self.misbehave("CONNECT"):
                self.say("220 fake ESMTP")
            while self.command(self.read_command()):
                pass
        except Hangup:
            self.note("hangup")
        except OSError as error:
            self.note("error", repr(error))
        self.note("close")
        self.socket.close()

    def command(self, line):
        """False ends the session."""
        verb = line.split(" ")[0].split(":")[0].upper()
        handler = getattr(self, "do_" + verb.lower(), None)
        if handler is None:
            self.say("500 5.5.2 what?")
        elif not self.misbehave(verb if verb != "HELO" else "EHLO"):
            handler(line)
        return verb != "QUIT"

    def do_ehlo(self, _):
        words = ["fake", "8BITMIME", "DSN", "SIZE 10000000"]
        if not self.options.no_pipelining:
            words.append("PIPELINING")
        if not self.options.no_enhanced:
            words.append("ENHANCEDSTATUSCODES")
        if self.options.chunking:
            words.append("CHUNKING")
        if self.server.tls and not self.secure and \
                self.options.starttls != "strip":
            words.append("STARTTLS")
        if self.options.auth:
            words.append("AUTH " + self.options.auth)
        for word in words[:-1]:
            self.say("250-" + word)
        self.say("250 " + words[-1])

    def do_helo(self, _):
        self.say("250 fake")

    def do_starttls(self, _):
        if not self.server.tls or self.options.starttls == "strip":
            self.say("502 5.5.1 no")
        elif self.options.starttls == "454":
            self.say("454 4.7.0 TLS not available")
        else:
            inject = b""
            if self.options.starttls == "inject":
                inject = b"250 PIPELINING\r\n"
            self.send(b"220 2.0.0 go\r\n" + inject)
            self.start_tls()

    def start_tls(self):
        # What came before belongs to nobody.
        self.buffer = b""
        if self.options.together:
            self.socket = Together(self.server.tls, self.socket)
        else:
            self.socket = self.server.tls.wrap_socket(self.socket,
                                                      server_side=True)
        self.secure = True
        self.note("tls", f"{self.socket.version()} "
                         f"{getattr(self.socket, 'name_asked', None)}")

    def do_auth(self, line):
        words = line.split(" ")
        mechanism = words[1].upper()
        if mechanism == "LOGIN":
            user = base64.b64decode(words[2]).decode() \
                if len(words) > 2 else self.ask("Username:")
            password = self.ask("Password:")
        elif mechanism == "PLAIN":
            answer = base64.b64decode(words[2]).decode() \
                if len(words) > 2 else self.ask("")
            user, password = answer.split("\0")[1:]
        elif mechanism in ("XOAUTH2", "OAUTHBEARER"):
            user, password = self.ask_token(mechanism)
        else:
            self.say("504 5.5.4 no such mechanism")
            return
        self.note("login", f"{mechanism} {user} {password}")
        if self.options.token and password not in self.options.token:
            self.ask('{"status":"invalid_token"}')
            self.say("535 5.7.8 that token is not good")
            return
        if self.options.auth_reply:
            self.say(self.options.auth_reply)
        else:
            self.ok(235, "2.7.0")

    def ask(self, prompt):
        self.say("334 " + base64.b64encode(prompt.encode()).decode())
        answer = self.read_command()
        try:
            return base64.b64decode(answer, validate=True).decode()
        except ValueError:
            self.say("501 5.5.2 that is not base64")
            raise Hangup from None

    def ask_token(self, mechanism):
        """User and token (RFC 7628 3.1; XOAUTH2 is the same with another
        way to say the user)."""
        fields = self.ask("").split("\1")
        if mechanism == "XOAUTH2":
            user = fields[0].removeprefix("user=")
        else:
            user = fields[0].split(",")[1].removeprefix("a=")
        (token,) = [f for f in fields if f.startswith("auth=Bearer ")]
        return user, token.removeprefix("auth=Bearer ")

    def do_mail(self, _):
        self.recipients = 0
        self.ok(250, "2.1.0")

    def do_rcpt(self, _):
        self.recipients += 1
        self.ok(250, "2.1.5")

    def do_data(self, _):
        if self.recipients == 0:
            self.say("554 5.5.1 no valid recipients")
            return
        self.say("354 go on")
        lines = 0
        while (line := self.read_line()) != ".":
            self.note("body", line)
            lines += 1
            if lines == 2:
                self.misbehave("BODY")
        self.note("dot")
        if not self.misbehave("DOT"):
            self.note("accepted")
            self.ok(250, "2.0.0")

    def do_rset(self, _):
        self.ok(250, "2.0.0")

    def do_noop(self, _):
        self.ok(250, "2.0.0")

    def do_quit(self, _):
        self.say("221 2.0.0 bye")


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0)
    add("--transcript", metavar="FILE")
    add("--cert", metavar="FILE", help="key and certificate; offers STARTTLS")
    add("--implicit", action="store_true", help="TLS from the first byte")
    add("--starttls", choices=("offer", "strip", "inject", "454"),
        default="offer")
    add("--tls-max", choices=("1.0", "1.1", "1.2", "1.3"))
    add("--together", action="store_true",
        help="several TLS records in one piece, where several are to be sent")
    add("--auth", metavar="MECHANISMS", default="")
    add("--auth-reply", metavar="REPLY", help="instead of 235")
    add("--token", action="append", default=[], metavar="TOKEN",
        help="take this one (repeatable), refuse others as servers do")
    add("--chunking", action="store_true")
    add("--no-pipelining", action="store_true")
    add("--no-enhanced", action="store_true")
    add("--fault", action="append", default=[], metavar="WHERE:N:WHAT")
    return parser.parse_args(arguments)


def main():
    server = Server(parse(sys.argv[1:]))
    threading.Thread(target=server.serve, daemon=True).start()
    # In one piece, however Python buffers.
    os.write(1, f"{server.port}\n".encode())
    # The end of our input is the end of the test that started us.
    sys.stdin.read()


if __name__ == "__main__":
    main()
