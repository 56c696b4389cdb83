/* Whether the database and the files beside it are as they should be. */
#ifndef APP_SOUNDNESS_H
#define APP_SOUNDNESS_H

#include "app/workspace.h"

/*
 * Looks at the files' modes, opens the database and checks all of it; mend:
 * counts the tallies anew before. What is wrong goes to problems, the result
 * is 1 all the same; 0: there is no database yet. What a dead run left is not
 * touched. Errors: ERR_DATA: it cannot be read; ERR_IO.
 */
int soundness_check(struct workspace *ws, bool mend, struct problems *problems,
	struct err *err);

#endif
