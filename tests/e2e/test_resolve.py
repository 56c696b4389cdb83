"""
Unknown deliveries and the word of a person: by hand and by a provider's log.
"""

import random
import signal
import subprocess
import time

import pytest

from workspace import (
    AGAIN,
    DATA,
    LETTER,
    NOTFOUND,
    OK,
    PARTLY,
    REFUSED,
    USAGE,
    csv_text,
    says,
)


@pytest.fixture
def lost(ol, fake_smtp):
    """
    Gives a function that sends to count recipients through a server which
    hangs up after the dot of those counted from 1.
    """

    def send(count, *dots, **options):
        faults = [f"DOT:{dot}:drop" for dot in dots]
        ol.server = fake_smtp(fault=faults)
        ol.conf(ol.server.port, connections=1)
        ol.people(count)
        ol.send(rc=PARTLY, **options)
        return ol.log("--state", "unknown")

    return send


def addresses(rows):
    return [row["recipient"] for row in rows]


def bodies(server):
    """Every message that came to its dot, as lines."""
    found, lines = [], []
    for line in server.path.read_text("utf-8").splitlines():
        parts = line.split(" ", 2)
        if parts[1] == "body":
            lines.append(parts[2] if len(parts) > 2 else "")
        elif parts[1] == "dot":
            found.append(lines)
            lines = []
    return found


def test_listing(ol, lost):
    rows = lost(4, 2, 3)
    listed = ol.json("resolve", 1)
    assert addresses(listed) == addresses(rows)
    for row, logged in zip(listed, rows):
        assert row["message_id"] == logged["message_id"]
        assert row["at"] == logged["at"] and row["reply"]
    told = ol.ok("resolve", "1")
    assert says(told.err, "--sent", "--resend", "provider")
    assert says(ol.ok("resolve", "1", "--format", "table").out, rows[0]["at"])
    assert ol.status()["unknown"] == 2, "listing changes nothing"


def test_sent_by_hand(ol, lost):
    one, two = lost(4, 2, 3)
    told = ol.ok("resolve", 1, "--sent", one["recipient"])
    assert says(told.err, "1 counted as sent", "1 unknown still")
    (row,) = [r for r in ol.log() if r["recipient"] == one["recipient"]]
    assert row["state"] == "sent" and says(row["reply"], "by hand")
    assert row["code"] == 0 and row["attempts"] == 1
    # Once more there is nothing to settle.
    assert ol.run("resolve", 1, "--sent", one["recipient"]).rc == NOTFOUND
    # By its Message-ID, without <> and with a louder domain.
    local, domain = two["message_id"].strip("<>").split("@")
    ol.ok("resolve", 1, "--sent", f" {local}@{domain.upper()} ")
    assert set(ol.states().values()) == {"sent"}
    assert ol.status()["state"] == "done"
    assert ol.run("resume", 1).rc == OK
    assert len(ol.server.said("dot")) == 4, "nothing was sent again"


def test_resend_keeps_bytes(ol, lost):
    (row,) = lost(3, 2)
    assert ol.status()["state"] == "done"
    told = ol.ok("resolve", 1, "--resend", row["message_id"])
    assert says(told.err, "openletter resume 1")
    assert ol.status()["state"] == "running"
    (queued,) = ol.log("--state", "queued")
    assert queued["attempts"] == 1 and says(queued["reply"], "by hand")
    assert ol.run("resume").rc == OK
    sent = bodies(ol.server)
    assert len(sent) == 4 and sent[1] == sent[3]
    (row,) = [r for r in ol.log() if r["recipient"] == row["recipient"]]
    assert (row["state"], row["attempts"]) == ("sent", 2)
    assert f"Message-ID: {row['message_id']}" in sent[3]
    assert ol.status()["state"] == "done"


def test_resend_of_an_old_one_is_tried_for_days(ol, lost, catcher, clock):
    """Five days are counted from when a person said so."""
    (row,) = lost(2, 2)
    ol.conf(catcher.port)
    catcher.rcpt[row["recipient"]] = ["450 4.2.1 grey", "450 4.2.1 grey"]
    ol.ok("resolve", 1, "--resend", row["recipient"], prefix=clock("+30d"))
    assert ol.run("resume", prefix=clock("+30d")).rc == AGAIN
    assert ol.states()[row["recipient"]] == "deferred"
    assert ol.run("resume", prefix=clock("+32d")).rc == AGAIN
    assert ol.run("resume", prefix=clock("+34d")).rc == OK
    assert catcher.to == [row["recipient"]]


