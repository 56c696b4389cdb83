"""The program under test, run in a workspace of its own."""

import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import struct
import subprocess
import termios
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("OPENLETTER", "build/openletter")
CORPORA = ROOT / os.environ.get("OPENLETTER_CORPORA", "../shared/corpora")

OK = 0
PARTLY = 1
USAGE = 64
DATA = 65
NOTFOUND = 66
UNAVAILABLE = 69
CREATE = 73
IO = 74
AGAIN = 75
REFUSED = 77
CONFIG = 78

ORGANISER = "Workers' Solidarity Committee"
FROM = "campaign@committee.example"
LETTER = "ilo/director-general"


@dataclass
class Result:
    """What one run of the program left behind."""

    rc: int
    raw: bytes
    err: str
    seconds: float

    @property
    def out(self):
        return self.raw.decode("utf-8")

    def rows(self):
        """The output as a list of dicts, for runs with --format json."""
        return json.loads(self.out)

    def __str__(self):
        out = self.raw.decode("utf-8", "replace")
        return f"rc={self.rc}\n-- out\n{out}\n-- err\n{self.err}"


def says(text, *words):
    """True when every word is in text, whatever the letter case."""
    return all(word.lower() in text.lower() for word in words)


def clean(result):
    """True when nothing in what was printed smells of a crash."""
    return result.rc >= 0 and not re.search(
        r"(Address|Leak|Thread)Sanitizer|runtime error:|Assertion", result.err
    )


