/*
 * A workspace: the folder with openletter.conf, letters/, recipients/ and the
 * database. Finds and opens it; every path of the program comes from here.
 */
#ifndef APP_WORKSPACE_H
#define APP_WORKSPACE_H

#include "base/err.h"
#include "base/problem.h"
#include "core/conf.h"

struct store;

/* Beside the database while a run is under way: see store/inflight.h. */
#define INFLIGHT_NAME "openletter.inflight"

struct workspace {
	char *root;	     /* path of the folder, as it was found */
	struct conf conf;    /* after workspace_load_conf */
	struct store *store; /* after workspace_open_store */
	bool locked;	     /* this process is the sender */
	int lock_fd;	     /* then */
};

enum {
	WORKSPACE_FILE_MAX = 4 << 20, /* bytes in a letter or the conf */
	WORKSPACE_ATTACHMENT_MAX = 25 << 20,
};

/*
 * Finds the workspace: dir if it is given (-C), else OPENLETTER_DIR, else the
 * first folder from the current one upwards that holds openletter.conf.
 * Errors: ERR_NOTFOUND.
 */
int workspace_find(const char *dir, struct workspace *out, struct err *err);

/*
 * Reads openletter.conf. Returns 0 or -1 with all that is wrong in problems
 * (then err is ERR_CONFIG).
 */
int workspace_load_conf(
	struct workspace *ws, struct problems *problems, struct err *err);

/* Opens the database, makes it when it is not there. Errors: store_open. */
int workspace_open_store(struct workspace *ws, struct err *err);

void workspace_release(struct workspace *ws);

/* root/name in a new string. */
char *workspace_path(const struct workspace *ws, const char *name);

/*
 * The real path of a file that a letter names, to be freed: it must lie in
 * its campaign's folder, also after symbolic links. shown: its path below the
 * workspace. Errors: ERR_NOTFOUND; ERR_DATA: it lies elsewhere.
 */
int workspace_attachment(const struct workspace *ws, const char *shown,
	char **out, struct err *err);

/*
 * Makes a new workspace in dir: configuration, a first letter and list,
 * folders. Leaves alone what is there already; *made counts new files.
 * Errors: ERR_CREATE, ERR_IO, ERR_REFUSED: it is a workspace already.
 */
int workspace_init(const char *dir, int *made, struct err *err);

/*
 * Takes the sender's lock, unless this process has it: one process sends for
 * a workspace at a time. It is held until it is given back or the program
 * ends. Errors: ERR_REFUSED: who has it; ERR_CREATE.
 */
int workspace_lock_sender(struct workspace *ws, struct err *err);
void workspace_unlock_sender(struct workspace *ws);

#endif