def test_resend_ends_after_five_days_too(ol, lost, catcher, clock):
    (row,) = lost(2, 2)
    ol.conf(catcher.port)
    catcher.rcpt[row["recipient"]] = "450 4.2.1 grey"
    ol.ok("resolve", 1, "--resend", row["recipient"], prefix=clock("+30d"))
    for day in (30, 32, 34):
        assert ol.run("resume", prefix=clock(f"+{day}d")).rc == AGAIN
    ol.run("resume", prefix=clock("+36d"))
    assert ol.states()[row["recipient"]] == "rejected"


def test_all(ol, lost):
    lost(5, 1, 3)
    refused = ol.run("resolve", 1, "--sent", "all")
    assert refused.rc == REFUSED and says(refused.err, "--yes")
    assert ol.status()["unknown"] == 2
    terminal = ol.terminal("resolve", "1", "--resend", "all")
    terminal.read()
    assert says(terminal.text, "2 unknown letters", "(y/N)")
    terminal.say("n")
    assert terminal.close() == REFUSED
    assert ol.status()["unknown"] == 2
    terminal = ol.terminal("resolve", "1", "--resend", "all")
    terminal.read()
    terminal.say("y")
    assert terminal.close() == OK
    status = ol.status()
    assert (status["unknown"], status["queued"]) == (0, 2)
    assert ol.run("resume", 1).rc == OK
    assert ol.server.accepted == 5
    # With nothing unknown there is nothing to be asked.
    assert ol.run("resolve", 1, "--sent", "all").rc == OK


