/* Watches that nobody has claimed: their heartbeats are answered by the gateway, and all that is
 * kept here is that they were seen. Bounded twice: ids in all (the one that was silent longest
 * gives way), ids from one address. Foreign protocols are counted here too. Has its own lock; any
 * thread. */
#pragma once

#include "domain/domain.h"
#include "domain/operator_view.h"

MUST_CHECK enum rc quarantine_new(
	const struct domain_settings *s, struct quarantine **ret_owned, struct err *e);
void quarantine_free(struct quarantine *q);

/* A watch without an owner opened a session. False when a limit refused it (counted). A watch that
 * somebody claims now (is_wanted) is taken in though its address has had its share. `peer` NULL:
 * not known, then only watches that are here already or are wanted. *ret_is_new: it was not there
 * before. */
bool quarantine_opened(struct quarantine *q, uint64_t session, const struct peer *peer,
	struct view vendor, struct view id, bool is_wanted, int64_t now_ms, bool *ret_is_new);
/* A frame of it was forwarded (claiming sessions). */
void quarantine_seen(struct quarantine *q, uint64_t session, int64_t now_ms);
void quarantine_closed(struct quarantine *q, uint64_t session, uint32_t frames, int64_t now_ms);
/* It was bound, or never belonged here. */
void quarantine_remove(struct quarantine *q, struct view id);

/* Its open session (0: none) and whether it is there at all. */
bool quarantine_find(
	struct quarantine *q, struct view id, uint64_t *ret_session, char ret_vendor[8]);
/* A session that a limit refused lately and that said this id; 0: none is remembered. */
uint64_t quarantine_find_refused(struct quarantine *q, struct view id);
/* The next open session of that gateway (its top byte) from *place on. */
bool quarantine_next_session(
	struct quarantine *q, uint8_t gateway, uint32_t *place, uint64_t *ret_session);
/* Wire id of an open session; false when it is not one of these. */
bool quarantine_id_of(struct quarantine *q, uint64_t session, char ret_id[WIRE_ID_TEXT]);
/* True when an id is there that differs in one or two digits only, seen since then. */
bool quarantine_has_close(struct quarantine *q, struct view id, int64_t since_ms);
/* Same length, and one or two places differ. */
bool wire_ids_are_close(struct view a, struct view b);

void quarantine_foreign(struct quarantine *q, enum foreign kind, int64_t now_ms);
/* The last time that this protocol was seen; 0: never. */
int64_t quarantine_foreign_seen(struct quarantine *q, enum foreign kind);

struct quarantine_stats {
	uint32_t ids, connected;
	uint64_t limit_ids, limit_per_address;
	uint64_t foreign[FOREIGN_COUNT];
};
void quarantine_read_stats(struct quarantine *q, struct quarantine_stats *ret);

/* For operator_view.h. */
void quarantine_each(struct quarantine *q, unknown_device_fn *fn, void *ctx);
void quarantine_each_foreign(struct quarantine *q, foreign_protocol_fn *fn, void *ctx);
