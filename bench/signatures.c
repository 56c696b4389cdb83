/*
 * Makes a list of signatures: people of many countries with Persian, accented
 * and ASCII names, addresses in no order, comments with quotes, commas and
 * line feeds. Of 200 rows one cannot be taken, and four have the address of an
 * earlier one in other letter case.
 *
 * usage: signatures ROWS >FILE.csv
 *
 * The same number makes the same bytes, and a longer list begins with the
 * shorter ones: what a row has depends on its number alone. How many signers
 * there are and how many rows cannot be taken is written to stderr.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	IN_ALL = 200, /* rows, of which so many are not like the rest: */
	BAD = 1,
	AGAIN = 4,
	OUTPUT_BUFFER = 1 << 20,
	DIGITS = 8,
};

#define SEED UINT64_C(18860501)
#define LENGTH(list) (sizeof(list) / sizeof *(list))
#define PICK(list, random) ((list)[next(random) % LENGTH(list)])

static const char header[] =
	"name,email,kind,organisation,role,country,city,postcode,comment,"
	"lang,visibility,updates,date\n";

static const char *const ascii_first[] = {"Anna", "Bob", "Carla", "David",
	"Eva", "Fritz", "Greta", "Hans", "Ines", "Jan", "Karin", "Lars",
	"Maria", "Nils", "Olga", "Paul", "Rita", "Sven", "Tina", "Uwe"};
static const char *const ascii_last[] = {"Smith", "O'Neil", "Meier", "Brown",
	"Novak", "Rossi", "Kowalski", "Jensen", "Dubois", "Larsen", "Weber",
	"Fischer", "van Dyk", "McAllister"};
static const char *const accented_first[] = {"José", "Zoë", "Łukasz", "Søren",
	"François", "Ángel", "Jürgen", "Ελένη", "Çağla", "Nguyễn"};
static const char *const accented_last[] = {"García", "Müller", "Żak",
	"Ångström", "Lefèvre", "Núñez", "Παπαδοπούλου", "Yılmaz", "Đỗ",
	"Straßer"};
static const char *const persian_first[] = {
	"زهرا", "علی", "مریم", "حسین", "پروین", "رضا", "علي", "فاطمة"};
static const char *const persian_last[] = {"محمدی", "رضایی", "حسینی", "کریمی",
	"صادقی", "كريمي", "نیک‌پور"};

static const char *const domains[] = {"example.org", "mail.example.net",
	"post.example.com", "inbox.example", "web.example.de"};
/* Here and below: as they stand in the file. */
static const char *const unions[] = {"Teachers", "Bakers & Millers", "Dockers",
	"Nurses", "کارگران نفت", "\"Metal, Wood and Paper\""};
static const char *const roles[] = {
	"", "", "", "Nurse", "Shop steward", "معلم"};
static const char *const languages[] = {"", "en", "en", "de", "fr", "es", "fa"};
static const char *const visibilities[] = {
	"public", "public", "recipient", "recipient", "", "count"};
static const char *const updates[] = {"yes", "yes", "no", "no", ""};
static const char *const comments[] = {"", "", "", "", "", "", "Keep it open!",
	"My children learn there.",
	"\"I agree, and so do my neighbours, all of them.\"",
	"\"He said \"\"never again\"\", and I believe him.\"",
	"\"Two lines\nof text\"", "کتابخانه را نگه دارید"};

static const struct place {
	const char *country;
	const char *city;
	const char *postcode; /* its first half */
} places[] = {{"DE", "Berlin", "101"}, {"DE", "Köln", "506"},
	{"FR", "Paris", "750"}, {"FR", "Orléans", "450"},
	{"IR", "تهران", "11348457"}, {"IR", "اصفهان", "81465111"},
	{"US", "Dayton", "454"}, {"GB", "Leeds", "LS1 4"},
	{"PL", "Łódź", "90-0"}, {"IT", "Torino", "101"},
	{"ES", "A Coruña", "150"}, {"SE", "Malmö", "211 "},
	{"TR", "İzmir", "350"}, {"CA", "Montréal", "H2X 1"}};

/* A row's own numbers: splitmix64 (Steele, Lea and Flood, 2014). */
struct random {
	uint64_t state;
};

static uint64_t
next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* What numbers are for, so that one use does not change another. */
enum purpose {
	PURPOSE_ROW,	/* which enum row it is */
	PURPOSE_SIGNER, /* who signs: the same in every row of theirs */
	PURPOSE_REST
};

static struct random
begin(uint64_t number, enum purpose purpose)
{
	struct random random = {SEED + purpose};

	random.state = next(&random) ^ number;
	return random;
}

enum row {
	ROW_NEW,
	ROW_AGAIN,
	ROW_BAD
};

/* The first row is new, so that there is one to repeat. */
static enum row
row_of(uint64_t number)
{
	struct random random = begin(number, PURPOSE_ROW);
	uint64_t chance = number == 0 ? IN_ALL : next(&random) % IN_ALL;

	if (chance < BAD)
		return ROW_BAD;
	return chance < BAD + AGAIN ? ROW_AGAIN : ROW_NEW;
}

/* The row whose signer this one has. */
static uint64_t
signer_of(uint64_t number, struct random *random)
{
	uint64_t earlier;

	if (row_of(number) != ROW_AGAIN)
		return number;
	do
		earlier = next(random) % number;
	while (row_of(earlier) != ROW_NEW);
	return earlier;
}

static void
put(const char *text)
{
	fputs_unlocked(text, stdout);
}

static void
put_field(const char *text)
{
	put(text);
	putc_unlocked(',', stdout);
}

