"""
Bad files, hostile names, a full disk, a folder that cannot be written to:
clear lines on stderr, the right exit status, and nothing lost.
"""

import csv
import os
import resource
import shutil
import subprocess

import pytest

from servers import Page, html_of, parse, text_of
from workspace import (
    AGAIN,
    CONFIG,
    CREATE,
    DATA,
    IO,
    LETTER,
    OK,
    PARTLY,
    csv_text,
    says,
)

# recipient lists

ROW = "a@example.org,Ann\n"


@pytest.mark.parametrize(
    "data, words",
    [
        (("email,name\n" + ROW).encode("utf-16"), ("UTF-16",)),
        (("email,name\n" + ROW).encode("utf-16-le"), ()),
        (b"email,name\na@example.org,\0\n", (":2", "NUL")),
        (b'email,name\na@example.org,"Ann\nb@example.org,B\n', (":2", "quote")),
        (b'email,name\na@example.org,An"n\n', (":2", "quote")),
        (b"email,name\na@example.org,caf\xe9\n", (":2", "UTF-8")),
        (b"mail,name\na@example.org,Ann\n", ("email",)),
        (b"email,name,name\na@example.org,Ann,B\n", ("name",)),
        (b"email,,name\na@example.org,x,B\n", ("column",)),
        (b"", ("email",)),
    ],
    ids=[
        "utf16-bom",
        "utf16",
        "nul",
        "open-quote",
        "stray-quote",
        "latin1",
        "no-email",
        "doubled",
        "nameless",
        "empty",
    ],
)
def test_list_is_refused(ol, catcher, data, words):
    ol.conf(catcher.port)
    ol.write("recipients/ilo.csv", data)
    for verb in (["check"], ["send", LETTER, "--yes"]):
        refused = ol.run(*verb)
        assert refused.rc == DATA, refused
        assert says(refused.err, "ilo.csv", *words), refused
    assert not catcher.tried and ol.json("status") == []


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfemail,name\n" + ROW.encode(),
        b"email,name\r\na@example.org,Ann\r\n",
        b"\xef\xbb\xbfemail,name\r\n\r\na@example.org,Ann\r\n\r\n",
        b'"email","name"\n"a@example.org","Ann"',
    ],
    ids=["bom", "crlf", "bom-crlf-blank-lines", "quoted-no-newline"],
)
def test_list_is_taken(ol, catcher, data):
    ol.conf(catcher.port)
    ol.letter(body="Dear {{recipient.name}}.\n")
    ol.write("recipients/ilo.csv", data)
    ol.send()
    assert text_of(catcher.one("a@example.org").mail) == "Dear Ann."


def test_ragged_rows(ol, catcher):
    ol.conf(catcher.port)
    ol.write(
        "recipients/ilo.csv",
        "email,name,city\na@example.org,Ann,Oslo\nb@example.org\n"
        "c@example.org,Cid,Rome,extra\nd@example.org,Dan,Bern\n",
    )
    ol.letter(body="Dear {{recipient.name}} of {{recipient.city}}.\n")
    result = ol.send(rc=None)
    # Never half-rendered, never silent.
    assert result.rc in (PARTLY, DATA), result
    assert says(result.err, "ilo.csv:4")
    for caught in catcher.messages:
        assert caught.to[0] in "ad" or result.rc == PARTLY
        if caught.to[0] in "ad":
            assert text_of(caught.mail) in (
                "Dear Ann of Oslo.",
                "Dear Dan of Bern.",
            )


# hostile values in a list

