/*
 * Every SQL statement of the program, one row each: parameters $1..$n, no
 * assembled text, no clock. The blocks are those of store.c,
 * store_signature.c, store_life.c with store_change.c, store_mailing.c,
 * store_ledger.c with store_recover.c, and store_resolve.c, which bind the
 * parameters and read the columns.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

/* clang-format off */
#define SQL_STATEMENTS(X) \
X(LETTER_ADD, \
	"INSERT INTO letter(name) VALUES ($1) ON CONFLICT DO NOTHING") \
X(LETTER_FIND, \
	"SELECT id FROM letter WHERE name = $1") \
X(LETTER_LIST, \
	"SELECT name FROM letter ORDER BY name") \
X(EDITION_ADD, \
	"INSERT INTO edition(letter, lang, sha256, text) " \
	"VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING") \
X(EDITION_FIND, \
	"SELECT id FROM edition " \
	"WHERE letter = $1 AND lang = $2 AND sha256 = $3") \
X(CONSENT_ADD, \
	"INSERT INTO consent(text) VALUES ($1) ON CONFLICT DO NOTHING") \
X(CONSENT_FIND, \
	"SELECT id FROM consent WHERE text = $1") \
X(LETTER_SET_BY_NAME, /* as long as nobody signed it */ \
	"UPDATE letter SET by_name = $2 WHERE id = $1 AND NOT EXISTS " \
	"(SELECT 1 FROM tally WHERE letter = $1)") \
X(LETTER_BY_NAME, \
	"SELECT by_name FROM letter WHERE id = $1") \
X(SECRET_ADD, \
	"INSERT INTO secret(id, key) VALUES (1, $1) ON CONFLICT DO NOTHING") \
X(SECRET_FIND, \
	"SELECT key FROM secret WHERE id = 1") \
\
X(BATCH_ADD, \
	"INSERT INTO batch(letter, source, file, at) VALUES ($1, $2, $3, $4)") \
X(BATCH_END, \
	"UPDATE batch SET first = $2, last = $3, sha256 = $4, added = $5, " \
	"again = $6 WHERE id = $1") \
X(BATCH_SAME, /* the same file once more */ \
	"SELECT 1 FROM batch WHERE letter = $1 AND sha256 = $2 " \
	"AND revoked_at = 0 AND id <> $3 LIMIT 1") \
X(BATCH_SOURCE, \
	"SELECT source FROM batch WHERE id = $1") \
X(SIGNER_ADD, \
	"INSERT INTO signer(letter, key, signature) VALUES ($1, $2, $3) " \
	"ON CONFLICT DO NOTHING") \
X(SIGNER_SET, \
	"UPDATE signer SET signature = $3 WHERE letter = $1 AND key = $2") \
X(SIGNER_FIND, \
	"SELECT s.id, s.state, s.visibility FROM signer g " \
	"JOIN signature s ON s.id = g.signature " \
	"WHERE g.letter = $1 AND g.key = $2") \
X(SIGNER_BY_ADDRESS, /* a person, an organisation, and who shares it */ \
	"SELECT key, signature FROM signer " \
	"WHERE letter = $1 AND key = 'p:' || $2 UNION ALL " \
	"SELECT key, signature FROM signer " \
	"WHERE letter = $1 AND key = 'o:' || $2 UNION ALL " \
	"SELECT key, signature FROM signer " \
	"WHERE letter = $1 AND key >= 'p:' || $2 || '|' " \
	"AND key < 'p:' || $2 || '}' UNION ALL " \
	"SELECT key, signature FROM signer " \
	"WHERE letter = $1 AND key >= 'o:' || $2 || '|' " \
	"AND key < 'o:' || $2 || '}'") \
X(SIGNATURE_LAST, \
	"SELECT coalesce(max(id), 0) FROM signature") \
X(SIGNATURE_ADD, \
	"INSERT INTO signature(id, letter, edition, consent, kind, state, " \
	"visibility, name, email, organisation, role, country, city, " \
	"postcode, comment, lang, updates, source, batch, line, signed_at, " \
	"created_at, first, given) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, " \
	"$9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, " \
	"$22, $23, $24)") \
X(SIGNATURE_TIGHTEN, \
	"UPDATE signature SET visibility = $2, " \
	"given = coalesce(given, visibility) WHERE id = $1 " \
	"RETURNING organisation") \
X(SIGNATURE_FACTS, \
	"SELECT s.letter, s.state, s.kind, s.visibility, s.country, s.lang, " \
	"s.organisation, iif(s.batch IS NULL, s.source, b.source), " \
	"s.signed_at, s.id > l.newest FROM signature s " \
	"JOIN letter l ON l.id = s.letter " \
	"LEFT JOIN batch b ON b.id = s.batch WHERE s.id = $1") \
X(SIGNATURE_SET_STATE, \
	"UPDATE signature SET state = $2, first = $3 WHERE id = $1") \
X(SIGNATURE_SET_VISIBILITY, \
	"UPDATE signature SET visibility = $2, given = $3 WHERE id = $1 " \
	"RETURNING organisation") \
