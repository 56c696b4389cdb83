#include "core/visibility.h"

#include "base/str.h"

static const char *const names[] = {"public", "recipient", "count"};
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

/* Returns an index of three names, or -1. */
static int
find_name(const char *name, const char *const *list)
{
	for (int i = 0; i < 3; i++)
		if (str_ieq(name, list[i]))
			return i;
	return -1;
}

int
visibility_parse(const char *name, enum visibility *out)
{
	int i = find_name(name, names);

	if (i >= 0)
		*out = (enum visibility)i;
	return i < 0 ? -1 : 0;
}

int
viewer_parse(const char *name, enum viewer *out)
{
	int i = find_name(name, viewers);

	if (i >= 0)
		*out = (enum viewer)i;
	return i < 0 ? -1 : 0;
}
