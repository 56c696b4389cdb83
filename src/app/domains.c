#include "app/domains.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/token.h"
#include "core/pace.h"

struct domain {
	char *name;
	int batches;   /* that hold letters to it */
	unsigned seen; /* the call that counted it last */
	int step;      /* see pace_slow_ms */
	int64_t not_before;
};

struct domains {
	void *tree; /* of struct domain, by name: see tsearch(3) */
	int limit;
	unsigned call;
};

static int
compare(const void *a, const void *b)
{
	const struct domain *x = a, *y = b;

	return strcasecmp(x->name, y->name);
}

static void
free_domain(void *d)
{
	free(((struct domain *)d)->name);
	free(d);
}

struct domains *
domains_new(int limit)
{
	struct domains *domains = mem_zalloc(sizeof *domains);

	domains->limit = limit;
	return domains;
}

void
domains_free(struct domains *domains)
{
	if (!domains)
		return;
	tdestroy(domains->tree, free_domain);
	free(domains);
}

static struct domain *
find(struct domains *domains, const char *address)
{
	const char *at = strrchr(address, '@');
	struct domain key = {.name = (char *)(uintptr_t)(at ? at + 1 : "")};
	struct domain **found = tfind(&key, &domains->tree, compare);

	return found ? *found : NULL;
}

static struct domain *
find_or_add(struct domains *domains, const char *address)
{
	const char *at = strrchr(address, '@');
	struct domain *d = find(domains, address);

	if (d)
		return d;
	d = mem_zalloc(sizeof *d);
	d->name = mem_strdup(at ? at + 1 : "");
	if (!tsearch(d, &domains->tree, compare))
		abort(); /* only for want of memory, as in base/mem */
	return d;
}

static void
forget_idle(struct domains *domains, struct domain *d)
{
	if (d->batches > 0 || d->step > 0)
		return;
	tdelete(d, &domains->tree, compare);
	free_domain(d);
}

enum store_verdict
domains_judge(void *ctx, const char *recipient, int64_t *later)
{
	struct domains *domains = ctx;
	const struct domain *d = find(domains, recipient);

	if (!d)
		return STORE_TAKE;
	if (d->step > 0 && d->not_before > clock_now()) {
		*later = d->not_before;
		return STORE_LATER;
	}
	return domains->limit && d->batches >= domains->limit ? STORE_SKIP
							      : STORE_TAKE;
}

void
domains_take(
	struct domains *domains, const struct store_delivery *d, size_t count)
{
	domains->call++;
	for (size_t i = 0; domains->limit && i < count; i++) {
		struct domain *domain = find_or_add(domains, d[i].recipient);

		if (domain->seen != domains->call)
			domain->batches++;
		domain->seen = domains->call;
	}
}

void
domains_give_back(
	struct domains *domains, const struct store_delivery *d, size_t count)
{
	domains->call++;
	for (size_t i = 0; domains->limit && i < count; i++) {
		struct domain *domain = find(domains, d[i].recipient);

		/* The first of its letters may have made it forgotten. */
		if (!domain || domain->seen == domains->call)
			continue;
		domain->seen = domains->call;
		domain->batches--;
		forget_idle(domains, domain);
	}
}

void
domains_note(
	struct domains *domains, const char *recipient, bool slow, int64_t now)
{
	struct domain *d = slow ? find_or_add(domains, recipient)
				: find(domains, recipient);

	/* What was on its way already says nothing new. */
	if (!d || now < d->not_before)
		return;
	if (slow) {
		int64_t wait_ms;

		d->step += d->step < PACE_STEP_MAX;
		wait_ms = pace_slow_ms(d->step, (int)token_below(1000));
		/* Up to a whole second, and one because now is cut off. */
		d->not_before = now + 1 + (wait_ms + 999) / 1000;
	} else if (d->step > 0) {
		d->step--;
		forget_idle(domains, d);
	}
}
