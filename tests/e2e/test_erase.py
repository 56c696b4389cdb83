"""erase: a person's data leaves every byte, and the count stays."""

import os
import random
import sqlite3
import time
from contextlib import closing

import pytest
from traces import traces
from workspace import (
    AGAIN,
    DATA,
    LETTER,
    NOTFOUND,
    OK,
    REFUSED,
    USAGE,
    csv_text,
    says,
)

EMAIL = "Zora.Quill@Marked.Example"
WHO = {
    "name": "Zoraïde Quïllfeather",
    "email": EMAIL,
    "organisation": "Quillorg Zeta",
    "role": "Quillrole of it",
    "country": "PT",
    "city": "Quillcity",
    "postcode": "QX19-7ZZ",
    "comment": "Quillcomment ünique",
    "lang": "pt",
    "visibility": "public",
}
MARKS = [WHO[k] for k in WHO if k not in ("country", "lang", "visibility")]
NAMES = "{{#signatures.list}}\n- {{name}}, {{comment}}\n{{/signatures.list}}\n"
NEWS = "Dear {{recipient.name}},\n\nnews.\n"


@pytest.fixture
def sheet(tmp_path):
    """Gives a function that writes a list beside the workspace."""

    def write(rows, name="sheet.csv"):
        path = tmp_path / name
        path.write_text(csv_text(rows), "utf-8")
        return path

    return write


def crowd(count, seed=1):
    """Many people in no order, so that pages of the database split."""
    rng = random.Random(seed)
    return [
        {
            "name": f"Person {n}",
            "email": f"{rng.randbytes(6).hex()}@crowd.example",
            "organisation": f"Union {n % 50}",
            "country": rng.choice(["FR", "ES", "PT"]),
            "visibility": rng.choice(["public", "recipient", "count"]),
            "comment": "A word of mine. " * (n % 4),
        }
        for n in range(count)
    ]


def imported(ol, path, letter=LETTER, rc=OK):
    result = ol.run("import", letter, path)
    assert result.rc == rc, result
    return result


def erase(ol, who=EMAIL, *args, rc=OK, **options):
    result = ol.run("erase", who, "--yes", *args, **options)
    assert result.rc == rc, result
    return result


def sound(ol):
    ol.ok("check", "--store")


def live(ol, catcher, sheet):
    """A history with the person in every place that there is."""
    ol.conf(catcher.port)
    ol.letter(body="Dear {{recipient.name}},\n\n" + NAMES)
    ol.letter("ilo/other", body=NEWS)
    rows = crowd(1500)
    imported(ol, sheet(rows[:750] + [WHO] + rows[750:]))
    imported(ol, sheet(crowd(800, 2), "more.csv"))
    # Signed again, in another letter, and as an organisation's contact.
    again = {k: v for k, v in WHO.items()}
    again["updates"] = True
    for row in (WHO, again):
        assert ol.sign(**row).rc == OK
    assert ol.sign(letter="ilo/other", **again).rc == OK
    ol.ok("withdraw", "ilo/other", EMAIL)
    assert ol.sign(letter="ilo/other", **again).rc == OK
    office = dict(WHO, organisation="A Union", comment="")
    assert ol.sign(**office, **{"as": "organisation"}).rc == OK
    # Names are frozen, letters go out in their name and to them, and fail
    # with words that name them.
    catcher.rcpt["r1@example.org"] = "550 5.1.1 no, not from " + EMAIL
    catcher.data["r2@example.org"] = "450 4.2.0 later, " + EMAIL
    ol.send(rc=None)
    catcher.rcpt[EMAIL] = catcher.rcpt[EMAIL.lower()] = "450 4.2.1 " + EMAIL
    catcher.rcpt["Zora.Quill@marked.example"] = "450 4.2.1 " + EMAIL
    ol.send("--to-signers", letter="ilo/other", rc=None)
    ol.recipients([{"email": "minister@example.org", "name": "Minister"}], "m")
    ol.letter("ilo/third", To="m", body="Dear {{recipient.name}}.\n")
    assert ol.sign(letter="ilo/third", **again).rc == OK
    catcher.rcpt["minister@example.org"] = "450 4.2.1 not " + EMAIL
    ol.send("--for-signers", letter="ilo/third", rc=None)
    ol.send("--to-signers", "--test", "me@example.net", rc=None)


