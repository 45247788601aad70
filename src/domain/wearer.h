/* Wearers: the people with a watch, as the API shows them. */
#pragma once

#include "domain/domain.h"
#include "domain/fix.h"
#include "domain/live.h"

enum {
	COLOR_TEXT = 8, /* "#rrggbb" */
	PICTURE_MAX = 200 * 1024,
	HISTORY_RANGE_MAX_DAYS = 31,
	HISTORY_FIXES_MAX = 20000,
	MODEL_TEXT = 81,
	PHONE_TEXT = SIM_NUMBER_TEXT,
};

struct wearer_info {
	struct uid id, group;
	char name[NAME_TEXT];
	char color[COLOR_TEXT];
	bool has_picture;
	uint32_t picture_version;
	char model[MODEL_TEXT];   /* "" when unknown */
	char version[MODEL_TEXT]; /* firmware text, "" when unknown */
	char wire_id_masked[WIRE_ID_TEXT];
	char phone[SIM_NUMBER_TEXT]; /* of the watch's SIM, "" when unknown */
	bool is_adult;
	struct live_view live;
	right_set rights; /* what the reader may do now; what he may not see, shapes.h leaves out */
};
typedef void wearer_fn(void *ctx, const struct wearer_info *w);

/* A new wearer's row; texts were checked. */
struct wearer_row {
	struct uid id, group;
	uint32_t number;
	struct view name, color;
	int64_t created_ms;
};
/* In a writer job: makes the row and the wearer's key. */
MUST_CHECK enum rc wearer_insert(struct db *db, const struct wearer_row *row, struct err *e);

typedef void wearer_name_fn(void *ctx, const struct uid *wearer, const char *name);
/* Those of a group, in no order. */
MUST_CHECK enum rc wearer_names(
	struct db *reader, const struct uid *group, wearer_name_fn *fn, void *ctx, struct err *e);

/* All wearers of the caller's groups, by name, each with his rights. */
MUST_CHECK enum rc wearer_list(struct domain *d, struct db *reader, const struct principal *who,
	wearer_fn *fn, void *ctx, struct err *e);
/* One wearer without asking for rights (the caller has, and fills in `rights`, which are none at
 * first): for routes after the check, and for events. */
MUST_CHECK enum rc wearer_get(struct domain *d, struct db *reader, const struct uid *wearer,
	struct wearer_info *ret, struct err *e);

/* p == NULL leaves a value. Codes: name_invalid, color_invalid. */
MUST_CHECK enum rc wearer_change(struct domain *d, const struct principal *who,
	const struct uid *wearer, struct view name, struct view color, struct problem *p,
	struct err *e);

/* An adult is told every week who can see them. Once said it stays: nobody turns it off. */
MUST_CHECK enum rc wearer_set_adult(
	struct domain *d, const struct principal *who, const struct uid *wearer, struct err *e);

/* Erases the wearer, history, alarms, commands, picture; unbinds the watch. */
MUST_CHECK enum rc wearer_erase(
	struct domain *d, const struct principal *who, const struct uid *wearer, struct err *e);

/* A JPEG, malloc'ed; the caller frees it. RC_NOT_FOUND when there is none. */
MUST_CHECK enum rc wearer_picture_get(struct db *reader, const struct uid *wearer,
	uint8_t **ret_owned, size_t *ret_n, struct err *e);
/* A JPEG, which the media role makes anew; that is stored. Codes: picture_too_large, picture_type
 * (RC_SYNTAX), busy (RC_IO). */
MUST_CHECK enum rc wearer_picture_put(struct domain *d, const struct principal *who,
	const struct uid *wearer, struct view bytes, struct problem *p, struct err *e);
MUST_CHECK enum rc wearer_picture_delete(
	struct domain *d, const struct principal *who, const struct uid *wearer, struct err *e);

typedef void fix_fn(void *ctx, const struct fix *f);
/* Fixes with from <= time < to, oldest first. Codes: range_invalid, range_too_long (RC_SYNTAX).
 * *ret_truncated: there were more than HISTORY_FIXES_MAX. */
MUST_CHECK enum rc wearer_history(struct domain *d, struct db *reader, const struct uid *wearer,
	int64_t from_ms, int64_t to_ms, fix_fn *fn, void *ctx, bool *ret_truncated,
	struct problem *p, struct err *e);
