"""
Fixtures of the end-to-end tests: the built program against real servers on
free loopback ports, each test in a temporary folder of its own.

OPENLETTER names the program (default build/openletter), OPENLETTER_CORPORA
the folder of test data (default ../shared/corpora), both from the root of
the repository.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fake"))
pytest.register_assert_rewrite(
    "disk", "exact", "people", "servers", "workspace"
)

import certs as certificates  # noqa: E402
from servers import (  # noqa: E402
    ALIAS,
    CANONICAL,
    MICROSOCKS,
    SMTP_SINK,
    Catcher,
    FakeDns,
    FakeSmtp,
    FakeSocks,
    Microsocks,
    Scribe,
    SmtpSink,
    Wiretap,
)
from workspace import CORPORA, PROGRAM, Workspace  # noqa: E402


def pytest_configure():
    if not os.access(PROGRAM, os.X_OK):
        message = f"{PROGRAM} is not there: run make, or set OPENLETTER"
        if not any(arg.startswith("--co") for arg in sys.argv):
            pytest.exit(message, returncode=2)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    """A workspace as init makes it, without the samples it may bring."""
    folder = tmp_path_factory.mktemp("pristine") / "ws"
    made = subprocess.run(
        [PROGRAM, "init", folder], capture_output=True, text=True, timeout=60
    )
    assert made.returncode == 0, made.stderr
    for sub in ("letters", "recipients"):
        shutil.rmtree(folder / sub)
        (folder / sub).mkdir()
    return folder


@pytest.fixture
def ol(pristine, tmp_path):
    """
    A workspace with a configuration, a campaign's introduction, an English
    letter ilo/director-general and a list ilo of three recipients.
    """
    folder = tmp_path / "ws"
    shutil.copytree(pristine, folder)
    workspace = Workspace(folder)
    workspace.conf()
    workspace.write(
        "letters/ilo/campaign.en.md",
        "Title: Call on the ILO\nKind: campaign\nSummary: Unpaid wages\n\n"
        "What it is about.\n",
    )
    workspace.letter()
    workspace.people(3)
    return workspace


@pytest.fixture
def bare(tmp_path):
    """A workspace's helper without a workspace: nothing is there yet."""
    return Workspace(tmp_path / "ws")


@pytest.fixture
def catcher():
    server = Catcher().start()
    yield server
    server.stop()


@pytest.fixture
def smtp_sink(tmp_path):
    """Gives a function that starts Postfix's smtp-sink with options."""
    if not SMTP_SINK:
        pytest.skip("smtp-sink (Debian package postfix) is not installed")
    started = []

    def start(*options):
        folder = tmp_path / f"sink{len(started)}"
        started.append(SmtpSink(folder, *options))
        return started[-1]

    yield start
    for sink in started:
        sink.stop()


