/* What comes from the gateways, in the main loop: sessions open and close, reports are matched to
 * their device, judged, and stored in batches; what the protocol wants answered is answered after
 * the commit, alarms on a lane of their own. Also the rule for two connections with one id
 * (session.c). */
#pragma once

#include "domain/domain.h"

struct ingest;

enum {
	INGEST_BATCH_BYTES = 256 * 1024, /* a batch this large is written without waiting longer */
	INGEST_WAITING_BYTES = 8 * 1024 * 1024, /* not durable yet: above, ingest_is_full */
	INGEST_RETRY_MS = 1000,                 /* after a commit that failed */
	INGEST_EVENT_MS = 200,                  /* at most one event of a wearer in this time */
	INGEST_KEYWORDS_MAX = 64, /* names of unhandled keywords that are counted apart */
};

MUST_CHECK enum rc ingest_new(struct domain *d, struct ingest **ret_owned, struct err *e);
void ingest_free(struct ingest *in);

/* `peer` NULL: a report came before its OPENED (this server is newer than the session). key: whose
 * possession the connection proved, or none. */
void ingest_opened(struct domain *d, uint64_t session, const struct peer *peer, struct view vendor,
	struct view id, struct view key);
/* Closes what connections the watch of this wearer has: they come again and are judged anew. */
void ingest_close_sessions(struct domain *d, const struct uid *wearer);
void ingest_report(struct domain *d, const struct message_report *m);
void ingest_closed(struct domain *d, uint64_t session, uint32_t frames);
void ingest_foreign(struct domain *d, enum foreign kind);
/* Main loop. RC_OK: it is on disk; else the server stops before it was. */
typedef void ingest_stored_fn(void *ctx, enum rc rc);
/* A place or alarm that a phone of the wearer told, as a packed report whose source is the phone.
 * Main loop; sent to the writer at once. RC_OK: fn is called once. RC_LIMIT: full, RC_NOMEM,
 * RC_NOT_FOUND: no such wearer or device. */
MUST_CHECK enum rc ingest_take_phone(struct domain *d, const struct uid *wearer, struct view packed,
	int64_t received_ms, ingest_stored_fn *fn, void *ctx, struct err *e);
/* A gateway process is gone, its sessions with it. The number is the session's top byte. */
void ingest_gateway_lost(struct domain *d, uint8_t gateway);
/* False while it is in doubt whether the session is the watch itself: another connection with its
 * id is being asked who it is, took over without having answered, or both keep talking. Such a
 * session gets no command of class C or D (design.md section 6). Main loop. */
bool ingest_trusts(struct domain *d, uint32_t number, uint64_t session);
/* At the end of each of the loop's turns. */
void ingest_flush(struct domain *d);
/* At a clean stop: everything to the writer now. */
void ingest_flush_all(struct domain *d);
/* Writes what lingers now; ingest_is_idle when all of it is durable and answered. */
void ingest_hurry(struct domain *d);
bool ingest_is_idle(struct domain *d);
/* The links should not be read any more for now. */
bool ingest_is_full(struct domain *d);
/* Something of the wearer changed that people see. */
void ingest_touch(struct domain *d, const struct uid *wearer);

struct ingest_stats {
	uint64_t reports, stored, duplicates, alarms, alarms_new, unreadable, batches,
		batches_failed;
	uint64_t not_bound, commits_lost, conflicts, takeovers, second_sessions;
	uint64_t waiting_bytes, limit_full, unproved;
};
/* Any thread. */
void ingest_read_stats(struct ingest *in, struct ingest_stats *ret);
typedef void keyword_count_fn(void *ctx, const char *keyword, uint64_t count);
void ingest_each_keyword(struct ingest *in, keyword_count_fn *fn, void *ctx);

/* The session's top byte is the gateway. */
static inline uint64_t session_of(uint8_t gateway, uint64_t session)
{
	return (uint64_t)gateway << 56 | (session & 0xffffffffffffffu);
}
