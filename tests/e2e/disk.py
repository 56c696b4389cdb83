"""
What a disk holds after the power was lost: rebuilt from the record of
tests/fault/record.c. What was synced is there; of what came later, some is.
"""

import os
import re
import struct
from dataclasses import dataclass, field
from enum import IntEnum

SECTOR = 512
HEAD = struct.Struct("=qqqq")


class What(IntEnum):
    CREATE = 1
    WRITE = 2
    CUT = 3
    SYNC = 4
    SYNC_FOLDER = 5
    REMOVE = 6
    SEND = 7


@dataclass
class Deed:
    what: What
    file: int
    at: int
    data: bytes


def read_record(path):
    """The deeds of all runs, in order."""
    text = path.read_bytes()
    deeds = []
    begin = 0
    while begin < len(text):
        what, file, at, size = HEAD.unpack_from(text, begin)
        begin += HEAD.size
        data = text[begin : begin + size]
        begin += size
        deeds.append(Deed(What(what), file, at, data))
    return deeds


def note_file(path, name):
    """Adds to a record that another program made a file, and that it stays."""
    text = str(name).encode()
    inode = os.stat(name).st_ino
    with open(path, "ab") as record:
        record.write(HEAD.pack(What.CREATE, inode, 0, len(text)) + text)
        record.write(HEAD.pack(What.SYNC_FOLDER, 0, 0, 0))


@dataclass
class File:
    durable: bytearray = field(default_factory=bytearray)
    later: list = field(default_factory=list)


def apply(content, deed, sectors=None):
    """Does a deed to a file's content, or only some sectors of it."""
    if deed.what == What.CUT:
        del content[deed.at :]
        content.extend(bytes(deed.at - len(content)))
        return
    for begin in range(0, len(deed.data), SECTOR):
        if sectors is not None and begin // SECTOR not in sectors:
            continue
        piece = deed.data[begin : begin + SECTOR]
        at = deed.at + begin
        content.extend(bytes(max(0, at + len(piece) - len(content))))
        content[at : at + len(piece)] = piece


class Disk:
    """The files of one folder, as the power is lost after some deeds."""

    def __init__(self):
        self.files = {}  # by inode, as it is now
        self.names = {}  # durable: name to file
        self.changes = []  # of names, not yet durable

    def do(self, deed):
        name = deed.data.decode().rsplit("/", 1)[-1] if deed.what in (
            What.CREATE,
            What.REMOVE,
        ) else None
        if deed.what == What.CREATE:
            # An inode that is used again is another file.
            self.files[deed.file] = File()
            self.changes.append((name, self.files[deed.file]))
        elif deed.what == What.REMOVE:
            self.changes.append((name, None))
        elif deed.what == What.SYNC_FOLDER:
            self.keep_names(self.names, len(self.changes))
            self.changes = []
        elif deed.file in self.files:
            file = self.files[deed.file]
            if deed.what == What.SYNC:
                for later in file.later:
                    apply(file.durable, later)
                file.later = []
            elif deed.what in (What.WRITE, What.CUT):
                file.later.append(deed)

    def keep_names(self, names, count):
        for name, file in self.changes[:count]:
            names.pop(name, None)
            if file:
                names[name] = file

    def after_power_loss(self, rng):
        """
        Gives names and contents: all that was synced, and of the rest
        nothing, all, a part from the front, or any sectors.
        """
        names = dict(self.names)
        most = len(self.changes)
        self.keep_names(names, rng.choice((0, most, rng.randint(0, most))))
        return {
            name: bytes(self.content(file, rng)) for name, file in names.items()
        }

    @staticmethod
    def content(file, rng):
        content = bytearray(file.durable)
        way = rng.randrange(4)
        front = (0, len(file.later), rng.randint(0, len(file.later)))
        for number, deed in enumerate(file.later):
            sectors = None
            if way == 3:
                count = -(-len(deed.data) // SECTOR)
                sectors = {n for n in range(count) if rng.random() < 0.5}
            elif number == front[way]:
                # The last one may be torn.
                sectors = {rng.randrange(8)}
            elif number > front[way]:
                break
            apply(content, deed, sectors)
        return content


DOT = b"\r\n.\r\n"
TO = re.compile(rb"RCPT TO:<([^>]*)>", re.IGNORECASE)


def ended(deeds):
    """
    The addresses of the messages whose end was given to a socket: the server
    may have accepted each of them.
    """
    said = {}
    for deed in deeds:
        if deed.what == What.SEND:
            said.setdefault(deed.file, bytearray()).extend(deed.data)
    return {
        TO.findall(message)[-1].decode()
        for stream in said.values()
        for message in bytes(stream).split(DOT)[:-1]
    }