def test_every_byte(ol, catcher, sheet):
    live(ol, catcher, sheet)
    before = ol.json("count")
    by_country = ol.json("count", LETTER, "--by", "country")
    states = [row["state"] for row in ol.log()]
    found = traces(ol.dir, MARKS)
    assert sorted(set(sum(found.values(), []))) == sorted(MARKS)
    asked = ol.ok("erase", EMAIL, "--dry-run")
    assert says(asked.err, f"of {LETTER}", "of ilo/other", "cancelled")
    assert traces(ol.dir, MARKS) == found
    done = erase(ol)
    assert says(done.err, "Erased", ".rejects.csv", "outbox")
    assert traces(ol.dir, MARKS) == {}
    assert ol.intact()
    sound(ol)
    assert ol.json("count") == before
    assert ol.json("count", LETTER, "--by", "country") == by_country
    log = ol.log()
    assert len(log) == len(states)
    assert all(row["message_id"] for row in log)
    # What had not gone out does not any more.
    now = [row["state"] for row in log]
    assert now != states and now.count("cancelled") >= 2
    catcher.rcpt.clear()
    catcher.data.clear()
    sent = len(catcher.messages)
    ol.run("resume")
    assert all(b"Qu" not in m.data for m in catcher.messages[sent:])
    sound(ol)


def test_what_is_not_in_use(ol, sheet):
    """Gaps and free pages, as a program leaves them that wipes nothing."""
    imported(ol, sheet([WHO, *crowd(50)]))
    with closing(sqlite3.connect(ol.database)) as database:
        database.execute("pragma secure_delete = off")
        for n in range(300):
            row = (f"{n}{EMAIL.lower()}", "x", n)
            database.execute("insert into suppression values (?, ?, ?)", row)
        database.execute("delete from suppression")
        database.commit()
    ol.ok("check", "--store")
    marks = [EMAIL]
    erase(ol)
    assert traces(ol.dir, marks) == {}


def test_names_leave_what_is_sent_later(ol, catcher, sheet):
    ol.conf(catcher.port)
    ol.letter(body="Dear {{recipient.name}},\n\n" + NAMES)
    imported(ol, sheet([WHO, *crowd(3)]))
    catcher.data["r2@example.org"] = ["450 4.2.0 later"]
    ol.send(rc=AGAIN)
    assert "Quillcomment" in catcher.one("r1@example.org").mail.as_string()
    erase(ol)
    ol.sql("update delivery set due_at = 0")
    ol.ok("resume")
    assert "Quill" not in catcher.one("r2@example.org").mail.as_string()


def test_organisation_keeps_its_name(ol, sheet):
    office = dict(WHO, kind="organisation")
    imported(ol, sheet([office]))
    erase(ol)
    (row,) = ol.json("export", LETTER)
    assert row["organisation"] == "Quillorg Zeta"
    assert traces(ol.dir, [m for m in MARKS if m != "Quillorg Zeta"]) == {}
    assert ol.count()["organisations"] == 1
    sound(ol)


def test_tallies(ol, sheet):
    imported(ol, sheet([WHO, *crowd(5)]))
    erase(ol)
    by = {r["visibility"]: r["total"] for r in
          ol.json("count", LETTER, "--by", "visibility")}
    assert sum(by.values()) == 6
    names = [r["organisation"] for r in
             ol.json("count", LETTER, "--by", "organisation")]
    assert "Quillorg Zeta" not in names
    assert EMAIL not in ol.ok("export", LETTER).out
    sound(ol)


def test_a_list_does_not_bring_them_back(ol, sheet):
    path = sheet([WHO, *crowd(5)])
    imported(ol, path)
    erase(ol)
    again = imported(ol, path)
    assert says(again.err, "1 not taken: they were erased")
    assert ol.count()["total"] == 6
    # Not even in a letter that they never signed.
    ol.letter("ilo/other")
    other = imported(ol, path, "ilo/other")
    assert says(other.err, "1 not taken: they were erased")
    assert ol.count("ilo/other")["total"] == 5
    assert traces(ol.dir, MARKS) == {}
    sound(ol)


def test_who_signs_again_counts_once(ol, sheet):
    imported(ol, sheet([WHO, *crowd(5)]))
    erase(ol)
    assert ol.sign(**WHO).rc == OK
    assert ol.count()["total"] == 6
    assert WHO["name"] in [r["name"] for r in ol.json("export", LETTER)]
    sound(ol)
    # And may be erased again.
    erase(ol)
    assert ol.count()["total"] == 6
    assert traces(ol.dir, MARKS) == {}
    sound(ol)


