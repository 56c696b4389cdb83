"""Second opinion on format/message: Python's email package reads what we
wrote. Usage: message_oracle.py DIR; DIR/cases.json says what is in each file.
"""
import email
import email.header
import email.policy
import email.utils
import json
import os
import re
import sys

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def clean(text):
    return CONTROLS.sub(" ", text).strip(" ")


def lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def content(part):
    return part.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")


def display_name(message):
    """The sender's name. Until 3.13 the package left the blanks between the
    encoded words of a phrase (not of a text) in; its older half did not."""
    raw = dict(message.raw_items())["From"]
    if raw.count("=?") < 2:
        return message["from"].addresses[0].display_name
    name, _ = email.utils.parseaddr(raw)
    return str(email.header.make_header(email.header.decode_header(name)))


def broken_words(message):
    """Encoded words that are too long or not whole characters: the package
    mends the latter in silence."""
    for _, raw in message.raw_items():
        for word in re.findall(r"=\?utf-8\?[BQ]\?[^?]*\?=", raw):
            data, _ = email.header.decode_header(word)[0]
            whole = data.decode("utf-8", "ignore").encode()
            if len(word) > 75 or whole != data:
                yield word


def compare(message, case):
    """Yields (what, expected, found) for everything that is not as it was."""
    sender = message["from"].addresses
    yield "senders", 1, len(sender)
    yield "name", clean(case["name"]), display_name(message)
    yield "address", case["address"], sender[0].addr_spec
    yield "subject", clean(case["subject"]), str(message["subject"])
    yield "encoded words", [], list(broken_words(message))
    yield "fields", case["fields"], message.keys()

    parts = [p for p in message.walk() if not p.is_multipart()]
    for part in parts:
        yield "defects", [], part.defects
    yield "parts", 1 + ("html" in case) + len(case["files"]), len(parts)
    text = content(parts[0])
    if len(parts) == 1 and not lines(case["text"]).endswith("\n"):
        text = text.removesuffix("\n")
    yield "text", lines(case["text"]), text
    if "html" in case:
        document = content(parts[1])
        yield "document", "<!DOCTYPE html>\n", document[:16]
        yield "html", True, "\n" + lines(case["html"]) + "</div>" in document
    for part, name in zip(parts[len(parts) - len(case["files"]):],
                          case["files"]):
        # The package takes quotes off even what was percent-encoded.
        expected = email.utils.unquote(clean(name))
        yield "filename", expected, part.get_filename()
        yield "name", expected, email.utils.collapse_rfc2231_value(
            part.get_param("name"))
        yield "file", name.encode(), part.get_payload(decode=True)
        yield "disposition", "attachment", part.get_content_disposition()


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "cases.json"), encoding="utf-8") as f:
        cases = json.load(f)
    bad = 0
    for number, case in enumerate(cases):
        path = os.path.join(folder, f"{number}.eml")
        with open(path, "rb") as f:
            message = email.message_from_binary_file(
                f, policy=email.policy.default)
        for what, expected, found in compare(message, case):
            if expected != found:
                bad += 1
                if bad > 10:
                    continue
                print(f"{path}: {what}: {expected!a} came back as {found!a}")
    print(f"{len(cases)} messages read by email, {bad} differences")
    return 1 if bad or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
