/* The table of what watches say: how each keyword is read and answered (protocol sections 2.1, 2.2,
 * 4). Keywords of our own commands are in it as acknowledgements. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"

enum keyword_family {
	FAMILY_OTHER,     /* parameters are kept as text */
	FAMILY_PRIVATE,   /* parameters hold secrets or other people's data: dropped */
	FAMILY_COMMAND,   /* acknowledgement of, or data for, one of our commands */
	FAMILY_STATUS,    /* FAMILY_OTHER whose answer is KEYWORD,1: that alone is our own answer,
			     echoed */
	FAMILY_WIFI,      /* WIFIINFOUP: like FAMILY_PRIVATE, but name and address are read */
	FAMILY_HEARTBEAT, /* LK */
	FAMILY_KA,
	FAMILY_POSITION,
	FAMILY_CELLS, /* GS1 */
	FAMILY_HEART,
	FAMILY_BLOOD,
	FAMILY_OXYGEN,
	FAMILY_TEMP,
	FAMILY_BTEMP,
	FAMILY_TK,
	FAMILY_TK2,
	FAMILY_STK,
	FAMILY_IMG,
	FAMILY_JXTK,
};

enum keyword_answer {
	ANSWER_NONE,
	ANSWER_ECHO,
	ANSWER_STATUS,
	ANSWER_LK,
	ANSWER_KA,
	ANSWER_TIME,
	ANSWER_BOUND,
	ANSWER_TK,
	ANSWER_TK2,
	ANSWER_JXTKR,
};

struct keyword {
	const char *name; /* upper case */
	enum keyword_family family;
	enum keyword_answer answer;
};

/* NULL when unknown. name is upper case. */
const struct keyword *keyword_find(struct view name);

/* The whole table, sorted by name: for tests and fuzzers. */
const struct keyword *keyword_table(size_t *ret_n);