@pytest.mark.parametrize(
    "args, rc",
    [
        (("9", "--sent", "all", "--yes"), NOTFOUND),
        (("9",), NOTFOUND),
        (("x",), USAGE),
        (("1", "--sent"), USAGE),
        (("1", "--resend"), USAGE),
        (("1", "r0@example.org"), USAGE),
        (("1", "--sent", "--resend", "r0@example.org"), USAGE),
        (("1", "--sent", "r0@example.org"), NOTFOUND),
        (("1", "--sent", "r1@example.org", "r0@example.org"), NOTFOUND),
        (("1", "--sent", "nobody"), NOTFOUND),
        (("1", "--rest", "resend"), USAGE),
        (("1", "--column", "id"), USAGE),
        (("1", "--log", "x.csv", "--rest", "sent"), USAGE),
        (("1", "--log", "x.csv"), NOTFOUND),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_refused(ol, lost, args, rc):
    lost(3, 2)
    result = ol.run("resolve", *args)
    assert result.rc == rc, result
    assert result.err.strip()
    assert ol.status()["unknown"] == 1, "all or nothing"


def test_one_address_with_several_letters(ol, fake_smtp):
    server = fake_smtp(fault=["DOT:1:drop", "DOT:2:drop"])
    ol.conf(server.port, connections=1)
    ol.people(1)
    for name in "abc":
        ol.sign(name, f"{name}@x.org", visibility="public")
    ol.send("--for-signers", rc=PARTLY)
    result = ol.run("resolve", 1, "--sent", "r0@example.org")
    assert result.rc == USAGE and says(result.err, "Message-ID")
    ids = [row["message_id"] for row in ol.json("resolve", 1)]
    ol.ok("resolve", 1, "--sent", ids[0])
    ol.ok("resolve", 1, "--resend", "r0@example.org")
    assert sorted(row["state"] for row in ol.log()) == [
        "queued",
        "sent",
        "sent",
    ]


def test_not_while_another_sends(ol, lost):
    (row,) = lost(2, 2)
    lock = ol.dir / "openletter.lock"
    holder = subprocess.Popen(["flock", lock, "sleep", "30"])
    try:
        time.sleep(0.3)
        assert ol.run("resolve", 1, "--sent", row["recipient"]).rc == REFUSED
        assert len(ol.json("resolve", 1)) == 1, "looking is always possible"
    finally:
        holder.kill()
        holder.wait()


def test_paused_stays_paused(ol, fake_smtp):
    server = fake_smtp(fault=["DOT:1:drop", "MAIL:3:550 5.1.8 bad sender"])
    ol.conf(server.port, connections=1)
    ol.people(4)
    ol.send(rc=None)
    before = ol.status()
    assert (before["state"], before["unknown"]) == ("paused", 1)
    ol.ok("resolve", 1, "--resend", "r0@example.org")
    after = ol.status()
    assert (after["state"], after["reason"]) == ("paused", before["reason"])
    assert ol.run("resume", 1).rc == OK
    assert ol.status()["sent"] == 4


def test_not_again_when_a_later_mailing_has_it(ol, lost):
    (row,) = lost(3, 2)
    ol.send("--again")
    assert ol.status()["sent"] == 3
    refused = ol.run("resolve", 1, "--resend", row["recipient"])
    assert refused.rc == REFUSED and says(refused.err, "mailing 2")
    told = ol.ok("resolve", 1, "--resend", "all", "--yes")
    assert says(told.err, "0 to be sent again", "1 unknown still", "later")
    assert ol.json("status")[0]["state"] == "done"
    ol.ok("resolve", 1, "--sent", row["recipient"])


def test_cancel_tells_of_unknowns(ol, lost, catcher):
    rows = lost(6, 2, 3)
    ol.ok("resolve", 1, "--resend", rows[0]["recipient"])
    told = ol.ok("cancel", 1)
    assert says(told.err, "1 of its letters are unknown", "resolve 1")
    states = ol.states()
    assert states[rows[0]["recipient"]] == "cancelled"
    assert states[rows[1]["recipient"]] == "unknown"
    told = ol.ok("resolve", 1, "--resend", rows[1]["recipient"])
    assert says(told.err, "not sent", "openletter send")
    assert ol.states()[rows[1]["recipient"]] == "cancelled"
    assert ol.status()["state"] == "cancelled"
    ol.conf(catcher.port)
    ol.send()
    assert catcher.to == sorted(addresses(rows))


def test_cancel_after_a_crash_leaves_nothing_queued(ol, scribe):
    server = scribe(0.02)
    ol.conf(server.port)
    ol.people(60)
    process = ol.start("send", LETTER, "--yes")
    while len(server.accepted) < 5:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    ol.ok("cancel", 1)
    status = ol.status()
    assert (status["queued"], status["sending"]) == (0, 0)
    assert status["cancelled"] + status["sent"] + status["unknown"] == 60


def test_a_run_that_dies_after_cancel(ol, fake_smtp):
    server = fake_smtp(fault="DOT:3:hang")
    ol.conf(server.port, connections=1)
    ol.people(30)
    process = ol.start("send", LETTER, "--yes")
    while len(server.said("dot")) < 3:
        time.sleep(0.01)
    ol.ok("cancel", 1)
    process.kill()
    process.communicate()
    status = ol.status()
    assert (status["queued"], status["sending"]) == (0, 0)
    assert (status["sent"], status["unknown"], status["cancelled"]) == (2, 1, 27)


# by a log


def log_file(ol, rows, **options):
    return ol.write("log.csv", csv_text(rows, **options))


@pytest.mark.parametrize(
    "column", ["Message-ID", "message_id", "MessageId", "msgid", "SMTP-ID"]
)
def test_log(ol, lost, column):
    one, two, three = lost(6, 2, 3, 5)
    local, domain = two["message_id"].strip("<>").split("@")
    path = log_file(
        ol,
        [
            {"time": "1", column: one["message_id"]},
            {"time": "2", column: f"  {local}@{domain.upper()} "},
            {"time": "3", column: "<somebody@else.example>"},
            {"time": "4", column: ""},
        ],
    )
    told = ol.ok("resolve", 1, "--log", path)
    assert says(told.err, "2 counted as sent", "1 unknown still", "no column")
    states = ol.states()
    assert states[three["recipient"]] == "unknown"
    (row,) = [r for r in ol.log() if r["recipient"] == two["recipient"]]
    assert row["state"] == "sent" and says(row["reply"], "log.csv")
    assert str(ol.dir) not in row["reply"]


def test_log_words(ol, lost):
    rows = lost(12, *range(2, 12))
    words = [
        "Delivered",
        "sent",
        "accepted",
        "BOUNCED",
        "Hard_Bounce",
        "rejected",
        "failed",
        "deferred",
        "what?",
        "",
    ]
    lines = [
        {"Event": word, "Message-ID": row["message_id"]}
        for row, word in zip(rows, words)
    ]
    told = ol.ok("resolve", 1, "--log", log_file(ol, lines))
    states = ol.states()
    for row, word in zip(rows[:5], words):
        assert states[row["recipient"]] == "sent", word
    for line, (row, word) in enumerate(zip(rows[5:], words[5:]), 7):
        assert states[row["recipient"]] == "unknown", word
        assert f'log.csv:{line}: "{word}"' in told.err, told
        assert row["message_id"] in told.err


def test_log_with_several_events(ol, lost):
    """One that shows that it was taken is enough, whatever comes round it."""
    (row,) = lost(2, 2)
    lines = [
        {"event": word, "message_id": row["message_id"]}
        for word in ("deferred", "delivered", "failed")
    ]
    told = ol.ok("resolve", 1, "--log", log_file(ol, lines))
    assert ol.states()[row["recipient"]] == "sent"
    assert "log.csv:" not in told.err


def test_log_rest(ol, lost):
    rows = lost(8, 2, 3, 5)
    lines = [
        {"id": rows[0]["message_id"], "event": "delivered"},
        {"id": rows[1]["message_id"], "event": "failed"},
    ]
    path = log_file(ol, lines)
    args = ("resolve", 1, "--log", path, "--column", "id", "--rest", "resend")
    assert ol.run(*args).rc == REFUSED, "nobody was asked"
    assert ol.status()["unknown"] == 3
    ol.ok(*args, "--yes")
    states = ol.states()
    assert [states[r["recipient"]] for r in rows] == [
        "sent",
        "unknown",
        "queued",
    ]
    (row,) = ol.log("--state", "queued")
    assert says(row["reply"], "not in the log log.csv")
    assert ol.run("resume").rc == PARTLY
    assert ol.server.accepted == 6


def test_rest_needs_a_log_of_this_mailing(ol, lost):
    lost(4, 2, 3)
    path = log_file(ol, [{"message-id": "<a@b.example>"}])
    refused = ol.run(
        "resolve", 1, "--log", path, "--rest", "resend", "--yes"
    )
    assert refused.rc == REFUSED and says(refused.err, "right log")
    assert ol.status()["unknown"] == 2
    # A letter that is known as sent shows that the log is the right one.
    (sent, *_) = ol.log("--state", "sent")
    path = log_file(ol, [{"message-id": sent["message_id"]}])
    ol.ok("resolve", 1, "--log", path, "--rest", "resend", "--yes")
    assert ol.status()["queued"] == 2


MALFORMED = [
    (b"message-id,event\n%s,deliv\0ered\n", ":2:"),
    (b"message-id,event\n%s,delivered\n\"a,b\n", ":3:"),
    (b"message-id,event\n%s,delivered\na\"b,c\n", ":3:"),
    (b"message-id,event\n%s,delivered\nonly one\n", ":3:"),
    (b"message-id,event\n%s,delivered\na,b,c\n", ":3:"),
    (b"message-id,event\n%s,delivered\n\xff,b\n", ":3:"),
    (b"id,event\n%s,delivered\n", ":1:"),
    (b"message-id,msgid\n%s,delivered\n", ":1:"),
    (b"message-id,event,status\n%s,delivered,x\n", ":1:"),
    (b"", ":1:"),
    (b"\n", ":1:"),
    ("message-id\n".encode("utf-16"), "UTF-16"),
]


@pytest.mark.parametrize("text, where", MALFORMED)
def test_malformed_log(ol, lost, text, where):
    (row,) = lost(2, 2)
    path = ol.write("log.csv", text.replace(b"%s", row["message_id"].encode()))
    result = ol.run("resolve", 1, "--log", path)
    assert result.rc == DATA and where in result.err, result
    assert ol.status()["unknown"] == 1, "all or nothing"


def test_missing_column(ol, lost):
    (row,) = lost(2, 2)
    path = log_file(ol, [{"id": row["message_id"], "event": "x", "end": "sent"}])
    for args in (["--column", "no"], ["--column", "id", "--status", "no"]):
        assert ol.run("resolve", 1, "--log", path, *args).rc == DATA
    ol.ok("resolve", 1, "--log", path, "--column", "id", "--status", "end")
    assert ol.status()["unknown"] == 0


def test_gigabyte_of_nothing(ol, lost):
    lost(2, 2)
    path = ol.write("log.csv", b"message-id\n")
    with path.open("r+b") as file:
        file.truncate(1 << 30)
    result = ol.run("resolve", 1, "--log", path)
    assert result.rc == DATA and ":2:" in result.err
    assert result.seconds < 10


@pytest.mark.parametrize("delimiter", ",;\t")
@pytest.mark.parametrize("bom", ["utf-8", "utf-8-sig"])
def test_spreadsheets(ol, lost, delimiter, bom):
    (row,) = lost(2, 2)
    text = csv_text(
        [{"a": "x", "Message-ID": row["message_id"]}],
        delimiter=delimiter,
        lineterminator="\r\n",
    )
    path = ol.write("log.csv", text.encode(bom))
    ol.ok("resolve", 1, "--log", path)
    assert ol.status()["unknown"] == 0


def test_killed_while_resolving(ol, catcher):
    """All or nothing, whenever it ends."""
    count = 20000
    ol.conf(catcher.port)
    ol.people(count)
    # One letter goes out; the others are made unknown behind its back.
    ol.send("--limit", "1", rc=AGAIN)
    ol.sql("update delivery set state = 6 where state = 0")
    rng = random.Random(7)
    for _ in range(8):
        process = ol.start("resolve", "1", "--sent", "all", "--yes")
        time.sleep(0.01 + rng.random() * 0.15)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        left = ol.sql("select count(*) from delivery where state = 6")
        assert left in (0, count - 1)
        if left == 0:
            ol.sql("update delivery set state = 6 where code = 0")
    assert ol.intact()
    ol.ok("resolve", 1, "--sent", "all", "--yes")
    assert ol.status()["sent"] == count
