"""The servers that are sent to, each on a free port of the loopback."""

import os
import shutil
import smtplib
import socket
import subprocess
import time

from figures import Failed

SMTP_SINK = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
START_S = 10


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


class SmtpSink:
    """
    Postfix's smtp-sink. It would count aloud, but that slows it down. So it
    is told to end at one message more than are expected, and gets that one
    after the run: it ends then if it had exactly as many.
    """

    host = "127.0.0.1"

    def __init__(self, expected):
        self.expected = expected
        argv = [SMTP_SINK, "-M", str(expected + 1)]
        if os.geteuid() == 0:
            argv += ["-u", "root"]
        for _ in range(5):
            self.port = free_port()
            self.process = subprocess.Popen(
                [*argv, f"inet:127.0.0.1:{self.port}", "256"],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if is_answering(self.port, self.process):
                self.account = {
                    "host": self.host, "port": self.port, "tls": "none",
                }
                return
            self.stop()
        raise Failed("smtp-sink does not start")

    def check(self):
        """Raises Failed unless it took as many messages as expected."""
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
            self.process.wait(2)
        except subprocess.TimeoutExpired as error:
            raise Failed(
                f"smtp-sink took fewer than {self.expected} messages"
            ) from error

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(START_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
