"""
The power is lost at any moment of a mailing: from what the disk may hold
then, under another boot id, nothing is sent twice, what is in doubt is
unknown, and nothing that was sent counts as queued.
"""

import os
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing

import disk
import exact
import pytest
from workspace import LETTER, OK, PARTLY

IMAGES = 300
COUNT = 80  # enough for the log of the database to be taken over on the way
CLAIMED = 50  # at most, for each connection

KEPT = ("openletter.conf", "letters", "recipients")


def lay_out(pattern, folder, files):
    """A workspace with these files for its database."""
    ws = pattern.copy(folder)
    for path in ws.dir.iterdir():
        if path.name not in KEPT:
            path.unlink()
    for name, content in files.items():
        if name.startswith("openletter."):
            (ws.dir / name).write_bytes(content)
    return ws


def record_mailing(ol, **settings):
    """Signs, sends, dies, resumes. Returns what came to the disk, in order."""
    env = exact.preload(**settings)
    ol.ok("sign", LETTER, "--name", "A", "--email", "a@x.org", env=env)
    for number in (150, 400):
        verbs = ["resume"] if number > 150 else ["send", LETTER, "--yes"]
        exact.broken_run(ol, f"write:{number}:0:done", *verbs, **settings)
    assert ol.run("resume", env=env).rc in (OK, PARTLY)
    return disk.read_record(settings["record"])


def lose_power(deeds, at, rng):
    """Returns the disk's files after that many deeds."""
    held = disk.Disk()
    for deed in deeds[:at]:
        held.do(deed)
    return held.after_power_loss(rng)


def check_restart(ws, scribe, before, other_boot, connections):
    """before: to whom letters went before the power was lost."""
    scribe.clear()
    env = exact.preload(boot_id=other_boot)
    if not ws.json("status", env=env):
        assert not before, "the mailing is lost, and letters went out"
        return
    resumed = ws.run("resume", env=env)
    assert resumed.rc in (OK, PARTLY), resumed
    scribe.settle()
    states = ws.states()
    after = [address for address, _ in scribe.accepted]
    assert len(after) == len(set(after)), "sent twice"
    assert not before & set(after), "sent before, and again"
    for address, state in states.items():
        assert state in ("sent", "unknown"), f"{address}: {state}"
        if state == "sent":
            assert address in before or address in after, "never sent"
    assert before <= set(states)
    assert Counter(states.values())["unknown"] <= CLAIMED * connections
    assert ws.intact()


def check_images(ol, folder, deeds, scribe, boot, connections):
    """Loses the power at many moments, and starts again."""
    seed = int(os.environ.get("OPENLETTER_TEST_SEED", connections))
    first = next(
        i for i, deed in enumerate(deeds) if deed.what == disk.What.SEND
    )

    def some(worker, scribe):
        pattern = ol.copy(folder / f"pattern{worker}")
        pattern.conf(scribe.port, connections=connections)
        for number in range(worker, IMAGES, os.cpu_count()):
            rng = random.Random(f"{seed} {number}")
            at = rng.randint(first - 50, len(deeds))
            files = lose_power(deeds, at, rng)
            ws = lay_out(pattern, folder / f"image{number}", files)
            before = disk.ended(deeds[:at])
            try:
                check_restart(ws, scribe, before, boot, connections)
            except AssertionError as error:
                raise AssertionError(
                    f"image {number} of OPENLETTER_TEST_SEED={seed}"
                ) from error
            shutil.rmtree(ws.dir)

    exact.in_parallel(
        [lambda i=i, to=scribe(): some(i, to) for i in range(os.cpu_count())]
    )


@pytest.mark.parametrize("connections", [1, 4])
def test_power_is_lost(ol, tmp_path, scribe, connections):
    ol.conf(scribe().port, connections=connections)
    ol.people(COUNT)
    pattern = ol.copy(tmp_path / "pattern")
    deeds = record_mailing(ol, record=tmp_path / "record")
    boot = tmp_path / "boot"
    boot.write_text("00000000-0000-0000-0000-000000000000\n")
    check_images(pattern, tmp_path, deeds, scribe, boot, connections)


def test_power_is_lost_where_starts_have_no_name(ol, tmp_path, scribe):
    """A machine that does not tell: no claim of a dead run is trusted."""
    ol.conf(scribe().port, connections=2)
    ol.people(COUNT)
    pattern = ol.copy(tmp_path / "pattern")
    none = tmp_path / "none"
    deeds = record_mailing(ol, record=tmp_path / "record", boot_id=none)
    check_images(pattern, tmp_path, deeds, scribe, none, 2)


def test_signatures_outlive_a_power_loss(ol, tmp_path):
    """What was acknowledged is on the disk, also while others have it open."""
    record = tmp_path / "record"
    pattern = ol.copy(tmp_path / "pattern")
    env = exact.preload(record=record)
    acknowledged = []

    def sign(email):
        ol.ok("sign", LETTER, "--name", "S", "--email", email, env=env)
        acknowledged.append((len(disk.read_record(record)), email))

    def load(email):
        path = ol.write("sheet.csv", f"name,email\nS,{email}\n")
        ol.ok("import", LETTER, path, env=env)
        acknowledged.append((len(disk.read_record(record)), email))

    sign("first@x.org")
    # The last one to close a database would bring all of it to the disk.
    with closing(sqlite3.connect(ol.database)) as other:
        other.execute("SELECT count(*) FROM signature").fetchone()
        disk.note_file(record, f"{ol.database}-wal")
        for i in range(8):
            sign(f"s{i}@x.org")
            load(f"i{i}@x.org")
        deeds = disk.read_record(record)
    for number in range(60):
        rng = random.Random(number)
        at = rng.randint(acknowledged[0][0], len(deeds))
        ws = lay_out(
            pattern, tmp_path / f"image{number}", lose_power(deeds, at, rng)
        )
        there = {row["email"] for row in ws.signatures()}
        known = {email for when, email in acknowledged if when <= at}
        assert known <= there, f"image {number}"
        assert ws.intact()
