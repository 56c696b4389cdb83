#!/usr/bin/python3
"""Makes country_names.h: what countries are called, folded, and their codes.

usage: src/core/country_names.py >src/core/country_names.h

Run by hand when names change; the result is kept, so that building needs
neither this nor its source. The names of ISO 3166-1 in English and their
translations come from Debian's package iso-codes, what this program calls them
from country_titles.h; what people usually write instead is below. A name that
may be two countries is none.
"""

import gettext
import json
import pathlib
import re
import sys
import unicodedata

TITLES = pathlib.Path(__file__).with_name("country_titles.h")
ISO_CODES = "/usr/share/iso-codes/json/iso_3166-1.json"
LOCALES = "/usr/share/locale"
LANGUAGES = ("fr", "es", "fa", "ar")

# Besides the names of the standard, in English, French, Spanish, Persian and
# Arabic.
USUAL = {
    "AE": "Emirates,The Emirates,U.A.E.,UAE,Émirats,Emiratos,امارات,الإمارات",
    "AZ": "جمهوری آذربایجان",
    "BA": "Bosnia,Bosnie,بوسنی,البوسنة",
    "BO": "بولیوی",
    "BN": "Brunei,Brunéi,برونئی,بروناي",
    "BY": "Biélorussie,روسیه سفید,بيلاروسيا,بيلاروس",
    "CD": "DR Congo,D.R. Congo,DRC,RDC,Congo Kinshasa,"
          "Democratic Republic of Congo,República Democrática del Congo,"
          "RD Congo,الكونغو الديمقراطية,جمهورية الكونغو الديمقراطية",
    "CG": "Congo Brazzaville,Republic of Congo,República del Congo,"
          "جمهوری کنگو,جمهورية الكونغو",
    "CI": "Ivory Coast,Costa de Marfil",
    "CV": "Cape Verde",
    "CZ": "Czech Republic,République tchèque,República Checa,جمهوری چک,"
          "جمهورية التشيك",
    "DE": "Deutschland",
    "EG": "Arab Republic of Egypt",
    "ES": "España",
    "FM": "Micronesia,Micronésie",
    "GB": "Great Britain,Britain,England,Scotland,Wales,Northern Ireland,U.K.,"
          "Grande-Bretagne,Angleterre,Écosse,Pays de Galles,Irlande du Nord,"
          "Gran Bretaña,Inglaterra,Escocia,Gales,Irlanda del Norte,"
          "بریتانیا,انگلیس,بریتانیای کبیر,اسکاتلند,ولز,ایرلند شمالی,"
          "پادشاهی متحده,بريطانيا,إنجلترا,إنكلترا,بريطانيا العظمى,اسكتلندا",
    "GR": "Hellas",
    "HU": "المجر,هنغاريا",
    "IE": "Republic of Ireland,Éire,إيرلندا",
    "IN": "هند",
    "IR": "I.R. Iran,I.R. of Iran,IRI,Persia,Irán,جمهوری اسلامی ایران,"
          "جمهورية إيران الإسلامية",
    "KP": "North Korea,DPRK,Corée du Nord,Corea del Norte,کره شمالی,"
          "كوريا الشمالية",
    "KR": "South Korea,Republic of Korea,Corée du Sud,Corea del Sur,"
          "República de Corea,کره جنوبی,كوريا الجنوبية",
    "LA": "Laos,لائوس,لاوس",
    "LY": "لیبیا",
    "MA": "مغرب,المغرب",
    "MD": "Moldova,مولدوا,مولدوفا",
    "MK": "Macedonia,Macédoine,FYROM,مقدونیه,مقدونيا",
    "MM": "Burma,Birmania,برمه,بورما",
    "MV": "المالديف",
    "MO": "Macau",
    "MT": "مالت",
    "NL": "Holland,The Netherlands,Hollande,Holanda,Pays Bas",
    "PH": "The Philippines,الفلبين",
    "PS": "Palestine,Palestina,فلسطين",
    "RU": "Russia,Russie,Rusia,روسیه,روسيا",
    "SA": "عربستان,السعودية,المملكة العربية السعودية",
    "SK": "Slovak Republic",
    "SS": "جنوب السودان",
    "SY": "Syria,Syrie,Siria,سوریه,سوريا,سورية",
    "SZ": "Swaziland,سوازیلند",
    "TL": "East Timor",
    "TR": "Turkey,Turquie,Turquía,ترکیه,تركيا",
    "TW": "Taiwan",
    "TZ": "Tanzania",
    "UA": "اوکراین",
    "US": "United States,USA,U.S.A.,U.S.,America,United States of America,"
          "États-Unis d'Amérique,Amérique,EE. UU.,EE.UU.,EEUU,EUA,"
          "Estados Unidos de América,América,آمریکا,امریکا,ایالات متحده,"
          "ایالات متحده امریکا,أمريكا,أميركا,الولايات المتحدة الأمريكية,"
          "الولايات المتحدة الأميركية",
    "VA": "Vatican,The Vatican,Vatican City,Vaticano,Ciudad del Vaticano,"
          "واتیکان,الفاتيكان",
    "VE": "Venezuela",
    "VN": "Vietnam,Viêt Nam,فيتنام",
}