def test_they_get_no_mail(ol, catcher, sheet):
    ol.conf(catcher.port)
    ol.letter(body=NEWS)
    imported(ol, sheet([dict(WHO, updates="yes")]))
    ol.ok("suppress", "somebody@example.net")
    erase(ol)
    assert ol.sign(**WHO, updates=True).rc == OK
    ol.send("--to-signers", rc=None)
    assert catcher.messages == []
    # Until they are taken out by hand.
    assert says(ol.ok("suppress", EMAIL).err, "already")
    ol.ok("suppress", "--remove", EMAIL, "--yes")
    ol.send("--to-signers", "--again", rc=None)
    assert catcher.to == [EMAIL.split("@")[0] + "@marked.example"]


def test_recipient_is_not_written_to_twice(ol, catcher):
    ol.conf(catcher.port)
    ol.send()
    erase(ol, "r1@example.org")
    assert "r1@example.org" not in ol.ok("log").out
    # The list of recipients is the user's own.
    assert set(traces(ol.dir, ["r1@example.org", "Recipient 1"])) == {"ilo.csv"}
    ol.send(rc=None)
    assert catcher.to == [f"r{i}@example.org" for i in range(3)]


def test_unknown_stays_and_is_never_resent(ol, fake_smtp, sheet):
    server = fake_smtp(fault="DOT:1:drop")
    ol.conf(server.port)
    ol.letter(body=NEWS)
    imported(ol, sheet([dict(WHO, updates="yes")]))
    ol.send("--to-signers", rc=None)
    (row,) = ol.log()
    assert row["state"] == "unknown"
    erase(ol)
    (after,) = ol.log()
    assert after["state"] == "unknown" and after["recipient"] == ""
    assert after["message_id"] == row["message_id"]
    assert traces(ol.dir, MARKS) == {}
    ol.run("resolve", 1, "--resend", "all", "--yes")
    ol.run("resume")
    assert server.accepted == 0
    assert ol.log()[0]["state"] in ("cancelled", "unknown")


def test_suppressed_only(ol):
    ol.ok("suppress", EMAIL)
    erase(ol)
    assert traces(ol.dir, MARKS) == {}
    assert says(ol.ok("suppress", EMAIL).err, "already")
    assert says(erase(ol).err, "erased before")


def test_unsubscribing_by_an_old_link(ol, catcher, sheet):
    ol.conf(catcher.port, organiser={"url": "https://sign.example.org"})
    ol.letter(body=NEWS)
    imported(ol, sheet([dict(WHO, updates="yes")]))
    ol.send("--to-signers")
    (caught,) = catcher.messages
    link = caught.mail["List-Unsubscribe"].split(">")[0].lstrip("<")
    erase(ol)
    assert says(ol.ok("suppress", link).err, "already")


def test_inflight_of_a_dead_run(ol, fake_smtp, sheet):
    server = fake_smtp(fault="DOT:1:hang")
    ol.conf(server.port)
    ol.letter(body=NEWS)
    imported(ol, sheet([dict(WHO, updates="yes")]))
    run = ol.start("send", LETTER, "--to-signers", "--yes")
    while "dot" not in server.path.read_text():
        assert run.poll() is None
    refused = erase(ol, rc=REFUSED)
    assert says(refused.err, "nothing was erased", "sending")
    run.kill()
    run.communicate()
    assert (ol.dir / "openletter.inflight").exists()
    erase(ol)
    assert not (ol.dir / "openletter.inflight").exists()
    assert traces(ol.dir, MARKS) == {}
    assert ol.log()[0]["state"] == "unknown"


def test_reader_holds_the_log(ol, sheet):
    imported(ol, sheet([WHO, *crowd(500)]))
    with closing(sqlite3.connect(ol.database)) as reader:
        reader.execute("begin")
        assert reader.execute("select count(*) from signature").fetchone()
        stopped = erase(ol, rc=AGAIN)
        assert says(stopped.err, "out of every table", "run the command again")
        # In the tables there is nothing of them any more.
        assert EMAIL not in ol.ok("export", LETTER).out
        unclean = ol.run("check", "--store")
        assert unclean.rc == DATA
        assert says(unclean.err, "erased", "openletter erase")
    erase(ol)
    assert traces(ol.dir, MARKS) == {}
    sound(ol)


