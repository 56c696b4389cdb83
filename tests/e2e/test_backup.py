"""backup: a whole and checked copy at any moment, which sends nothing."""

import os
import random
import shutil
import sqlite3
import stat
import time
from contextlib import closing

import pytest
from workspace import (
    AGAIN,
    CREATE,
    DATA,
    IO,
    LETTER,
    OK,
    REFUSED,
    Workspace,
    csv_text,
    says,
)

KILLED = -9


def people(count):
    rng = random.Random(5)
    return [
        {"name": f"Person {n}", "email": f"{rng.randbytes(5).hex()}@a.example",
         "country": "FR"}
        for n in range(count)
    ]


def load(ol, count):
    ol.ok("import", LETTER, ol.write("../sheet.csv", csv_text(people(count))))


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "backup.db"


def restore(ol, copy, tmp_path):
    """The backup in a new workspace with the same letters."""
    folder = tmp_path / "restored"
    folder.mkdir()
    for name in ("letters", "recipients"):
        shutil.copytree(ol.dir / name, folder / name)
    shutil.copy(ol.dir / "openletter.conf", folder)
    shutil.copy(copy, folder / "openletter.db")
    return Workspace(folder)


def beside(copy):
    return sorted(p.name for p in copy.parent.glob(copy.name + "*"))


def restored_count(copy):
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        (count,) = db.execute("select count(*) from signature").fetchone()
        return count


def test_whole(ol, copy, tmp_path):
    load(ol, 500)
    made = ol.ok("backup", copy)
    assert says(made.err, str(copy), "checked", "letters, lists")
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    assert beside(copy) == [copy.name]
    other = restore(ol, copy, tmp_path)
    other.ok("check", "--store")
    assert other.json("count") == ol.json("count")
    assert other.signatures() == ol.signatures()


def test_never_sends(ol, catcher, copy, tmp_path):
    ol.conf(catcher.port)
    ol.people(6)
    ol.send("--limit", "2", rc=AGAIN)
    ol.ok("backup", copy)
    other = restore(ol, copy, tmp_path)
    row = other.status()
    assert row["state"] == "paused" and says(row["reason"], "backup")
    assert (row["sent"], row["unknown"], row["queued"]) == (2, 4, 0)
    ol.ok("resume")
    assert len(catcher.messages) == 6
    other.run("resume")
    other.send(rc=None)
    assert len(catcher.messages) == 6
    # A person may say that they are to be sent again.
    other.run("resolve", 1, "--resend", "all", "--yes")
    other.run("resume")
    assert len(catcher.messages) == 10


def test_waiting_mailing(ol, catcher, copy, tmp_path):
    ol.conf(catcher.port)
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 9999))
    run = ol.start("send", LETTER, "--yes", "--at", soon)
    while not ol.json("status"):
        assert run.poll() is None
    ol.ok("backup", copy)
    run.kill()
    run.communicate()
    other = restore(ol, copy, tmp_path)
    other.run("resume", 1, "--yes")
    assert catcher.messages == []


def test_during_a_run(ol, catcher, copy, tmp_path):
    ol.conf(catcher.port, connections=4)
    ol.people(150)
    catcher.delay_s = 0.01
    run = ol.start("send", LETTER, "--yes")
    while len(catcher.messages) < 20:
        assert run.poll() is None
    before = len(catcher.messages)
    ol.ok("backup", copy)
    after = len(catcher.messages)
    assert run.wait(60) == OK
    run.communicate()
    assert len(catcher.messages) == 150
    other = restore(ol, copy, tmp_path)
    other.ok("check", "--store")
    row = other.status()
    assert row["sent"] + row["unknown"] == 150
    # The ledger hears a moment later than the server.
    assert before - 64 <= row["sent"] <= after
    other.run("resume")
    assert len(catcher.messages) == 150
    # What the copy takes for sent was sent.
    ids = {m.id for m in catcher.messages}
    for sent in other.log("--state", "sent"):
        assert sent["message_id"] in ids


def test_during_an_import(ol, copy, tmp_path):
    load(ol, 10)
    path = ol.write("../more.csv", csv_text(people(60000)))
    run = ol.start("import", LETTER, path)
    time.sleep(0.1)
    ol.ok("backup", copy)
    assert run.wait(60) == OK
    run.communicate()
    total = restore(ol, copy, tmp_path).count()["total"]
    assert total in (10, 60000)


def test_stays_as_it_is(ol, copy):
    load(ol, 10)
    copy.write_text("mine")
    for target in (copy, ol.database):
        refused = ol.run("backup", target)
        assert refused.rc == CREATE and says(refused.err, "there already")
    assert copy.read_text() == "mine"
    assert beside(copy) == [copy.name]


def test_partial_of_somebody_else(ol, copy):
    load(ol, 10)
    partial = copy.with_name(copy.name + ".partial")
    partial.write_text("my novel")
    refused = ol.run("backup", copy)
    assert refused.rc == CREATE and says(refused.err, "no backup")
    assert partial.read_text() == "my novel"


def test_no_folder(ol, tmp_path):
    load(ol, 10)
    assert ol.run("backup", tmp_path / "none" / "b.db").rc == CREATE


def test_not_sound(ol, copy):
    load(ol, 10)
    with closing(sqlite3.connect(ol.database)) as database:
        database.execute("update tally set total = 77 where what = 3")
        database.commit()
    refused = ol.run("backup", copy)
    assert refused.rc == DATA
    assert says(refused.err, "no backup was made", "country")
    assert beside(copy) == []


def test_two_at_once(ol, copy):
    load(ol, 30000)
    runs = [ol.start("backup", copy) for _ in range(3)]
    ends = sorted(run.wait(60) for run in runs)
    for run in runs:
        run.communicate()
    assert ends[0] == OK and set(ends[1:]) <= {REFUSED, CREATE}
    assert beside(copy) == [copy.name]


def test_kill(ol, copy, tmp_path):
    """Never half a file under the name; the next one begins anew."""
    load(ol, 20000)
    whole = ol.run("backup", tmp_path / "timed.db").seconds
    rng = random.Random(time.time_ns())
    killed = 0
    for _ in range(25):
        run = ol.start("backup", copy)
        time.sleep(rng.random() * whole)
        run.kill()
        run.communicate()
        killed += run.returncode == KILLED
        if copy.exists():
            assert restored_count(copy) == 20000
            copy.unlink()
    assert killed > 5
    ol.ok("backup", copy)
    assert beside(copy) == [copy.name]
    restore(ol, copy, tmp_path).ok("check", "--store")


def test_full_disk(ol, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a disk of its own")
    load(ol, 5000)
    small = tmp_path / "small"
    small.mkdir()
    size = ol.database.stat().st_size
    script = (
        f"mount -t tmpfs -o size={size // 2} none {small} || exit 99;"
        f" {ol.argv()[0]} -C {ol.dir} backup {small}/b.db;"
        f" echo $?; ls -A {small}"
    )
    done = ol.run_argv(["unshare", "-m", "sh", "-c", script])
    if done.rc == 99 or not done.out:
        pytest.skip("a mount namespace is not allowed here")
    assert done.out == f"{IO}\n", done
    assert says(done.err, "b.db", "full")
    ol.ok("check", "--store")
