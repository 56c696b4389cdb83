#include "app/milestone.h"

#include "store/store_mailing.h"
#include "store/store_signature.h"

static void
find_due(const struct milestone_wish *wish, struct milestone *m)
{
	int64_t top = m->sent > m->total ? m->sent : m->total;
	int64_t reached = m->total >= wish->when ? wish->when : 0;

	if (wish->every)
		reached = m->total - m->total % wish->every;
	if (reached > m->sent)
		m->due = reached;
	else if (wish->every)
		m->next = top - top % wish->every + wish->every;
	else if (m->sent < wish->when)
		m->next = wish->when;
}

int
milestone_find(struct store *store, const char *letter, enum audience audience,
	const struct milestone_wish *wish, struct milestone *out,
	struct err *err)
{
	struct store_milestone last = {0};
	struct store_totals totals = {0};
	int64_t id;
	int found = store_letter_find(store, letter, &id, err);

	if (found < 0)
		return -1;
	if (found && (store_totals(store, id, &totals, err) < 0 ||
			     store_mailing_milestone(
				     store, id, audience, &last, err) < 0))
		return -1;
	*out = (struct milestone){
		.total = totals.total,
		.sent = last.milestone,
		.mailing = last.mailing,
		.open = last.open,
	};
	find_due(wish, out);
	return 0;
}
