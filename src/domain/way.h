/* Other ways than a watch's plain frames by which a wearer's place comes in: a phone with OwnTracks
 * or with Traccar Client (OsmAnd), known by a token; the watch itself by TLS, known by its key.
 * Secrets are shown once; the store holds a hash of the token. */
#pragma once

#include "crypto/certificate.h"
#include "crypto/token.h"
#include "domain/audit.h"
#include "domain/watch_keys.h"
#include "watch/report.h"

enum {
	WAYS_MAX = 8,                 /* of one wearer */
	WAY_ENCRYPTION_KEY_TEXT = 33, /* OwnTracks takes at most 32 characters */
	WAY_NAME_CHARS = 40,
};

/* "owntracks", "traccar", "watch_tls" */
const char *way_kind_name(enum way_kind kind);
MUST_CHECK bool way_kind_from_name(struct view name, enum way_kind *ret);

struct way_info {
	struct uid id;
	enum way_kind kind;
	char name[NAME_TEXT];
	int64_t created_ms, last_ms; /* last_ms 0: nothing came yet; at most a minute old */
};
typedef void way_fn(void *ctx, const struct way_info *way);
/* Oldest first. */
MUST_CHECK enum rc way_list(
	struct db *reader, const struct uid *wearer, way_fn *fn, void *ctx, struct err *e);

/* What is shown once; secret_forget. */
struct way_made {
	struct way_info way;
	char token[TOKEN_TEXT_SIZE];                  /* of a phone; "" */
	char encryption_key[WAY_ENCRYPTION_KEY_TEXT]; /* of OwnTracks; "" */
	struct certificate_made certificate; /* of a watch that did not bring its own; "" */
};
/* Whatever changes the key of a watch (add, renew, remove) silences it until it has the new one, or
 * lets in whoever says its number: that wants a fresh proof (codes of security_guard_step_up). */

/* `certificate`: PEM, of a watch that has its key already; empty: both are made. Codes:
 * name_invalid, certificate_invalid (RC_SYNTAX), no_device (RC_CONFLICT: a key is pinned to a
 * watch), way_exists (RC_CONFLICT: the watch has a key), too_many_ways (RC_LIMIT). */
MUST_CHECK enum rc way_add(struct domain *d, const struct principal *who, const struct uid *wearer,
	enum way_kind kind, struct view name, struct view certificate, struct way_made *ret,
	struct problem *p, struct err *e);
/* A new secret; the old one is no good from then on. RC_NOT_FOUND. */
MUST_CHECK enum rc way_renew(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct uid *way, struct way_made *ret, struct problem *p,
	struct err *e);
MUST_CHECK enum rc way_rename(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct uid *way, struct view name, struct way_info *ret,
	struct problem *p, struct err *e);
MUST_CHECK enum rc way_remove(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct uid *way, struct problem *p, struct err *e);

/* ---- what phones say ---- */

struct way_phone {
	struct uid id, wearer;
	enum way_kind kind;
	char encryption_key[WAY_ENCRYPTION_KEY_TEXT]; /* "" unless OwnTracks */
	int64_t last_ms;
};
/* Whose token this is. RC_NOT_FOUND, for a token of another kind, too. */
MUST_CHECK enum rc way_of_token(struct db *reader, struct view token, enum way_kind kind,
	struct way_phone *ret, struct err *e);
/* A request thread: what the phone reports goes the way of all reports, and is durable when this
 * returns RC_OK. RC_LIMIT: come again later; RC_NOT_FOUND: the wearer has no device any more. */
MUST_CHECK enum rc way_report(
	struct domain *d, const struct way_phone *phone, const struct report *r, struct err *e);
/* Something came by it; written at most once a minute. */
void way_seen(struct domain *d, const struct way_phone *phone);
