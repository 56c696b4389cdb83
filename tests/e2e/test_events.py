"""send and resume --format jsonl: what happens, a line for each thing."""

import json
import signal
import subprocess
import time

import pytest

from workspace import (
    AGAIN,
    CONFIG,
    DATA,
    FROM,
    LETTER,
    OK,
    PARTLY,
    UNAVAILABLE,
    USAGE,
    says,
)

JSONL = ("--format", "jsonl")


def events(text, name=None):
    found = [json.loads(line) for line in text.splitlines()]
    return [e for e in found if name in (None, e["event"])]


def names(text):
    return [e["event"] for e in events(text)]


def test_a_whole_mailing(ol, catcher):
    ol.conf(catcher.port)
    result = ol.send(*JSONL)
    assert names(result.out) == ["start"] + ["delivery"] * 3 + ["end"]
    start, *deliveries, end = events(result.out)
    assert start == {
        "event": "start",
        "mailing": 1,
        "letter": LETTER,
        "audience": "recipients",
        "account": "main",
        "from": FROM,
        "total": 3,
    }
    assert end == {
        "event": "end",
        "mailing": 1,
        "sent": 3,
        "deferred": 0,
        "rejected": 0,
        "unknown": 0,
        "dropped": 0,
        "exit": 0,
        "again": None,
        "why": None,
        "error": None,
    }
    # The words for people are on stderr as ever.
    assert says(result.err, "Mailing 1: 3 sent")


def test_deliveries_are_as_the_log_has_them(ol, catcher):
    ol.conf(catcher.port)
    ol.people(4)
    catcher.rcpt["r1@example.org"] = "550 5.1.1 no «such» user"
    catcher.data["r2@example.org"] = "451 4.3.0 later"
    result = ol.send(*JSONL, rc=AGAIN)
    told = events(result.out, "delivery")
    assert {e.pop("event") for e in told} == {"delivery"}
    log = [{k: row[k] for k in told[0]} for row in ol.log()]
    assert sorted(told, key=lambda e: e["delivery"]) == log
    assert [e["state"] for e in log] == ["sent", "rejected", "deferred", "sent"]
    assert set(ol.log()[0]) == set(told[0])
    (end,) = events(result.out, "end")
    assert (end["sent"], end["deferred"], end["rejected"]) == (2, 1, 1)
    assert (end["exit"], end["why"]) == (AGAIN, "retry")
    assert end["again"] > max(row["at"] for row in ol.log())


def test_dropped_deliveries_are_told(ol, catcher):
    """Who withdrew or was suppressed since the mailing was made."""
    ol.conf(catcher.port)
    ol.sign("Ann", "ann@example.net", updates=True)
    ol.sign("Bob", "bob@example.net", updates=True)
    ol.sign("Cyd", "cyd@example.net", updates=True)
    catcher.rcpt["ann@example.net"] = "450 4.2.1 later"
    ol.send("--to-signers", "--limit", 1, rc=AGAIN)
    ol.ok("withdraw", LETTER, "bob@example.net")
    ol.ok("suppress", "cyd@example.net")
    result = ol.run("resume", *JSONL)
    told = {e["recipient"]: e for e in events(result.out, "delivery")}
    assert told["bob@example.net"]["state"] == "cancelled"
    assert says(told["bob@example.net"]["reply"], "does not count")
    assert told["cyd@example.net"]["state"] == "suppressed"
    log = {row["recipient"]: row for row in ol.log()}
    for who in ("bob@example.net", "cyd@example.net"):
        del told[who]["event"]
        assert {k: log[who][k] for k in told[who]} == told[who]
    (end,) = events(result.out, "end")
    assert (end["dropped"], end["sent"]) == (2, 0)
    assert says(result.err, "2 left out")


