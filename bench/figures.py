"""Measuring a command, and tables of what came out."""

import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass

LIMIT_S = 7200


class Failed(Exception):
    """A run whose figures would be worth nothing, and why."""


@dataclass
class Run:
    """What sending some messages, or storing some rows, took."""

    count: int
    seconds: float
    user_s: float
    system_s: float
    peak_kb: int
    server_s: float = 0.0  # processor time of the server meanwhile

    @property
    def rate(self):
        return self.count / self.seconds

    @property
    def user_us(self):
        return self.user_s / self.count * 1e6

    @property
    def system_us(self):
        return self.system_s / self.count * 1e6

    @property
    def cpu_us(self):
        return self.user_us + self.system_us

    @property
    def server_load(self):
        """How many processors the server kept busy."""
        return self.server_s / self.seconds


def children_s():
    """Processor time of all processes that were started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(tools, count, argv, folder, good=(0,)):
    """
    Runs a command that does so many and must end with a good exit status.
    What it prints is in the folder's file "output" then.
    """
    figures = folder / "figures"
    output = folder / "output"
    argv = list(map(str, argv))
    with open(output, "wb") as file:
        try:
            done = subprocess.run(
                [tools / "measure", figures, *argv],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                timeout=LIMIT_S,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{' '.join(argv)}: no end") from error
    if done.returncode not in good:
        said = output.read_text("utf-8", "replace")[-1000:].strip()
        raise Failed(
            f"{' '.join(argv)}: exit status {done.returncode}\n{said}"
        )
    wall, user, system, peak = figures.read_text().split()
    return Run(count, float(wall), float(user), float(system), int(peak))


def median(runs, figure):
    return statistics.median(getattr(run, figure) for run in runs)


RATE_COLUMNS = ["", "median", "ratio", "lowest", "highest", "CPU us each"]


def digits(number):
    """Three digits of it, or all before the point."""
    return f"{number:.{0 if number >= 100 else 1 if number >= 10 else 2}f}"


def rate_row(name, runs, base):
    """A program's rates beside those of another one."""
    rates = [run.rate for run in runs]
    rate = median(runs, "rate")
    return [
        name, f"{rate:.0f}", f"{rate / median(base, 'rate'):.2f}",
        f"{min(rates):.0f}", f"{max(rates):.0f}",
        digits(median(runs, "cpu_us")),
    ]


def progress(text):
    """What is being done now, on a terminal only; "" clears it."""
    if sys.stderr.isatty():
        print(f"\r{text:<78.78}", end="" if text else "\r", file=sys.stderr,
              flush=True)


def print_table(title, columns, rows):
    """Prints rows of texts under a title, the first column to the left."""
    rows = [columns, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    progress("")
    print(f"\n{title}\n")
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width)
                  for cell, width in zip(row[1:], widths[1:])]
        print("  " + "   ".join(cells).rstrip(), flush=True)
