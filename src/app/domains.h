/*
 * Recipients' domains during a run: a limit on how many connections write to
 * one at a time, and patience with one that asks for it (RFC 5321 4.5.4.1). In
 * memory only; a domain that nothing is known of takes no room.
 */
#ifndef APP_DOMAINS_H
#define APP_DOMAINS_H

#include "store/store_ledger.h"

struct domains;

/* limit: how many batches may hold letters to one domain; 0: any number. */
struct domains *domains_new(int limit);
void domains_free(struct domains *domains);

/* For struct store_claim: ctx is the domains. */
enum store_verdict
domains_judge(void *ctx, const char *recipient, int64_t *later);

/* A batch was claimed, or is over. */
void domains_take(
	struct domains *domains, const struct store_delivery *d, size_t count);
void domains_give_back(
	struct domains *domains, const struct store_delivery *d, size_t count);

/* An answer to a letter: slow ones make the domain wait, longer each time,
 * others shorten that step by step. */
void domains_note(
	struct domains *domains, const char *recipient, bool slow, int64_t now);

#endif
