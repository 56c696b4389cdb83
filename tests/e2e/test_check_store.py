"""check --store: each sort of damage is found and told in a line."""

import os
import re
import sqlite3
from contextlib import closing

import pytest
from workspace import DATA, LETTER, OK, USAGE, csv_text, says


def fill(ol, catcher):
    ol.conf(catcher.port)
    rows = [
        {
            "name": f"Person {n}",
            "email": f"p{n % 90}@example.net",
            "country": ["FR", "ES"][n % 2],
            "organisation": f"Union {n % 3}",
        }
        for n in range(100)
    ]
    path = ol.write("../sheet.csv", csv_text(rows))
    ol.ok("import", LETTER, path)
    ol.ok("withdraw", LETTER, "p3@example.net")
    ol.send()


def damage(ol, *statements):
    with closing(sqlite3.connect(ol.database)) as database:
        for statement in statements:
            assert database.execute(statement).rowcount != 0
        database.commit()


def test_sound(ol, catcher):
    assert says(ol.ok("check", "--store").err, "no database yet")
    assert not ol.database.exists()
    fill(ol, catcher)
    good = ol.ok("check", "--store")
    assert says(good.err, "The database is sound")
    assert ol.run("check", "--mend").rc == USAGE


# How the damage is done, and what is said of it.
DAMAGE = {
    "tally": (
        ["update tally set total = total + 1 where what = 3 and value = 'FR'"],
        [LETTER, 'country "FR"', "--mend"],
    ),
    "no tally": (
        ["delete from tally where what = 0 and value = '1'"],
        ['state "1"', "0 are counted, 89 are there"],
    ),
    "tally of nothing": (
        [f"insert into tally values (1, {what}, 'XX', 3)" for what in (3, 77)],
        ['country "XX": 3 are counted, 0', 'unknown tally "XX"'],
    ),
    "unsigned": (
        ["delete from signer where key = 'p:p7@example.net'"],
        ["1 signatures count for no signer", "restore a backup"],
    ),
    "signer without": (
        ["insert into signer values (1, 'p:x@example.net', 4711)"],
        ["1 signers have no signature", "4711"],
    ),
    "signer elsewhere": (
        [
            "insert into letter(name) values ('ilo/b')",
            "update signer set letter = 2 where key = 'p:p7@example.net'",
        ],
        ["1 signers have no signature in their letter"],
    ),
    "shared": (
        ["insert into signer values (1, 'p:y@example.net', 1)"],
        ["1 signatures count for several signers"],
    ),
    "repeated": (
        ["update signature set first = 4711 where state = 5 and id ="
         " (select min(id) from signature where state = 5)"],
        ["1 signatures repeat one that is not there"],
    ),
    "signature state": (
        ["update signature set state = 17 where id = 4"],
        ["state", "that nobody knows", "the first is 4"],
    ),
    "kind": (
        ["update signature set kind = 2 where id = 5"],
        ["kind", "nobody knows", "the first is 5"],
    ),
    "delivery state": (
        ["update delivery set state = 10 where id = 2"],
        ["1 messages have a state that nobody knows", "the first is 2"],
    ),
    "mailing state": (
        ["update mailing set state = 4"],
        ["1 mailings", "that nobody knows"],
    ),
    "reference": (
        ["update signature set edition = 99 where id = 6"],
        ["1 rows of signature name a edition"],
    ),
    "scrub": (
        ["insert into scrub values (1, 1)"],
        ["erased", "openletter erase"],
    ),
}


@pytest.mark.parametrize("sort", DAMAGE)
def test_damage(ol, catcher, sort):
    fill(ol, catcher)
    statements, words = DAMAGE[sort]
    damage(ol, *statements)
    found = ol.run("check", "--store")
    assert found.rc == DATA, found
    assert says(found.err, *words), found
    lines = found.err.strip().splitlines()
    assert all(re.match("openletter: |No problems", line) for line in lines)
    assert re.search(r"\d problems? in the database", lines[-1])
    # Looking changes nothing.
    assert ol.run("check", "--store").err == found.err


def test_mend(ol, catcher):
    fill(ol, catcher)
    before = ol.json("count", LETTER, "--by", "country")
    damage(ol, "delete from tally where what > 2",
           "update tally set total = 12345")
    assert ol.run("check", "--store").rc == DATA
    ol.ok("check", "--store", "--mend")
    ol.ok("check", "--store")
    assert ol.json("count", LETTER, "--by", "country") == before


def test_many_tallies(ol, catcher):
    fill(ol, catcher)
    with closing(sqlite3.connect(ol.database)) as database:
        database.executemany(
            "insert into tally values (1, 7, ?, 1)",
            [(f"list {n}",) for n in range(500)],
        )
        database.commit()
    found = ol.run("check", "--store")
    assert found.rc == DATA and says(found.err, "480 more tallies are wrong")
    assert len(found.err.splitlines()) < 30


def test_pages(ol, catcher):
    fill(ol, catcher)
    with closing(sqlite3.connect(ol.database)) as database:
        database.execute("pragma wal_checkpoint(truncate)")
        (root,) = database.execute(
            "select rootpage from sqlite_schema where name = 'signature_first'"
        ).fetchone()
        (size,) = database.execute("pragma page_size").fetchone()
    with open(ol.database, "r+b") as file:
        file.seek((root - 1) * size + 3)
        file.write(b"\x00\x00")  # an index without entries
    found = ol.run("check", "--store")
    assert found.rc == DATA, found
    assert says(found.err, "damaged", "restore a backup")


def test_no_database_at_all(ol):
    ol.database.write_bytes(b"This is no database. " * 1000)
    found = ol.run("check", "--store")
    assert found.rc == DATA and says(found.err, "openletter.db")


@pytest.mark.parametrize("name", ["openletter.db", "openletter.inflight"])
def test_modes(ol, catcher, name):
    fill(ol, catcher)
    path = ol.dir / name
    path.touch()
    os.chmod(path, 0o644)
    found = ol.run("check", "--store")
    assert found.rc == DATA
    assert says(found.err, name, "others could read it (mode 644)", "mended")
    assert os.stat(path).st_mode & 0o777 == 0o600
    ol.ok("check", "--store")


def test_while_letters_go_out(ol, catcher):
    ol.people(40)
    fill(ol, catcher)
    catcher.delay_s = 0.02
    ol.people(80)
    run = ol.start("send", LETTER, "--yes")
    while len(catcher.messages) < 45:
        assert run.poll() is None
    ol.ok("check", "--store")
    assert run.wait(60) == OK
    run.communicate()
