"""
What becomes of signatures: repeated, revoked, pending, confirmed, withdrawn,
rejected, expired; and all of that undone.
"""

import random

import exact
import pytest
from people import counted, load, pend, person, recount
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


def standing(ol):
    """All that an import or a change may change."""
    recount(ol)
    states = ol.json("count", LETTER, "--by", "state")
    return ol.signatures(), ol.count(), states


# repeated signatures


def test_duplicates(ol):
    load(ol, [person("ann", country="FR"), person("bob")], "first.csv")
    again = {**person("Ann"), "name": "Ann B"}
    load(ol, [person("cara"), again], "second.csv")
    (row,) = ol.json("duplicates", LETTER)
    first = {name: row[f"first_{name}"] for name in ("name", "email", "line")}
    assert first == {"name": "ann", "email": "ann@example.org", "line": 2}
    assert (row["first_source"], row["first_batch"]) == ("first.csv", 1)
    assert (row["name"], row["email"]) == ("Ann B", "Ann@example.org")
    assert (row["source"], row["batch"], row["line"]) == ("second.csv", 2, 3)
    assert ol.run("duplicates", "ilo/nothing").rc == NOTFOUND


def test_batches(ol):
    load(ol, [person("ann"), person("bob")], "first.csv")
    load(ol, [person("ann"), person("cara")], "second.csv")
    ol.ok("revoke", 1, "--yes")
    rows = ol.json("batches", LETTER)
    assert [(r["batch"], r["source"], r["new"], r["again"]) for r in rows] == [
        (1, "first.csv", 2, 0),
        (2, "second.csv", 1, 1),
    ]
    assert [row["state"] for row in rows] == ["revoked", "imported"]
    assert rows[0]["revoked"] and not rows[1]["revoked"]


# Typed on two keyboards: Arabic and Persian letters, with and without ZWNJ.
@pytest.mark.parametrize(
    "first, second, same",
    [
        ("علی رضایی", "علي رضايي", True),
        ("کریم", "كريم", True),
        ("می‌خواهم", "میخواهم", True),
        ("آرش", "ارش", True),
        ("مُحَمَّد", "محمد", True),
        ("علی رضایی", "علی رضاپور", False),
    ],
)
def test_persian_without_address(ol, first, second, same):
    """The name, the country and the postcode tell who it is."""
    one = {"name": first, "country": "IR", "postcode": "۱۹۸۵۷"}
    other = {"name": second, "country": "IR", "postcode": "19857"}
    load(ol, [one, other])
    assert ol.count()["total"] == (1 if same else 2)
    load(ol, [{**one, "postcode": "19858"}, {**one, "country": "AF"}])
    assert ol.count()["total"] == (3 if same else 4)


# a shared address


@pytest.fixture
def each(ol):
    conf = ol.dir / "openletter.conf"
    conf.write_text(
        conf.read_text() + "\n[signatures]\nsharedaddress = each\n"
    )
    return ol


HOUSE = "house@example.org"


def test_a_household(each):
    load(
        each,
        [
            {"name": "Reza Karimi", "email": HOUSE},
            {"name": "Sara Karimi", "email": HOUSE},
            {"name": "sara  karimi", "email": "House@Example.org"},
        ],
    )
    assert each.count()["total"] == 2
    (row,) = each.json("duplicates", LETTER)
    assert (row["name"], row["first_name"]) == ("sara karimi", "Sara Karimi")
    each.ok("withdraw", LETTER, HOUSE, "--name", "SARA KARIMI")
    states = {r["name"]: r["state"] for r in each.signatures()}
    assert states == {"Reza Karimi": "confirmed", "Sara Karimi": "withdrawn"}
    each.sign("Omid Karimi", HOUSE)
    each.ok("withdraw", LETTER, HOUSE)
    assert each.count()["total"] == 0
    recount(each)


