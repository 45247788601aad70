#include "domain/backup_state.h"

#include "base/num.h"

bool backup_state_note(struct backup_state *s, struct view words)
{
	struct view word;
	uint64_t ms = 0;

	if (!view_cut_until(&words, ' ', 4, &word) || num_u64(words, INT64_MAX, &ms, NULL) != RC_OK)
		return false;
	if (view_is(word, VIEW("on"))) {
		atomic_store(&s->is_on, true);
		atomic_store(&s->last_good_ms, (int64_t)ms);
	} else if (view_is(word, VIEW("good"))) {
		atomic_store(&s->last_good_ms, (int64_t)ms);
		(void)atomic_fetch_add(&s->good, 1);
	} else if (view_is(word, VIEW("bad"))) {
		atomic_store(&s->last_bad_ms, (int64_t)ms);
		(void)atomic_fetch_add(&s->bad, 1);
	} else {
		return false;
	}
	return true;
}
