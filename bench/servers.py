"""
The servers that are sent to, each on a free port of the loopback. Each is
told how many messages to expect; host and port are where it listens, account
what openletter's configuration says of it. check() ends it and raises Failed
unless it took exactly as many.
"""

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import time

from figures import Failed

SMTP_SINK = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
START_S = 10
END_S = 2


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def is_answering(port, process):
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.02)
    return False


class Server:
    host = "127.0.0.1"

    def __init__(self, expected):
        self.expected = expected
        self.processes = []

    @property
    def account(self):
        return {"host": self.host, "port": self.port, "tls": "none"}

    def start(self, *argv, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(list(map(str, argv)), **options)
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait(START_S)
            if process.stdout:
                process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class SmtpSink(Server):
    """
    Postfix's smtp-sink. It would count aloud, but that slows it down. So it
    is told to end at one message more than are expected, and gets that one
    after the run: it ends then if it had exactly as many.
    """

    def __init__(self, expected):
        super().__init__(expected)
        argv = [SMTP_SINK, "-M", expected + 1]
        if os.geteuid() == 0:
            argv += ["-u", "root"]
        for _ in range(5):
            self.port = free_port()
            address = f"inet:{self.host}:{self.port}"
            process = self.start(
                *argv, address, 256, stderr=subprocess.DEVNULL
            )
            if is_answering(self.port, process):
                return
            self.stop()
        raise Failed("smtp-sink does not start")

    def check(self):
        try:
            with smtplib.SMTP(self.host, self.port, timeout=START_S) as smtp:
                smtp.sendmail("one@more.example", "one@more.example", "More")
        except smtplib.SMTPServerDisconnected:
            pass
        except OSError as error:
            raise Failed(
                f"smtp-sink took more than {self.expected} messages"
            ) from error
        try:
            self.processes[-1].wait(END_S)
        except subprocess.TimeoutExpired as error:
            raise Failed(
                f"smtp-sink took fewer than {self.expected} messages"
            ) from error


class Sink(Server):
    """sink.c: faster than smtp-sink. With a certificate it has STARTTLS."""

    def __init__(self, tools, expected, certificate=None):
        super().__init__(expected)
        argv = [tools / "sink", os.cpu_count()]
        if certificate:
            argv += [certificate.pem, certificate.key]
        self.certificate = certificate
        self.sink = self.start(*argv, stdout=subprocess.PIPE)
        self.port = port_of(self.sink)

    @property
    def account(self):
        account = super().account
        if self.certificate:
            account.update(tls="starttls", cafile=self.certificate.pem)
        return account

    def check(self):
        self.sink.send_signal(signal.SIGTERM)
        took = int(self.sink.stdout.readline())
        self.sink.wait(END_S)
        if took != self.expected:
            raise Failed(
                f"the sink took {took} of {self.expected} messages"
            )


class FarSink(Sink):
    """The same at the end of a long line."""

    def __init__(self, tools, expected, round_trip_ms):
        super().__init__(tools, expected)
        self.delay = self.start(
            tools / "delay", self.port, round_trip_ms, stdout=subprocess.PIPE
        )
        self.port = port_of(self.delay)

    def check(self):
        super().check()
        self.delay.kill()
        self.delay.wait(END_S)


def port_of(process):
    """The port that a program of ours prints first."""
    line = process.stdout.readline()
    if not line:
        raise Failed(f"{process.args[0]} does not start")
    return int(line)


class Certificate:
    """A certificate for the loopback that vouches for itself."""

    def __init__(self, folder):
        self.pem = folder / "certificate.pem"
        self.key = folder / "key.pem"
        done = subprocess.run(
            [
                "openssl", "req", "-x509", "-nodes", "-days", "2",
                "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-subj", "/CN=localhost",
                "-addext", "subjectAltName=IP:127.0.0.1",
                "-out", self.pem, "-keyout", self.key,
            ],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise Failed(f"openssl makes no certificate: {done.stderr}")