# Each may be two countries, or is the name of another one by mistake.
NEVER = {"congo", "el congo", "کنگو", "کونگو", "الکونغو", "korea", "کره"}
WRONG = {("MD", "ar")}  # there called as the Maldives

LETTERS = {
    "æ": "ae", "ð": "d", "đ": "d", "ø": "o", "þ": "th", "ħ": "h", "ı": "i",
    "ł": "l", "œ": "oe", "ŧ": "t", "ٱ": "ا", "ك": "ک", "ى": "ی", "ي": "ی",
    "ة": "ه", "ە": "ه", "ہ": "ه",
}


def fold(name):
    """As fold_name of core/fold.c does; a unit test holds it to that."""
    out = ""
    for c in unicodedata.normalize("NFKD", name).casefold():
        category = unicodedata.category(c)
        if category in ("Mn", "Cf") or c == "ـ":
            continue
        if category[0] in "PZ":
            c = " "
        out += LETTERS.get(c, c)
    return " ".join(out.split())


def variants(name):
    """The forms that a name of the standard is also written in."""
    yield name
    bare = re.sub(r"\s*\(.*\)", "", name)
    yield bare
    for comma in (",", "،"):
        if comma in bare:
            short, rest = (s.strip() for s in bare.split(comma, 1))
            yield short
            yield f"{rest} {short}"


def spellings(folded):
    yield folded
    yield re.sub(" (and|et|y) (the |les? |las? )?", " ", folded)
    yield re.sub("^the ", "", folded)
    yield re.sub("^(saint|sainte) ", "st ", folded)


def read_titles():
    """What we call countries ourselves, by their codes."""
    rows = re.findall(r'{"(..)", {(.*?)}}', TITLES.read_text("utf-8"), re.S)
    return {code: re.findall(r'"([^"]*)"', names) for code, names in rows}


def names_of(country, translations, titles):
    code = country["alpha_2"]
    yield country["alpha_3"]
    for key in ("name", "common_name", "official_name"):
        if key not in country:
            continue
        yield from variants(country[key])
        for language, translation in translations.items():
            if key != "official_name" and (code, language) not in WRONG:
                yield from variants(translation.gettext(country[key]))
    yield from USUAL.get(code, "").split(",")
    yield from titles[code]


def main():
    with open(ISO_CODES, encoding="utf-8") as file:
        countries = json.load(file)["3166-1"]
    translations = {
        language: gettext.translation("iso_3166-1", LOCALES, [language])
        for language in LANGUAGES
    }
    titles = read_titles()
    codes = {}
    for country in countries:
        for name in names_of(country, translations, titles):
            for folded in spellings(fold(name)):
                codes.setdefault(folded, set()).add(country["alpha_2"])
    unclear = {n for n in codes if len(codes[n]) > 1} | NEVER
    print("Not taken:", ", ".join(sorted(unclear)), file=sys.stderr)
    print("/* Made by country_names.py; names as fold_name makes them, in the")
    print(" * order of strcmp. */")
    print("#ifndef CORE_COUNTRY_NAMES_H\n#define CORE_COUNTRY_NAMES_H\n")
    print("/* clang-format off */")
    print("static const struct country_name {")
    print("\tconst char *name;\n\tchar code[3];\n} country_names[] = {")
    for name in sorted(codes, key=str.encode):
        if name not in unclear and len(name.encode()) > 2:
            print(f'\t{{"{name}", "{codes[name].pop()}"}},')
    print("};\n/* clang-format on */\n\n#endif")


if __name__ == "__main__":
    main()
