"""
Waiting: for a quota, for deferred letters, for a mailing's time; and what is
said of how long it takes.
"""

import re

from workspace import AGAIN, says


def test_summary_counts_what_was_spent(ol, catcher):
    """The time it takes is that of an account that sent before."""
    ol.conf(catcher.port, quota="5/hour, 8/day")
    ol.people(5)
    planned = ol.ok("send", "ilo/director-general", "--dry-run")
    assert not says(planned.err, "at least")
    ol.send()
    ol.letter("ilo/other")
    planned = ol.ok("send", "ilo/other", "--dry-run")
    # 3 of them today, the others when the first five are a day old.
    assert re.search(r"at least (23 h 59 min|1 d 0 h)\n", planned.err), planned
    ol.people(3)
    planned = ol.ok("send", "ilo/other", "--dry-run")
    assert re.search(r"at least (60 min|1 h 0 min)\n", planned.err), planned


def test_quota_of_deferred_letters(ol, catcher, clock):
    """When the quota comes back later than a letter is due, it counts."""
    ol.conf(catcher.port, quota="3/day")
    catcher.rcpt["r1@example.org"] = ["450 4.2.1 grey"]
    ol.send(rc=AGAIN)
    stopped = ol.run("resume", prefix=clock("+2h"))
    assert stopped.rc == AGAIN and says(stopped.err, "quota"), stopped
    assert ol.run("resume", prefix=clock("+25h")).rc == 0
    assert len(catcher.messages) == 3


def test_when_to_come_back_with_two_quotas(ol, catcher, clock):
    ol.conf(catcher.port, quota="3/hour, 5/day")
    ol.people(7)
    first = ol.send(rc=AGAIN)
    second = ol.run("resume", prefix=clock("+2h"))
    assert second.rc == AGAIN
    assert len(catcher.messages) == 5
    # The day is full now; it began with the first three.
    begun = ol.sql("select min(at) from spending")
    for run, wait in ((first, 3600), (second, 86400)):
        at = ol.sql(
            "select strftime('%Y-%m-%dT%H:%M:%SZ', "
            f"{begun + wait}, 'unixepoch')"
        )
        assert at in run.err, run
