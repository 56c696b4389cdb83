"""
Who may see what of a signature: proved by marks that occur nowhere else, in
every field of signatures of every visibility, which are looked for in all
that the program prints, sends and writes.

A new command that prints, or makes files, is a line of OUTPUTS; test_complete
fails until it is there.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass

import pytest

from servers import parse
from workspace import LETTER, OK, PROGRAM

FIELDS = ("name", "email", "organisation", "role", "city", "postcode",
          "comment")
SHOWN = ("name", "organisation", "role", "city", "comment")

# Whose signature has what visibility in the end.
WHO = {
    "pub": "public",
    "rec": "recipient",
    "cnt": "count",
    "opub": "public",
    "orec": "recipient",
    "ocnt": "count",
    "tight": "count",  # was public, and signed again
    "gone": None,  # was public, and withdrawn
    "again": None,  # cnt signing again, as public: is kept, and shows nothing
}
SEES = {
    "nobody": (),
    "public": ("public",),
    "recipient": ("public", "recipient"),
}


def mark(who, field):
    return f"{who}{field}xq"


def shown_to(audience):
    """The marks that an audience may see, or with organisers all."""
    if audience == "organisers":
        return {(who, field) for who in WHO for field in FIELDS}
    return {(who, field) for who, visibility in WHO.items()
            if visibility in SEES[audience] for field in SHOWN}


def row(who, visibility, **others):
    """A signature with a mark in every field."""
    kind = "organisation" if who.startswith("o") else "person"
    text = {field: mark(who, field) for field in FIELDS}
    text["email"] += "@secret.example"
    text["comment"] += '\n"and more"'
    return {**text, "kind": kind, "visibility": visibility, "country": "IR",
            "lang": "fa", "updates": "yes", "date": "2020-05-01", **others}


LIST = (
    "{{#signatures.list}}\n* {{number}} {{name}} {{organisation}} {{role}} "
    "{{country}} {{city}} {{comment}}\n{{/signatures.list}}\n"
)
SIGNER = (
    "{{#signer}}{{name}} {{email}} {{organisation}} {{role}} {{city}} "
    "{{comment}}{{/signer}}\n"
)


@pytest.fixture
def marked(ol, catcher):
    """A workspace in which everybody of WHO has signed."""
    ol.conf(catcher.port)
    ol.letter(body="x {{signatures.total}}\n\n" + LIST,
              Copy="press@press.example")
    ol.letter("ilo/personal", body=SIGNER + "\n" + LIST)
    ol.people(1)
    for letter in (LETTER, "ilo/personal"):
        first = [row(who, visibility or "public")
                 for who, visibility in WHO.items() if who != "again"]
        for one in first:
            if one["name"] == mark("tight", "name"):
                one["visibility"] = "public"
        ol.load(first, letter, file="first.csv")
        twice = [
            row("tight", "count"),
            row("again", "public", email=first[2]["email"]),
        ]
        ol.load(twice, letter, file="second.csv")
        ol.ok("withdraw", letter, mark("gone", "email") + "@secret.example")
    # What was read in is the organisers' own.
    for path in ol.dir.glob("*.csv"):
        path.unlink()
    return ol


def decoded(data):
    """All the ways in which bytes say something, as one text."""
    texts = [data.decode("utf-8", "replace")]
    if re.search(rb"^MIME-Version:", data, re.M):
        mail = parse(data)
        texts += [f"{name}: {value}" for name, value in mail.items()]
        texts += [part.get_payload(decode=True).decode("utf-8", "replace")
                  for part in mail.walk() if not part.is_multipart()]
    if data.startswith(b"%PDF") and shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data,
                              capture_output=True, check=True)
        texts.append(done.stdout.decode("utf-8", "replace"))
    return "\n".join(texts).lower()


def found(data):
    """The marks that are in bytes, or in several of them."""
    text = decoded(data) if isinstance(data, bytes) else "\n".join(
        map(decoded, data))
    # An address is not the name of a domain's part and so on: whole words.
    words = set(re.findall(r"[a-z]+xq", text))
    return {(who, field) for who in WHO for field in FIELDS
            if mark(who, field) in words}


def files_of(ol):
    """What every file of the workspace says but the database's own."""
    return [path.read_bytes() for path in sorted(ol.dir.rglob("*"))
            if path.is_file() and not path.name.startswith("openletter.db")]


