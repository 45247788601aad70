/* Friends: two children hold their watches together, both watches ask, and both become friends, but
 * only when the groups of both let their wearer have friends; else nobody is answered, which the
 * watches show as "not found". The other group then sees the friend's name, and nothing else.
 * Watches count as together when they asked within a minute and are at the same place, by GPS or by
 * what they hear; when there are three it is nobody's guess, and all are asked to try again. */
#pragma once

#include "domain/audit.h"
#include "watch/report.h"

struct friends;

enum {
	FRIENDS_MAX = 10, /* of one wearer */
	FRIENDS_TOUCHES_MAX =
		256, /* watches that asked in the last minute; more push out the oldest */
	FRIENDS_TOUCH_MS = 60 * 1000,
	FRIENDS_NEAR_M = 200,
	FRIENDS_HEARD_MAX = 8, /* access points that are compared */
};

MUST_CHECK enum rc friends_new(struct domain *d, struct friends **ret_owned, struct err *e);
void friends_free(struct friends *fs);

/* ---- what watches say: main loop ---- */

/* PP: a watch looks for the one that it touches. */
void friends_on_touch(struct domain *d, const struct message_report *m, const struct report *r);
/* PPR: the wearer takes a friend away: the one with this wire id, or the only one. */
void friends_on_remove(struct domain *d, const struct message_report *m, const struct report *r);

/* ---- what people say ---- */

MUST_CHECK enum rc friend_rule_get(
	struct db *reader, const struct uid *wearer, bool *ret_is_allowed, struct err *e);
/* Off also ends the friendships. */
MUST_CHECK enum rc friend_rule_put(struct domain *d, const struct principal *who,
	const struct uid *wearer, bool is_allowed, struct err *e);

struct friend_info {
	struct uid id; /* of the friendship */
	char name[NAME_TEXT];
	int64_t since_ms;
};
typedef void friend_fn(void *ctx, const struct friend_info *info);
MUST_CHECK enum rc friend_list(
	struct db *reader, const struct uid *wearer, friend_fn *fn, void *ctx, struct err *e);
/* Ends it on both sides; both watches are told. RC_NOT_FOUND. */
MUST_CHECK enum rc friend_remove(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct uid *friendship, struct err *e);
