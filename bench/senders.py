"""
What is measured: openletter, and the programs it is compared with. Each has
a name, connections it can be run with, prepare() for what is not measured,
argv() for a run, and messages(), how many of the list that run sends.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from campaign import LETTER, LETTERS
from figures import Failed

HERE = Path(__file__).parent
SMTP_SOURCE = shutil.which("smtp-source", path="/usr/sbin:/usr/bin")
NODE = shutil.which("node")
SOURCE_BYTES = 2048
ANY = range(1, 65)
AGAIN = 75


class Sender:
    connections = ANY

    def prepare(self, campaign, server, connections):
        pass

    def messages(self, campaign):
        return campaign.count


class Send(Sender):
    """openletter as it is used: list, mailing, sending, ledger."""

    name = "openletter send"

    def __init__(self, program):
        self.program = program

    def prepare(self, campaign, server, connections):
        campaign.begin_anew(connections=connections, **server.account)

    def command(self, campaign, *arguments):
        return [self.program, "-C", campaign.dir, *arguments]

    def argv(self, campaign, server, connections):
        return self.command(campaign, "send", LETTER, "--yes")


class Resume(Send):
    """
    The sending alone: the mailing is made, and its first message sent,
    before the clock starts.
    """

    name = "openletter resume"

    def prepare(self, campaign, server, connections):
        super().prepare(campaign, server, connections)
        argv = self.command(
            campaign, "send", LETTER, "--yes", "--limit", "1"
        )
        done = subprocess.run(argv, capture_output=True, text=True)
        if done.returncode != AGAIN:
            raise Failed(f"exit status {done.returncode}: {done.stderr}")

    def messages(self, campaign):
        return campaign.count - 1

    def argv(self, campaign, server, connections):
        return self.command(campaign, "resume")


class SmtpSource(Sender):
    """No templates, no list, no ledger: the same message again and again."""

    def __init__(self, lasting=False):
        self.lasting = ["-d"] if lasting else []
        self.name = "smtp-source -d" if lasting else "smtp-source"

    def argv(self, campaign, server, connections):
        return [
            SMTP_SOURCE, *self.lasting, "-s", connections,
            "-m", campaign.count, "-l", SOURCE_BYTES,
            f"{server.host}:{server.port}",
        ]


class Peer(Sender):
    """A program of this folder: PORT LIST LETTERS COUNT LEDGER."""

    def __init__(self, *command, ledger=True):
        self.command = command
        self.ledger = ledger

    def prepare(self, campaign, server, connections):
        for path in campaign.dir.glob("peer.db*"):
            path.unlink()

    def argv(self, campaign, server, connections):
        argv = [
            *self.command, server.port, campaign.list, LETTERS,
            campaign.count,
        ]
        return argv + [campaign.dir / "peer.db"] if self.ledger else argv


class Curl(Peer):
    name = "libcurl"
    connections = (1,)


class CurlWithLedger(Curl):
    name = "libcurl, row in SQLite"


class Smtplib(Peer):
    name = "smtplib, row in SQLite"
    connections = (1,)


class Nodemailer(Peer):
    name = "nodemailer, row in SQLite"

    def argv(self, campaign, server, connections):
        return super().argv(campaign, server, connections) + [connections]


def nodemailer(tools):
    """Returns it, or None and says so where it is not installed."""
    modules = tools / "node_modules"
    if not NODE or not (modules / "better-sqlite3").is_dir():
        print("nodemailer is left out: make bench-deps installs it where "
              "npm is")
        return None
    script = HERE / "nodemailer_send.js"
    return Nodemailer("/usr/bin/env", f"NODE_PATH={modules}", NODE, script)


def peers(tools, wanted):
    """The programs that openletter is compared with besides smtp-source."""
    curl = tools / "curl_send"
    python = (sys.executable, "-B", HERE / "smtplib_send.py")
    makers = {
        "curl": lambda: [Curl(curl, ledger=False), CurlWithLedger(curl)],
        "nodemailer": lambda: [nodemailer(tools)],
        "smtplib": lambda: [Smtplib(*python)],
    }
    for name in wanted:
        if name not in makers:
            raise Failed(f"no peer {name}; there are: {' '.join(makers)}")
    return [peer for name in makers if name in wanted
            for peer in makers[name]() if peer]