def test_an_address_is_one_person_otherwise(ol):
    load(ol, [{"name": "A", "email": HOUSE}, {"name": "B", "email": HOUSE}])
    assert ol.count()["total"] == 1


def test_a_letter_keeps_the_rule_it_began_with(ol):
    """Otherwise who signed before could count twice."""
    load(ol, [{"name": "A", "email": HOUSE}])
    conf = ol.dir / "openletter.conf"
    conf.write_text(
        conf.read_text() + "\n[signatures]\nsharedaddress = each\n"
    )
    load(ol, [{"name": "A", "email": HOUSE}, {"name": "B", "email": HOUSE}])
    assert ol.count()["total"] == 1
    ol.letter("ilo/other")
    ol.load(
        [{"name": "A", "email": HOUSE}, {"name": "B", "email": HOUSE}],
        letter="ilo/other",
    )
    assert ol.count("ilo/other")["total"] == 2


# batches that are taken back


def test_revoke_brings_back_what_it_shadowed(ol):
    load(ol, [person("ann", visibility="public"), person("bob")], "first.csv")
    load(
        ol,
        [
            person("ann", visibility="count", city="Lyon"),
            person("ann", city="Paris"),
            person("cara"),
        ],
        "second.csv",
    )
    ol.ok("revoke", 1, "--yes")
    recount(ol)
    rows = {row["email"]: row for row in ol.signatures()}
    assert set(rows) == {"ann@example.org", "cara@example.org"}
    assert rows["ann@example.org"]["city"] == "Lyon", "the first that is left"
    (repeated,) = ol.json("duplicates", LETTER)
    assert repeated["first_batch"] == 2
    ol.ok("withdraw", LETTER, "ann@example.org")
    assert counted(ol) == {"cara@example.org"}


def test_revoke_shows_and_asks(ol):
    load(ol, [person("ann"), person("bob")], "first.csv")
    load(ol, [person("ann"), person("cara")], "second.csv")
    before = standing(ol)
    for args in (["revoke", 1], ["revoke", 1, "--dry-run"]):
        shown = ol.run(*args)
        assert says(shown.err, "first.csv", "total: 3 before, 2 after"), shown
        assert shown.rc == (OK if "--dry-run" in args else REFUSED)
        assert standing(ol) == before
    terminal = ol.terminal("revoke", 1)
    assert says(terminal.read(), "(y/N)?")
    terminal.say("y")
    assert terminal.close() == OK
    assert counted(ol) == {"ann@example.org", "cara@example.org"}
    again = ol.run("revoke", 1, "--yes")
    assert again.rc == REFUSED and says(again.err, "revoked already")
    assert ol.run("revoke", 7, "--yes").rc == NOTFOUND
    assert ol.run("revoke", "first.csv").rc == USAGE


def test_revoked_may_be_imported_again(ol):
    people = [person("ann"), person("bob")]
    load(ol, people)
    before = standing(ol)[1:]
    ol.ok("revoke", 1, "--yes")
    assert ol.count()["total"] == 0
    assert load(ol, people) == 2
    after = standing(ol)[1:]
    assert after[0] == before[0]
    assert counted(ol) == {"ann@example.org", "bob@example.org"}
    ol.ok("revoke", 2, "--yes")
    assert ol.count()["total"] == 0
    recount(ol)


def test_imported_again_to_stand_beside(ol):
    """The same file once more is not nothing when it was revoked."""
    load(ol, [person("ann")], "first.csv")
    load(ol, [person("ann"), person("bob")], "second.csv")
    ol.ok("revoke", 1, "--yes")
    assert load(ol, [person("ann")], "first.csv") == 3
    ol.ok("revoke", 2, "--yes")
    assert counted(ol) == {"ann@example.org"}


def test_who_withdrew_stays_so(ol):
    """Neither a revoked batch nor the same file brings them back."""
    people = [person("ann"), person("bob")]
    load(ol, people, "first.csv")
    load(ol, people[::-1], "second.csv")
    ol.ok("withdraw", LETTER, "ann@example.org")
    ol.ok("revoke", 1, "--yes")
    ol.ok("revoke", 2, "--yes")
    load(ol, people, "first.csv")
    assert counted(ol) == {"bob@example.org"}
    recount(ol)


