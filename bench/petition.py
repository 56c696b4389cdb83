"""
A workspace whose letter is signed, and lists of signatures of any length:
those of signatures.c.
"""

import csv
import io
import re
import subprocess

from campaign import LETTER, LETTERS
from figures import Failed


def output(*argv):
    """What a command that must succeed prints."""
    argv = list(map(str, argv))
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(
            f"{' '.join(argv)}: exit status {done.returncode}\n{done.stderr}"
        )
    return done.stdout


class SignatureList:
    """A file of so many rows: signers, bad rows, and signers once more."""

    def __init__(self, tools, folder, rows):
        self.path = folder / f"signatures-{rows}.csv"
        self.rows = rows
        with open(self.path, "wb") as file:
            done = subprocess.run(
                [tools / "signatures", str(rows)],
                stdout=file, stderr=subprocess.PIPE, text=True,
            )
        if done.returncode != 0:
            raise Failed(f"signatures {rows}: {done.stderr}")
        self.signers, self.bad = map(int, re.findall(r"\d+", done.stderr))


class Petition:
    """Everything about a letter that people sign."""

    def __init__(self, program, folder):
        self.program = program
        self.dir = folder
        self.store = folder / "openletter.db"
        letter = folder / "letters" / f"{LETTER}.en.md"
        letter.parent.mkdir(parents=True)
        letter.write_bytes((LETTERS / "wages.en.md").read_bytes())
        (folder / "openletter.conf").write_text(
            "[organiser]\n"
            "name = Workers' Solidarity Committee\n"
            "from = Campaign <campaign@committee.example>\n"
            "lang = en\n"
        )

    def begin_anew(self):
        for path in self.dir.glob("openletter.db*"):
            path.unlink()

    def command(self, verb, *arguments):
        return [self.program, "-C", self.dir, verb, LETTER, *arguments]

    def check(self, total):
        """Raises Failed unless so many signatures count."""
        text = output(*self.command("count", "--format", "csv"))
        counted = int(next(csv.DictReader(io.StringIO(text)))["total"])
        if counted != total:
            raise Failed(f"openletter has {counted} of {total} signatures")