class Workspace:
    """A workspace and the verbs to fill it and to run the program in it."""

    def __init__(self, folder):
        self.dir = Path(folder)
        self.smtp = {}  # keys that conf gives every account

    # running

    def env(self, extra=None):
        """A small environment with an unhelpful locale and clock zone."""
        env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.dir.parent),
            "LC_ALL": "C",
            "TZ": "Asia/Tehran",
        }
        for name, value in os.environ.items():
            if re.match(r"(ASAN|UBSAN|LSAN|TSAN)_OPTIONS$", name):
                env[name] = value
        env.update(extra or {})
        return env

    def argv(self, *args):
        return [str(PROGRAM), "-C", str(self.dir), *map(str, args)]

    def run(self, *args, prefix=(), **options):
        """Runs one command to its end, whatever its exit status."""
        return self.run_argv([*prefix, *self.argv(*args)], **options)

    def run_argv(
        self, argv, env=None, input=None, timeout=60, stdout=None, **options
    ):
        """Runs a whole command line; input is text or bytes."""
        if isinstance(input, str):
            input = input.encode()
        if input is None:
            options["stdin"] = subprocess.DEVNULL
        begun = time.monotonic()
        done = subprocess.run(
            argv,
            input=input,
            env=self.env(env),
            cwd=self.dir.parent,
            timeout=timeout,
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.PIPE,
            **options,
        )
        result = Result(
            done.returncode,
            done.stdout or b"",
            done.stderr.decode("utf-8", "replace"),
            time.monotonic() - begun,
        )
        assert clean(result), result
        return result

    def ok(self, *args, **options):
        """Runs a command that must exit 0."""
        result = self.run(*args, **options)
        assert result.rc == OK, result
        return result

    def json(self, *args, **options):
        """Runs a command that must exit 0. Returns its rows."""
        return self.ok(*args, "--format", "json", **options).rows()

    def start(self, *args, env=None, prefix=(), **options):
        """Starts a command and does not wait for it."""
        return subprocess.Popen(
            [*prefix, *self.argv(*args)],
            env=self.env(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.dir.parent,
            **options,
        )

    def terminal(self, *args, term="dumb", columns=80):
        env = self.env({"TERM": term})
        return Terminal(self.argv(*args), env, columns)

    # files

    def write(self, path, content):
        """Writes a file of the workspace, text or bytes."""
        path = self.dir / path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    def conf(self, port=25, organiser=None, account="main", **smtp):
        """Writes openletter.conf with one account on a loopback port."""
        about = {"name": ORGANISER, "from": FROM, "lang": "en"}
        about.update(organiser or {})
        keys = {"host": "127.0.0.1", "port": port, "tls": "none"}
        keys.update(self.smtp, **smtp)
        text = "[organiser]\n"
        text += "".join(f"{k} = {v}\n" for k, v in about.items())
        text += f"\n[smtp {account}]\n"
        text += "".join(
            f"{k} = {v}\n" for k, v in keys.items() if v is not None
        )
        return self.write("openletter.conf", text)

    def letter(self, name=LETTER, lang="en", body=None, **fields):
        """
        Writes a letter. Keywords are header fields, _ standing for -; None
        leaves a field out; a list repeats it.
        """
        header = {"Title": "A title", "Subject": "A subject", "To": "ilo"}
        header.update({k.replace("_", "-"): v for k, v in fields.items()})
        lines = []
        for field, value in header.items():
            values = value if isinstance(value, list) else [value]
            lines += [f"{field}: {v}" for v in values if v is not None]
        if body is None:
            body = "Dear {{recipient.salutation}},\n\nwe write to you.\n"
        return self.write(
            f"letters/{name}.{lang}.md", "\n".join(lines) + "\n\n" + body
        )

    def partial(self, name, text):
        return self.write(f"letters/_partials/{name}.md", text)

    def recipients(self, rows, name="ilo"):
        """Writes a recipient list from dicts, columns as they come."""
        return self.write(f"recipients/{name}.csv", csv_text(rows))

    def people(self, count, name="ilo", **columns):
        """Writes a list of count recipients. Returns their addresses."""
        rows = [
            {
                "email": f"r{i}@example.org",
                "name": f"Recipient {i}",
                "salutation": f"Delegate {i}",
                **columns,
            }
            for i in range(count)
        ]
        self.recipients(rows, name)
        return [row["email"] for row in rows]

    def copy(self, folder):
        """The same workspace as it is now, in another folder."""
        shutil.copytree(self.dir, folder)
        return Workspace(folder)

    @property
    def database(self):
        return self.dir / "openletter.db"

    def sql(self, statement):
        """Asks the database behind the program's back. Returns one value."""
        with closing(sqlite3.connect(self.database)) as database:
            found = database.execute(statement).fetchone()
            database.commit()
        return found and found[0]

    def intact(self):
        return self.sql("pragma integrity_check") == "ok"

    # what tests ask for again and again

    def sign(self, name="Ada Lovelace", email=None, letter=LETTER, **options):
        """Signs a letter; the options are those of the command line."""
        args = ["--name", name]
        if email is not None:
            args += ["--email", email]
        for option, value in options.items():
            args.append("--" + option)
            if value is not True:
                args.append(value)
        return self.run("sign", letter, *args)

    def load(self, rows, letter=LETTER, file="sheet.csv", rc=OK):
        """Imports rows (dicts) as a signature list; rc None: whatever."""
        path = self.write(file, csv_text(rows))
        result = self.run("import", letter, path)
        assert rc is None or result.rc == rc, result
        return result

    def send(self, *args, letter=LETTER, rc=OK, **options):
        """Sends without being asked; rc is the exit status it must have."""
        result = self.run("send", letter, "--yes", *args, **options)
        if rc is not None:
            assert result.rc == rc, result
        return result

    def log(self, *args):
        return self.json("log", *args)

    def states(self):
        """State of each delivery by recipient's address."""
        return {row["recipient"]: row["state"] for row in self.log()}

    def status(self):
        """The row of the newest mailing."""
        return max(self.json("status"), key=lambda row: row["mailing"])

    def count(self, letter=LETTER):
        (row,) = self.json("count", letter)
        return row

    def signatures(self, audience="organisers", letter=LETTER):
        return self.json("export", letter, "--audience", audience)


def csv_text(rows, **options):
    """Writes dicts as CSV; the columns are all keys as they first appear."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", **options)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class Terminal:
    """A program on a terminal of its own, as a person would use it."""

    def __init__(self, argv, env, columns=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", 24, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execve(argv[0], argv, env)
        self.raw = b""
        self.text = ""
        self.open = True

    def read(self, quiet=0.25, limit=20):
        """Reads until nothing came for a moment. Returns the new text."""
        new = b""
        end = time.monotonic() + limit
        while self.open and time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], quiet)
            if not ready:
                # The first words may take long on a busy machine.
                if new or self.text:
                    break
                continue
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                piece = b""
            if not piece:
                self.open = False
            new += piece
        self.raw += new
        text = new.decode("utf-8", "replace").replace("\r\n", "\n")
        self.text += text
        return text

    def say(self, line):
        try:
            os.write(self.fd, line.encode() + b"\n")
        except OSError:
            self.open = False

    def interrupt(self):
        """Presses ^C."""
        os.write(self.fd, b"\x03")

    def end_of_input(self):
        try:
            os.write(self.fd, b"\x04")
        except OSError:
            self.open = False

    def close(self, timeout=20):
        """Waits for the end. Returns the exit status."""
        end = time.monotonic() + timeout
        while True:
            if self.open:
                self.read(quiet=0.1, limit=0.5)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"still running; it said:\n{self.text}")
            time.sleep(0.02)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)