def test_in_any_order_and_any_parts(ol):
    rng = random.Random(4)
    people = [
        person(
            rng.choice(["ann", "Ann", "bob", "cara", "dina", "eli", "farah"]),
            visibility=rng.choice(["public", "recipient", "count"]),
            city=rng.choice(["Lyon", "Kabul", "Rasht"]),
        )
        for _ in range(40)
    ]
    found = []
    for number in range(5):
        one = ol.copy(ol.dir.parent / f"order{number}")
        rng.shuffle(people)
        parts = sorted(rng.sample(range(1, len(people)), number))
        for begin, end in zip([0, *parts], [*parts, len(people)]):
            load(one, people[begin:end], f"part{begin}.csv")
        recount(one)
        found.append(
            {r["email"].lower(): r["visibility"] for r in one.signatures()}
        )
        assert one.count()["total"] == len(found[0])
    assert found == [found[0]] * 5


def test_revoke_gives_what_was_before(ol):
    rng = random.Random(5)
    names = [f"p{i}" for i in range(12)]
    batches = []
    for number in range(6):
        people = [
            person(name, visibility=rng.choice(["public", "count"]))
            for name in rng.choices(names, k=8)
        ]
        batches.append(people)
    # In the order they came, latest first: as if each had not been.
    stages = [([], {})]
    for number, people in enumerate(batches):
        load(ol, people, f"{number}.csv")
        stages.append((ol.signatures(), ol.count()))
    last_first = ol.copy(ol.dir.parent / "last-first")
    for number in range(6, 0, -1):
        last_first.ok("revoke", number, "--yes")
        rows, count, _ = standing(last_first)
        assert rows == stages[number - 1][0]
        assert number == 1 or count == stages[number - 1][1]
    # In any order: as if the others had come alone.
    order = list(range(6))
    rng.shuffle(order)
    for done, number in enumerate(order):
        ol.ok("revoke", number + 1, "--yes")
        recount(ol)
        left = {}
        for other in set(range(6)) - set(order[: done + 1]):
            for who in batches[other]:
                if left.get(who["email"]) != "count":
                    left[who["email"]] = who["visibility"]
        assert {r["email"]: r["visibility"] for r in ol.signatures()} == left


# pending signatures


def test_confirmed_by_its_token(ol):
    token = pend(ol, "ann")
    assert len(token) == 26
    assert token.encode() not in ol.database.read_bytes()
    assert (ol.count()["total"], ol.count()["pending"]) == (0, 1)
    assert ol.run("confirm", token[:-1] + "!").rc == NOTFOUND
    ol.ok("confirm", token)
    assert (ol.count()["total"], ol.count()["pending"]) == (1, 0)
    again = ol.run("confirm", token)
    assert again.rc == REFUSED and says(again.err, "used already")
    recount(ol)


def test_pending_needs_an_address(ol):
    args = ("--name", "A", "--country", "FR", "--pending")
    assert ol.run("sign", LETTER, *args).rc == DATA
    assert ol.count()["pending"] == 0


def test_not_confirmed_in_time(ol):
    token = pend(ol, "ann")
    late = exact.shifted(ol, 7 * exact.DAY + 60)
    if not late:
        pytest.skip("the clock cannot be shifted here")
    refused = ol.run("confirm", token, env=late)
    assert refused.rc == REFUSED and says(refused.err, "expired")
    assert ol.json("count", LETTER, "--by", "state") == [
        {"state": "expired", "total": 1}
    ]
    assert ol.run("confirm", token).rc == REFUSED, "nor by turning the clock"
    ol.ok("confirm", LETTER, "--state", "expired", "--yes")
    assert counted(ol) == {"ann@example.org"}