static void
put_name(struct random *random)
{
	uint64_t chance = next(random) % 10;
	const char *first = PICK(ascii_first, random);
	const char *last = PICK(ascii_last, random);

	if (chance == 0) {
		first = PICK(persian_first, random);
		last = PICK(persian_last, random);
	} else if (chance == 1) {
		first = PICK(accented_first, random);
		last = PICK(accented_last, random);
	}
	put(first);
	putc_unlocked(' ', stdout);
	put_field(last);
}

/* Different for every signer below 2^32, and in no order: the multiplier is
 * odd. */
static void
put_number(uint64_t signer)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t scattered = (uint32_t)signer * UINT32_C(2654435769);

	scattered = (scattered ^ (scattered >> 16)) * UINT32_C(2246822519);
	for (int i = 0; i < DIGITS; i++, scattered >>= 4)
		putc_unlocked(digits[scattered & 15], stdout);
}

static void
put_letters(const char *text, struct random *shouting)
{
	for (; *text; text++) {
		bool is_letter = *text >= 'a' && *text <= 'z';
		bool loud = shouting && is_letter && next(shouting) % 3 == 0;

		putc_unlocked(loud ? *text - 'a' + 'A' : *text, stdout);
	}
}

/* What is wrong with a row that cannot be taken. */
enum fault {
	FAULT_NAME, /* of an organisation: none at all */
	FAULT_COUNTRY,
	FAULT_VISIBILITY,
	FAULT_DATE,
	FAULT_NO_AT,
	FAULT_TWO_AT,
	FAULT_BLANK,
	FAULT_NONE
};

static enum fault
fault_of(uint64_t number, struct random *random)
{
	if (row_of(number) != ROW_BAD)
		return FAULT_NONE;
	return (enum fault)(next(random) % FAULT_NONE);
}

/* What stands in the place of "@". */
static const char *
at_sign(enum fault fault)
{
	switch (fault) {
	case FAULT_NO_AT:
		return ".";
	case FAULT_TWO_AT:
		return "@@";
	case FAULT_BLANK:
		return " @";
	default:
		return "@";
	}
}

/* shouting: what says which letters are capitals, or NULL for none. */
static void
put_address(uint64_t signer, enum fault fault, struct random *random,
	struct random *shouting)
{
	static const char *const locals[] = {"anna.", "b", "carla-", "david_",
		"eva.", "office.", "mail", "union."};

	put_letters(PICK(locals, random), shouting);
	put_number(signer);
	put(at_sign(fault));
	put_letters(PICK(domains, random), shouting);
	putc_unlocked(',', stdout);
}

static void
put_postcode(const char *half, struct random *random)
{
	put(half);
	putc_unlocked('0' + (int)(next(random) % 10), stdout);
	putc_unlocked('0' + (int)(next(random) % 10), stdout);
	putc_unlocked(',', stdout);
}

/* A time on one of the first 28 days of a month of 2024. */
static void
put_date(struct random *random)
{
	uint64_t n = next(random);
	unsigned parts[] = {n % 12 + 1, n / 12 % 28 + 1, n / 336 % 24,
		n / 8064 % 60, n / 483840 % 60};
	char text[] = "2024-00-00T00:00:00Z\n";

	for (size_t i = 0; i < LENGTH(parts); i++) {
		text[5 + 3 * i] = (char)('0' + parts[i] / 10);
		text[6 + 3 * i] = (char)('0' + parts[i] % 10);
	}
	put(text);
}

static void
put_row(uint64_t number)
{
	struct random rest = begin(number, PURPOSE_REST);
	uint64_t who = signer_of(number, &rest);
	struct random signer = begin(who, PURPOSE_SIGNER);
	const struct place *place = &PICK(places, &signer);
	bool organisation = next(&signer) % 100 == 0;
	bool affiliated = organisation || next(&signer) % 6 == 0;
	enum fault fault = fault_of(number, &rest);

	if (fault == FAULT_NAME)
		put_field("");
	else
		put_name(&signer);
	put_address(who, fault, &signer, who == number ? NULL : &rest);
	put_field(organisation ? "organisation" : "person");
	put_field(
		affiliated && fault != FAULT_NAME ? PICK(unions, &signer) : "");
	put_field(PICK(roles, &signer));
	put_field(fault == FAULT_COUNTRY ? "Nowhere" : place->country);
	put_field(place->city);
	put_postcode(place->postcode, &signer);
	put_field(PICK(comments, &rest));
	put_field(PICK(languages, &signer));
	put_field(fault == FAULT_VISIBILITY ? "perhaps"
					    : PICK(visibilities, &rest));
	put_field(PICK(updates, &rest));
	if (fault == FAULT_DATE)
		put("2024-02-30\n");
	else
		put_date(&rest);
}

int
main(int argc, char **argv)
{
	uint64_t counts[ROW_BAD + 1] = {0};
	char *end = NULL;
	uint64_t rows = argc == 2 ? strtoull(argv[1], &end, 10) : 0;

	if (rows == 0 || rows > UINT32_MAX || *end) {
		fprintf(stderr, "usage: signatures ROWS >FILE.csv\n");
		return 64;
	}
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	put(header);
	for (uint64_t number = 0; number < rows; number++) {
		put_row(number);
		counts[row_of(number)]++;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "signatures: %s\n", strerror(errno));
		return 74;
	}
	fprintf(stderr, "%" PRIu64 " signers, %" PRIu64 " bad rows\n",
		counts[ROW_NEW], counts[ROW_BAD]);
	return 0;
}