X(SIGNATURE_LIST, /* what is repeated or revoked is nobody's own */ \
	"SELECT s.kind, s.name, s.organisation, s.role, s.country, s.city, " \
	"s.comment, s.lang, s.signed_at, s.email, s.postcode, s.visibility, " \
	"s.updates, s.state, s.source, e.sha256, s.id, s.batch, s.line " \
	"FROM signature s JOIN edition e ON e.id = s.edition " \
	"WHERE s.letter = $1 AND (s.state = 1 OR ($2 <> 0 AND s.state < 5)) " \
	"AND s.visibility <= $3 " \
	"ORDER BY s.id") \
X(SIGNATURE_GET, \
	"SELECT s.kind, s.name, s.organisation, s.role, s.country, s.city, " \
	"s.comment, s.lang, s.signed_at, s.email, s.postcode, s.visibility, " \
	"s.updates, s.state, s.source, e.sha256, s.id, s.batch, s.line " \
	"FROM signature s JOIN edition e ON e.id = s.edition " \
	"WHERE s.id = $1") \
X(SIGNATURE_NEWS, /* who asked for news, by any letter of a campaign */ \
	"SELECT s.kind, s.name, s.organisation, s.role, s.country, s.city, " \
	"s.comment, s.lang, s.signed_at, s.email, s.postcode, s.visibility, " \
	"s.updates, s.state, s.source, '', s.id, s.batch, s.line " \
	"FROM signature s JOIN letter l ON l.id = s.letter " \
	"WHERE substr(l.name, 1, length($1) + 1) = $1 || '/' " \
	"AND s.state = 1 AND s.updates = 1 AND s.email <> '' " \
	"ORDER BY s.id") \
X(TALLY_ADD, \
	"INSERT INTO tally(letter, what, value, total) " \
	"VALUES ($1, $2, $3, $4) " \
	"ON CONFLICT DO UPDATE SET total = total + excluded.total") \
X(TALLY_TRIM, \
	"DELETE FROM tally WHERE letter = $1 AND what = $2 AND value = $3 " \
	"AND total = 0") \
X(TALLY_READ, \
	"SELECT value, total FROM tally WHERE what = $1 AND letter = $2 " \
	"ORDER BY 2 DESC, 1") \
X(TALLY_READ_ALL, \
	"SELECT value, sum(total) FROM tally WHERE what = $1 GROUP BY value " \
	"ORDER BY 2 DESC, 1") \
X(TALLY_IN_ORDER, \
	"SELECT value, sum(total) FROM tally " \
	"WHERE what = $1 AND ($2 = 0 OR letter = $2) GROUP BY value " \
	"ORDER BY value") \
X(TALLY_ONE, \
	"SELECT total FROM tally " \
	"WHERE letter = $1 AND what = $2 AND value = $3") \
X(TALLY_SUM, \
	"SELECT coalesce(sum(total), 0) FROM tally " \
	"WHERE letter = $1 AND what = $2") \
X(TALLY_VALUES, \
	"SELECT count(*) FROM tally " \
	"WHERE letter = $1 AND what = $2 AND value <> ''") \
X(TALLY_FORGET_NEW, \
	"DELETE FROM tally WHERE letter = $1 AND what = 8") \
X(TALLY_COUNT_NEW, \
	"INSERT INTO tally SELECT s.letter, 8, '', count(*) " \
	"FROM signature s JOIN letter l ON l.id = s.letter " \
	"WHERE s.id > l.newest AND l.id = $1 AND s.state = 1 " \
	"GROUP BY s.letter") \
X(LETTER_AGE, \
	"UPDATE letter SET newest = " \
	"(SELECT coalesce(max(id), 0) FROM signature) WHERE id = $1") \
X(LETTER_REJUVENATE, /* a cancelled mailing is not the last letter */ \
	"UPDATE letter SET newest = coalesce((SELECT max(m.newest) " \
	"FROM mailing m WHERE m.letter = letter.id AND m.audience = 0 " \
	"AND m.state <> 3), 0) WHERE id = $1") \
X(RECOUNT, /* reads the signatures once for each sort of tally */ \
	"SELECT l.name, w.what, w.value, w.total, w.right FROM " \
	"(SELECT letter, what, value, sum(total) AS total, " \
	"sum(counted) AS right FROM " \
	"(SELECT letter, what, value, total, 0 AS counted FROM tally " \
	"UNION ALL SELECT letter, what, value, 0, total FROM recount) " \
	"GROUP BY 1, 2, 3 HAVING sum(total) <> sum(counted)) w " \
	"LEFT JOIN letter l ON l.id = w.letter ORDER BY 1, 2, 3") \
X(TALLY_FORGET_ALL, \
	"DELETE FROM tally") \
X(TALLY_COUNT_ALL, \
	"INSERT INTO tally SELECT letter, what, value, total FROM recount") \
X(CHECK_PAGES, \
	"SELECT integrity_check FROM pragma_integrity_check(10)") \
X(CHECK_REFERENCES, \
	"SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check " \
	"GROUP BY 1, 2") \
X(CHECK_UNSIGNED, /* of those that count or may come to */ \
	"SELECT count(*), min(id) FROM signature WHERE state IN (0, 1) " \
	"AND id NOT IN (SELECT signature FROM signer)") \
X(CHECK_SIGNERS, \
	"SELECT count(*), min(g.signature) FROM signer g " \
	"LEFT JOIN signature s ON s.id = g.signature " \
	"WHERE s.id IS NULL OR s.letter <> g.letter") \