def test_reader_of_the_newest(ol, sheet):
    """One that reads between does no harm."""
    imported(ol, sheet([WHO, *crowd(500)]))
    with closing(sqlite3.connect(ol.database)) as reader:
        reader.execute("select count(*) from signature").fetchone()
        erase(ol)
        assert traces(ol.dir, MARKS) == {}
        (names,) = reader.execute(
            "select count(*) from signature where name = ''"
        ).fetchone()
        assert names == 1


def test_somebody_without_an_address(ol, sheet):
    nobody = {k: v for k, v in WHO.items() if k != "email"}
    path = sheet([nobody, dict(nobody, postcode="1"), *crowd(5)])
    imported(ol, path)
    imported(ol, path)
    marks = ["QX19-7ZZ"]
    assert traces(ol.dir, marks)
    who = ["--name", "zoraide QUILLFEATHER", "--country", "PT"]
    lost = erase(ol, LETTER, *who, rc=NOTFOUND)
    assert says(lost.err, "zoraide", "otherwise")
    erase(ol, LETTER, *who, "--postcode", WHO["postcode"])
    assert traces(ol.dir, marks) == {}
    assert ol.count()["total"] == 7
    again = imported(ol, path)
    assert says(again.err, "1 not taken: they were erased")
    assert ol.count()["total"] == 7
    erase(ol, LETTER, *who, "--postcode", "1")
    assert traces(ol.dir, [m for m in MARKS if m != EMAIL]) == {}
    assert ol.sign(**nobody).rc == OK
    assert ol.count()["total"] == 7
    sound(ol)


def test_nobody(ol, sheet):
    imported(ol, sheet(crowd(3)))
    lost = erase(ol, "nobody@example.org", rc=NOTFOUND)
    assert says(lost.err, "nobody@example.org", "nothing")


@pytest.mark.parametrize(
    "args, rc",
    [
        (["not an address"], DATA),
        ([LETTER, "--country", "PT"], USAGE),
        ([EMAIL, "--name", "X"], USAGE),
        ([LETTER, "--name", "X"], DATA),
        (["ilo/none", "--name", "X", "--country", "PT"], NOTFOUND),
        ([], USAGE),
    ],
)
def test_bad_input(ol, sheet, args, rc):
    imported(ol, sheet(crowd(3)))
    result = ol.run("erase", *args)
    assert result.rc == rc, result


def test_asks(ol, sheet):
    imported(ol, sheet([WHO, *crowd(3)]))
    refused = ol.run("erase", EMAIL)
    assert refused.rc == REFUSED and says(refused.err, "nothing was erased")
    terminal = ol.terminal("erase", EMAIL)
    assert says(terminal.read(), f"1 signature of {LETTER}", "[y/N]")
    terminal.say("n")
    assert terminal.close() == REFUSED
    assert traces(ol.dir, MARKS)
    terminal = ol.terminal("erase", EMAIL)
    terminal.read()
    terminal.say("y")
    assert terminal.close() == OK
    assert traces(ol.dir, MARKS) == {}


