/* The thread of a wearer: texts, voices and photos between the people and the watch, in one list.
 * Who sent something is set here and never by the sender. Sealed with the wearer's key and padded
 * to THREAD_SIZES sizes, so that a file of the database does not tell what was said or how long. A
 * group has a quota: when it is used up the oldest items that somebody has heard, seen or sent give
 * way; what nobody has heard yet is never removed to make room, new things are refused then. */
#pragma once

#include "domain/commands.h"

enum thread_kind { THREAD_TEXT, THREAD_VOICE, THREAD_PHOTO, THREAD_KIND_COUNT };
enum thread_direction { THREAD_TO, THREAD_FROM }; /* the watch */
enum thread_by { THREAD_BY_WATCH, THREAD_BY_MEMBER, THREAD_BY_PARTNER, THREAD_BY_COUNT };
enum thread_state {
	THREAD_QUEUED,    /* to: waits for the watch */
	THREAD_SENT,      /* to: given to its connection */
	THREAD_DELIVERED, /* to: the watch said that it has it */
	THREAD_HEARD,     /* from: somebody has heard or seen it */
	THREAD_FAILED,    /* to: see reason; from: what came could not be read */
	THREAD_EXPIRED,   /* to: its life ended before the watch took it */
	THREAD_RECEIVED,  /* from */
	THREAD_STATE_COUNT,
};
const char *thread_kind_name(enum thread_kind k);   /* "text" … */
const char *thread_by_name(enum thread_by b);       /* "watch" … */
const char *thread_state_name(enum thread_state s); /* "queued" … */

enum {
	THREAD_WAVE = 48, /* loudness along a voice, 0..255 each */
	THREAD_PAGE_MAX = 100,
	THREAD_PAGE = 50,
	VOICE_SECONDS_MAX = 15,
	VOICE_DOWN_BYTES_MAX = 12000, /* AMR of one voice to a watch: one message of a link */
	VOICE_WIRE_MAX = 10240,       /* … escaped: what watches surely take */
	VOICE_UP_BYTES_MAX = 6 + 15 * 50 * 32, /* 15 s at 12.2 kbit/s */
	VOICES_WAITING_MAX = 20,               /* for one watch */
	VOICES_PER_HOUR_MAX = 60,              /* to one watch */
	VOICES_UP_PER_DAY_MAX = 200,           /* from one watch */
	VOICES_UP_BYTES_PER_DAY_MAX = 4 << 20, /* … */
	VOICE_TRIES_MAX = 3,                   /* that the watch may refuse (TK,0) */
	VOICE_LIFE_S = 3 * 24 * 3600,
};

struct thread_item {
	struct uid id, wearer, group;
	enum thread_kind kind;
	enum thread_direction direction;
	enum thread_by by_kind;
	struct uid by;           /* account or partner; none: the watch */
	char by_name[NAME_TEXT]; /* of a watch its wearer's; "" when gone */
	char text[COMMAND_TEXT_MAX * 3 + 1];
	uint32_t duration_ms; /* voice */
	uint32_t bytes;       /* voice, photo */
	bool has_wave;
	uint8_t wave[THREAD_WAVE];
	enum thread_state state;
	const char *reason;                         /* static stable word, or NULL */
	int64_t created_ms, delivered_ms, heard_ms; /* 0: not yet */
};
typedef void thread_fn(void *ctx, const struct thread_item *item);

/* Which items a reader sees: by his rights. */
struct thread_sight {
	bool sees_texts; /* texts, and what was sent to the watch */
	bool sees_media; /* voices and photos from the watch */
};
/* MESSAGE shows texts and what went to the watch, VIEW_MEDIA what came from it. */
struct thread_sight thread_sight_of(right_set rights);

/* Newest first. `before` NULL: from the newest; RC_NOT_FOUND when it is no item of the wearer. */
MUST_CHECK enum rc thread_list(struct db *reader, const struct uid *wearer,
	struct thread_sight sight, const struct uid *before, unsigned limit, thread_fn *fn,
	void *ctx, struct err *e);
MUST_CHECK enum rc thread_get(
	struct db *reader, const struct uid *item, struct thread_item *ret, struct err *e);
/* The bytes of a voice (AMR) or a photo (JPEG), malloc'ed. RC_NOT_FOUND when it is of another kind
 * or holds none. */
MUST_CHECK enum rc thread_content(struct db *reader, const struct uid *item, enum thread_kind kind,
	uint8_t **ret_owned, size_t *ret_n, struct err *e);

/* What the watch can take. */
struct thread_limits {
	uint32_t text_units, voice_seconds;
	bool has_text, has_voice;
	bool has_emoji, lacks_emoji; /* known to show them, known not to; else nobody knows */
};
MUST_CHECK enum rc thread_limits_get(struct domain *d, struct db *reader, const struct uid *wearer,
	struct thread_limits *ret, struct err *e);

/* A voice of a member or partner to the watch; `amr` and `about` were made from what was recorded.
 * The same key again within a day: the same item. Codes: no_device, watch_has_no_voice
 * (RC_CONFLICT), too_many_voices (RC_LIMIT), quota_full (RC_CONFLICT), voice_too_long,
 * key_invalid (RC_SYNTAX). */
struct thread_voice {
	struct view amr;
	uint32_t duration_ms;
	uint8_t wave[THREAD_WAVE];
	struct view idempotency_key;
};
MUST_CHECK enum rc thread_send_voice(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct thread_voice *v, struct uid *ret_item,
	struct problem *p, struct err *e);

MUST_CHECK enum rc thread_delete(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct uid *item, struct err *e);
/* Somebody has heard or seen it; with a photo or a text also the photos before it. */
MUST_CHECK enum rc thread_mark_heard(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct uid *item, struct err *e);

struct thread_quota {
	int64_t used_bytes, max_bytes;
};
MUST_CHECK enum rc thread_quota_get(struct domain *d, struct db *reader, const struct uid *group,
	struct thread_quota *ret, struct err *e);