X(CHECK_SHARED, \
	"SELECT count(*), min(signature) FROM (SELECT signature FROM signer " \
	"GROUP BY signature HAVING count(*) > 1)") \
X(CHECK_REPEATED, \
	"SELECT count(*), min(s.id) FROM signature s " \
	"LEFT JOIN signature f ON f.id = s.first AND f.letter = s.letter " \
	"WHERE s.state = 5 AND f.id IS NULL") \
X(CHECK_SIGNATURE_CODES, \
	"SELECT count(*), min(id) FROM signature " \
	"WHERE state NOT BETWEEN 0 AND 6 OR kind NOT BETWEEN 0 AND 1 " \
	"OR visibility NOT BETWEEN 0 AND 2") \
X(CHECK_DELIVERY_CODES, \
	"SELECT count(*), min(id) FROM delivery " \
	"WHERE state NOT BETWEEN 0 AND 9") \
X(CHECK_MAILING_CODES, \
	"SELECT count(*), min(id) FROM mailing " \
	"WHERE state NOT BETWEEN 0 AND 3 OR audience NOT BETWEEN 0 AND 3") \
X(COPY_DELIVERIES, /* what was claimed has perhaps been given to a server */ \
	"UPDATE delivery SET names = iif(names < 0, -1 - names, names), " \
	"state = 6, at = $1, reply = 'open when the backup was made; nobody " \
	"can know' WHERE state IN (0, 1, 2, 4)") \
X(COPY_MAILINGS, \
	"UPDATE mailing SET state = 1, reason = $1, start_at = 0 " \
	"WHERE state IN (0, 1)") \
X(COPY_SPENDING, \
	"UPDATE spending SET open = 0, at = $1 WHERE open = 1") \
\
X(SUPPRESS, \
	"INSERT INTO suppression(email_key, reason, at) VALUES ($1, $2, $3) " \
	"ON CONFLICT DO NOTHING") \
X(SUPPRESSED, \
	"SELECT 1 FROM suppression WHERE email_key = $1") \
X(SUPPRESSED_DIGESTS, \
	"SELECT 1 FROM suppression " \
	"WHERE email_key >= 'e:' AND email_key < 'e;' LIMIT 1") \
X(UNSUPPRESS, \
	"DELETE FROM suppression WHERE email_key = $1") \
X(SUPPRESSIONS, \
	"SELECT email_key, reason, at FROM suppression ORDER BY email_key") \
\
X(ERASED_ANY, \
	"SELECT 1 FROM signer WHERE letter = $1 " \
	"AND key >= 'e:' AND key < 'e;' UNION ALL " \
	"SELECT 1 FROM suppression WHERE email_key >= 'e:' " \
	"AND email_key < 'e;' AND reason = 'erased' LIMIT 1") \
X(ERASED_FIND, \
	"SELECT 1 FROM signer WHERE letter = $1 AND key = $2 UNION ALL " \
	"SELECT 1 FROM suppression WHERE email_key = $3 " \
	"AND reason = 'erased' LIMIT 1") \
X(SIGNER_RENAME, \
	"UPDATE signer SET key = $3 WHERE letter = $1 AND key = $2") \
X(ERASING_ADD, \
	"INSERT INTO erasing(signature) VALUES ($1) ON CONFLICT DO NOTHING") \
X(ERASING_ADD_OLD, /* who has something left, and no letter under way */ \
	"INSERT INTO erasing(signature) SELECT id FROM signature " \
	"WHERE ($1 = 0 OR letter = $1) AND signed_at < $2 " \
	"AND (kind = 0 AND name <> '' OR kind = 1 AND name || email || role " \
	"|| city || postcode || comment <> '') AND id NOT IN " \
	"(SELECT signature FROM delivery WHERE signature IS NOT NULL " \
	"AND state IN (0, 1, 2, 4, 6)) ON CONFLICT DO NOTHING") \
X(ERASING_KEPT, /* old enough, but for a letter under way */ \
	"SELECT count(*) FROM signature " \
	"WHERE ($1 = 0 OR letter = $1) AND signed_at < $2 " \
	"AND name || email <> '' AND id IN " \
	"(SELECT signature FROM delivery WHERE signature IS NOT NULL " \
	"AND state IN (0, 1, 2, 4, 6))") \
X(ERASING_EMAILS, \
	"SELECT id, email FROM signature WHERE email <> ''") \
X(ERASING_NAMES, \
	"SELECT id, kind, name, organisation, country, postcode " \
	"FROM signature WHERE letter = $1 AND email = '' AND country = $2 " \
	"AND name || organisation <> ''") \
X(ERASING_SIGNATURES, \
	"SELECT l.name, count(*), sum(s.state = 1), sum(s.kind = 1), " \
	"sum(s.updates) FROM erasing e JOIN signature s ON s.id = e.signature " \
	"JOIN letter l ON l.id = s.letter GROUP BY l.id ORDER BY l.name") \
X(ERASING_MESSAGES, \
	"SELECT count(*), coalesce(sum(state IN (0, 4)), 0), " \
	"coalesce(sum(state = 6), 0) FROM delivery WHERE signature IN " \
	"(SELECT signature FROM erasing) OR ($1 <> '' AND key = $1)") \
X(ERASING_OLD_NAMES, /* of version 1, which did not note whose they are */ \
	"SELECT id FROM mailing WHERE names <> '' AND state IN (0, 1) " \
	"AND letter IN (SELECT s.letter FROM erasing e " \
	"JOIN signature s ON s.id = e.signature) LIMIT 1") \
