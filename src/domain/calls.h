/* Calls that a watch made and got, as it reported them. Personal data of other people too: sealed,
 * kept for CALLS_KEEP_DAYS, at most CALLS_MAX of a wearer. */
#pragma once

#include "domain/domain.h"

enum {
	CALLS_KEEP_DAYS = 30,
	CALLS_MAX = 500,
	CALL_NUMBER_TEXT = 32,
	CALL_NAME_TEXT = 121,
};

/* What the watch said of one call. */
struct call_entry {
	int64_t started_ms;
	bool is_out, is_connected;
	uint32_t seconds;
	char number[CALL_NUMBER_TEXT]; /* "" when it was hidden */
	char name[CALL_NAME_TEXT];     /* as the watch knows it; UTF-8 */
};

/* In a writer job. The same call again changes nothing; RC_OK also when the wearer is gone. A start
 * that cannot be becomes the time of receipt. */
MUST_CHECK enum rc call_take_in(struct db *db, const struct uid *wearer,
	const struct call_entry *call, int64_t received_ms, struct err *e);

struct call_info {
	struct call_entry call;
	struct uid contact; /* none: the number is no approved contact */
	char contact_name[NAME_TEXT];
	bool is_approved; /* a contact, or one of the SOS numbers */
};
typedef void call_fn(void *ctx, const struct call_info *call);
/* Newest first. */
MUST_CHECK enum rc call_list(
	struct db *reader, const struct uid *wearer, call_fn *fn, void *ctx, struct err *e);

/* The same line, written with or without its country: the shorter is the end of the longer. */
bool call_numbers_match(struct view a, struct view b);
