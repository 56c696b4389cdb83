/*
 * A library to preload (LD_PRELOAD) into the program under test: it fails or
 * ends the program at its n-th step, and writes down what reaches the disk
 * and when. Nothing of the program is built differently for it.
 *
 * FAULT=SITE:FIRST:LAST:WHAT   at the FIRST to LAST such step (LAST 0: from
 *                              FIRST on, for good)
 *
 *   SITE   write  of a file (also cutting, removing, renaming it)
 *          sync   of a file or folder
 *          send   to a socket
 *          step   any of these
 *          alloc  of memory, by the program or a library
 *          sql    a call of the database
 *   WHAT   die    before it
 *          done   die after it
 *          half   die when half of it is done
 *          short  only half of it is done and said to be
 *          ENOSPC, EIO, EINTR   it is not done
 *          ECONNRESET           the connection breaks instead
 *          BUSY, FULL, IOERR, NOMEM   the database says so; alloc gives NULL
 *          LATE   the database has done it, and says IOERR
 *
 * FAULT_TALLY=FILE    gets the number of steps when the program ends by itself
 * FAULT_RECORD=FILE   gets what the program did to files and said to sockets
 * FAULT_BOOT_ID=FILE  stands for the boot id of the machine
 * FAULT_CLOCK=FILE    says by how many seconds the clock is ahead, at any time
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdint.h>
#include <sys/types.h>

enum fault_site {
	FAULT_WRITE = 1,
	FAULT_SYNC = 2,
	FAULT_SEND = 4,
	FAULT_ALLOC = 8,
	FAULT_SQL = 16
};

enum fault_what {
	FAULT_NONE,
	FAULT_DIE,
	FAULT_DONE,
	FAULT_HALF,
	FAULT_SHORT,
	FAULT_FAIL, /* with the plan's error */
	FAULT_LATE
};

/* Counts a step. Returns what shall happen there; *error is an errno or an
 * SQLite result code. Dies at once if the plan says so. */
enum fault_what fault_next(enum fault_site site, int *error);

/* Ends the program as kill -9 does. */
void fault_die(void);

/* As enum record_what in tests/e2e/disk.py. */
enum record_what {
	RECORD_CREATE = 1,
	RECORD_WRITE = 2,
	RECORD_CUT = 3,
	RECORD_SYNC = 4,
	RECORD_SYNC_FOLDER = 5,
	RECORD_REMOVE = 6,
	RECORD_SEND = 7
};

/*
 * Nothing else is recorded between record_begin and record_end, so that the
 * record has the order of the deeds. record_add between them: for a file, by
 * its descriptor; for a name, with fd -1 and the name as data.
 */
void record_begin(void);
void record_add(enum record_what what, int fd, int64_t at, const void *data,
	size_t len);
void record_end(void);

#endif
