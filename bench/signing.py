"""The parts that are about signatures: stored, counted, written out."""

import functools
import tempfile
from pathlib import Path

from figures import (
    RATE_COLUMNS,
    Failed,
    digits,
    measure,
    median,
    print_table,
    progress,
    rate_row,
)
from importers import (
    SQLITE3,
    TUNED_CACHE_KB,
    OpenletterImport,
    PythonImport,
    SqliteImport,
)
from petition import Petition, SignatureList

# A command that takes milliseconds is run so many times in each round.
QUICK = 10
COUNT_BY = (
    "country", "day", "week", "language", "organisation", "source",
    "visibility", "state",
)
# What `openletter export` shows (nothing that is repeated or revoked), as it
# is stored: sqlite3 has no codes to put into words and no letter to look for.
EXPORTS = {
    "organisers":
        "SELECT id, name, organisation, role, country, city, comment, lang, "
        "signed_at, kind, email, postcode, visibility, updates, state, "
        "source, edition FROM signature WHERE state < 5 ORDER BY id",
    "public":
        "SELECT id, name, organisation, role, country, city, comment, lang, "
        "signed_at FROM signature WHERE state = 1 AND visibility = 0 "
        "ORDER BY id",
}


def in_turns(rounds, contests):
    """
    Calls each of contests, functions that return a Run, once in each round.
    Returns the list of runs of each, by its name.
    """
    runs = {name: [] for name in contests}
    for turn in range(rounds):
        for name, contest in contests.items():
            progress(f"Round {turn + 1} of {rounds}: {name}")
            runs[name].append(contest())
    return runs


def new_folder(bench):
    return Path(tempfile.mkdtemp(dir=bench.folder))


@functools.cache
def signature_list(bench, rows):
    progress(f"Writing a list of {rows} signatures")
    return SignatureList(bench.tools, bench.folder, rows)


def run_import(bench, importer, signatures):
    importer.prepare()
    run = measure(
        bench.tools, signatures.rows, importer.argv(signatures), bench.folder,
        importer.good,
    )
    importer.check(signatures)
    return run


@functools.cache
def filled(bench, rows):
    """A petition with so many rows, and what importing them took."""
    petition = Petition(bench.program, new_folder(bench))
    signatures = signature_list(bench, rows)
    progress(f"Importing {rows} signatures")
    return petition, run_import(
        bench, OpenletterImport(petition), signatures
    )


def peak_mb(runs):
    return f"{max(run.peak_kb for run in runs) / 1024:.1f}"


def memory_row(name, runs, base):
    return [*rate_row(name, runs, base), peak_mb(runs)]


def part_import(bench):
    """Rows a second beside programs that check less, or as much."""
    signatures = signature_list(bench, bench.signatures)
    folder = new_folder(bench)
    importers = [
        SqliteImport(folder),
        SqliteImport(folder, TUNED_CACHE_KB),
        PythonImport(folder),
        OpenletterImport(Petition(bench.program, folder)),
    ]
    runs = in_turns(bench.rounds, {
        importer.name:
            functools.partial(run_import, bench, importer, signatures)
        for importer in importers
    })
    base = runs[importers[0].name]
    rows = [memory_row(name, its_runs, base)
            for name, its_runs in runs.items()]
    # One round, for the memory; no peer had as long a list.
    _, many = filled(bench, bench.many)
    rows.append(memory_row(f"openletter import, {many.count}", [many], [many]))
    rows[-1][RATE_COLUMNS.index("ratio")] = ""
    print_table(
        f"import: rows a second, {signatures.rows} into an empty store; "
        f"ratio to {importers[0].name}",
        [*RATE_COLUMNS, "peak MB"],
        rows,
    )


QUICK_COLUMNS = ["", "median", "ratio", "lowest", "highest", "peak MB"]