X(ERASING_COUNTS, \
	"SELECT s.letter, s.visibility, s.organisation, count(*) " \
	"FROM erasing e JOIN signature s ON s.id = e.signature " \
	"WHERE s.state = 1 AND s.kind = 0 GROUP BY 1, 2, 3 ORDER BY 1") \
X(ERASING_SIGNERS, /* also of who was erased, and has not confirmed since */ \
	"SELECT letter, key FROM signer WHERE letter = $1 AND key > $2 " \
	"AND (signature IN (SELECT signature FROM erasing) OR signature IN " \
	"(SELECT f.id FROM erasing e JOIN signature s ON s.id = e.signature " \
	"JOIN signature f ON f.id = s.first WHERE f.kind = 0 " \
	"AND f.name = '' OR f.email = '' AND s.email <> '')) " \
	"ORDER BY key LIMIT $3") \
X(ERASING_LETTERS, \
	"SELECT DISTINCT s.letter FROM erasing e " \
	"JOIN signature s ON s.id = e.signature WHERE s.letter > $1 " \
	"ORDER BY 1 LIMIT 1") \
X(ERASE_SIGNATURES, /* an organisation keeps its name */ \
	"UPDATE signature SET name = '', email = '', " \
	"organisation = iif(kind = 1, organisation, ''), " \
	"visibility = iif(kind = 1, visibility, 2), " \
	"given = iif(kind = 1, given, NULL), role = '', city = '', " \
	"postcode = '', comment = '', updates = 0, line = NULL " \
	"WHERE id IN (SELECT signature FROM erasing)") \
X(ERASE_NAMES, \
	"DELETE FROM mailing_name WHERE mailing IN (SELECT id FROM mailing) " \
	"AND signature IN (SELECT e.signature FROM erasing e " \
	"JOIN signature s ON s.id = e.signature WHERE s.kind = 0)") \
X(ERASE_NAMES_OF_CONTACTS, \
	"UPDATE mailing_name SET name = '', role = '', city = '', " \
	"comment = '' WHERE mailing IN (SELECT id FROM mailing) " \
	"AND signature IN (SELECT e.signature FROM erasing e " \
	"JOIN signature s ON s.id = e.signature WHERE s.kind = 1)") \
X(ERASE_MAILINGS, /* what they say is needed no more once they are over */ \
	"UPDATE mailing SET names = '', reason = '' " \
	"WHERE state IN (2, 3) AND (names <> '' OR reason <> '') " \
	"AND letter IN (SELECT s.letter FROM erasing e " \
	"JOIN signature s ON s.id = e.signature)") \
X(ERASE_REASONS, \
	"UPDATE mailing SET reason = 'a server refused a letter' " \
	"WHERE reason <> '' AND EXISTS (SELECT 1 FROM (SELECT $1 AS email " \
	"UNION SELECT $2 UNION SELECT s.email FROM erasing e " \
	"JOIN signature s ON s.id = e.signature WHERE s.email <> '') " \
	"WHERE instr(lower(reason), lower(email)) > 0)") \
X(ERASE_REPLIES, /* in which a server named them */ \
	"UPDATE delivery SET reply = '' " \
	"WHERE reply <> '' AND EXISTS (SELECT 1 FROM (SELECT $1 AS email " \
	"UNION SELECT $2 UNION SELECT s.email FROM erasing e " \
	"JOIN signature s ON s.id = e.signature WHERE s.email <> '') " \
	"WHERE instr(lower(reply), lower(email)) > 0)") \
X(ERASE_SIGNER_ROWS, \
	"UPDATE mailing_row SET fields = '{}' WHERE id IN " \
	"(SELECT coalesce(signer_row, row) FROM delivery WHERE signature IN " \
	"(SELECT signature FROM erasing))") \
X(ERASING_ROWS, \
	"SELECT id, json_extract(fields, '$.email') FROM mailing_row " \
	"WHERE id > $1 AND json_extract(fields, '$.email') <> '' " \
	"ORDER BY id LIMIT $2") \
X(ERASE_ROW, \
	"UPDATE mailing_row SET fields = '{}' WHERE id = $1") \
X(ERASING_DELIVERIES, /* in the name of others they are not theirs */ \
	"SELECT d.id, d.key, d.key = $1 OR m.audience = 2 FROM delivery d " \
	"JOIN mailing m ON m.id = d.mailing WHERE d.id > $2 " \
	"AND (d.signature IN (SELECT signature FROM erasing) " \
	"OR ($1 <> '' AND d.key = $1)) ORDER BY d.id LIMIT $3") \
X(ERASE_DELIVERY, \
	"UPDATE delivery SET recipient = iif($2 = '', recipient, ''), " \
	"key = iif($2 = '', key, $2), " \
	"reply = iif(state IN (0, 4), 'this person was erased', ''), " \
	"at = iif(state IN (0, 4), $3, at), " \
	"state = iif(state IN (0, 4), 8, state) WHERE id = $1") \
X(ERASING_CLEAR, \
	"DELETE FROM erasing") \
X(SCRUB_BEGIN, \
	"INSERT INTO scrub(id, since) VALUES (1, $1) ON CONFLICT DO NOTHING") \
