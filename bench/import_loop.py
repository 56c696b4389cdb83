#!/usr/bin/python3
"""
Stores a list of signatures as a Python program would that is written with
care: rows in batches, one transaction, the checks that openletter makes.

usage: import_loop.py FILE.csv DATABASE

Rows that cannot be taken go to DATABASE.rejects.csv. Like openletter it keeps
the first of two signatures of one signer and remembers the other, takes the
tighter visibility of the two, and counts in the same transaction.
"""

import csv
import json
import re
import sqlite3
import sys
import time
import unicodedata
from collections import Counter
from datetime import datetime, timezone
from itertools import islice

BATCH = 5000
LINE_MAX = 200
COMMENT_MAX = 4000
KINDS = {"": 0, "person": 0, "organisation": 1, "organization": 1}
VISIBILITIES = {"public": 0, "recipient": 1, "": 1, "count": 2}
YES_OR_NO = {"": 0, "no": 0, "n": 0, "false": 0, "0": 0, "off": 0,
             "yes": 1, "y": 1, "true": 1, "1": 1, "on": 1, "x": 1}
COUNTRIES = set("""
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL
BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV
CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM
IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK
LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR
PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS
ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
""".split())
ADDRESS = re.compile(
    r"(?=.{1,64}@)(?=.{3,254}\Z)"
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.ASCII | re.IGNORECASE,
)
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
UNWANTED = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
UNWANTED_IN_COMMENT = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
)
SCHEMA = """
CREATE TABLE signature (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT, email TEXT,
    kind INTEGER, organisation TEXT, role TEXT, country TEXT, city TEXT,
    postcode TEXT, comment TEXT, lang TEXT, visibility INTEGER,
    updates INTEGER, signed_at INTEGER, line INTEGER, batch INTEGER,
    created_at INTEGER
);
CREATE TABLE repeated (key TEXT, line INTEGER, batch INTEGER);
CREATE TABLE tally (
    field TEXT, value TEXT, total INTEGER, PRIMARY KEY (field, value)
) WITHOUT ROWID;
"""
INSERT = (
    "INSERT INTO signature(key, name, email, kind, organisation, role, "
    "country, city, postcode, comment, lang, visibility, updates, signed_at, "
    "line, batch, created_at) VALUES (" + ", ".join("?" * 15) + ", 1, ?)"
)
# Places in a row that is stored.
KEY, KIND, ORGANISATION, COUNTRY, LANG, VISIBILITY, DATE, LINE = (
    0, 3, 4, 6, 10, 11, 13, 14,
)


class Refused(Exception):
    pass


def tidy(value, what, limit=LINE_MAX, unwanted=UNWANTED):
    value = value.strip()
    if unwanted.search(value):
        raise Refused(f"{what} contains a control character")
    if len(value) > limit:
        raise Refused(f"{what} is too long")
    if value.isascii():
        return value
    return unicodedata.normalize("NFC", value)


