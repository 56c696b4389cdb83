#!/usr/bin/python3
"""A name server for tests that answers as it is told to.

It listens on 127.0.0.1, one free port for UDP and TCP alike, prints the port
on a line of its own, and serves until its standard input is closed.

    dns.py --record "example.org TXT v=spf1 -all" --fault "x.example servfail"

--record "NAME TYPE VALUE" (repeatable); TYPE is A, AAAA, MX, PTR or TXT. A
TXT value may have Python escapes; a bar begins another string. A name that
has no record, and none below it, does not exist.

--fault "NAME WHAT" (repeatable) does WHAT for a name; * is every name.

    servfail refused formerr   that code
    silent      no answer
    truncated   over UDP only a mark that there is more; the rest over TCP
    notcp       the same, and nothing over TCP
    garbage     a header, then bytes that mean nothing
    half        the first half of the answer
    loop        a name that points at itself
    wrongid     the answer to another question's number, then silence
    stranger    the answer to another name, then silence

--queries FILE gets a line "NAME TYPE" for each question, flushed at once.
"""

import argparse
import os
import socket
import socketserver
import struct
import sys
import threading

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
CODES = {"formerr": 1, "servfail": 2, "refused": 5}


def encode_name(name):
    labels = [label for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(l)]) + l.encode() for l in labels) + b"\0"


def encode_text(value):
    out = b""
    for part in value.split("|"):
        data = part.encode("latin-1").decode("unicode_escape").encode("latin-1")
        for at in range(0, max(len(data), 1), 255):
            piece = data[at:at + 255]
            out += bytes([len(piece)]) + piece
    return out


def encode(kind, value):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "PTR":
        return encode_name(value)
    if kind == "MX":
        preference, host = value.split(" ")
        return struct.pack("!H", int(preference)) + encode_name(host)
    return encode_text(value)


class Zone:
    def __init__(self, options):
        self.records = {}
        for text in options.record:
            name, kind, value = text.split(" ", 2)
            self.records.setdefault(name.lower(), []).append((kind, value))
        self.faults = dict(text.lower().split(" ") for text in options.fault)
        self.log = open(options.queries, "a", buffering=1) \
            if options.queries else None
        self.lock = threading.Lock()

    def exists(self, name):
        return any(known == name or known.endswith("." + name)
                   for known in self.records)

    def answer(self, query, tcp):
        """The answers to send, in order; b"" is silence."""
        name, kind, end = read_question(query)
        question = query[12:end]
        if self.log:
            with self.lock:
                print(name, kind, file=self.log)
        fault = self.faults.get(name, self.faults.get("*"))
        found = [value for known, value in self.records.get(name, ())
                 if known == kind]
        code = 0 if self.exists(name) else 3
        whole = reply(query, question, code, [
            b"\xc0\x0c" + struct.pack("!HHI", TYPES[kind], 1, 60)
            + struct.pack("!H", len(data)) + data
            for data in (encode(kind, value) for value in found)])
        if fault is None:
            limit = 65535 if tcp else 1232
            return whole if len(whole) <= limit else \
                reply(query, question, 0, [], truncated=True)
        return self.misbehave(fault, query, question, whole, tcp)

    @staticmethod
    def misbehave(fault, query, question, whole, tcp):
        if fault in CODES:
            return reply(query, question, CODES[fault], [])
        if fault == "silent" or (fault == "notcp" and tcp):
            return b""
        if fault in ("truncated", "notcp"):
            return whole if tcp else \
                reply(query, question, 0, [], truncated=True)
        if fault == "garbage":
            return whole[:4] + b"\0\1\xff\xff\0\0\0\0" + question \
                + b"\xff\xfe" * 40
        if fault == "half":
            return whole[:(len(whole) + 12) // 2]
        if fault == "loop":
            at = 12 + len(question)
            pointer = struct.pack("!H", 0xC000 | at)
            return reply(query, question, 0, [
                pointer + struct.pack("!HHIH", 16, 1, 60, 0)])
        if fault == "wrongid":
            return bytes([whole[0] ^ 1]) + whole[1:]
        if fault == "stranger":
            return whole.replace(question, question[:1] + b"z" + question[2:])
        raise ValueError("no such fault: " + fault)


def read_question(query):
    """Its name, its type, and where it ends."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    (kind,) = struct.unpack_from("!H", query, at + 1)
    return ".".join(labels), NAMES[kind], at + 5


def reply(query, question, code, records, truncated=False):
    flags = 0x8180 | code | (0x0200 if truncated else 0)
    return query[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) \
        + question + b"".join(records)


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        query, sock = self.request
        answer = self.server.zone.answer(query, tcp=False)
        if answer:
            sock.sendto(answer, self.client_address)


class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        while (head := self.rfile.read(2)):
            query = self.rfile.read(struct.unpack("!H", head)[0])
            answer = self.server.zone.answer(query, tcp=True)
            if answer:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def bind():
    """UDP and TCP on one port that is free for both."""
    for _ in range(50):
        tcp = TcpServer(("127.0.0.1", 0), Tcp)
        try:
            return tcp, UdpServer(tcp.server_address, Udp)
        except OSError:
            tcp.server_close()
    raise OSError("no port is free for UDP and TCP")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="append", default=[])
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--queries", metavar="FILE")
    options = parser.parse_args()
    servers = bind()
    for server in servers:
        server.zone = Zone(options)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    os.write(1, f"{servers[0].server_address[1]}\n".encode())
    # The end of our input is the end of the test that started us.
    sys.stdin.read()


if __name__ == "__main__":
    main()