def test_expire(ol):
    conf = ol.dir / "openletter.conf"
    conf.write_text(conf.read_text() + "\n[signatures]\nconfirmdays = 2\n")
    pend(ol, "ann")
    ol.ok("expire", env=exact.shifted(ol, exact.DAY))
    assert ol.count()["pending"] == 1
    late = exact.shifted(ol, 2 * exact.DAY + 60)
    if not late:
        pytest.skip("the clock cannot be shifted here")
    assert says(ol.ok("expire", env=late).err, "1 ")
    assert ol.count()["pending"] == 0
    # Who expired has not signed: a list may bring them.
    load(ol, [person("ann")])
    assert counted(ol) == {"ann@example.org"}
    recount(ol)


def test_a_list_does_not_wait_for_a_pending_one(ol):
    token = pend(ol, "ann", visibility="count")
    load(ol, [person("ann", visibility="public")])
    (row,) = ol.signatures()
    assert (row["source"], row["visibility"]) == ("sheet.csv", "public")
    ol.ok("confirm", token)
    (row,) = ol.signatures()
    assert (row["source"], row["visibility"]) == ("sheet.csv", "count")
    ol.ok("revoke", 1, "--yes")
    (row,) = ol.signatures()
    assert (row["source"], row["visibility"]) == ("desk", "count")
    recount(ol)


def test_anybody_may_type_an_address(ol):
    """So what is not confirmed changes nothing in what is."""
    load(ol, [person("ann", visibility="public")])
    pend(ol, "ann", visibility="count")
    (row,) = ol.signatures()
    assert (row["state"], row["visibility"]) == ("confirmed", "public")
    ol.ok("withdraw", LETTER, "ann@example.org")
    token = pend(ol, "ann")
    ol.run("expire", env=exact.shifted(ol, 8 * exact.DAY))
    load(ol, [person("ann"), person("bob")], "more.csv")
    assert counted(ol) == {"bob@example.org"}
    ol.run("confirm", token)
    again = pend(ol, "ann")
    ol.ok("confirm", again)
    assert counted(ol) == {"ann@example.org", "bob@example.org"}
    recount(ol)


def test_the_text_that_was_confirmed_counts(ol):
    pend(ol, "ann", city="Nowhere")
    token = pend(ol, "ann", city="Lyon")
    ol.ok("confirm", token)
    (row,) = ol.signatures()
    assert (row["city"], row["state"]) == ("Lyon", "confirmed")
    assert ol.count()["pending"] == 0


def test_withdrawing_ends_what_is_open(ol):
    first, second = pend(ol, "ann"), pend(ol, "ann")
    ol.ok("withdraw", LETTER, "ann@example.org")
    for token in (first, second):
        assert ol.run("confirm", token).rc == REFUSED
    assert ol.count()["total"] == 0


# by hand, by a filter, and undone


@pytest.fixture
def crowd(ol):
    people = [
        person(f"p{i}", date=f"2026-03-{i + 1:02}", country="FR")
        for i in range(12)
    ]
    load(ol, people, "march.csv")
    bots = [
        {"name": f"Bot {i}", "email": f"b{i}@bots.example"} for i in range(15)
    ]
    load(ol, bots, "web.csv")
    return ol


FILTERS = [
    (["--domain", "bots.example"], 15),
    (["--domain", "@BOTS.example"], 15),
    (["--domain", "ots.example"], 0),
    (["--source", "march.csv"], 12),
    (["--batch", "2"], 15),
    (["--since", "2026-03-03", "--until", "2026-03-05"], 3),
    (["--until", "2026-03-05T00:00:00Z"], 5),
    (["--since", "2026-03-03", "--source", "web.csv"], 15),
    (["--batch", "1", "--domain", "bots.example"], 0),
    (["--state", "pending"], 0),
]


