/* Photos that members asked a watch for, or that the wearer sent. Off until the group turns them on
 * for a wearer (class D), never where the operator forbids them; each is announced on the watch
 * first, at most per_day in 24 hours, shown to every member. What comes is checked, decoded and
 * made anew by the media role, and kept in the thread (thread.h); the oldest make room for new
 * ones. */
#pragma once

#include "domain/approval.h"
#include "domain/watch_target.h"

enum {
	PHOTO_PER_DAY_MAX = 10,
	PHOTO_PER_DAY_DEFAULT = 5,
	PHOTOS_MAX = 200,            /* kept for one wearer */
	PHOTO_BYTES_MAX = 66 * 1024, /* of one */
	PHOTO_OWN_PER_DAY_MAX = 20,  /* that the wearer sends by himself */
};

struct photo_rule {
	bool is_allowed;
	bool is_forbidden_here; /* by the operator */
	uint8_t per_day;
	uint8_t taken_today; /* requests of the last 24 hours that count */
};
MUST_CHECK enum rc photo_rule_get(struct domain *d, struct db *reader, const struct uid *wearer,
	struct photo_rule *ret, struct err *e);
/* True when the change needs the right PHOTO_ALLOW (class D): turning on, or more a day. */
bool photo_rule_is_wider(const struct photo_rule *now, bool is_allowed, uint8_t per_day);
/* In a writer job, after that was decided. Codes: photos_forbidden (RC_CONFLICT). */
MUST_CHECK enum rc photo_rule_set(struct domain *d, struct db *db, const struct uid *wearer,
	bool is_allowed, uint8_t per_day, struct problem *p, struct err *e);
/* The same as an act of who, for a change that is not wider: RC_CONFLICT rule_changed when it would
 * be by now. */
MUST_CHECK enum rc photo_rule_narrow(struct domain *d, const struct principal *who,
	const struct uid *wearer, bool is_allowed, uint8_t per_day, struct problem *p,
	struct err *e);

/* The same as a proposal: payload of photo_allow_payload. */
extern const struct approval_kind photo_allow_kind;
enum { PHOTO_ALLOW_PAYLOAD = 2 };
void photo_allow_payload(bool is_allowed, uint8_t per_day, char ret[PHOTO_ALLOW_PAYLOAD]);

/* In the job that asks for one: may it be taken now? Codes: photos_forbidden, photos_off,
 * photo_under_way (RC_CONFLICT), photos_used_up (RC_LIMIT). */
MUST_CHECK enum rc photo_check(const struct domain *d, struct db *db, const struct uid *wearer,
	int64_t now_ms, struct problem *p, struct err *e);

struct photo_info {
	struct uid id, wearer;
	struct uid by;           /* who asked; none: the wearer sent it */
	char by_name[NAME_TEXT]; /* "" when that account is gone */
	int64_t received_ms;
	uint32_t size;
};
typedef void photo_fn(void *ctx, const struct photo_info *photo);
/* Newest first. */
MUST_CHECK enum rc photo_list(
	struct db *reader, const struct uid *wearer, photo_fn *fn, void *ctx, struct err *e);
/* The picture, malloc'ed. */
MUST_CHECK enum rc photo_get(struct db *reader, const struct uid *photo, uint8_t **ret_owned,
	size_t *ret_n, struct err *e);
MUST_CHECK enum rc photo_delete(
	struct domain *d, const struct principal *who, const struct uid *photo, struct err *e);

/* In a writer job: a picture that was checked and made anew. `command` none: the wearer's own;
 * RC_LIMIT when there were too many of those today, or the group's quota is used up. *ret_id is
 * new. */
MUST_CHECK enum rc photo_store(struct db *db, const struct uid *wearer, const struct uid *command,
	struct view bytes, int64_t now_ms, int64_t quota_bytes, struct uid *ret_id, struct err *e);