X(SCRUB_DUE, \
	"SELECT since FROM scrub") \
X(SCRUB_END, \
	"DELETE FROM scrub") \
\
X(SIGNER_MOVE, \
	"UPDATE signer SET signature = $4 " \
	"WHERE letter = $1 AND key = $2 AND signature = $3") \
X(SIGNER_MOVE_ANY, /* whatever its key: looks at all of the letter */ \
	"UPDATE signer SET signature = $3 " \
	"WHERE letter = $1 AND signature = $2") \
X(SIGNER_IS, \
	"SELECT 1 FROM signer " \
	"WHERE letter = $1 AND key = $2 AND signature = $3") \
X(SIGNATURE_IDENTITY, \
	"SELECT s.kind, s.name, s.organisation, s.email, s.country, " \
	"s.postcode, l.by_name FROM signature s " \
	"JOIN letter l ON l.id = s.letter WHERE s.id = $1") \
X(MEMBERS, /* the signatures of one signer */ \
	"SELECT s.id, s.state, s.visibility, coalesce(s.given, " \
	"s.visibility), coalesce(b.revoked_at, 0) <> 0, c.state, s.first, " \
	"s.kind = 0 AND s.name = '' " \
	"FROM signature s LEFT JOIN batch b ON b.id = s.batch " \
	"LEFT JOIN confirmation c ON c.signature = s.id " \
	"WHERE s.id = $1 OR s.first = $1 ORDER BY s.id") \
X(MEMBERS_MOVE, \
	"UPDATE signature SET first = $2 WHERE first = $1") \
X(MEMBERS_OPEN_MOVE, /* those that may still be confirmed */ \
	"UPDATE signature SET first = $2 WHERE first = $1 AND id <> $2 " \
	"AND id IN (SELECT signature FROM confirmation WHERE state = 0)") \
X(MEMBERS_CLOSE, \
	"UPDATE confirmation SET state = 2 WHERE state = 0 AND signature IN " \
	"(SELECT id FROM signature WHERE first = $1)") \
X(CONFIRMATION_ADD, \
	"INSERT INTO confirmation(signature, sha256, until, state, used_at) " \
	"VALUES ($1, $2, $3, 0, 0)") \
X(CONFIRMATION_FIND, \
	"SELECT c.signature, c.state, c.used_at, s.state, s.first, s.letter, " \
	"f.state FROM confirmation c JOIN signature s ON s.id = c.signature " \
	"LEFT JOIN signature f ON f.id = s.first WHERE c.sha256 = $1") \
X(CONFIRMATION_SET, \
	"UPDATE confirmation SET state = $2 WHERE signature = $1") \
X(CONFIRMATION_USE, \
	"UPDATE confirmation SET state = 1, used_at = $2 WHERE signature = $1") \
X(CONFIRMATION_USED, \
	"SELECT used_at <> 0 FROM confirmation WHERE signature = $1") \
X(CONFIRMATION_LATE, /* what repeats another or was ended waits no more */ \
	"SELECT c.signature, s.letter FROM confirmation c " \
	"JOIN signature s ON s.id = c.signature " \
	"WHERE c.state = 0 AND c.until <= $1 AND s.state = 0 " \
	"ORDER BY s.letter, s.id") \
X(CONFIRMATION_EXPIRE, \
	"UPDATE confirmation SET state = 2 WHERE state = 0 AND until <= $1") \
X(BATCH_LIST, \
	"SELECT b.id, b.letter, l.name, b.source, b.file, b.at, b.added, " \
	"b.again, b.revoked_at FROM batch b JOIN letter l ON l.id = b.letter " \
	"WHERE ($1 = 0 OR b.letter = $1) AND ($2 = 0 OR b.id = $2) " \
	"ORDER BY b.id") \
X(BATCH_STANDING, /* how many of it count, and how many are there */ \
	"SELECT coalesce(sum(s.state = 1), 0), coalesce(sum(s.state = 5), 0) " \
	"FROM batch b JOIN signature s ON s.id BETWEEN b.first AND b.last " \
	"AND s.batch = b.id WHERE b.id = $1") \
X(BATCH_REVOKE, \
	"UPDATE batch SET revoked_at = $2 WHERE id = $1") \
X(BATCH_HEADS, /* of all whom its signatures are of; verdicts stay */ \
	"SELECT coalesce(s.first, s.id) FROM signature s " \
	"JOIN batch b ON b.id = s.batch WHERE b.id = $1 " \
	"AND s.id BETWEEN b.first AND b.last AND s.state IN (0, 1, 4, 5)") \
X(DUPLICATES, \
	"SELECT d.name, d.organisation, d.email, d.country, " \
	"iif(d.batch IS NULL, d.source, b.source), d.batch, d.line, " \
	"d.signed_at, f.name, f.organisation, f.email, f.country, " \
	"iif(f.batch IS NULL, f.source, g.source), f.batch, f.line, " \
	"f.signed_at, f.state FROM signature d " \
	"JOIN signature f ON f.id = d.first " \
	"LEFT JOIN batch b ON b.id = d.batch " \
	"LEFT JOIN batch g ON g.id = f.batch " \
	"WHERE d.first IS NOT NULL AND d.state = 5 AND d.letter = $1 " \
	"ORDER BY d.first, d.id") \