@pytest.fixture
def fake_smtp(tmp_path):
    """Gives a function that starts the scripted server with options."""
    started = []

    def start(**options):
        transcript = tmp_path / f"transcript{len(started)}"
        started.append(FakeSmtp(transcript, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    """A folder with an authority (ca.pem) and good and bad certificates."""
    folder = tmp_path_factory.mktemp("certs")
    certificates.make_all(folder)
    return folder


@pytest.fixture
def fake_dns(tmp_path):
    """Gives a function that starts the scripted name server."""
    started = []

    def start(records=(), faults=()):
        queries = tmp_path / f"queries{len(started)}"
        started.append(FakeDns(queries, records, faults))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def fake_socks(tmp_path):
    """Gives a function that starts the scripted proxy with options."""
    started = []

    def start(**options):
        transcript = tmp_path / f"proxied{len(started)}"
        started.append(FakeSocks(transcript, **options))
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture
def microsocks():
    """Gives a function that starts a real SOCKS5 proxy."""
    if not MICROSOCKS:
        pytest.skip("microsocks is not installed")
    started = []

    def start(**options):
        started.append(Microsocks(**options))
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture
def etc(tmp_path):
    """
    Gives a function that makes a command prefix under which a file of /etc
    holds another text, in a mount namespace of its own, which takes root.
    """

    def replace(name, text):
        file = tmp_path / name
        file.write_text(text)
        inner = f'mount --bind "{file}" /etc/{name} && exec "$@"'
        prefix = ["unshare", "-m", "sh", "-c", inner, "sh"]
        if os.geteuid() != 0 or not shutil.which("unshare"):
            pytest.skip(f"needs root and unshare, to replace /etc/{name}")
        if subprocess.run([*prefix, "true"], capture_output=True).returncode:
            pytest.skip("a mount namespace is not allowed here")
        return prefix

    return replace


@pytest.fixture
def hosts(etc):
    """A command prefix under which ALIAS is another name of CANONICAL."""
    return etc("hosts", f"127.0.0.1 {CANONICAL} {ALIAS} localhost\n")


TRANSPORTS = {
    "clear": {"tls": "none", "host": "127.0.0.1"},
    "starttls": {"tls": "starttls", "host": "localhost"},
    "implicit": {"tls": "implicit", "host": "localhost"},
    "proxy": {"tls": "starttls", "host": "localhost"},
}


@pytest.fixture(params=TRANSPORTS)
def transport(request, ol, fake_smtp, certs):
    """
    Gives a function that starts the scripted server for one way to reach it
    and points the workspace there.
    """

    def start(user=None, **options):
        settings = dict(TRANSPORTS[request.param])
        if settings["tls"] != "none":
            options.setdefault("cert", certs / "good.pem")
            settings["cafile"] = certs / "ca.pem"
        if settings["tls"] == "implicit":
            options["implicit"] = True
        if request.param == "proxy":
            proxy = request.getfixturevalue("microsocks")()
            settings["proxy"] = f"socks5h://127.0.0.1:{proxy.port}"
        server = fake_smtp(**options)
        ol.conf(server.port, user=user, timeout=5, **settings)
        return server

    start.name = request.param
    return start


@pytest.fixture
def wiretap():
    """Gives a function that puts a listener in front of a port."""
    started = []

    def start(port):
        started.append(Wiretap(port).start())
        return started[-1]

    yield start
    for tap in started:
        tap.stop()


@pytest.fixture
def scribe():
    """Gives a function that starts a server which loses nothing."""
    started = []

    def start(*args, **options):
        started.append(Scribe(*args, **options).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def corpora():
    """Gives a function that names a file of the test data or skips."""

    def find(path):
        found = CORPORA / path
        if not found.exists():
            pytest.skip(f"{found} is not there (OPENLETTER_CORPORA)")
        return found

    return find


@pytest.fixture
def clock(tmp_path):
    """
    Gives a function that makes a command prefix which shifts the clock, as
    "+1d". Skips where faketime is missing or cannot load into the program.
    """

    def shift(by):
        found = shutil.which("faketime")
        if not found:
            pytest.skip("faketime is not installed")
        if "thread" in PROGRAM.parent.name:
            pytest.skip("faketime and the thread sanitizer do not agree")
        prefix = [found, "-f", by]
        argv = [*prefix, PROGRAM, "--version"]
        probe = subprocess.run(argv, capture_output=True)
        if probe.returncode != 0:
            pytest.skip("faketime does not work with this build")
        return prefix

    return shift


@pytest.fixture
def moving_clock(clock, tmp_path):
    """
    A clock on the wall that can be moved while a command runs: start it with
    .prefix, and .move("+3h"). What measures durations goes on as it is.
    """

    class Moving:
        file = tmp_path / "clock"
        prefix = [
            *clock("+0"),
            "env",
            "-u",
            "FAKETIME",
            f"FAKETIME_TIMESTAMP_FILE={file}",
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
        ]

        def move(self, by):
            self.file.write_text(by + "\n")

    moving = Moving()
    moving.move("+0")
    return moving
