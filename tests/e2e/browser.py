"""A picture as a browser shows it: where its texts stand."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# Runs in the browser; what it finds is in the page that is printed then.
MEASURE = """
<script>
const svg = document.querySelector("svg");
const box = (e) => {
	const r = e.getBoundingClientRect();
	return [r.left, r.top, r.right, r.bottom];
};
const found = [...svg.querySelectorAll("text")].map((e) => ({
	text: e.textContent,
	box: box(e),
	direction: getComputedStyle(e).direction,
}));
document.body.textContent = JSON.stringify({page: box(svg), texts: found});
</script>
"""


@dataclass
class Text:
    text: str
    direction: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other):
        """True when one stands on the other; boxes are higher than letters."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide > 0 and high > 3


def chromium(tmp_path, *args):
    return subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={tmp_path}/browser",
            *args,
        ],
        capture_output=True,
        timeout=120,
        check=True,
    ).stdout.decode()


def measure(svg, tmp_path):
    """Shows an SVG. Returns its box (as a Text) and its texts in order."""
    page = tmp_path / "page.html"
    page.write_text(
        "<!DOCTYPE html><meta charset=utf-8><body style='margin:0'>"
        + svg
        + MEASURE
    )
    dom = chromium(tmp_path, "--dump-dom", page.as_uri())
    found = json.loads(
        re.search(r"<body[^>]*>(.*)</body>", dom, re.S)[1]
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u00a0")
        .replace("&amp;", "&")
    )
    texts = [
        Text(t["text"], t["direction"], *t["box"]) for t in found["texts"]
    ]
    return Text("", "", *found["page"]), texts