@pytest.mark.parametrize("conditions, count", FILTERS)
def test_filter(crowd, conditions, count):
    listed = crowd.json("reject", LETTER, *conditions, "--dry-run")
    assert len(listed) == count
    before = standing(crowd)
    crowd.ok("reject", LETTER, *conditions, "--yes")
    assert crowd.count()["total"] == 27 - count
    recount(crowd)
    if count:
        crowd.ok("undo", 1)
        assert standing(crowd) == before


def test_filter_shows_and_asks(crowd):
    asked = crowd.run("reject", LETTER, "--domain", "bots.example")
    assert asked.rc == REFUSED
    assert says(asked.err, "15 signatures", "Bot 9", "5 more", "--yes")
    assert "Bot 10" not in asked.err
    terminal = crowd.terminal("reject", LETTER, "--domain", "bots.example")
    assert says(terminal.read(), "(y/N)?")
    terminal.say("n")
    assert terminal.close() == REFUSED
    assert crowd.count()["total"] == 27
    assert crowd.json("undo") == []


def test_addresses_need_no_question(crowd):
    crowd.ok("reject", LETTER, "b1@bots.example", "B2@bots.example")
    assert crowd.count()["total"] == 25
    missing = crowd.run("withdraw", LETTER, "p1@example.org", "no@example.org")
    assert missing.rc == NOTFOUND and "no@example.org" in missing.err
    assert crowd.count()["total"] == 25, "all of them or none"
    assert crowd.run("reject", LETTER).rc == USAGE
    assert crowd.run("withdraw", LETTER).rc == USAGE


def test_rejected_are_not_taken_from_lists(crowd):
    crowd.ok("reject", LETTER, "--domain", "bots.example", "--yes")
    bot = {"name": "Bot 1", "email": "b1@bots.example"}
    done = crowd.load([bot], file="x.csv")
    assert says(done.out + done.err, "1 not taken", "rejected before"), done
    assert crowd.count()["total"] == 12


def test_saved_filter(crowd):
    crowd.ok(
        "reject", LETTER, "--domain", "bots.example", "--save", "bots", "-y"
    )
    assert crowd.json("filters") == [
        {"name": "bots", "filter": "domain bots.example"}
    ]
    crowd.ok("undo", 1)
    crowd.ok("reject", LETTER, "--filter", "bots", "--yes")
    assert crowd.count()["total"] == 12
    assert crowd.run("reject", LETTER, "--filter", "no").rc == NOTFOUND
    both = ("--filter", "bots", "--batch", "1")
    assert crowd.run("reject", LETTER, *both).rc == USAGE
    # An address would stay there when its owner is erased.
    named = ("p1@example.org", "--save", "ann")
    assert crowd.run("reject", LETTER, *named).rc == USAGE


def test_undo(crowd):
    crowd.ok("withdraw", LETTER, "p1@example.org")
    crowd.ok("reject", LETTER, "--source", "march.csv", "--yes")
    rows = crowd.json("undo")
    assert [(r["change"], r["state"], r["signatures"]) for r in rows] == [
        (1, "withdrawn", 1),
        (2, "rejected", 11),
    ]
    assert "p1" not in rows[0]["filter"]
    crowd.sign("p2", "p2@example.org")
    undone = crowd.ok("undo", 2)
    assert says(undone.err, "10 signatures", "1 were changed since")
    assert crowd.count()["total"] == 26
    assert crowd.run("undo", 2).rc == REFUSED
    assert crowd.run("undo", 3).rc == NOTFOUND
    recount(crowd)


def test_undo_after_revoke(crowd):
    """What was taken back with its batch does not come back by this way."""
    crowd.ok("reject", LETTER, "p1@example.org", "b1@bots.example")
    crowd.ok("revoke", 1, "--yes")
    crowd.ok("undo", 1)
    assert crowd.count()["total"] == 15
    recount(crowd)


