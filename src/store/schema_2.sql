-- Version 2: what a mailing needs to wait for its time, to be one of several
-- letters to the same recipients, and to bear the list of signatures. Files
-- that go to one recipient only stand in mailing_attachment with lang ''. And
-- what a delivery needs to be settled by a person's word.

ALTER TABLE mailing ADD COLUMN start_at INTEGER NOT NULL DEFAULT 0;
	-- not to be begun before; 0: at once, or begun
ALTER TABLE mailing ADD COLUMN milestone INTEGER NOT NULL DEFAULT 0;
	-- the number of signatures that it was sent for; 0: none
ALTER TABLE mailing ADD COLUMN list INTEGER NOT NULL DEFAULT 0;
	-- enum signature_list: 0 none, 1 csv, 2 html is attached
ALTER TABLE mailing ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;
	-- the last signature that there was: those behind it are new

ALTER TABLE mailing ADD COLUMN names_version INTEGER;
	-- of its rows in mailing_name; NULL: it shows no names

-- The names that a mailing may show, in the place of mailing.names. When an
-- owner withdraws or hides one the names have a new version, from which on it
-- is left out: versions below public_to show it to everybody, those below
-- recipient_to to recipients.
CREATE TABLE mailing_name (
	mailing      INTEGER NOT NULL REFERENCES mailing(id),
	signature    INTEGER NOT NULL REFERENCES signature(id),
	public_to    INTEGER NOT NULL,
	recipient_to INTEGER NOT NULL,
	name         TEXT NOT NULL,
	organisation TEXT NOT NULL,
	role         TEXT NOT NULL,
	country      TEXT NOT NULL,
	city         TEXT NOT NULL,
	comment      TEXT NOT NULL,
	lang         TEXT NOT NULL,
	signed_at    INTEGER NOT NULL,
	PRIMARY KEY (mailing, signature)
) STRICT, WITHOUT ROWID;

ALTER TABLE delivery ADD COLUMN names INTEGER;
	-- the version of the names that a server was given: each later try is
	-- made of it. NULL before that; while it is claimed, and so perhaps
	-- given to a server, -1 - version

UPDATE mailing SET newest = coalesce((SELECT max(s.id) FROM signature s
	WHERE s.letter = mailing.letter
	AND s.created_at <= mailing.created_at), 0);

-- A batch that is under way, or was when a run died.
CREATE INDEX spending_open ON spending(id) WHERE open = 1;

ALTER TABLE delivery ADD COLUMN resolved_at INTEGER NOT NULL DEFAULT 0;
	-- when a person said what became of it, being unknown, 0: never;
	-- the tries of one that is sent again end five days after that

-- The key that links in mail are sealed with, 32 bytes in hexadecimal. One
-- row, made when it is first needed; never leaves this file.
CREATE TABLE secret (
	id  INTEGER PRIMARY KEY CHECK (id = 1),
	key TEXT NOT NULL
) STRICT;
