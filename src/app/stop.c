#include "app/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t asked;

static void
on_signal(int number)
{
	if (asked) {
		signal(number, SIG_DFL);
		raise(number);
	}
	asked = 1;
}

void
stop_catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* A reader of our output that went away must not end a run. */
	signal(SIGPIPE, SIG_IGN);
}

bool
stop_is_asked(void)
{
	return asked != 0;
}
