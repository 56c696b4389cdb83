/*
 * One way to fail.
 *
 * A function that can fail returns 0 or -1 (or 1 found, 0 none, -1 failed)
 * and takes a struct err as its last argument. The struct lives on the
 * caller's stack and owns nothing. Only main prints it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* What sort of thing went wrong; main turns each into one exit status. */
enum err_kind {
	ERR_NONE,
	ERR_USAGE,	 /* the command line is wrong */
	ERR_DATA,	 /* a file or value that people wrote is wrong */
	ERR_CHANGED,	 /* a file is not what it was when it was noted */
	ERR_NOTFOUND,	 /* the named thing does not exist */
	ERR_UNAVAILABLE, /* a server cannot be reached */
	ERR_CREATE,	 /* a file cannot be made */
	ERR_IO,		 /* reading or writing failed */
	ERR_AGAIN,	 /* stopped early; run again */
	ERR_REFUSED,	 /* we do not do this: closed, not confirmed, busy */
	ERR_CONFIG,	 /* configuration, login, TLS, newer database */
};

struct err {
	enum err_kind kind;
	char msg[512];
};

/*
 * err_set(err, kind, fmt, ...) sets kind and message; a message that does
 * not fit is cut at a character. err_prefix(err, fmt, ...) puts context in
 * front of the message there is: "context: message". Both are -1 always, so
 * that a failure reads `return err_set(...)`; macros, so that the compiler
 * and the analysers know it.
 */
#define err_set(...)                   \
	__extension__({                \
		err_fill(__VA_ARGS__); \
		-1;                    \
	})
#define err_prefix(...)                       \
	__extension__({                       \
		err_fill_prefix(__VA_ARGS__); \
		-1;                           \
	})

void err_fill(struct err *err, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void err_fill_prefix(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
