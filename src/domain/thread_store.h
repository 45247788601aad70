/* Rows of thread_item, in the writer's jobs: putting in, taking out, making room. Inside of domain/
 * only. */
#pragma once

#include "domain/thread.h"

enum { THREAD_SIZES = 12, THREAD_CONTENT_MAX = 131 * 1024 };

/* The bytes that a content of n bytes takes when it is padded; 0: it is too large. */
size_t thread_padded(size_t n);

struct thread_row {
	struct uid id, wearer; /* id none: a fresh one */
	enum thread_kind kind;
	enum thread_direction direction;
	enum thread_by by_kind;
	struct uid by;
	enum thread_state state;
	int64_t created_ms, expires_ms;
	struct view idempotency_key;
	struct view content; /* not padded */
	uint32_t duration_ms;
	bool has_wave;
	uint8_t wave[THREAD_WAVE];
};
/* Makes room by the rule of thread.h, then inserts; *ret_id is its id. RC_LIMIT: the quota is used
 * up by what nobody has heard yet. */
MUST_CHECK enum rc thread_insert(struct db *db, const struct thread_row *row, int64_t max_bytes,
	struct uid *ret_id, struct err *e);
/* RC_NOT_FOUND when there is none. */
MUST_CHECK enum rc thread_remove(
	struct db *db, const struct uid *wearer, const struct uid *item, struct err *e);
/* An item of this wearer with this very content that came from the watch; none when there is none.
 */
MUST_CHECK enum rc thread_find_same(struct db *db, const struct uid *wearer, struct view content,
	struct uid *ret, struct err *e);

/* Sealed contents with their padding: bind one, and take one without it (malloc'ed). */
void thread_pad_bind(
	struct stmt *s, int n, const struct uid *owner, const char *label, struct view content);
MUST_CHECK enum rc thread_pad_take(struct stmt *s, int column, const struct uid *owner,
	const char *label, uint8_t **ret_owned, size_t *ret_n, struct err *e);
/* Column thread_item.about into the members of item; its wearer is set. */
MUST_CHECK enum rc thread_read_about(
	struct stmt *s, int column, struct thread_item *item, struct err *e);
enum thread_state thread_state_of_command(enum command_state state);

/* The command of a text ended. */
MUST_CHECK enum rc thread_follow_command(struct db *db, const struct uid *wearer,
	const struct uid *command, enum command_state state, int reason, int64_t now_ms,
	struct err *e);
/* The text of a message command that a person or partner gave. */
MUST_CHECK enum rc thread_insert_text(struct db *db, const struct uid *wearer,
	const struct uid *command, const struct principal *who, struct view text,
	int64_t created_ms, int64_t max_bytes, struct err *e);
/* After a restore: what waited then may be on the watch by now. */
MUST_CHECK enum rc thread_end_restored(struct db *db, struct err *e);
