#include "store/store_erased.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* What the store's secret is for here. */
#define PURPOSE "erased"

bool
store_is_erased_key(const char *key)
{
	return str_starts(key, STORE_ERASED_MARK);
}

int
store_erased_key(struct store *store, const char *key,
	char out[static STORE_ERASED_MAX], struct err *err)
{
	char digest[TOKEN_MAC_MAX];

	if (store_is_erased_key(key)) {
		snprintf(out, STORE_ERASED_MAX, "%s", key);
		return 1;
	}
	if (!store->mac) {
		struct token_key secret;
		int rc = store_token_key(store, PURPOSE, &secret, err);

		if (rc <= 0)
			return rc;
		store->mac = token_mac_new(&secret);
		explicit_bzero(&secret, sizeof secret);
	}
	token_mac(store->mac, key, digest);
	snprintf(out, STORE_ERASED_MAX, STORE_ERASED_MARK "%s", digest);
	return 1;
}

int
store_erased_any(struct store *store, int64_t letter, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASED_ANY, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	return db_find(q, NULL, err);
}

int
store_is_erased(struct store *store, int64_t letter,
	const struct signature *signature, struct err *err)
{
	char address[STORE_ERASED_MAX] = "", key[STORE_ERASED_MAX];
	struct db_query *q;
	int rc = store_erased_key(store, signature->key, key, err);

	if (rc > 0 && *signature->email_key)
		rc = store_erased_key(
			store, signature->email_key, address, err);
	if (rc <= 0)
		return rc;
	q = db_query(store->db, SQL_ERASED_FIND, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, key);
	db_bind_text(q, 3, address);
	return db_find(q, NULL, err);
}

int
store_erased_return(
	struct store *store, int64_t letter, const char *key, struct err *err)
{
	char digest[STORE_ERASED_MAX];
	struct db_query *q;
	int rc = store_erased_key(store, key, digest, err);

	if (rc <= 0)
		return rc;
	q = db_query(store->db, SQL_SIGNER_RENAME, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, digest);
	db_bind_text(q, 3, key);
	if (db_run(q, err) < 0)
		return -1;
	return db_changes(store->db) > 0;
}
