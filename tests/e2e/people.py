"""People who sign, for the tests of what becomes of signatures."""

import sqlite3
from contextlib import closing

from workspace import LETTER, csv_text


def person(name, **more):
    return {"name": name, "email": f"{name}@example.org", **more}


def recount(ol):
    """The tallies are what the signatures are."""
    with closing(sqlite3.connect(ol.database)) as database:
        tally, right = (
            set(database.execute(f"SELECT * FROM {table}"))
            for table in ("tally", "recount")
        )
    assert tally == right, tally ^ right


def counted(ol):
    return {
        row["email"] for row in ol.signatures() if row["state"] == "confirmed"
    }


def load(ol, people, file="sheet.csv", env=None):
    """Imports people. Returns the batch's number."""
    path = ol.write(file, csv_text(people))
    ol.ok("import", LETTER, path, env=env)
    return ol.json("batches")[-1]["batch"]


def pend(ol, name, env=None, **options):
    """Signs so that it must be confirmed. Returns the token."""
    args = ["--name", name, "--email", f"{name}@example.org", "--pending"]
    for option, value in options.items():
        args += [f"--{option}", value]
    signed = ol.ok("sign", LETTER, *args, env=env)
    return signed.out.strip()