def test_very_many_dropped_deliveries(ol, catcher):
    """The few behind them are sent."""
    ol.conf(catcher.port, connections=4)
    rows = [
        {"name": "P", "email": f"p{i}@example.net", "updates": "yes"}
        for i in range(12000)
    ]
    few = [f"few{i}@example.com" for i in range(3)]
    ol.load(rows + [{"name": "F", "email": e, "updates": "yes"} for e in few])
    catcher.rcpt["p0@example.net"] = "550 5.1.1 no"
    ol.send("--to-signers", "--limit", 1, rc=AGAIN)
    ol.ok("withdraw", LETTER, "--domain", "example.net", "--yes")
    result = ol.run("resume", *JSONL, timeout=60)
    assert len(events(result.out, "delivery")) == 11999 + 3
    status = ol.status()
    assert (status["state"], status["cancelled"]) == ("done", 11999)
    assert sorted(catcher.to) == few


def test_a_line_comes_after_the_ledger_has_it(ol, scribe):
    server = scribe(0.1)
    ol.conf(server.port, connections=2)
    ol.people(12)
    process = ol.start("send", LETTER, "--yes", *JSONL)
    seen = 0
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] != "delivery":
            continue
        seen += 1
        state = ol.sql(
            "select state from delivery where id = %d" % event["delivery"]
        )
        assert state == 3
        # It comes at once, not at the end.
        if seen == 1:
            assert process.poll() is None
            assert len(server.accepted) < 12
    assert seen == 12 and process.wait(20) == OK
    process.communicate()


def test_a_reader_that_goes_away_stops_nothing(ol, scribe):
    server = scribe(0.05)
    ol.conf(server.port)
    ol.people(20)
    process = ol.start("send", LETTER, "--yes", *JSONL)
    assert json.loads(process.stdout.readline())["event"] == "start"
    process.stdout.close()
    assert process.wait(30) == OK
    assert says(process.stderr.read().decode(), "20 sent")
    process.stderr.close()
    assert len(server.accepted) == 20
    assert set(ol.states().values()) == {"sent"}


def test_a_full_disk_for_the_events_stops_nothing(ol, catcher):
    ol.conf(catcher.port)
    with open("/dev/full", "wb") as full:
        result = ol.send(*JSONL, stdout=full)
    assert says(result.err, "events cannot be written", "3 sent")
    assert len(catcher.messages) == 3


def test_closed_output_stops_nothing(ol, catcher):
    ol.conf(catcher.port)
    argv = ol.argv("send", LETTER, "--yes", *JSONL)
    result = ol.run_argv(["sh", "-c", 'exec "$@" >&-', "sh", *argv])
    assert result.rc == OK and len(catcher.messages) == 3
    assert ol.intact()


