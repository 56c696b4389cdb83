#include "cmd/bars.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	WIDTH = 80 /* where the terminal does not say */
};

/* The program's own locale stays C: nothing else asks the user's. */
static bool
locale_is_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (!locale)
		return false;
	utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
	freelocale(locale);
	return utf8;
}

struct screen
screen_find(void)
{
	const char *term = getenv("TERM");
	struct screen screen = {0};
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return screen;
	screen.columns = WIDTH;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		screen.columns = size.ws_col;
	screen.unicode =
		term && *term && strcmp(term, "dumb") != 0 && locale_is_utf8();
	return screen;
}

void
bar_add(const struct screen *screen, int64_t value, int64_t max, int room,
	struct buf *out)
{
	int halves;

	if (value <= 0 || max <= 0 || room <= 0)
		return;
	halves = (int)((double)value / (double)max * room * 2 + 0.5);
	if (halves == 0)
		halves = 1;
	if (!screen->unicode) {
		for (int i = 0; i < (halves + 1) / 2; i++)
			buf_putc(out, '#');
		return;
	}
	/* full and left half block: the two that every console's font has */
	for (int i = 0; i < halves / 2; i++)
		buf_puts(out, "\u2588");
	if (halves % 2)
		buf_puts(out, "\u258C");
}
