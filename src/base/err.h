/* Result codes and error messages. Used by every room. A function that can fail returns enum rc,
 * is MUST_CHECK, and takes a struct err * as its last parameter (NULL is allowed). */
#pragma once

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define STEAL(p)                                                                                   \
	__extension__({                                                                            \
		typeof(p) stolen_ = (p);                                                           \
		(p) = NULL;                                                                        \
		stolen_;                                                                           \
	})
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

enum rc {
	RC_OK = 0,
	RC_MORE,      /* not enough bytes yet; never an error */
	RC_SYNTAX,    /* the input is malformed */
	RC_LIMIT,     /* a written limit was reached */
	RC_DENIED,    /* not allowed */
	RC_NOT_FOUND, /* no such thing, or not yours */
	RC_CONFLICT,  /* the state does not permit it */
	RC_NOMEM,     /* out of memory */
	RC_IO,        /* the system or the peer failed; err.sys holds errno */
	RC_BUG,       /* our own mistake */
};

enum { ERR_MSG_MAX = 160 };

struct err {
	enum rc rc;
	int sys;               /* errno, or 0 */
	char msg[ERR_MSG_MAX]; /* what was expected and what came; NUL-terminated, cut when longer
				*/
};

/* Fills *e (when not NULL) and returns rc. Never clears errno. */
enum rc fail(struct err *e, enum rc rc, const char *fmt, ...) PRINTF(3, 4);

/* As fail(RC_IO), with errno in e->sys and its text appended to the message. */
enum rc fail_sys(struct err *e, const char *fmt, ...) PRINTF(2, 3);

#ifdef KINWARD_ANALYZE
/* For static analysis only (scripts/lint): shows what these two return, so that the paths behind an
 * error are not mistaken for those behind success. */
#define fail(e, code, ...) (fail(e, code, __VA_ARGS__), (code))
#define fail_sys(e, ...) (fail_sys(e, __VA_ARGS__), RC_IO)
#endif

/* The name of a code: "ok", "more", "syntax" … Never NULL. */
const char *rc_name(enum rc rc);
