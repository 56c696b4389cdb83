#!/usr/bin/python3
"""
Sends a personalised letter the way a script of one's own would do it: the
email package, smtplib on one connection, and a row in SQLite for each message
that the server took.

usage: smtplib_send.py PORT LIST LETTERS COUNT LEDGER
"""

import csv
import html
import itertools
import re
import smtplib
import sqlite3
import sys
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from pathlib import Path


def fill(template, person, escape=str):
    return re.sub(
        r"{{(\w+)}}", lambda found: escape(person[found[1]]), template
    )


def build(person, number, text, page):
    message = EmailMessage(policy=SMTP)
    message["From"] = "Campaign <campaign@committee.example>"
    message["To"] = Address(person["name"], addr_spec=person["email"])
    message["Subject"] = f"Unpaid wages: a question to {person['name']}"
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{number}@committee.example>"
    message.set_content(fill(text, person))
    message.add_alternative(fill(page, person, html.escape), subtype="html")
    return message.as_bytes()


def open_ledger(path):
    ledger = sqlite3.connect(path, isolation_level=None)
    ledger.execute("pragma journal_mode = wal")
    ledger.execute("pragma synchronous = normal")
    ledger.execute(
        "create table delivery (id integer primary key, email text, at text)"
    )
    return ledger


def main():
    port, people, letters, count, path = sys.argv[1:]
    text = Path(letters, "wages.txt").read_text("utf-8")
    page = Path(letters, "wages.html").read_text("utf-8")
    ledger = open_ledger(path)
    with open(people, encoding="utf-8", newline="") as file, smtplib.SMTP(
        "127.0.0.1", int(port), local_hostname="localhost"
    ) as server:
        rows = itertools.islice(csv.DictReader(file), int(count))
        for number, person in enumerate(rows, 1):
            server.sendmail(
                "campaign@committee.example",
                person["email"],
                build(person, number, text, page),
            )
            ledger.execute(
                "insert into delivery values (?, ?, datetime('now'))",
                (number, person["email"]),
            )
    ledger.close()


main()
