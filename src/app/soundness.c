#include "app/soundness.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/store_check.h"

#define DATABASE "openletter.db"

/* What holds signatures, and may only be read by its owner. Opening the
 * database sees to that too, so it is looked at before. */
static void
check_modes(const struct workspace *ws, struct problems *problems)
{
	static const char *const names[] = {
		DATABASE, DATABASE "-wal", DATABASE "-shm", INFLIGHT_NAME};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *path = workspace_path(ws, names[i]);
		struct stat st;

		if (lstat(path, &st) == 0 && (st.st_mode & 077))
			problems_add(problems, names[i], 0, 0,
				chmod(path, 0600) == 0
					? "others could read it (mode %03o); "
					  "that is mended"
					: "others can read it (mode %03o); "
					  "run: chmod 600 on it",
				st.st_mode & 0777);
		free(path);
	}
}

int
soundness_check(struct workspace *ws, bool mend, struct problems *problems,
	struct err *err)
{
	char *path = workspace_path(ws, DATABASE);
	const bool there = file_exists(path);

	free(path);
	if (!there)
		return 0;
	check_modes(ws, problems);
	if (workspace_open_store(ws, err) < 0 ||
		(mend && store_mend_tallies(ws->store, err) < 0) ||
		store_check(ws->store, DATABASE, problems, err) < 0)
		return -1;
	return 1;
}
