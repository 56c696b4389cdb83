#!/usr/bin/python3
"""Makes a certificate authority and good and bad server certificates.

usage: certs.py FOLDER

FOLDER/ca.pem is the authority to trust; FOLDER/NAME.pem is a server's key
and certificate in one file, for each NAME of KINDS below. All of them but
`selfsigned` are signed by the authority.
"""

import datetime
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.utcnow()
YEAR = datetime.timedelta(days=365)

# What makes each certificate different from a good one.
KINDS = {
    "good": {},
    "selfsigned": {"self_signed": True},
    "wronghost": {"hosts": ["mail.example.org"], "addresses": []},
    "expired": {"begin": NOW - 2 * YEAR, "end": NOW - YEAR},
    "notyet": {"begin": NOW + YEAR, "end": NOW + 2 * YEAR},
    "weak": {"bits": 1024},
    "cnonly": {"hosts": [], "addresses": []},
}


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def new_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def builder(subject, issuer, key, begin, end):
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def make_authority(key):
    made = builder("Test Authority", "Test Authority", key, NOW - YEAR,
                   NOW + YEAR)
    made = made.add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return made.sign(key, hashes.SHA256())


def make_server(authority_key, bits=2048, self_signed=False,
                hosts=("localhost",), addresses=("127.0.0.1", "::1"),
                begin=NOW - YEAR, end=NOW + YEAR):
    key = new_key(bits)
    issuer = "localhost" if self_signed else "Test Authority"
    made = builder("localhost", issuer, key, begin, end)
    names = [x509.DNSName(host) for host in hosts]
    names += [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
    if names:
        made = made.add_extension(
            x509.SubjectAlternativeName(names), critical=False)
    signer = key if self_signed else authority_key
    return key, made.sign(signer, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def write(folder, filename, *parts):
    path = os.path.join(folder, filename)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
              "wb") as out:
        out.write(b"".join(parts))


def make_kinds(folder, kinds):
    os.makedirs(folder, exist_ok=True)
    authority_key = new_key()
    write(folder, "ca.pem", pem(make_authority(authority_key)))
    for kind, differences in kinds.items():
        key, certificate = make_server(authority_key, **differences)
        write(folder, kind + ".pem",
              key.private_bytes(serialization.Encoding.PEM,
                                serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption()),
              pem(certificate))


def make_all(folder):
    make_kinds(folder, KINDS)


def make_for(host, folder):
    """An authority of its own, and good.pem for that name only."""
    make_kinds(folder, {"good": {"hosts": [host], "addresses": []}})
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make_all(sys.argv[1])
