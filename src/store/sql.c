#include "store/sql.h"

static const char *const texts[] = {
#define X(name, text) [SQL_##name] = (text),
	SQL_STATEMENTS(X)
#undef X
};

const char *
sql_text(enum sql id)
{
	return texts[id];
}