X(CHANGE_ADD, \
	"INSERT INTO change(letter, state, filter, at, undone_at) " \
	"VALUES ($1, $2, $3, $4, 0)") \
X(CHANGE_LIST, \
	"SELECT c.id, c.letter, l.name, c.state, c.filter, c.at, " \
	"c.undone_at, (SELECT count(*) FROM changed d WHERE d.change = c.id) " \
	"FROM change c JOIN letter l ON l.id = c.letter " \
	"WHERE $1 = 0 OR c.id = $1 ORDER BY c.id") \
X(CHANGE_UNDONE, \
	"UPDATE change SET undone_at = $2 WHERE id = $1") \
X(CHANGED_ADD, \
	"INSERT INTO changed(change, signature, was) VALUES ($1, $2, $3)") \
X(CHANGED_NEXT, \
	"SELECT d.signature, d.was, s.state FROM changed d " \
	"JOIN signature s ON s.id = d.signature " \
	"WHERE d.change = $1 AND d.signature > $2 ORDER BY d.signature " \
	"LIMIT 1") \
X(SIGNATURE_STATE, \
	"SELECT state FROM signature WHERE id = $1") \
X(FILTER_SET, \
	"INSERT INTO filter(name, filter) VALUES ($1, $2) " \
	"ON CONFLICT DO UPDATE SET filter = excluded.filter") \
X(FILTER_FIND, \
	"SELECT filter FROM filter WHERE name = $1") \
X(FILTER_LIST, \
	"SELECT name, filter FROM filter ORDER BY name") \
\
X(MAILING_ADD, \
	"INSERT INTO mailing(letter, audience, state, reason, account, " \
	"created_at, from_name, from_address, reply_to, organiser, " \
	"signatures, names, supporters, milestone, list, newest) " \
	"VALUES ($1, $2, 0, '', $3, $4, $5, $6, $7, $8, $9, '', $10, $11, " \
	"$12, " \
	"(SELECT coalesce(max(id), 0) FROM signature))") \
X(MAILING_EDITION_ADD, \
	"INSERT INTO mailing_edition(mailing, lang, edition, letter, " \
	"campaign) VALUES ($1, $2, $3, $4, $5)") \
X(MAILING_EDITIONS, \
	"SELECT m.lang, e.text, m.letter, m.campaign FROM mailing_edition m " \
	"JOIN edition e ON e.id = m.edition WHERE m.mailing = $1 " \
	"ORDER BY m.lang") \
X(MAILING_ATTACHMENT_ADD, \
	"INSERT INTO mailing_attachment(mailing, lang, position, path, " \
	"sha256) VALUES ($1, $2, $3, $4, $5)") \
X(MAILING_ATTACHMENTS, \
	"SELECT path, sha256 FROM mailing_attachment " \
	"WHERE mailing = $1 AND lang = $2 ORDER BY position") \
X(MAILING_ROW_ADD, \
	"INSERT INTO mailing_row(mailing, fields) VALUES ($1, $2)") \
X(NAMES_FREEZE, \
	"INSERT INTO mailing_name SELECT $1, id, iif(visibility = 0, $4, 0), " \
	"$4, name, organisation, role, country, city, comment, lang, " \
	"signed_at FROM signature " \
	"WHERE letter = $2 AND state = 1 AND visibility <= $3 ORDER BY id") \
X(NAMES, \
	"SELECT signature, public_to, recipient_to, name, organisation, " \
	"role, country, city, comment, lang, signed_at FROM mailing_name " \
	"WHERE mailing = $1 ORDER BY signature") \
X(NAMES_VERSION, \
	"SELECT names_version FROM mailing WHERE id = $1 " \
	"AND names_version IS NOT NULL") \
X(NAMES_SET_VERSION, \
	"UPDATE mailing SET names_version = $2 WHERE id = $1") \
X(NAMES_FOLLOW, /* the version that takes them out */ \
	"UPDATE mailing_name SET public_to = " \
	"iif(s.state = 1 AND s.visibility = 0, public_to, " \
	"min(public_to, $2)), recipient_to = " \
	"iif(s.state = 1 AND s.visibility <= 1, recipient_to, " \
	"min(recipient_to, $2)) FROM signature s WHERE mailing = $1 " \
	"AND s.id = signature AND ((public_to > $2 " \
	"AND NOT (s.state = 1 AND s.visibility = 0)) OR (recipient_to > $2 " \
	"AND NOT (s.state = 1 AND s.visibility <= 1)))") \
X(NAMES_CHANGED, \
	"SELECT signature, public_to, recipient_to FROM mailing_name " \
	"WHERE mailing = $1 AND ((public_to > $2 AND public_to < $3) " \
	"OR (recipient_to > $2 AND recipient_to < $3)) ORDER BY signature") \
X(NAMES_CLAIM, \
	"UPDATE delivery SET names = iif(names >= 0, names, -1 - $2) " \
	"WHERE id = $1") \
X(NAMES_SETTLE, \
	"UPDATE delivery SET names = iif($2 <> 0, -1 - names, NULL) " \
	"WHERE id = $1 AND names < 0") \
X(NAMES_RECOVER, /* claimed by this mark: no server was given it */ \
	"UPDATE delivery SET " \
	"names = iif(state = 1 AND boot = $1, NULL, -1 - names) " \
	"WHERE state IN (1, 2) AND names < 0") \