def quick_row(name, runs, base):
    """How long a program took, beside another one."""
    times_ms = [run.seconds * 1000 for run in runs]
    ratio = median(runs, "seconds") / median(base, "seconds")
    return [
        name, digits(median(runs, "seconds") * 1000), f"{ratio:.2f}",
        digits(min(times_ms)), digits(max(times_ms)), peak_mb(runs),
    ]


def part_count(bench):
    """What is counted by heart, beside starting the program."""
    petition, _ = filled(bench, bench.many)
    run = functools.partial(measure, bench.tools, 1, folder=bench.folder)
    version = f"{bench.program.name} --version"
    contests = {
        version: functools.partial(run, [bench.program, "--version"]),
        "count": functools.partial(run, petition.command("count")),
    }
    for field in COUNT_BY:
        contests[f"count --by {field}"] = functools.partial(
            run, petition.command("count", "--by", field)
        )
    runs = in_turns(bench.rounds * QUICK, contests)
    print_table(
        f"count: milliseconds, of {bench.many} rows; ratio to {version}",
        QUICK_COLUMNS,
        [quick_row(name, its_runs, runs[version])
         for name, its_runs in runs.items()],
    )


def lines_of(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n")
                   for block in iter(lambda: file.read(1 << 20), b""))


def run_export(bench, rows, argv, lines):
    """lines has how many lines the first program wrote, if one did."""
    run = measure(bench.tools, rows, argv, bench.folder)
    written = lines_of(bench.folder / "output")
    if lines.setdefault("all", written) != written:
        raise Failed(
            f"{' '.join(map(str, argv))}: {written} lines where the other "
            f"program wrote {lines['all']}"
        )
    return run


def export_argv(petition, audience):
    return petition.command(
        "export", "--audience", audience, "--format", "csv"
    )


def part_export(bench):
    """Rows a second into a file, beside sqlite3 -csv."""
    petition, _ = filled(bench, bench.signatures)
    signers = signature_list(bench, bench.signatures).signers
    many, _ = filled(bench, bench.many)
    many_signers = signature_list(bench, bench.many).signers
    for audience, select in EXPORTS.items():
        run = functools.partial(run_export, bench, lines={})
        sqlite = [SQLITE3, "-csv", "-header", petition.store, select]
        runs = in_turns(bench.rounds, {
            "sqlite3 -csv": functools.partial(run, signers, sqlite),
            "openletter export": functools.partial(
                run, signers, export_argv(petition, audience)
            ),
        })
        base = runs["sqlite3 -csv"]
        rows = [memory_row(name, its_runs, base)
                for name, its_runs in runs.items()]
        progress(f"Exporting {many_signers}")
        large = run_export(
            bench, many_signers, export_argv(many, audience), {}
        )
        rows.append(memory_row(
            f"openletter export, {many_signers}", [large], base
        ))
        print_table(
            f"export: rows a second that are read for {audience}, "
            f"{signers} in the store; ratio to sqlite3 -csv",
            [*RATE_COLUMNS, "peak MB"],
            rows,
        )


def part_sign(bench):
    """One signature into a store that is empty, and one that is not."""
    empty = Petition(bench.program, new_folder(bench))
    many, _ = filled(bench, bench.many)
    numbers = iter(range(bench.rounds * QUICK * 2))

    def sign(petition):
        argv = petition.command(
            "sign", "--name", "زهرا محمدی", "--country", "IR", "--city",
            "تهران", "--email", f"signer{next(numbers)}@desk.example.org",
        )
        return measure(bench.tools, 1, argv, bench.folder)

    runs = in_turns(bench.rounds * QUICK, {
        "an empty store": functools.partial(sign, empty),
        f"one of {bench.many} rows": functools.partial(sign, many),
    })
    print_table(
        "sign: milliseconds, one signature by one program; ratio to an "
        "empty store",
        QUICK_COLUMNS,
        [quick_row(name, its_runs, runs["an empty store"])
         for name, its_runs in runs.items()],
    )