def test_waiting_and_a_signal(ol, catcher):
    ol.conf(catcher.port, rate="2/minute")
    process = ol.start("send", LETTER, "--yes", "-q", *JSONL)
    for line in process.stdout:
        waiting = json.loads(line)
        if waiting["event"] == "waiting":
            break
    assert waiting["why"] == "rate" and waiting["mailing"] == 1
    assert waiting["until"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    (end,) = events(out.decode())
    assert (end["event"], end["sent"], end["exit"]) == ("end", 2, AGAIN)
    assert process.returncode == AGAIN and err == b""


def test_a_server_that_asks_for_patience(ol, catcher):
    ol.conf(catcher.port)
    for address in ol.people(600):
        catcher.data[address] = "451 4.7.1 slow down"
    process = ol.start("send", LETTER, "--yes", *JSONL)
    for line in process.stdout:
        if json.loads(line)["event"] == "waiting":
            break
    event = json.loads(line)
    assert (event["event"], event["why"]) == ("waiting", "server")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == AGAIN


def test_limit_and_quota(ol, catcher):
    ol.conf(catcher.port, quota="2/day")
    result = ol.send("--limit", "1", *JSONL, rc=AGAIN)
    (start,), (end,) = events(result.out, "start"), events(result.out, "end")
    assert start["total"] == 1
    assert (end["exit"], end["why"], end["again"]) == (AGAIN, None, None)
    result = ol.run("resume", *JSONL)
    assert result.rc == AGAIN
    (end,) = events(result.out, "end")
    assert (end["sent"], end["why"]) == (1, "quota") and end["again"]


def test_waiting_for_the_quota_between_two_runs(ol, catcher):
    ol.conf(catcher.port, quota="2/day")
    process = ol.start("send", LETTER, "--yes", "--wait", *JSONL)
    found = []
    while not found or found[-1]["event"] != "waiting":
        found.append(json.loads(process.stdout.readline()))
    names = [e["event"] for e in found]
    assert names == ["start", "delivery", "delivery", "end", "waiting"]
    end, waiting = found[-2:]
    assert (end["why"], waiting["why"]) == ("quota", "quota")
    assert end["again"] == waiting["until"]
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert out == b"" and process.returncode == AGAIN


def test_waiting_for_a_time(ol, catcher):
    ol.conf(catcher.port)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
    result = ol.send("--at", at, *JSONL)
    assert names(result.out) == ["waiting", "start"] + ["delivery"] * 3 + ["end"]
    waiting = events(result.out)[0]
    assert waiting == {
        "event": "waiting",
        "mailing": 1,
        "why": "time",
        "until": at,
    }


def test_a_fault_of_our_own_pauses(ol, fake_smtp):
    ol.conf(fake_smtp(fault="MAIL:0:550 5.7.1 not you").port)
    result = ol.send(*JSONL, rc=CONFIG)
    assert names(result.out) == ["start", "paused", "end"]
    _, paused, end = events(result.out)
    assert says(paused["reason"], "5.7.1 not you") and paused["mailing"] == 1
    assert (end["exit"], end["error"]) == (CONFIG, paused["reason"])
    assert ol.status()["reason"] == paused["reason"]


def test_an_account_that_is_gone_pauses(ol, catcher):
    ol.conf(catcher.port)
    ol.send("--limit", "1", rc=AGAIN)
    ol.conf(catcher.port, account="other")
    result = ol.run("resume", "1", *JSONL)
    assert result.rc == CONFIG
    assert names(result.out) == ["start", "paused", "end"]


def test_paused_by_hand_meanwhile(ol, scribe):
    ol.conf(scribe(0.2).port, connections=1)
    ol.people(60)
    process = ol.start("send", LETTER, "--yes", *JSONL)
    while json.loads(process.stdout.readline())["event"] != "delivery":
        pass
    ol.ok("pause", "1")
    out, _ = process.communicate(timeout=30)
    found = events(out.decode())
    (paused,) = [e for e in found if e["event"] == "paused"]
    assert paused["reason"] == "by hand"
    assert found[-1]["exit"] == process.returncode == AGAIN


def test_a_dead_server(ol):
    ol.conf(1)
    result = ol.send(*JSONL, rc=UNAVAILABLE)
    assert names(result.out) == ["start", "end"]
    (end,) = events(result.out, "end")
    assert end["exit"] == UNAVAILABLE and says(end["error"], "127.0.0.1")


def test_resume_tells_of_each_mailing(ol, catcher):
    ol.conf(catcher.port)
    ol.letter("ilo/second")
    for letter in (LETTER, "ilo/second"):
        ol.send("--limit", "1", letter=letter, rc=AGAIN)
    result = ol.ok("resume", *JSONL)
    assert names(result.out) == 2 * ["start", "delivery", "delivery", "end"]
    assert [e["mailing"] for e in events(result.out)] == [1] * 4 + [2] * 4
    # Nothing to do, nothing to tell.
    assert ol.ok("resume", *JSONL).out == ""
    assert ol.send(*JSONL).out == ""


def test_an_error_before_there_is_a_mailing(ol):
    result = ol.run("send", "ilo/none", "--yes", *JSONL)
    assert result.rc == 66 and result.out == ""


@pytest.mark.parametrize("format", ["csv", "json", "xml", ""])
@pytest.mark.parametrize("verb", ["send", "resume"])
def test_other_formats_are_refused(ol, catcher, verb, format):
    ol.conf(catcher.port)
    args = [LETTER, "--yes"] if verb == "send" else []
    result = ol.run(verb, *args, "--format", format)
    assert result.rc == USAGE and says(result.err, "jsonl", verb)
    assert catcher.tried == []
    assert ol.run(verb, *args, "--format", "table").rc == OK


def test_an_outbox_has_no_events(ol, tmp_path):
    args = ["send", LETTER, "--outbox", tmp_path / "out", *JSONL]
    assert ol.run(*args).rc == USAGE
    assert not (tmp_path / "out").exists()


def test_a_plan_as_a_row(ol, catcher):
    ol.conf(catcher.port, rate="1/minute")
    ol.letter(Copy="copy@example.org")
    ol.recipients(
        [
            {"email": "a@example.org"},
            {"email": "A@example.org"},
            {"email": "b@example.org"},
        ]
    )
    (row,) = ol.json("send", LETTER, "--dry-run")
    assert row == {
        "letter": LETTER,
        "audience": "recipients",
        "lists": "ilo",
        "from": FROM,
        "account": "main",
        "messages": 3,
        "copies": 1,
        "reached": 0,
        "repeats": 1,
        "suppressed": 0,
        "skipped": 0,
        "seconds": 120,
    }
    test = ("--dry-run", "--test", "me@example.org")
    lines = ol.ok("send", LETTER, *test, *JSONL)
    (row,) = [json.loads(line) for line in lines.out.splitlines()]
    assert (row["audience"], row["messages"]) == ("test", 1)
    assert ol.ok("send", LETTER, "--dry-run", "--format", "csv").out.startswith(
        "letter,audience,"
    )
    wrong = ol.run("send", LETTER, "--dry-run", "--format", "xml")
    assert wrong.rc == USAGE
    # Without --format it is told in words.
    words = ol.ok("send", LETTER, "--dry-run")
    assert words.out == "" and says(words.err, "Messages: 3")
    assert ol.log() == [] and catcher.tried == []


def test_a_plan_with_rows_that_are_skipped(ol):
    ol.recipients([{"email": "a@example.org"}, {"email": "nobody"}])
    plan = ol.run("send", LETTER, "--dry-run", *JSONL)
    assert plan.rc == PARTLY and json.loads(plan.out)["skipped"] == 1
    assert says(plan.err, "ilo.csv:3")


def test_on_a_terminal_no_line_stands_between(ol, scribe):
    ol.conf(scribe(0.1).port, connections=1)
    ol.people(20)
    terminal = ol.terminal("send", LETTER, "--yes", *JSONL, term="xterm")
    assert terminal.close() == OK
    assert "\x1b" not in terminal.text
    lines = [x for x in terminal.text.splitlines() if x.startswith("{")]
    assert len(events("\n".join(lines))) == 22


def test_a_changed_attachment(ol, catcher):
    ol.conf(catcher.port)
    ol.letter(Attach="a.txt")
    ol.write("letters/ilo/a.txt", "one")
    ol.send("--limit", "1", rc=AGAIN)
    ol.write("letters/ilo/a.txt", "two")
    result = ol.run("resume", *JSONL)
    assert result.rc == DATA
    assert names(result.out) == ["start", "end"]
    (end,) = events(result.out, "end")
    assert end["exit"] == DATA and says(end["error"], "a.txt")


def test_events_keep_up(ol, scribe):
    """Many lines at once, and a reader that is slow to begin."""
    ol.conf(scribe().port, connections=4)
    ol.people(1500)
    process = ol.start("send", LETTER, "--yes", *JSONL)
    time.sleep(1)
    out, _ = process.communicate(timeout=60)
    assert len(events(out.decode(), "delivery")) == 1500
    assert process.returncode == OK


def test_a_reader_at_the_other_end_of_a_full_pipe(ol, scribe):
    """Output that does not block is waited for."""
    ol.conf(scribe().port)
    ol.people(500)
    argv = ol.argv("send", LETTER, "--yes", *JSONL)
    script = (
        "import os, sys; os.set_blocking(1, False); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    process = subprocess.Popen(
        ["/usr/bin/python3", "-c", script, *argv],
        env=ol.env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(1.5)
    out, err = process.communicate(timeout=60)
    assert process.returncode == OK, err
    assert len(events(out.decode(), "delivery")) == 500