def fold(text):
    wide = unicodedata.normalize("NFKD", text).casefold()
    kept = (c if c.isalnum() else " " for c in wide
            if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def choose(choices, value, what):
    choice = choices.get(value.strip().lower())
    if choice is None:
        raise Refused(f"{what}: {value} is not possible")
    return choice


def read_time(value, now):
    try:
        day = datetime.fromisoformat(value)
    except ValueError:
        raise Refused(f"date: {value} is not a day") from None
    if day.tzinfo is None:
        day = day.replace(tzinfo=timezone.utc)
    seconds = int(day.timestamp())
    if seconds > now + 86400:
        raise Refused("the date lies in the future")
    return seconds


def identify(kind, name, organisation, email, country, postcode):
    """The same text for the same signer."""
    signer = organisation if kind else name
    if not signer:
        raise Refused("the name is missing")
    if email:
        return f"{kind}:{email.lower()}"
    if not country:
        raise Refused("without an address a country is needed")
    return f"{kind}:{fold(signer)}|{country}|{fold(postcode)}"


def check(record, line, now):
    """The row that is stored; raises Refused."""
    (name, email, kind, organisation, role, country, city, postcode, comment,
     lang, visibility, updates, date) = record
    name = tidy(name, "name")
    organisation = tidy(organisation, "organisation")
    email = email.strip()
    if email and not ADDRESS.fullmatch(email):
        raise Refused("e-mail: not an address")
    country = country.strip().upper()
    if country and country not in COUNTRIES:
        raise Refused(f"country: {country} is not a code")
    lang = lang.strip()
    if lang and not LANGUAGE.fullmatch(lang):
        raise Refused(f"lang: {lang} is not a tag")
    postcode = tidy(postcode, "postcode")
    kind = choose(KINDS, kind, "kind")
    if kind and not organisation:
        name, organisation = "", name
    return (
        identify(kind, name, organisation, email, country, postcode),
        name, email, kind, organisation, tidy(role, "role"), country,
        tidy(city, "city"), postcode,
        tidy(comment, "comment", COMMENT_MAX, UNWANTED_IN_COMMENT),
        lang or "en", choose(VISIBILITIES, visibility, "visibility"),
        choose(YES_OR_NO, updates, "updates"), read_time(date, now), line, now,
    )


def checked_rows(reader, width, rejects, now):
    for record in reader:
        try:
            if len(record) != width:
                raise Refused(f"{len(record)} fields, not {width}")
            yield check(record, reader.line_num, now)
        except Refused as refused:
            rejects.writerow([reader.line_num, refused, *record])


def count(row, tallies):
    tallies["total", ""] += 1
    tallies["kind", row[KIND]] += 1
    tallies["country", row[COUNTRY]] += 1
    tallies["lang", row[LANG]] += 1
    tallies["organisation", row[ORGANISATION]] += 1
    tallies["visibility", row[VISIBILITY]] += 1
    tallies["day", row[DATE] // 86400] += 1


def store(database, rows, tallies):
    """Stores a batch; counts what is new."""
    keys = json.dumps([row[KEY] for row in rows])
    known = dict(database.execute(
        "SELECT key, visibility FROM signature "
        "WHERE key IN (SELECT value FROM json_each(?))", (keys,)
    ))
    new, repeated, tighter = [], [], []
    for row in rows:
        key, visibility = row[KEY], row[VISIBILITY]
        before = known.get(key)
        if before is None:
            new.append(row)
            count(row, tallies)
            known[key] = visibility
            continue
        repeated.append((key, row[LINE]))
        if visibility > before:
            tighter.append((visibility, key))
            tallies["visibility", before] -= 1
            tallies["visibility", visibility] += 1
            known[key] = visibility
    database.executemany(INSERT, new)
    database.executemany("INSERT INTO repeated VALUES (?, ?, 1)", repeated)
    database.executemany(
        "UPDATE signature SET visibility = ? WHERE key = ?", tighter
    )


def store_all(rows, database):
    tallies = Counter()
    database.execute("BEGIN IMMEDIATE")
    while batch := list(islice(rows, BATCH)):
        store(database, batch, tallies)
    database.executemany(
        "INSERT INTO tally VALUES (?, ?, ?)",
        [(field, str(value), total)
         for (field, value), total in tallies.items()],
    )
    database.execute("COMMIT")


def main():
    path, database_path = sys.argv[1:]
    database = sqlite3.connect(database_path, isolation_level=None)
    database.execute("PRAGMA journal_mode = wal")
    database.execute("PRAGMA synchronous = full")
    database.executescript(SCHEMA)
    with (
        open(path, encoding="utf-8", newline="") as file,
        open(f"{database_path}.rejects.csv", "w", encoding="utf-8",
             newline="") as rejects_file,
    ):
        reader = csv.reader(file)
        header = next(reader)
        rejects = csv.writer(rejects_file)
        rejects.writerow(["line", "error", *header])
        now = int(time.time())
        store_all(checked_rows(reader, len(header), rejects, now), database)
    database.close()


if __name__ == "__main__":
    main()
