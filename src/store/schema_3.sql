-- Version 3: signatures by the million. What tells signers apart leaves the
-- signature for a table of its own, which is filled in order; repeated
-- signatures are kept beside the one that counts; and counts are kept as
-- tallies, in the same transaction as what they count.

DROP INDEX signature_signer;
DROP INDEX signature_key;
DROP INDEX signature_address;

-- Nobody counts twice for a letter. signature is the one that counts, or did
-- before it was withdrawn, rejected or expired.
CREATE TABLE signer (
	letter    INTEGER NOT NULL,
	key       TEXT NOT NULL,    -- the same for the same signer: see
	                            -- core/signature.h. Of somebody who was
	                            -- erased, a digest of it
	signature INTEGER NOT NULL,
	PRIMARY KEY (letter, key)
) STRICT, WITHOUT ROWID;

INSERT INTO signer SELECT letter, key,
	coalesce(max(id) FILTER (WHERE state IN (0, 1)), max(id))
	FROM signature GROUP BY letter, key;

ALTER TABLE signature DROP COLUMN key;
ALTER TABLE signature DROP COLUMN email_key;
ALTER TABLE signature ADD COLUMN first INTEGER;
	-- state 5: the signature that this one repeats; 6: the one that its
	-- signer is known by now

CREATE INDEX signature_first ON signature(first) WHERE first IS NOT NULL;

ALTER TABLE signature ADD COLUMN given INTEGER;
	-- enum visibility: as signed, where a repeated signature tightened it

-- state and source of a signature have more values: 3 rejected, 4 expired,
-- 5 repeated (first is the one that counts), 6 revoked with its batch; and
-- source is '' where it is that of the batch.

-- A batch has the ids from first to last, besides those of nobody.
ALTER TABLE batch ADD COLUMN first INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN file TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN sha256 TEXT NOT NULL DEFAULT ''; -- the file's
ALTER TABLE batch ADD COLUMN revoked_at INTEGER NOT NULL DEFAULT 0; -- 0: not
ALTER TABLE batch ADD COLUMN added INTEGER NOT NULL DEFAULT 0; -- new signers,
ALTER TABLE batch ADD COLUMN again INTEGER NOT NULL DEFAULT 0; -- and others,
	-- when it came

UPDATE batch SET file = source,
	first = coalesce((SELECT min(id) FROM signature s
		WHERE s.batch = batch.id), 0),
	last = coalesce((SELECT max(id) FROM signature s
		WHERE s.batch = batch.id), 0),
	added = (SELECT count(*) FROM signature s WHERE s.batch = batch.id);

-- Whether who shares an address with others is told apart from them by name.
-- It stays what it was when the first signature of the letter came.
ALTER TABLE letter ADD COLUMN by_name INTEGER NOT NULL DEFAULT 0;

-- A signature that its owner must confirm, or had to. The token itself is
-- nowhere.
CREATE TABLE confirmation (
	signature INTEGER PRIMARY KEY REFERENCES signature(id),
	sha256    TEXT NOT NULL UNIQUE, -- of the token
	until     INTEGER NOT NULL,     -- to be used before
	state     INTEGER NOT NULL,     -- 0 open, 1 confirmed, 2 expired
	used_at   INTEGER NOT NULL      -- when the token was, 0: never
) STRICT;

CREATE INDEX confirmation_open ON confirmation(until) WHERE state = 0;

-- What a person made of signatures at once: confirmed, withdrew or rejected
-- them; and of each what it was before.
CREATE TABLE change (
	id        INTEGER PRIMARY KEY,
	letter    INTEGER NOT NULL REFERENCES letter(id),
	state     INTEGER NOT NULL, -- enum signature_state: that they got
	filter    TEXT NOT NULL,    -- JSON; of addresses their number
	at        INTEGER NOT NULL,
	undone_at INTEGER NOT NULL  -- 0: not
) STRICT;

CREATE TABLE changed (
	change    INTEGER NOT NULL REFERENCES change(id),
	signature INTEGER NOT NULL REFERENCES signature(id),
	was       INTEGER NOT NULL, -- enum signature_state
	PRIMARY KEY (change, signature)
) STRICT, WITHOUT ROWID;

-- Filters that were kept under a name.
CREATE TABLE filter (
	name   TEXT PRIMARY KEY,
	filter TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;

-- The last signature that there was when the last letter to the recipients
-- was made: those behind it are new.
ALTER TABLE letter ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;

UPDATE letter SET newest = coalesce((SELECT max(m.newest) FROM mailing m
	WHERE m.letter = letter.id AND m.audience = 0 AND m.state <> 3), 0);

-- How many signatures of a letter have a value. Only confirmed ones, but for
-- their states themselves. What is 0 has no row.
CREATE TABLE tally (
	letter INTEGER NOT NULL REFERENCES letter(id),
	what   INTEGER NOT NULL, -- enum tally: 0 state, 1 kind, 2 visibility,
	                         -- 3 country, 4 day, 5 language,
	                         -- 6 organisation, 7 source, 8 new
	value  TEXT NOT NULL,    -- of the enums their numbers; of new ''
	total  INTEGER NOT NULL,
	PRIMARY KEY (letter, what, value)
) STRICT, WITHOUT ROWID;

-- What the tallies must be.
CREATE VIEW recount AS
	SELECT letter, 0 AS what, CAST(state AS TEXT) AS value,
		count(*) AS total FROM signature GROUP BY letter, state
	UNION ALL SELECT letter, 1, CAST(kind AS TEXT), count(*)
		FROM signature WHERE state = 1 GROUP BY letter, kind
	UNION ALL SELECT letter, 2, CAST(visibility AS TEXT), count(*)
		FROM signature WHERE state = 1 GROUP BY letter, visibility
	UNION ALL SELECT letter, 3, country, count(*)
		FROM signature WHERE state = 1 GROUP BY letter, country
	UNION ALL SELECT letter, 4,
		strftime('%Y-%m-%d', signed_at, 'unixepoch') AS day, count(*)
		FROM signature WHERE state = 1 GROUP BY letter, day
	UNION ALL SELECT letter, 5, lang, count(*)
		FROM signature WHERE state = 1 GROUP BY letter, lang
	UNION ALL SELECT letter, 6,
		iif(visibility = 2, '', organisation) AS shown, count(*)
		FROM signature WHERE state = 1 GROUP BY letter, shown
	UNION ALL SELECT s.letter, 7,
		iif(s.batch IS NULL, s.source, b.source) AS origin, count(*)
		FROM signature s LEFT JOIN batch b ON b.id = s.batch
		WHERE s.state = 1 GROUP BY s.letter, origin
	UNION ALL SELECT s.letter, 8, '', count(*)
		FROM signature s JOIN letter l ON l.id = s.letter
		WHERE s.state = 1 AND s.id > l.newest GROUP BY s.letter;

INSERT INTO tally SELECT letter, what, value, total FROM recount;

UPDATE signature SET source = '' WHERE batch IS NOT NULL;

-- The signatures of those who are being erased: empty but within that
-- transaction. An erased person's signature stays, without anything but what
-- is counted; where their address or key stood there is a digest of it, keyed
-- with the secret, after 'e:' (signer.key, delivery.key, suppression.email_key).
CREATE TABLE erasing (
	signature INTEGER PRIMARY KEY
) STRICT;

-- One row while what was erased may still lie in parts of the files that are
-- not in use.
CREATE TABLE scrub (
	id    INTEGER PRIMARY KEY CHECK (id = 1),
	since INTEGER NOT NULL
) STRICT;
