"""
What is measured when a list of signatures is stored: openletter, and the
programs it is compared with. Each has a name, good exit statuses, prepare()
for what is not measured, argv() for a run, and check(), which raises Failed
unless the right number of rows was stored.
"""

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from figures import Failed
from petition import output

HERE = Path(__file__).parent
SQLITE3 = shutil.which("sqlite3")
COLUMNS = (
    "name,email,kind,organisation,role,country,city,postcode,comment,lang,"
    "visibility,updates,date"
).split(",")
TUNED_CACHE_KB = 65536


def remove_database(path):
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def check_rows(name, path, expected):
    with closing(sqlite3.connect(path)) as database:
        (rows,) = database.execute("SELECT count(*) FROM signature").fetchone()
    if rows != expected:
        raise Failed(f"{name}: {rows} rows, not {expected}")


class OpenletterImport:
    """Checks, matches, keeps file and line of each row, and tallies."""

    name = "openletter import"
    good = (0, 1)  # some rows were refused

    def __init__(self, petition):
        self.petition = petition

    def prepare(self):
        self.petition.begin_anew()

    def argv(self, signatures):
        return self.petition.command("import", signatures.path)

    def check(self, signatures):
        self.petition.check(signatures.signers)


class SqliteImport:
    """Checks nothing but that the addresses differ, by more than case."""

    good = (0,)

    def __init__(self, folder, cache_kb=None):
        self.name = "sqlite3 .import"
        self.settings = ["-cmd", "PRAGMA synchronous = full"]
        if cache_kb:
            self.name += f", cache {cache_kb // 1024} MB"
            self.settings += ["-cmd", f"PRAGMA cache_size = -{cache_kb}"]
        self.database = folder / "sqlite.db"

    def prepare(self):
        columns = ", ".join(
            f"{name} TEXT" + " COLLATE NOCASE UNIQUE" * (name == "email")
            for name in COLUMNS
        )
        remove_database(self.database)
        output(
            SQLITE3, self.database, "PRAGMA journal_mode = wal",
            f"CREATE TABLE signature ({columns})",
        )

    def argv(self, signatures):
        # It has something to say about each address that it has already.
        return [
            "/bin/sh", "-c", 'exec "$@" 2>/dev/null', "sh",
            SQLITE3, *self.settings, self.database,
            f".import --csv --skip 1 '{signatures.path}' signature",
        ]

    def check(self, signatures):
        check_rows(self.name, self.database,
                   signatures.signers + signatures.bad)


class PythonImport:
    """import_loop.py: csv and sqlite3 of Python with the same checks."""

    name = "Python, csv and sqlite3"
    good = (0,)

    def __init__(self, folder):
        self.database = folder / "python.db"

    def prepare(self):
        remove_database(self.database)

    def argv(self, signatures):
        return [
            sys.executable, "-B", HERE / "import_loop.py", signatures.path,
            self.database,
        ]

    def check(self, signatures):
        check_rows(self.name, self.database, signatures.signers)
