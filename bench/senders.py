"""
What is measured: openletter, and the programs it is compared with. Each has
a name, argv() for a run, and messages(), how many of the list that run sends.
"""

import shutil
import subprocess

from campaign import LETTER
from figures import Failed

SMTP_SOURCE = shutil.which("smtp-source", path="/usr/sbin:/usr/bin")
SOURCE_BYTES = 2048
AGAIN = 75


class SmtpSource:
    """No templates, no list, no ledger: the same message again and again."""

    name = "smtp-source"

    def prepare(self, campaign, server, connections):
        pass

    def messages(self, campaign):
        return campaign.count

    def argv(self, campaign, server, connections):
        return [
            SMTP_SOURCE, "-d", "-s", connections, "-m", campaign.count,
            "-l", SOURCE_BYTES, f"{server.host}:{server.port}",
        ]


class Send:
    """openletter as it is used: list, mailing, sending, ledger."""

    name = "openletter send"

    def __init__(self, program):
        self.program = program

    def prepare(self, campaign, server, connections):
        campaign.begin_anew(connections=connections, **server.account)

    def messages(self, campaign):
        return campaign.count

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
