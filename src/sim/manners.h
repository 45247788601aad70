/* How one family of firmware behaves and errs. Chosen by name on the command line or in a file;
 * read once at start. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum manners_length {
	LENGTH_EXACT,
	LENGTH_MINUS_3, /* the trailing ",00" of a position is not counted */
	LENGTH_DECIMAL, /* positions only: four decimal digits */
	LENGTH_PLUS_1,
	LENGTH_MINUS_1,
};

enum manners_place { PLACELESS_ZERO, PLACELESS_LAST, PLACELESS_FACTORY };

enum manner_flag {
	MANNER_LOWER_HEX = 1u << 0,    /* length digits in lower case */
	MANNER_INDEX = 1u << 1,        /* ZJ: a counter between id and length */
	MANNER_LONG_ID = 1u << 2,      /* the whole IMEI */
	MANNER_LOCAL_TIME = 1u << 3,   /* yisai: YYMMDD and local time */
	MANNER_SIGNED = 1u << 4,       /* 32 hex digits in front */
	MANNER_KA = 1u << 5,           /* heartbeat is KA,YYYYMMDD,… */
	MANNER_LTE = 1u << 6,          /* UD_LTE, AL_LTE */
	MANNER_DEAF = 1u << 7,         /* acknowledges no command */
	MANNER_ACK_ALL = 1u << 8,      /* acknowledges also what it does not know */
	MANNER_PIECES = 1u << 9,       /* a frame goes out in several segments */
	MANNER_MERGED = 1u << 10,      /* several frames go out in one segment */
	MANNER_ODD_NAMES = 1u << 11,   /* hostile Wi-Fi names */
	MANNER_REPEAT_BITS = 1u << 12, /* UD after an alarm carries its bits again */
	MANNER_EAGER = 1u << 13,       /* keeps its own upload interval */
	MANNER_MIXED = 1u << 14,       /* each watch is of another family */
	MANNER_SLOW = 1u << 15,        /* acknowledgements come slow_s late */
	MANNER_CLOCK = 1u << 16,       /* the clock is wrong by clock_error_s */
	MANNER_TELL_ALL = 1u << 17,    /* TS tells numbers and password too */
	MANNER_NO_CAMERA = 1u << 18,   /* takes the request, no picture follows */
	MANNER_BAD_PHOTO = 1u << 19,   /* pictures that are none */
	MANNER_BIG_PHOTO = 1u << 20,   /* pictures over the limit */
	MANNER_BOOK = 1u << 21,        /* book_size is told by CONFIG */
	MANNER_ECHO = 1u << 22,        /* acknowledges with the parameters */
	MANNER_MODEL = 1u << 23,       /* a known model: see simmodel.h */
};

struct sim_model;

struct manners {
	const struct sim_model *model; /* NULL: none in particular */
	char vendor[7];
	uint32_t flags; /* enum manner_flag */
	enum manners_length length;
	enum manners_place placeless; /* what stands in a record without a fix */
	int32_t slow_s, clock_error_s;
	int32_t book_size; /* CONFIG TB: 0 none, 1 ten, 2 fifteen, 3 thirty, 4 a hundred entries */
};

enum { MANNERS_FILE_MAX = 4096 };

void manners_init(struct manners *m);

/* "minus3,slow=40,clock=-7200": each name changes *m. RC_SYNTAX names the word that is not known.
 */
MUST_CHECK enum rc manners_read(struct view list, struct manners *m, struct err *e);

/* The same words from a file, one or more a line, '#' begins a comment. */
MUST_CHECK enum rc manners_load(const char *path, struct manners *m, struct err *e);

static inline bool manners_have(const struct manners *m, enum manner_flag f)
{
	return (m->flags & f) != 0;
}

/* With MANNER_MIXED: the family of the n-th watch, upon the base. Otherwise the base. */
void manners_of(const struct manners *base, uint32_t n, struct manners *ret);

/* All words with a line of help each, for --help. */
const char *manners_help(void);