def test_confirm_by_hand(ol):
    pend(ol, "ann")
    token = pend(ol, "bob")
    before = standing(ol)
    ol.ok("confirm", LETTER, "ann@example.org")
    assert counted(ol) == {"ann@example.org"}
    ol.ok("confirm", LETTER, "--source", "desk", "--yes")
    assert ol.count()["total"] == 2
    ol.ok("confirm", token)
    assert says(ol.ok("undo", 2).err, "0 signatures", "1 were changed")
    ol.ok("undo", 1)
    assert counted(ol) == {"bob@example.org"}
    assert ol.count()["pending"] == before[1]["pending"] - 1


def test_undo_of_what_was_changed_since(ol):
    pend(ol, "ann")
    ol.ok("confirm", LETTER, "ann@example.org")
    ol.ok("withdraw", LETTER, "ann@example.org")
    assert says(ol.ok("undo", 1).err, "0 signatures", "1 were changed")
    assert counted(ol) == set()
    ol.ok("undo", 2)
    assert counted(ol) == {"ann@example.org"}


@pytest.mark.parametrize(
    "conditions",
    [
        ["--domain", "no domain"],
        ["--since", "yesterday"],
        ["--until", "2026-02-30"],
        ["--state", "revoked"],
        ["--batch", "0"],
        ["--name", "Ann"],
    ],
)
def test_bad_conditions(crowd, conditions):
    refused = crowd.run("reject", LETTER, *conditions, "--yes")
    assert refused.rc == USAGE and conditions[0] in refused.err
    assert crowd.run("confirm", LETTER, "--state", "confirmed").rc == USAGE


# mail


def written(catcher, names):
    """In whose name, or to whom."""
    seen = str([(m.to, m.mail["Reply-To"]) for m in catcher.messages])
    return [name for name in names if f"{name}@" in seen]


@pytest.mark.parametrize("audience", ["--for-signers", "--to-signers"])
def test_gone_before_it_is_sent(ol, catcher, audience):
    ol.conf(catcher.port)
    ol.people(1)
    names = ["ann", "bob", "cara", "dina", "eli"]
    load(ol, [person(n, updates="yes") for n in names[:2]], "one.csv")
    load(ol, [person(names[2], updates="yes")], "two.csv")
    load(ol, [person(n, updates="yes") for n in names[3:]], "three.csv")
    ol.send(audience, "--limit", "1", rc=AGAIN)
    assert written(catcher, names) == ["ann"]
    ol.ok("withdraw", LETTER, "bob@example.org")
    ol.ok("reject", LETTER, "dina@example.org")
    ol.ok("revoke", 2, "--yes")
    ol.run("resume")
    assert written(catcher, names) == ["ann", "eli"]
    gone = [row for row in ol.log() if row["state"] == "cancelled"]
    assert len(gone) == 3
    assert says(gone[0]["reply"], "does not count any more")


def test_what_is_under_way_stays_so(ol, catcher):
    """A token used late does not put another in the place of what counts."""
    ol.conf(catcher.port)
    ol.people(1)
    token = pend(ol, "ann")
    load(ol, [person("bob"), person("ann")])
    ol.send("--for-signers", "--limit", "1", rc=AGAIN)
    assert written(catcher, ["ann", "bob"]) == ["bob"]
    ol.ok("confirm", token)
    ol.run("resume")
    assert written(catcher, ["ann", "bob"]) == ["ann", "bob"]


def test_nobody_writes_twice_in_one_name(ol, catcher):
    """Whichever of a person's signatures counts."""
    ol.conf(catcher.port)
    ol.people(1)
    load(ol, [person("ann")], "one.csv")
    load(ol, [person("ann", city="Lyon")], "two.csv")
    ol.send("--for-signers")
    ol.ok("revoke", 1, "--yes")
    assert counted(ol) == {"ann@example.org"}
    ol.send("--for-signers")
    ol.ok("revoke", 2, "--yes")
    load(ol, [person("ann")], "one.csv")
    ol.send("--for-signers")
    assert len(catcher.messages) == 1
