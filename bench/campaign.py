"""
A campaign to measure with: one letter and lists of any length, whose people
have Persian, accented and ASCII names. The same number makes the same list,
byte for byte, and no value holds a comma or a quote, so that every program
that is measured may read it in its own simple way.
"""

import random
from pathlib import Path

LETTERS = Path(__file__).parent / "letter"
LETTER = "bench/wages"
LIST = "delegates"
SEED = 1886

FIRST = (
    "Anna Bob Carla David Eva Fritz Greta Hans Ines Jan Karin Lars "
    "José Zoë Łukasz Søren François Ángel Jürgen Ελένη "
    "زهرا علی مریم حسین پروین رضا"
).split()
LAST = (
    "Smith O'Neil Meier Brown Novak Rossi Kowalski Jensen Larsen Weber "
    "García Müller Żak Ångström Lefèvre Núñez Παπαδοπούλου "
    "محمدی رضایی حسینی کریمی صادقی"
).split()
SALUTATIONS = ["", "Ms", "Mr", "Dr", "Delegate", "خانم"]
PLACES = [
    ("DE", "Köln"), ("FR", "Orléans"), ("IR", "تهران"), ("US", "Dayton"),
    ("PL", "Łódź"), ("IT", "Forlì"), ("ES", "A Coruña"), ("SE", "Malmö"),
]
BODIES = "Bakers & Millers|Teachers|Dockers|Nurses|کارگران نفت".split("|")
COLUMNS = "email,name,salutation,organisation,country,city,seat"


def row(number, rng):
    country, city = rng.choice(PLACES)
    return ",".join(
        (
            f"delegate{number}@d{number % 97}.example.net",
            f"{rng.choice(FIRST)} {rng.choice(LAST)}",
            rng.choice(SALUTATIONS),
            f"{rng.choice(BODIES)} {rng.randrange(1, 90)}",
            country,
            city,
            f"{rng.choice('ABCDEF')}{number}",
        )
    )


def write_list(path, count):
    rng = random.Random(SEED)
    with open(path, "w", encoding="utf-8") as file:
        file.write(COLUMNS + "\n")
        for number in range(1, count + 1):
            file.write(row(number, rng) + "\n")


class Campaign:
    """A workspace with the letter and a list of count people."""

    def __init__(self, folder, count):
        self.dir = folder
        self.count = count
        self.list = folder / "recipients" / f"{LIST}.csv"
        letters = folder / "letters" / LETTER
        letters.parent.mkdir(parents=True, exist_ok=True)
        self.list.parent.mkdir(exist_ok=True)
        (letters.parent / "wages.en.md").write_bytes(
            (LETTERS / "wages.en.md").read_bytes()
        )
        write_list(self.list, count)

    def begin_anew(self, **account):
        """Forgets what was sent; account has the keys of [smtp]."""
        for path in self.dir.glob("openletter.*"):
            path.unlink()
        text = (
            "[organiser]\n"
            "name = Workers' Solidarity Committee\n"
            "from = Campaign <campaign@committee.example>\n"
            "lang = en\n\n"
            "[smtp bench]\n"
        )
        text += "".join(f"{key} = {value}\n" for key, value in account.items())
        (self.dir / "openletter.conf").write_text(text)