@dataclass
class Output:
    """A command, who may see what it prints or makes, and whether they must
    find there all that they may see of what counts."""

    args: str
    audience: str
    whole: bool = False
    needs: str = ""  # what must stand in the command's help

    def __str__(self):
        return self.args.replace(LETTER, "L").replace(" ", "_")


L = LETTER
AUDIENCES = ("public", "recipient", "organisers")
FORMATS = ("csv", "json", "jsonl", "table", "table -v", "osdi", "html", "pdf")
LISTINGS = ("csv", "json", "jsonl", "table", "table -v")
BYS = ("country", "day", "week", "language", "organisation", "source",
       "visibility", "state")

OUTPUTS = [
    *(Output(f"export {L} --audience {audience} --format {format}", audience,
             True, needs=format.split()[0])
      for audience in AUDIENCES for format in FORMATS
      if (audience, format) != ("organisers", "pdf")),  # refused
    Output(f"export {L} --format pdf", "recipient", True, needs="pdf"),
    Output(f"export {L}", "public", True),
    Output(f"export {L} --bom", "public", True),
    *(Output(f"{command} --format {format}", "nobody")
      for command in (f"letters {L}", "letters", f"count {L}", "count",
                      "status", "log")
      for format in LISTINGS),
    # Names of organisations are no persons', and who only counts has none.
    *(Output(f"count {L} --by {by}", "recipient", needs=by) for by in BYS),
    *(Output(f"count {L} --by {by} --format table", "recipient", needs=by)
      for by in BYS),
    *(Output(f"count {L} --by {by} --chart", "nobody", needs="--chart")
      for by in ("country", "day", "week")),
    Output(f"count {L} --chart", "nobody", needs="--chart"),
    Output("check", "nobody"),
    Output(f"check {L}", "nobody"),
    Output("check --store", "nobody"),
    *(Output(f"preview {L} --format {format}", "recipient", True)
      for format in ("text", "html", "eml")),
    Output(f"preview ilo/personal --format eml", "recipient"),
    Output(f"send {L} --dry-run", "recipient"),
    Output(f"send {L} --dry-run --attach-signatures csv", "recipient"),
    Output(f"send {L} --outbox box --attach-signatures csv", "recipient",
           True),
    Output(f"send {L} --outbox box --attach-signatures html", "recipient",
           True),
    Output("send ilo/personal --for-signers --dry-run", "organisers"),
    Output("send ilo/personal --to-signers --dry-run", "organisers"),
    Output(f"sign {L} --name A --email other@other.example", "nobody"),
    Output(f"withdraw {L} {mark('pub', 'email')}@secret.example", "nobody"),
    Output(f"suppress {mark('cnt', 'email')}@secret.example", "nobody"),
    Output(f"duplicates {L}", "organisers"),
    Output(f"reject {L} --until 2020-01-01 --dry-run", "organisers"),
    Output(f"withdraw {L} --source desk --dry-run", "organisers"),
    Output(f"confirm {L} --source desk --dry-run", "organisers"),
    *(Output(command, "nobody")
      for command in ("batches", f"batches {L}", "undo", "filters", "expire")),
]

# Tested below, or they print nothing of signatures: they only tell how many.
OTHERS = {"init", "import", "send", "resume", "pause", "cancel", "resolve",
          "revoke", "erase", "forget", "backup"}


def helped(ol, output):
    """Whether this build knows what is asked."""
    command = output.args.split()[0]
    said = ol.run(command, "-h")
    return said.rc == OK and output.needs in said.out


@pytest.mark.parametrize("output", OUTPUTS, ids=str)
def test_shows_only_what_it_may(marked, output):
    if output.needs and not helped(marked, output):
        pytest.skip(f"there is no {output.needs} yet")
    args = output.args.replace(" box", f" {marked.dir / 'box'}").split()
    done = marked.run(*args)
    assert done.rc == OK, done
    seen = found([done.raw, done.err.encode(), *files_of(marked)])
    may = shown_to(output.audience)
    assert seen <= may, f"shows {sorted(seen - may)} to {output.audience}"
    if output.whole:
        must = {(who, field) for who, field in may
                if field in SHOWN and WHO[who]}
        if "pdf" in args and not shutil.which("pdftotext"):
            pytest.skip("pdftotext is not installed")
        assert must <= seen, f"does not show {sorted(must - seen)}"


