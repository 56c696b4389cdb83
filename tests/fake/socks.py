#!/usr/bin/python3
"""A SOCKS5 proxy (RFC 1928, 1929) for tests, which knows names of its own.

It listens on 127.0.0.1 and a free port, prints the port on a line of its own,
and serves until its standard input is closed.

    socks.py --transcript FILE --name mail.test=40025

--name HOST=PORT (repeatable) takes every connection to HOST to that port of
127.0.0.1; any other host is answered with "host unreachable". --refuse CODE
answers every request with that reply (RFC 1928 6), --no-user takes nobody by
user name, --drop hangs up at once, --hang never says a word.

--transcript FILE gets one line for each connection: the user, "-" without
one; the sort of address, "name" or "address"; the host; the port asked for.
"""

import argparse
import os
import socket
import struct
import sys
import threading

NO_AUTH, BY_USER, NO_METHOD = 0, 2, 0xFF
HOST_UNREACHABLE = 4


def read(sock, count):
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise OSError("the client hung up")
        data += piece
    return data


def read_sized(sock):
    return read(sock, read(sock, 1)[0])


class Proxy:
    def __init__(self, options):
        self.options = options
        self.names = dict(name.split("=") for name in options.name)
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(
                target=self.guarded, args=(client,), daemon=True
            ).start()

    def guarded(self, client):
        try:
            with client:
                self.talk(client)
        except OSError:
            pass

    def greet(self, client):
        """Agrees on a method. Returns the user, or None: not agreed."""
        version, count = read(client, 2)
        assert version == 5
        methods = read(client, count)
        if self.options.no_user:
            client.sendall(bytes([5, NO_METHOD]))
            return None
        if BY_USER not in methods:
            client.sendall(bytes([5, NO_AUTH]))
            return "-"
        client.sendall(bytes([5, BY_USER]))
        assert read(client, 1) == b"\1"
        user = read_sized(client).decode()
        read_sized(client)
        client.sendall(b"\1\0")
        return user

    @staticmethod
    def read_request(client):
        """Returns the address's sort, host and port."""
        _, command, _, sort = read(client, 4)
        assert command == 1
        if sort == 3:
            host = read_sized(client).decode()
        elif sort == 4:
            host = socket.inet_ntop(socket.AF_INET6, read(client, 16))
        else:
            host = socket.inet_ntop(socket.AF_INET, read(client, 4))
        (port,) = struct.unpack("!H", read(client, 2))
        return "name" if sort == 3 else "address", host, port

    def note(self, *words):
        with self.lock, open(self.options.transcript, "a") as file:
            print(*words, file=file)

    def talk(self, client):
        if self.options.drop:
            return
        if self.options.hang:
            client.recv(1 << 20)
            threading.Event().wait()
        user = self.greet(client)
        if user is None:
            return
        sort, host, port = self.read_request(client)
        self.note(user, sort, host, port)
        to = self.names.get(host)
        code = self.options.refuse or (0 if to else HOST_UNREACHABLE)
        client.sendall(bytes([5, code, 0, 1]) + bytes(6))
        if code == 0:
            with socket.create_connection(("127.0.0.1", int(to))) as server:
                self.relay(client, server)

    def relay(self, client, server):
        back = threading.Thread(
            target=self.pump, args=(server, client), daemon=True
        )
        back.start()
        self.pump(client, server)
        back.join(10)

    @staticmethod
    def pump(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--transcript", metavar="FILE", required=True)
    add("--name", action="append", default=[], metavar="HOST=PORT")
    add("--refuse", type=int, default=0, metavar="CODE")
    add("--no-user", action="store_true")
    add("--drop", action="store_true")
    add("--hang", action="store_true")
    return parser.parse_args(arguments)


def main():
    proxy = Proxy(parse(sys.argv[1:]))
    threading.Thread(target=proxy.serve, daemon=True).start()
    # In one piece, however Python buffers.
    os.write(1, f"{proxy.port}\n".encode())
    # The end of our input is the end of the test that started us.
    sys.stdin.read()


if __name__ == "__main__":
    main()
