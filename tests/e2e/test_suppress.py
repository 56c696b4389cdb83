"""suppress: one address, a list of them, who is, and no more."""

from workspace import (
    DATA,
    NOTFOUND,
    OK,
    PARTLY,
    REFUSED,
    USAGE,
    csv_text,
    says,
)


def listed(ol):
    return {r["email"]: r["reason"] for r in ol.json("suppress")}


def test_list(ol):
    assert ol.json("suppress") == []
    ol.ok("suppress", "Ada@Example.ORG")
    ol.ok("suppress", "bob@example.org")
    assert listed(ol) == {
        "ada@example.org": "by hand",
        "bob@example.org": "by hand",
    }
    assert all(len(r["date"]) == 10 for r in ol.json("suppress"))


def test_erased_are_listed_without_address(ol):
    ol.sign(email="ada@example.org")
    ol.ok("erase", "ada@example.org", "--yes")
    (row,) = ol.json("suppress")
    assert (row["email"], row["reason"]) == ("", "erased")


def test_file(ol):
    ol.ok("suppress", "r1@example.org")
    path = ol.write(
        "left.csv",
        csv_text(
            [
                {"name": f"N {n}", "E-Mail": f"r{n}@example.org"}
                for n in range(3)
            ]
            + [{"name": "x", "E-Mail": "none at all"}]
        ),
    )
    done = ol.run("suppress", "--file", path)
    assert done.rc == PARTLY
    assert says(done.err, "2 addresses", "1 were", "left.csv:5")
    assert listed(ol)["r2@example.org"] == "by list"
    again = ol.run("suppress", "--file", path)
    assert says(again.err, "0 addresses", "3 were")


def test_file_that_cannot_be_used(ol):
    path = ol.write("bad.csv", "who,what\nx,y\n")
    bad = ol.run("suppress", "--file", path)
    assert bad.rc == DATA and says(bad.err, "bad.csv:1", "email")
    # Nothing of a file that is refused as a whole.
    path = ol.write("bad.csv", b"email\nada@example.org\n\xff\n")
    bad = ol.run("suppress", "--file", path)
    assert bad.rc == DATA and says(bad.err, "bad.csv:3")
    assert listed(ol) == {}
    assert ol.run("suppress", "--file", "none.csv").rc == NOTFOUND


def test_remove(ol, catcher):
    ol.conf(catcher.port)
    ol.sign(email="ada@example.org", updates=True)
    ol.ok("suppress", "ada@example.org")
    assert ol.run("suppress", "--remove", "ada@example.org").rc == REFUSED
    ol.ok("suppress", "--remove", "ADA@example.org", "--yes")
    lost = ol.run("suppress", "--remove", "ada@example.org", "--yes")
    assert lost.rc == NOTFOUND and says(lost.err, "not suppressed")
    ol.send("--to-signers")
    assert catcher.to == ["ada@example.org"]


def test_asks_before_it_removes(ol):
    ol.ok("suppress", "ada@example.org")
    terminal = ol.terminal("suppress", "--remove", "ada@example.org")
    assert says(terminal.read(), "[y/N]")
    terminal.say("no")
    assert terminal.close() == REFUSED
    terminal = ol.terminal("suppress", "--remove", "ada@example.org")
    terminal.read()
    terminal.say("yes")
    assert terminal.close() == OK
    assert listed(ol) == {}


def test_one_thing_at_a_time(ol):
    both = ol.run("suppress", "a@example.org", "--remove", "b@example.org")
    assert both.rc == USAGE
