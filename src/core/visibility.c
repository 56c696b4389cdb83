#include "core/visibility.h"

#include "base/str.h"
#include "core/fold.h"

static const char *const names[] = {"public", "recipient", "count"};

/* What lists say, as fold_column makes it, in English, French, Spanish, Persian
 * and Arabic. */
static const char *const words[] = {
	[VISIBILITY_PUBLIC] = ",public,everybody,publique,publico,publica,"
			      "همگانی,عمومی,علنی,عام,للجمیع,",
	[VISIBILITY_RECIPIENT] =
		",recipient,addressee,destinataire,destinatario,destinataria,"
		"گیرنده,مخاطب,المستلم,المرسل الیه,المتلقی,",
	[VISIBILITY_COUNT] = ",count,nobody,anonymous,anonyme,anonimo,anonima,"
			     "ناشناس,بینام,شمارش,مجهول,بدون اسم,للعد فقط,",
};

static const char *const viewers[] = {"public", "recipient", "organisers"};

static const struct {
	const char *name;
	enum viewer first;
} fields[VISIBILITY_FIELD_COUNT] = {
#define X(id, name, viewer) {name, VIEWER_##viewer},
	VISIBILITY_FIELDS(X)
#undef X
};

enum visibility
visibility_tightest(enum viewer viewer)
{
	switch (viewer) {
	case VIEWER_ORGANISERS:
		return VISIBILITY_COUNT;
	case VIEWER_RECIPIENT:
		return VISIBILITY_RECIPIENT;
	case VIEWER_PUBLIC:
		break;
	}
	return VISIBILITY_PUBLIC;
}

bool
visibility_shows(enum visibility visibility, enum viewer viewer)
{
	return visibility <= visibility_tightest(viewer);
}

bool
visibility_every_state(enum viewer viewer)
{
	return viewer == VIEWER_ORGANISERS;
}

bool
visibility_field_shown(enum visibility_field field, enum viewer viewer)
{
	return viewer >= fields[field].first;
}

size_t
visibility_field_count(enum viewer viewer)
{
	size_t count = 0;

	while (count < VISIBILITY_FIELD_COUNT &&
		visibility_field_shown((enum visibility_field)count, viewer))
		count++;
	return count;
}

const char *
visibility_field_name(enum visibility_field field)
{
	return fields[field].name;
}

const char *
visibility_name(enum visibility visibility)
{
	return names[visibility];
}

int
visibility_parse(const char *name, enum visibility *out)
{
	for (int i = 0; i < 3; i++) {
		if (fold_is_one_of(name, words[i])) {
			*out = (enum visibility)i;
			return 0;
		}
	}
	return -1;
}

int
viewer_parse(const char *name, enum viewer *out)
{
	for (int i = 0; i < 3; i++) {
		if (str_ieq(name, viewers[i])) {
			*out = (enum viewer)i;
			return 0;
		}
	}
	return -1;
}