HOSTILE = [
    "Ann\r\nBcc: eve@example.org",
    "Ann\nSubject: other",
    "Ann\r\n\r\n<html>",
    "{{letter.title}}",
    "{{{x}}} {{#a}}",
    "<script>alert(1)</script>",
    "</body></html><b>",
    "Ann \u202eevil\u2066",
    '"><img src=x onerror=y>',
    "=?utf-8?q?Bcc:?=",
    "a@b.example, eve@example.org",
    "x" * 3000,
    "tq00000z",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_in_a_list(ol, catcher, wiretap, name):
    tap = wiretap(catcher.port)
    ol.conf(tap.port)
    ol.letter(
        Subject="To {{recipient.name}}",
        body="Dear {{recipient.name}}, hello.\n\n"
        "[x](https://example.org/?n={{recipient.name}})\n",
    )
    ol.recipients(
        [{"email": "a@example.org", "name": name}, {"email": "b@example.org"}]
    )
    result = ol.send(rc=None)
    assert result.rc in (OK, PARTLY), result
    assert "b@example.org" in catcher.to, "one bad row stops nobody else"
    if "a@example.org" not in catcher.to:
        assert result.rc == PARTLY and "ilo.csv:2" in result.err
        return
    # It went out: then it is one message with the fields that are ours.
    assert catcher.to == ["a@example.org", "b@example.org"]
    mail = catcher.one("a@example.org").mail
    assert mail["Bcc"] is None and len(mail.get_all("Subject")) == 1
    assert [a.addr_spec for a in mail["To"].addresses] == ["a@example.org"]
    shown = " ".join(name.split())
    assert " ".join(mail["Subject"].split()) == f"To {shown}"
    assert " ".join(text_of(mail).split()).startswith(f"Dear {shown}, hello.")
    page = Page(html_of(mail))
    assert not {"script", "b", "img"} & set(page.tags)
    assert page.tags.count("html") == 1
    (link,) = page.links
    assert link.startswith("https://example.org/?n=") and "<" not in link
    for said in tap.spoken:
        assert b"\n" not in bytes(said).replace(b"\r\n", b"")


# the database


def test_database_of_a_newer_version(ol, catcher):
    ol.conf(catcher.port)
    ol.sign(email="ada@example.org")
    version = ol.sql("pragma user_version")
    ol.sql(f"pragma user_version = {version + 1000}")
    for verb in (
        ["count"],
        ["sign", LETTER, "--name", "Ben", "--email", "ben@example.org"],
        ["send", LETTER, "--yes"],
    ):
        refused = ol.run(*verb)
        assert refused.rc == CONFIG, refused
        assert says(refused.err, "openletter.db", "newer")
    ol.sql(f"pragma user_version = {version}")
    assert ol.count()["total"] == 1
    assert not catcher.tried


def test_database_is_something_else(ol):
    ol.database.unlink(missing_ok=True)
    for path in ol.dir.glob("openletter.db-*"):
        path.unlink()
    ol.write("openletter.db", "this is not a database\n" * 100)
    before = ol.database.read_bytes()
    refused = ol.run("count")
    assert refused.rc in (DATA, IO, CONFIG), refused
    assert says(refused.err, "openletter.db")
    assert ol.database.read_bytes() == before


# a full disk


@pytest.fixture
def small_disk(tmp_path):
    """A folder with two megabytes of room, and what fills it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder],
            capture_output=True,
        ).returncode
        == 0
    )
    if not mounted:
        pytest.skip("needs root and mount, to have a disk that is full")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Takes the room that is left. Returns the file that takes it."""
    path = folder / "filler"
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                pass
    return path


def on_disk(ol, folder):
    """The same workspace, moved to the small disk."""
    shutil.copytree(ol.dir, folder / "ws")
    ol.dir = folder / "ws"
    return ol


def test_full_disk_while_importing(ol, small_disk):
    on_disk(ol, small_disk)
    ol.sign(email="ada@example.org")
    path = ol.dir.parent.parent / "many.csv"
    path.write_text(
        csv_text(
            [
                {"name": f"Person {i}", "email": f"p{i}@example.org"}
                for i in range(20000)
            ]
        )
    )
    full = ol.run("import", LETTER, path)
    assert full.rc in (CREATE, IO), full
    assert says(full.err, "full") or says(full.err, "space")
    assert ol.count()["total"] == 1


def test_full_disk_while_signing(ol, small_disk):
    on_disk(ol, small_disk)
    ol.sign(email="ada@example.org")
    filler = fill(small_disk)
    acknowledged = {"ada@example.org"}
    for i in range(30):
        email = f"s{i}@example.org"
        signed = ol.sign(name=f"Signer {i}", email=email, comment="x" * 3000)
        assert signed.rc in (OK, CREATE, IO), signed
        if signed.rc == OK:
            acknowledged.add(email)
    assert len(acknowledged) < 31, "the disk was never full"
    filler.unlink()
    assert {r["email"] for r in ol.signatures()} == acknowledged
    assert ol.sign(email="after@example.org").rc == OK


def test_full_disk_while_sending(ol, small_disk, catcher):
    ol.conf(catcher.port)
    ol.people(300)
    on_disk(ol, small_disk)
    ol.send("--limit", "5", rc=AGAIN)
    filler = fill(small_disk)
    full = ol.run("resume")
    filler.unlink()
    assert full.rc in (OK, CREATE, IO), full
    # What was accepted is in the ledger as sent, or as unknown.
    states = ol.states()
    assert len(catcher.to) == len(set(catcher.to))
    assert {states[a] for a in catcher.to} <= {"sent", "unknown"}
    assert ol.run("resume").rc in (OK, PARTLY)
    assert len(catcher.to) == len(set(catcher.to))
    unknown = [a for a, s in ol.states().items() if s == "unknown"]
    assert len(unknown) <= 1
    assert len(set(catcher.to) | set(unknown)) == 300


def test_file_size_limit(ol):
    """The same as a full disk where nothing can be mounted."""
    ol.sign(email="ada@example.org")
    rows = [
        {"name": f"Person {i}", "email": f"p{i}@example.org"}
        for i in range(20000)
    ]
    path = ol.write("many.csv", csv_text(rows))
    limit = ol.database.stat().st_size + 65536

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    # Python ignores SIGXFSZ and lets the program inherit that.
    full = ol.run(
        "import", LETTER, path, preexec_fn=small_files, restore_signals=False
    )
    assert full.rc in (CREATE, IO), full
    assert ol.count()["total"] == 1


# folders and files that cannot be written or read

NO_POWER = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--"]


@pytest.fixture
def no_power():
    """
    A command prefix under which root has no power over permissions. (Another
    user could not reach the temporary folder or the program.)
    """
    if os.geteuid() != 0:
        return []
    probe = [*NO_POWER, "sh", "-c", "! cat /etc/shadow >&2 || true"]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("setpriv cannot take root's power away here")
    return NO_POWER


@pytest.fixture
def read_only(ol):
    ol.sign(email="ada@example.org")
    ol.count()
    files = [ol.dir, *ol.dir.rglob("*")]
    for path in files:
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield ol
    for path in files:
        if path.exists():
            path.chmod(0o700 if path.is_dir() else 0o600)


def test_read_only_workspace(read_only, no_power):
    ol = read_only
    signed = ol.run(
        *("sign", LETTER, "--name", "Ben", "--email", "ben@example.org"),
        prefix=no_power,
    )
    assert signed.rc in (CREATE, IO), signed
    assert says(signed.err, "openletter.db")
    sent = ol.run("send", LETTER, "--yes", prefix=no_power)
    assert sent.rc in (CREATE, IO), sent
    # Looking may work or not; it must not be taken for an empty list.
    looked = ol.run("count", LETTER, "--format", "json", prefix=no_power)
    assert looked.rc in (OK, CREATE, IO), looked
    assert looked.rc != OK or looked.rows()[0]["total"] == 1
    assert ol.run("check", prefix=no_power).rc in (OK, CREATE, IO)


def test_read_only_workspace_loses_nothing(ol, no_power):
    ol.sign(email="ada@example.org")
    ol.dir.chmod(0o500)
    try:
        ol.run(
            *("sign", LETTER, "--name", "Ben", "--email", "ben@example.org"),
            prefix=no_power,
        )
    finally:
        ol.dir.chmod(0o700)
    assert "ada@example.org" in {r["email"] for r in ol.signatures()}


def test_unreadable_letter(ol, no_power):
    path = ol.dir / "letters" / f"{LETTER}.en.md"
    path.chmod(0)
    refused = ol.run("check", prefix=no_power)
    assert refused.rc in (DATA, IO, 66), refused
    assert says(refused.err, "director-general.en.md")


def test_init_where_nothing_can_be_made(bare, no_power):
    bare.dir.mkdir(mode=0o500)
    refused = bare.run("init", bare.dir / "new", prefix=no_power)
    assert refused.rc == CREATE, refused


# output that cannot be written


@pytest.mark.parametrize(
    "args",
    [
        ["count", "--format", "csv"],
        ["count", "--format", "json"],
        ["letters"],
        ["export", LETTER, "--audience", "organisers"],
        ["log"],
        ["status"],
        ["preview", LETTER],
        ["--version"],
        ["-h"],
    ],
    ids=" ".join,
)
def test_full_output(ol, catcher, args):
    ol.conf(catcher.port)
    ol.sign(email="ada@example.org")
    ol.send()
    with open("/dev/full", "wb") as full:
        failed = ol.run(*args, stdout=full)
    assert failed.rc == IO, failed
    assert failed.err.strip()


def test_full_output_of_a_large_export(ol):
    ol.load(
        [
            {"name": f"Person {i}", "email": f"p{i}@example.org"}
            for i in range(3000)
        ]
    )
    with open("/dev/full", "wb") as full:
        failed = ol.run(
            "export", LETTER, "--audience", "organisers", stdout=full
        )
    assert failed.rc == IO, failed


def test_closed_descriptors(ol):
    """The database must never be opened in the place of stdout."""
    ol.sign(email="ada@example.org")
    for closed in (">&-", ">&- 2>&-", "<&- >&- 2>&-"):
        argv = ["sh", "-c", f'"$@" {closed}', "sh"]
        ol.run_argv([*argv, *ol.argv("count")])
        ol.run_argv(
            [
                *argv,
                *ol.argv("sign", LETTER, "--name", "B", "--email", "b@x.org"),
            ]
        )
    assert ol.count()["total"] == 2
    assert ol.intact()


def test_reader_goes_away(ol):
    """`openletter export ... | head -1` is not a crash."""
    ol.load(
        [
            {"name": f"Person {i}", "email": f"p{i}@example.org"}
            for i in range(5000)
        ]
    )
    argv = ["sh", "-c", '"$@" | head -1', "sh"]
    piped = ol.run_argv(
        [*argv, *ol.argv("export", LETTER, "--audience", "organisers")]
    )
    assert piped.out.startswith("number,")


# edited between a send and its resume


@pytest.fixture
def begun(ol, catcher):
    """A mailing to six of which two have gone out."""
    ol.conf(catcher.port)
    ol.letter(
        Subject="Old for {{recipient.name}}",
        body="Old text for {{recipient.name}}, {{signatures.total}} signed.\n",
    )
    ol.people(6)
    ol.send("--limit", "2", rc=AGAIN)
    return ol


def check_old(catcher):
    assert len(set(catcher.to)) == len(catcher.messages) == 6
    for caught in catcher.messages:
        number = caught.to[1]
        name = f"Recipient {number}"
        assert caught.mail["Subject"] == f"Old for {name}"
        assert text_of(caught.mail) == f"Old text for {name}, 0 signed."


def test_edited_letter(begun, catcher):
    begun.letter(Subject="New", body="New text.\n", From="New <new@x.example>")
    begun.conf(catcher.port, organiser={"from": "other@committee.example"})
    begun.sign(email="ada@example.org")
    assert begun.run("resume").rc == OK
    check_old(catcher)
    assert len({m.sender for m in catcher.messages}) == 1


def test_broken_letter(begun, catcher):
    begun.letter(Subject="{{nobody}}", body="{{#open}}\n")
    assert begun.run("resume").rc == OK
    check_old(catcher)


def test_deleted_letter_and_list(begun, catcher):
    shutil.rmtree(begun.dir / "letters")
    shutil.rmtree(begun.dir / "recipients")
    assert begun.run("resume").rc == OK
    check_old(catcher)


def test_edited_list(begun, catcher):
    path = begun.dir / "recipients" / "ilo.csv"
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["name"] = "Changed"
    begun.recipients([*rows[1:], {"email": "added@example.org"}])
    assert begun.run("resume").rc == OK
    check_old(catcher)


@pytest.mark.parametrize("change", ["changed", "deleted"])
def test_changed_attachment(ol, catcher, change):
    ol.conf(catcher.port)
    path = ol.write("letters/ilo/paper.txt", "first")
    ol.letter(Attach="paper.txt")
    ol.send("--limit", "1", rc=AGAIN)
    if change == "changed":
        path.write_text("second")
    else:
        path.unlink()
    stopped = ol.run("resume")
    assert stopped.rc == DATA, stopped
    assert says(stopped.err, "paper.txt")
    assert len(catcher.messages) == 1
    path.write_text("first")
    assert ol.run("resume").rc == OK
    assert len(catcher.messages) == 3
    for caught in catcher.messages:
        (part,) = parse(caught.data).iter_attachments()
        assert part.get_content().strip() == "first"


@pytest.mark.parametrize(
    "header, words",
    [("email;name", ";"), ("Email,name", "Email"), ("E-Mail,name", "E-Mail")],
)
def test_list_with_nearly_the_right_columns(ol, header, words):
    ol.write("recipients/ilo.csv", header + "\na@example.org,A\n")
    found = ol.run("check")
    assert found.rc == DATA and says(found.err, "recipients/ilo.csv:1:", words)