X(MAILING_FIND, \
	"SELECT m.id, l.name, m.audience, m.state, m.reason, m.account, " \
	"m.created_at, m.from_name, m.from_address, m.reply_to, m.organiser, " \
	"m.signatures, m.names, m.supporters, m.list FROM mailing m " \
	"JOIN letter l ON l.id = m.letter WHERE m.id = $1") \
X(MAILING_LIST, \
	"SELECT m.id, l.name, m.audience, m.state, m.reason, m.account, " \
	"m.created_at, m.milestone, m.start_at " \
	"FROM mailing m JOIN letter l ON l.id = m.letter " \
	"WHERE $1 = 0 OR m.id = $1 ORDER BY m.id") \
X(MAILING_MILESTONE, /* the greatest; a cancelled one is none */ \
	"SELECT milestone, id, state IN (0, 1) FROM mailing " \
	"WHERE letter = $1 AND audience = $2 AND milestone > 0 " \
	"AND state <> 3 ORDER BY milestone DESC, id DESC LIMIT 1") \
X(MAILING_UNFINISHED, \
	"SELECT id FROM mailing WHERE ($1 = 0 OR letter = $1) " \
	"AND ($2 < 0 OR audience = $2) AND state IN (0, 1) ORDER BY id") \
X(MAILING_OPEN, /* a paused one may fail again, tests come last */ \
	"SELECT id, start_at FROM mailing WHERE state IN (0, 1) " \
	"ORDER BY state, audience = 3, id") \
X(MAILING_START, \
	"SELECT start_at FROM mailing WHERE id = $1") \
X(MAILING_SET_START, \
	"UPDATE mailing SET start_at = $2 WHERE id = $1") \
X(MAILING_SET_STATE, \
	"UPDATE mailing SET state = $2, reason = $3 " \
	"WHERE id = $1 AND state IN (0, 1)") \
X(MAILING_TO_RECIPIENTS, \
	"SELECT letter FROM mailing WHERE id = $1 AND audience = 0") \
X(MAILING_STATE, \
	"SELECT state FROM mailing WHERE id = $1") \
X(MAILING_TALLY, \
	"SELECT state, count(*) FROM delivery WHERE mailing = $1 " \
	"GROUP BY state") \
\
X(DELIVERY_ADD, \
	"INSERT INTO delivery(mailing, letter, lang, recipient, key, row, " \
	"signer_row, signature, copy, state, attempts, message_id, date, " \
	"due_at, boot, code, status, reply, at) VALUES ($1, $2, $3, $4, $5, " \
	"$6, $7, $8, $9, $10, 0, $11, NULL, 0, '', 0, '', $13, $12)") \
X(DELIVERY_REACHED, /* sending, sent, unknown, bounced: perhaps they have it */ \
	"SELECT 1 FROM delivery d JOIN mailing m ON m.id = d.mailing " \
	"WHERE d.letter = $1 AND d.key = $2 AND d.state IN (2, 3, 6, 9) " \
	"AND d.copy = 0 AND m.audience = $3 " \
	"AND ($4 = 0 OR d.signature = $4 OR d.signature IN " \
	"(SELECT id FROM signature WHERE first = $4)) LIMIT 1") \
X(DELIVERY_IN_MAILING, /* the letter, for the index */ \
	"SELECT 1 FROM delivery WHERE letter = $1 AND key = $2 " \
	"AND mailing = $3 AND ($4 = 0 OR signature = $4) " \
	"LIMIT 1") \
X(DELIVERY_DIGESTS, /* whether anybody's was erased */ \
	"SELECT 1 FROM delivery WHERE letter = $1 " \
	"AND key >= 'e:' AND key < 'e;' LIMIT 1") \
X(DELIVERY_KEY, \
	"SELECT key FROM delivery WHERE id = $1") \
X(DELIVERY_DUE, \
	"SELECT d.id, d.lang, d.recipient, d.copy, d.attempts, d.message_id, " \
	"d.date, r.fields, g.fields, d.key, s.state, s.visibility, d.names, " \
	"d.resolved_at " \
	"FROM delivery d LEFT JOIN mailing_row r ON r.id = d.row " \
	"LEFT JOIN mailing_row g ON g.id = d.signer_row " \
	"LEFT JOIN signature s ON s.id = d.signature " \
	"WHERE d.mailing = $1 AND d.state IN (0, 4) AND d.due_at <= $2 " \
	"ORDER BY d.state, d.due_at, d.id LIMIT $3") \
X(DELIVERY_ANY_DUE, \
	"SELECT 1 FROM delivery WHERE mailing = $1 AND state IN (0, 4) " \
	"AND due_at <= $2 LIMIT 1") \
X(DELIVERY_NEXT_DUE, \
	"SELECT min(due_at) FROM delivery " \
	"WHERE mailing = $1 AND state IN (0, 4)") \
X(DELIVERY_POSTPONE, \
	"UPDATE delivery SET due_at = $2 WHERE id = $1") \
X(DELIVERY_HELD, /* still claimed, as this mark says */ \
	"SELECT attempts, max(date, resolved_at), state FROM delivery " \
	"WHERE id = $1 AND state IN (1, 2) AND boot = $2") \
X(DELIVERY_CLAIM, \
	"UPDATE delivery SET state = 1, attempts = attempts + 1, boot = $2, " \
	"date = coalesce(date, $3), at = $3 WHERE id = $1") \