def test_organisers_see_everything(marked):
    out = marked.ok("export", LETTER, "--audience", "organisers").raw
    hidden = {("again", field) for field in FIELDS}
    assert found(out) == shown_to("organisers") - hidden


def test_complete():
    """Whoever adds a command says above who may see what it prints."""
    text = subprocess.run([PROGRAM, "-h"], capture_output=True, text=True,
                          timeout=60).stdout
    commands = set(re.findall(r"^  ([a-z]+) ", text, re.M))
    known = {output.args.split()[0] for output in OUTPUTS} | OTHERS
    assert "export" in commands and commands <= known


def sent(catcher):
    """The marks in all that each address was sent."""
    return {to: found([m.data for m in catcher.messages if m.to == to])
            for to in {m.to for m in catcher.messages}}


@pytest.mark.parametrize("attach", ["", "csv", "html"])
def test_letters_and_their_lists(marked, catcher, attach):
    args = ("--attach-signatures", attach) if attach else ()
    done = marked.send(*args)
    assert sent(catcher) == {
        "r0@example.org": shown_to("recipient"),
        "press@press.example": shown_to("public"),
    }
    after = [marked.ok(*args).raw for args in
             (["status"], ["log"], ["log", "-v"], ["resolve", "1"])]
    assert found([done.raw, done.err.encode(), *after,
                  *files_of(marked)]) == set()


def test_a_test_letter(marked, catcher):
    marked.send("--test", "me@example.org", "--attach-signatures", "csv")
    assert sent(catcher) == {"me@example.org": shown_to("recipient")}


def test_for_signers(marked, catcher):
    """Each in one signer's name: of those who let the addressee see it."""
    done = marked.send("--for-signers", letter="ilo/personal")
    listed = shown_to("recipient")
    named = {who for who, visibility in WHO.items()
             if visibility in SEES["recipient"]}
    assert {to for to in catcher.to} == {"r0@example.org"}
    assert len(catcher.messages) == len(named)
    owners = set()
    for message in catcher.messages:
        seen = found(message.data)
        emails = {who for who, field in seen if field == "email"}
        assert len(emails) == 1 and emails <= named
        assert seen - {(who, "email") for who in emails} <= listed
        owners |= emails
    assert owners == named
    log = [marked.ok(*args).raw for args in (["log", "-v"], ["status"])]
    assert found([done.raw, done.err.encode(), *log]) == set()


def test_to_signers(marked, catcher):
    """News: each gets mail, and sees what the public sees; the ledger, which
    is the organisers', has the addresses."""
    done = marked.send("--to-signers", letter="ilo/personal")
    public = shown_to("public")
    readers = {who for who, visibility in WHO.items() if visibility}
    addresses = {mark(who, "email") + "@secret.example" for who in readers}
    assert set(catcher.to) == addresses
    for message in catcher.messages:
        who = message.to.split("emailxq")[0]
        assert found(message.data) <= public | {
            (who, field) for field in FIELDS}
    assert found([done.raw, done.err.encode()]) == set()
    assert found(marked.ok("log", "--format", "csv").raw) == {
        (who, "email") for who in readers}
    assert found(marked.ok("status").raw) == set()


def test_who_tightened_is_gone_from_what_is_made_later(marked, catcher):
    """Before and after: the same commands show one less."""
    before = found(marked.ok("export", LETTER).raw)
    assert ("pub", "name") in before
    marked.load([row("pub", "count")], file="tighter.csv")
    (marked.dir / "tighter.csv").unlink()
    gone = {("pub", field) for field in FIELDS}
    assert found(marked.ok("export", LETTER).raw) == before - gone
    marked.send("--attach-signatures", "csv")
    for to, seen in sent(catcher).items():
        assert not seen & gone, to
    counts = marked.ok("count", LETTER, "--by", "organisation").raw
    assert not found(counts) & gone


def test_import_tells_numbers_only(marked):
    """Nothing of a list is repeated but in its rejects, which are private."""
    path = marked.write("bad.csv", "name,email,visibility\n"
                        f"{mark('cnt', 'name')},broken@,count\n")
    done = marked.run("import", LETTER, path)
    assert found([done.raw, done.err.encode()]) == set()
    rejects = marked.dir / "bad.rejects.csv"
    assert found(rejects.read_bytes()) == {("cnt", "name")}
    assert rejects.stat().st_mode & 0o77 == 0
