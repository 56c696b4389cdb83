"""Looks for what is left of a person in every byte of a workspace."""

import base64
import json
import quopri
import unicodedata
from urllib.parse import quote


def plain(text):
    """Without marks and in small letters, as names are matched."""
    split = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in split if not unicodedata.combining(c))


def in_base64(data):
    """What all encodings of it have in common, wherever it begins."""
    for skip in range(3):
        encoded = base64.b64encode(b"\0" * skip + data)
        yield encoded[-(-skip * 8 // 6) : len(encoded) // 4 * 4 - 4]


def forms(mark):
    """The ways in which a text may stand in a file."""
    texts = {mark, mark.casefold(), plain(mark)}
    for normal in ("NFC", "NFD"):
        texts.add(unicodedata.normalize(normal, mark))
    texts |= {json.dumps(text)[1:-1] for text in set(texts)}
    texts |= {quote(text, safe="") for text in set(texts)}
    found = {text.encode() for text in texts}
    found |= {quopri.encodestring(data) for data in set(found)}
    for text in (mark, mark.casefold()):
        found |= set(in_base64(text.encode()))
    return found


def traces(folder, marks):
    """Which marks stand in which files."""
    left = {}
    for file in sorted(folder.rglob("*")):
        if not file.is_file():
            continue
        content = file.read_bytes()
        lower = content.lower()
        for mark in marks:
            if any(f in content or f.lower() in lower for f in forms(mark)):
                left.setdefault(file.name, []).append(mark)
    return left