X(DELIVERY_DROP, /* suppressed or cancelled before it was tried */ \
	"UPDATE delivery SET state = $2, reply = $3, at = $4 WHERE id = $1") \
X(DELIVERY_HANDED_OVER, \
	"UPDATE delivery SET state = 2, at = $2 WHERE id = $1 AND state = 1") \
X(DELIVERY_SETTLE, \
	"UPDATE delivery SET state = $2, code = $3, status = $4, reply = $5, " \
	"due_at = $6, at = $7 WHERE id = $1 AND state IN (1, 2)") \
X(DELIVERY_GIVE_BACK, \
	"UPDATE delivery SET state = iif(attempts > 1 AND due_at > 0, 4, 0), " \
	"date = iif(attempts > 1, date, NULL), attempts = attempts - 1, " \
	"at = $2 WHERE id = $1 AND state IN (1, 2)") \
X(DELIVERY_CANCEL, \
	"UPDATE delivery SET state = 8, at = $2, reply = 'cancelled by hand' " \
	"WHERE mailing = $1 AND state IN (0, 4)") \
X(RECOVER_SENDING, \
	"UPDATE delivery SET state = 6, at = $1, reply = 'the program ended " \
	"after the message was handed over; nobody can know' " \
	"WHERE state = 2") \
X(RECOVER_CLAIMED, /* perhaps begun: the try counts, its Date stays */ \
	"UPDATE delivery SET state = iif(attempts > 1 AND due_at > 0, 4, 0), " \
	"at = $1 WHERE state = 1 AND boot = $2") \
X(RECOVER_POWER_LOSS, \
	"UPDATE delivery SET state = 6, at = $1, reply = 'the machine went " \
	"down while the message was due; nobody can know' WHERE state = 1") \
X(RECOVER_CANCELLED, /* it was cancelled before the run ended */ \
	"UPDATE delivery SET state = 8, at = $1, reply = 'cancelled by hand' " \
	"WHERE state IN (0, 4) AND mailing IN " \
	"(SELECT id FROM mailing WHERE state = 3)") \
X(RECOVER_SPENDING, \
	"UPDATE spending SET open = 0, at = $1 WHERE open = 1") \
X(RECOVER_CLOCK_SPENDING, /* the clock was ahead once */ \
	"UPDATE spending SET at = $1 WHERE at > $1") \
X(RECOVER_CLOCK_DUE, \
	"UPDATE delivery SET due_at = $1 " \
	"WHERE state IN (0, 4) AND due_at > $1 + 36000") \
X(SPENDING_ADD, \
	"INSERT INTO spending(account, at, count, open) " \
	"VALUES ($1, $2, $3, 1)") \
X(SPENDING_CLOSE, \
	"UPDATE spending SET open = 0, at = $2, count = $3 WHERE id = $1") \
X(SPENDING_OPEN, \
	"SELECT 1 FROM spending WHERE open = 1 LIMIT 1") \
X(SPENDING_WINDOW, \
	"SELECT coalesce(sum(count), 0), min(at) FROM spending " \
	"WHERE account = $1 AND at > $2 AND count > 0") \
X(LOG, \
	"SELECT d.id, d.mailing, l.name, d.lang, d.recipient, d.state, " \
	"d.attempts, d.message_id, d.code, d.status, d.reply, d.at, " \
	"m.audience, d.copy FROM delivery d " \
	"JOIN letter l ON l.id = d.letter JOIN mailing m ON m.id = d.mailing " \
	"WHERE ($1 = 0 OR d.mailing = $1) AND ($2 < 0 OR d.state = $2) " \
	"AND d.at >= $3 ORDER BY d.id") \
\
X(RESOLVE_LIST, /* unknown; with $2 also what perhaps arrived */ \
	"SELECT id, state, key, message_id FROM delivery " \
	"WHERE mailing = $1 AND (state = 6 OR ($2 AND state IN (3, 9))) " \
	"ORDER BY id") \
X(RESOLVE_LATER, /* a later mailing of the letter that has it as well */ \
	"SELECT d.mailing FROM delivery u " \
	"JOIN mailing n ON n.id = u.mailing " \
	"JOIN delivery d ON d.letter = u.letter AND d.key = u.key " \
	"AND (n.audience <> 1 OR d.signature = u.signature OR d.signature = " \
	"(SELECT first FROM signature WHERE id = u.signature)) " \
	"AND d.mailing > u.mailing AND d.copy = 0 " \
	"AND d.state NOT IN (5, 7, 8) " \
	"JOIN mailing m ON m.id = d.mailing AND m.audience = n.audience " \
	"WHERE u.id = $1 AND u.copy = 0 AND n.audience <> 3 " \
	"ORDER BY d.mailing LIMIT 1") \
X(RESOLVE, \
	"UPDATE delivery SET state = $2, code = 0, status = '', reply = $3, " \
	"due_at = 0, resolved_at = $4, at = $4 WHERE id = $1 AND state = 6") \
X(RESOLVE_REOPEN, \
	"UPDATE mailing SET state = 0, reason = '' WHERE id = $1 AND state = 2")
/* clang-format on */

enum sql {
#define X(name, text) SQL_##name,
	SQL_STATEMENTS(X)
#undef X
	SQL_COUNT
};

/* The statement's text. */
const char *sql_text(enum sql id);

#endif
