-- The database of one workspace, version 1 (PRAGMA user_version); what later
-- versions changed stands in schema_2.sql and so on.
--
-- Times are unix seconds in UTC. Numbered codes are those of the enums named
-- beside them (src/core) and never change their meaning. JSON is an object
-- of texts. No row is ever deleted.

-- A letter that was signed or sent at least once, by its name
-- "campaign/letter". Its text lies in the files; what was signed or sent of
-- it is an edition.
CREATE TABLE letter (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

-- One exact text of a letter in one language. text is the letter's file,
-- then for each partial that it draws in: a form feed, the partial's name, a
-- line feed, the partial's file. sha256 is that of text.
CREATE TABLE edition (
	id     INTEGER PRIMARY KEY,
	letter INTEGER NOT NULL REFERENCES letter(id),
	lang   TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	text   TEXT NOT NULL,
	UNIQUE (letter, lang, sha256)
) STRICT;

-- What signers were told about their data, each wording once.
CREATE TABLE consent (
	id   INTEGER PRIMARY KEY,
	text TEXT NOT NULL UNIQUE
) STRICT;

-- One imported file.
CREATE TABLE batch (
	id     INTEGER PRIMARY KEY,
	letter INTEGER NOT NULL REFERENCES letter(id),
	source TEXT NOT NULL,
	at     INTEGER NOT NULL
) STRICT;

-- One signer of one letter.
CREATE TABLE signature (
	id           INTEGER PRIMARY KEY,
	letter       INTEGER NOT NULL REFERENCES letter(id),
	edition      INTEGER NOT NULL REFERENCES edition(id),
	consent      INTEGER NOT NULL REFERENCES consent(id),
	kind         INTEGER NOT NULL, -- enum signature_kind: 0 person,
	                               -- 1 organisation
	state        INTEGER NOT NULL, -- enum signature_state: 0 pending,
	                               -- 1 confirmed, 2 withdrawn
	visibility   INTEGER NOT NULL, -- enum visibility: 0 public,
	                               -- 1 recipient, 2 count
	key          TEXT NOT NULL,    -- the same for the same signer
	name         TEXT NOT NULL,
	email        TEXT NOT NULL,    -- '' without, here and below
	email_key    TEXT NOT NULL,    -- the address for matching
	organisation TEXT NOT NULL,
	role         TEXT NOT NULL,
	country      TEXT NOT NULL,    -- ISO 3166-1 alpha-2
	city         TEXT NOT NULL,
	postcode     TEXT NOT NULL,
	comment      TEXT NOT NULL,
	lang         TEXT NOT NULL,    -- BCP 47: which language they read
	updates      INTEGER NOT NULL, -- 1: asked for news
	source       TEXT NOT NULL,    -- 'desk', or the import's source
	batch        INTEGER REFERENCES batch(id),
	line         INTEGER,          -- in the batch's file
	signed_at    INTEGER NOT NULL, -- the day that the signer put
	created_at   INTEGER NOT NULL  -- when it came into this database
) STRICT;

-- Nobody counts twice for a letter; who withdrew may sign again.
CREATE UNIQUE INDEX signature_signer ON signature(letter, key)
	WHERE state IN (0, 1);
CREATE INDEX signature_key ON signature(letter, key);
CREATE INDEX signature_address ON signature(letter, email_key);

-- One sending of one letter to one audience. What it says is frozen here:
-- later edits of files change nothing in it.
CREATE TABLE mailing (
	id           INTEGER PRIMARY KEY,
	letter       INTEGER NOT NULL REFERENCES letter(id),
	audience     INTEGER NOT NULL, -- enum audience: 0 recipients,
	                               -- 1 for-signers, 2 to-signers, 3 test
	state        INTEGER NOT NULL, -- enum mailing_state: 0 running,
	                               -- 1 paused, 2 done, 3 cancelled
	reason       TEXT NOT NULL,    -- why it is paused, or ''
	supporters   INTEGER NOT NULL, -- 1: mail to supporters, who can
	                               -- unsubscribe
	account      TEXT NOT NULL,    -- [smtp NAME]
	created_at   INTEGER NOT NULL,
	from_name    TEXT NOT NULL,
	from_address TEXT NOT NULL,
	reply_to     TEXT NOT NULL,    -- a mailbox as written, or ''
	organiser    TEXT NOT NULL,    -- JSON
	signatures   TEXT NOT NULL,    -- JSON: the totals
	names        TEXT NOT NULL     -- JSON objects, one a line: the names
	                               -- that this audience may see
) STRICT;

-- The languages that a mailing is written in.
CREATE TABLE mailing_edition (
	mailing  INTEGER NOT NULL REFERENCES mailing(id),
	lang     TEXT NOT NULL,
	edition  INTEGER NOT NULL REFERENCES edition(id),
	letter   TEXT NOT NULL, -- JSON
	campaign TEXT NOT NULL, -- JSON
	PRIMARY KEY (mailing, lang)
) STRICT, WITHOUT ROWID;

-- The files that go with it, by their digests: a changed file stops it.
CREATE TABLE mailing_attachment (
	mailing  INTEGER NOT NULL REFERENCES mailing(id),
	lang     TEXT NOT NULL,
	position INTEGER NOT NULL,
	path     TEXT NOT NULL, -- below letters/
	sha256   TEXT NOT NULL,
	PRIMARY KEY (mailing, lang, position)
) STRICT, WITHOUT ROWID;

-- The rows a mailing is filled with, frozen: of recipients and of signers.
CREATE TABLE mailing_row (
	id      INTEGER PRIMARY KEY,
	mailing INTEGER NOT NULL REFERENCES mailing(id),
	fields  TEXT NOT NULL -- JSON
) STRICT;

-- The ledger: one message to one address.
CREATE TABLE delivery (
	id         INTEGER PRIMARY KEY,
	mailing    INTEGER NOT NULL REFERENCES mailing(id),
	letter     INTEGER NOT NULL REFERENCES letter(id),
	lang       TEXT NOT NULL,
	recipient  TEXT NOT NULL,    -- bare address
	key        TEXT NOT NULL,    -- the address for matching
	row        INTEGER REFERENCES mailing_row(id),
	signer_row INTEGER REFERENCES mailing_row(id), -- for-signers
	signature  INTEGER REFERENCES signature(id),   -- for-, to-signers
	copy       INTEGER NOT NULL, -- 1: a marked copy (Copy:)
	state      INTEGER NOT NULL, -- enum delivery_state: 0 queued,
	                             -- 1 claimed, 2 sending, 3 sent,
	                             -- 4 deferred, 5 rejected, 6 unknown,
	                             -- 7 suppressed, 8 cancelled, 9 bounced
	attempts   INTEGER NOT NULL,
	message_id TEXT NOT NULL,    -- fixed here, the same on every try
	date       INTEGER,          -- the Date field, fixed at the first claim
	due_at     INTEGER NOT NULL, -- not to be tried before
	boot       TEXT NOT NULL,    -- the boot id of the claim, or ''
	code       INTEGER NOT NULL, -- of the reply that decided, 0 without
	status     TEXT NOT NULL,    -- enhanced status (RFC 3463), or ''
	reply      TEXT NOT NULL,    -- the server's words, or why not
	at         INTEGER NOT NULL  -- of the last change of state
) STRICT;

CREATE INDEX delivery_due ON delivery(mailing, state, due_at);
CREATE INDEX delivery_reached ON delivery(letter, key);

-- What an account has sent, for its rate and quota: one row per claimed
-- batch. open = 1 while the batch is under way; then `at` is its end.
CREATE TABLE spending (
	id      INTEGER PRIMARY KEY,
	account TEXT NOT NULL,
	at      INTEGER NOT NULL,
	count   INTEGER NOT NULL,
	open    INTEGER NOT NULL
) STRICT;

CREATE INDEX spending_time ON spending(account, at);

-- Addresses that get no more mail as supporters.
CREATE TABLE suppression (
	email_key TEXT PRIMARY KEY,
	reason    TEXT NOT NULL,
	at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