def test_full_disk(ol, sheet, tmp_path):
    """The file is written anew when there is room again."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for a disk of its own")
    imported(ol, sheet([WHO, *crowd(2000)]))
    size = ol.database.stat().st_size
    mount = f"mount -t tmpfs -o size={size * 3 // 2} none {ol.dir}.small"
    script = (
        f"mkdir {ol.dir}.small && {mount} && cp -a {ol.dir}/. {ol.dir}.small"
        f" && {ol.argv()[0]} -C {ol.dir}.small erase {EMAIL} --yes;"
        f" echo $? >{tmp_path}/rc; rm -rf {ol.dir}/*;"
        f" cp -a {ol.dir}.small/. {ol.dir}"
    )
    done = ol.run_argv(["unshare", "-m", "sh", "-c", script])
    if not (tmp_path / "rc").exists():
        pytest.skip("a mount namespace is not allowed here")
    assert (tmp_path / "rc").read_text() == "74\n", done
    assert says(done.err, "out of every table", "disk is full")
    assert EMAIL not in ol.ok("export", LETTER).out
    erase(ol)
    assert traces(ol.dir, MARKS) == {}
    sound(ol)


def test_batches_are_still_revoked(ol, sheet):
    imported(ol, sheet([WHO, *crowd(5)], "a.csv"))
    imported(ol, sheet([*crowd(5), WHO], "b.csv"))
    imported(ol, sheet([dict(WHO, visibility="count")], "c.csv"))
    erase(ol)
    for batch, total in ((1, 6), (2, 1), (3, 0)):
        ol.ok("revoke", batch, "--yes")
        assert ol.count()["total"] == total
        sound(ol)
    assert ol.json("export", LETTER) == []


def test_returned_and_revoked(ol, sheet):
    """Who came back has the name and visibility that they gave then."""
    imported(ol, sheet([WHO, *crowd(3)], "a.csv"))
    erase(ol)
    assert ol.sign(**WHO).rc == OK
    ol.ok("revoke", 1, "--yes")
    (row,) = ol.json("export", LETTER)
    assert row["name"] == WHO["name"]
    assert ol.count()["total"] == 1
    sound(ol)


@pytest.mark.parametrize("confirmed", [True, False])
def test_who_returns_must_confirm(ol, sheet, confirmed):
    """Until then it is the signature without a name that counts."""
    imported(ol, sheet([WHO, *crowd(3)]))
    erase(ol)
    signed = ol.sign(**WHO, pending=True)
    assert signed.rc == OK, signed
    assert ol.count()["total"] == 4
    sound(ol)
    if confirmed:
        ol.ok("confirm", signed.out.strip())
    else:
        ol.sql("update confirmation set until = 1")
        ol.ok("expire")
    assert ol.count()["total"] == 4
    names = [row["name"] for row in ol.json("export", LETTER)]
    assert (WHO["name"] in names) == confirmed
    sound(ol)
    erase(ol)
    assert traces(ol.dir, MARKS) == {}
    assert ol.count()["total"] == 4
    sound(ol)


def test_conditions_that_were_kept(ol, sheet):
    imported(ol, sheet([WHO, *crowd(3)]))
    ol.ok("withdraw", LETTER, EMAIL)
    ol.ok("undo", 1)
    domain = ["--domain", "crowd.example", "--source", "sheet.csv"]
    ol.ok("reject", LETTER, *domain, "--save", "spam", "--yes")
    ol.ok("undo", 2)
    assert traces(ol.dir, MARKS)
    erase(ol)
    assert traces(ol.dir, MARKS) == {}
    sound(ol)


def test_kill(ol, sheet, tmp_path):
    """Killed at any moment, the next one ends it; no half way in between."""
    imported(ol, sheet([WHO, *crowd(3000)]))
    counted = ol.json("count")
    whole = erase(ol.copy(tmp_path / "timed")).seconds
    rng = random.Random(time.time_ns())
    ends = set()
    for n in range(20):
        copy = ol.copy(tmp_path / f"copy{n}")
        run = copy.start("erase", EMAIL, "--yes")
        time.sleep(rng.random() * whole)
        run.kill()
        run.communicate()
        checked = copy.run("check", "--store")
        there = EMAIL.lower() in {
            row["email"].lower() for row in copy.signatures()
        }
        due = checked.rc != OK
        ends.add((there, due))
        assert not (there and due), checked
        assert copy.json("count") == counted
        erase(copy)
        assert traces(copy.dir, MARKS) == {}
        assert copy.json("count") == counted
        sound(copy)
    assert len(ends) > 1, ends


# forget

OLD = [dict(row, date="2019-05-01") for row in crowd(20, 7)]
NEW = crowd(10, 8)


def forget(ol, *args, rc=OK):
    result = ol.run("forget", *args, "--yes")
    assert result.rc == rc, result
    return result


@pytest.mark.parametrize("age", ["2y", "24m", "100w", "700d", "2019-05-02"])
def test_forget(ol, sheet, age):
    path = sheet([*OLD, *NEW, dict(WHO, date="2019-04-30")])
    imported(ol, path)
    before = ol.json("count")
    days = ol.json("count", LETTER, "--by", "day")
    done = forget(ol, "--older-than", age)
    assert says(done.err, f"21 signatures of {LETTER}", "stay counted")
    assert ol.json("count") == before
    assert ol.json("count", LETTER, "--by", "day") == days
    assert traces(ol.dir, [*MARKS, *(r["email"] for r in OLD)]) == {}
    assert len(traces(ol.dir, [r["email"] for r in NEW])) > 0
    sound(ol)
    again = imported(ol, path)
    assert says(again.err, "21 not taken: they were erased")
    assert ol.json("count") == before
    assert says(forget(ol, "--older-than", age).err, "nothing")
    sound(ol)


def test_forget_one_letter(ol, sheet):
    ol.letter("ilo/other")
    path = sheet(OLD)
    imported(ol, path)
    imported(ol, path, "ilo/other")
    forget(ol, "--older-than", "1y", "ilo/other")
    names = [r["name"] for r in ol.signatures()]
    assert all(names) and len(names) == 20
    assert not any(r["name"] for r in ol.signatures(letter="ilo/other"))


def test_forgotten_may_be_written_to_and_sign(ol, catcher, sheet):
    ol.conf(catcher.port)
    ol.letter("ilo/other", body=NEWS)
    imported(ol, sheet([dict(WHO, date="2019-04-30")]))
    forget(ol, "--older-than", "2y")
    # From a list too, in another letter: nobody asked for silence.
    imported(ol, sheet([dict(WHO, updates="yes")]), "ilo/other")
    assert ol.count("ilo/other")["total"] == 1
    ol.send("--to-signers", letter="ilo/other")
    assert len(catcher.messages) == 1


def test_forget_what_closed(ol, sheet):
    ol.letter("ilo/other")
    imported(ol, sheet(OLD))
    imported(ol, sheet(OLD), "ilo/other")
    ol.letter("ilo/other", Closes="2020-01-01")
    done = forget(ol, "--closed")
    assert says(done.err, "of ilo/other") and LETTER not in done.err
    assert not any(r["name"] for r in ol.signatures(letter="ilo/other"))
    assert says(forget(ol, "--closed", LETTER).err, "nothing")


def test_forget_messages(ol, catcher, sheet):
    ol.conf(catcher.port)
    ol.letter(body=NEWS + NAMES)
    imported(ol, sheet([dict(WHO, date="2019-04-30", updates="yes"), *OLD]))
    ol.send("--to-signers")
    ol.send("--for-signers")
    assert len(catcher.messages) == 1 + 3 * 14
    assert set(traces(ol.dir, MARKS)) == {"openletter.db"}
    before = ol.json("status")
    forget(ol, "--older-than", "2y")
    assert traces(ol.dir, MARKS) == {}
    assert ol.json("status") == before
    sound(ol)


def test_forget_waits_for_letters_under_way(ol, catcher, sheet):
    ol.conf(catcher.port)
    ol.letter(body=NEWS)
    who = dict(WHO, date="2019-04-30", updates="yes")
    imported(ol, sheet([who, *OLD]))
    for way in ("data", "rcpt"):
        getattr(catcher, way)["Zora.Quill@marked.example"] = "450 4.2.1 no"
    ol.send("--to-signers", rc=AGAIN)
    done = forget(ol, "--older-than", "2y")
    assert says(done.err, "20 signatures", "1 more stay")
    assert [r["state"] for r in ol.log()] == ["deferred"]
    ol.ok("cancel", 1)
    forget(ol, "--older-than", "2y")
    assert traces(ol.dir, MARKS) == {}


@pytest.mark.parametrize(
    "args", [[], ["--older-than", "soon"], ["--older-than", "0d"]]
)
def test_forget_bad_input(ol, args):
    assert ol.run("forget", *args, "--yes").rc == USAGE
    assert ol.run("forget", "--closed", "ilo/none", "--yes").rc == NOTFOUND


def test_forget_many(ol, sheet):
    imported(ol, sheet([dict(r, date="2019-05-01") for r in crowd(20000)]))
    done = forget(ol, "--older-than", "2y")
    assert done.seconds < 20
    assert not any(r["name"] for r in ol.signatures())
    sound(ol)


def test_old_mailings(ol, sheet):
    """Version 1 did not note whose a name in a mailing is."""
    imported(ol, sheet([WHO]))
    for state in (2, 1):
        ol.sql(
            "insert into mailing(letter, audience, state, reason, supporters,"
            " account, created_at, from_name, from_address, reply_to,"
            " organiser, signatures, names) values"
            f" (1, 0, {state}, 'why: {EMAIL}', 0, 'main', 1, '', 'a@b.example',"
            f" '', '{{}}', '{{}}', '{{\"name\":\"{WHO['name']}\"}}')"
        )
    refused = erase(ol, rc=REFUSED)
    assert says(refused.err, "mailing 2", "cancel 2")
    ol.ok("cancel", 2)
    erase(ol)
    assert traces(ol.dir, MARKS) == {}


