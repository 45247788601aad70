#include "domain/audit_verify.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sealed.h"

/* An entry that does not fit where it stands. */
struct misfit {
	int64_t place;
	uint8_t hash[AUDIT_HASH_BYTES];     /* as stored */
	uint8_t previous[AUDIT_HASH_BYTES]; /* stored in the entry before it */
	bool is_explained;
};

struct walk {
	struct db *db;
	const struct sign_key *key;
	audit_finding_fn *fn;
	void *ctx;
	struct audit_summary *sum;
	uint8_t hash[AUDIT_HASH_BYTES]; /* stored in the entry before */
	int64_t seq, time_ms;           /* of the entry before */
	size_t misfits_n;
	struct misfit misfits[AUDIT_FINDINGS_MAX];
};

static void report(struct walk *w, struct audit_finding f)
{
	if (f.time_ms == 0)
		f.time_ms = w->time_ms;
	if (w->sum->findings++ < AUDIT_FINDINGS_MAX)
		w->fn(w->ctx, &f);
}

static void report_range(struct walk *w, enum audit_finding_kind kind, int64_t first, int64_t last)
{
	report(w, (struct audit_finding){.kind = kind, .first = first, .last = last});
}

/* ---- checkpoints ---- */

static bool read_checkpoint(struct stmt *s, struct audit_mark *ret)
{
	struct view hash = stmt_blob(s, 4);
	struct view signature = stmt_blob(s, 6);

	*ret = (struct audit_mark){
		.at = {.seq = stmt_int(s, 0),
			.kind = stmt_int(s, 1) == AUDIT_BASE ? AUDIT_BASE : AUDIT_CHECKPOINT,
			.previous_seq = stmt_int(s, 2),
			.time_ms = stmt_int(s, 3)}};
	if (hash.n != AUDIT_HASH_BYTES || signature.n != SIGN_BYTES ||
		!view_to_text(stmt_text(s, 5), ret->key_id, sizeof ret->key_id))
		return false;
	memcpy(ret->at.hash, hash.p, AUDIT_HASH_BYTES);
	memcpy(ret->signature, signature.p, SIGN_BYTES);
	return true;
}

static enum rc prepare_checkpoints(struct db *db, struct stmt **ret, struct err *e)
{
	return db_prepare(db,
		"SELECT seq, kind, previous_seq, time_ms, hash, key_id, signature"
		" FROM audit_checkpoint ORDER BY seq",
		ret, e);
}

/* Where the chain begins: at zero, or at a base that we signed when we dropped what was older. */
static enum rc find_start(struct walk *w, int64_t first_seq, struct err *e)
{
	struct stmt *s = NULL;
	struct audit_mark m;
	bool has_row = false;
	enum rc rc = prepare_checkpoints(w->db, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	bool is_base = has_row && read_checkpoint(s, &m) && m.at.kind == AUDIT_BASE &&
		       (w->key == NULL || audit_mark_is_ours(&m, w->key));
	stmt_reset(s);
	if (is_base) {
		w->seq = m.at.seq;
		memcpy(w->hash, m.at.hash, sizeof w->hash);
	}
	if (first_seq > w->seq + 1) {
		report_range(w, AUDIT_CUT_START, w->seq + 1, first_seq - 1);
		w->seq = first_seq - 1;
		w->time_ms = -1; /* the first entry's link cannot be checked */
	}
	return RC_OK;
}

/* ---- the chain ---- */

static enum rc read_first_seq(struct db *db, int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT COALESCE(MIN(seq), 0) FROM audit", &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

static void note_misfit(struct walk *w, const struct audit_row *row)
{
	if (w->misfits_n == COUNT_OF(w->misfits)) {
		report_range(w, AUDIT_CHANGED, row->seq, row->seq);
		return;
	}
	struct misfit *m = &w->misfits[w->misfits_n++];
	*m = (struct misfit){.place = row->seq};
	memcpy(m->previous, w->hash, sizeof m->previous);
	if (row->hash.n == AUDIT_HASH_BYTES)
		memcpy(m->hash, row->hash.p, AUDIT_HASH_BYTES);
}

/* Opens only with the key of its owner: one that was destroyed leaves nothing to compare. */
static enum rc check_detail(
	struct walk *w, struct stmt *s, const struct audit_row *row, struct err *e)
{
	uint8_t hash[AUDIT_HASH_BYTES];
	uint8_t *plain = NULL;
	size_t n = 0;

	if (db_keyring(w->db) == NULL)
		return RC_OK;
	enum rc rc = stmt_take_sealed(s, 13, &row->owner, AUDIT_LABEL, &plain, &n, e);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK)
		audit_detail_hash((struct view){.p = (const char *)plain, .n = n}, hash);
	bool is_same = rc == RC_OK && view_is(row->detail_hash,
					      (struct view){.p = (char *)hash, .n = sizeof hash});
	if (plain != NULL)
		sodium_memzero(plain, n);
	free(plain);
	if (rc != RC_OK && rc != RC_SYNTAX)
		return rc;
	if (is_same)
		w->sum->details_good++;
	else
		report_range(w, AUDIT_DETAIL_CHANGED, row->seq, row->seq);
	return RC_OK;
}

static void check_entry(struct walk *w, const struct audit_row *row)
{
	uint8_t hash[AUDIT_HASH_BYTES];
	bool is_linked = w->time_ms >= 0;

	if (row->seq != w->seq + 1) {
		report_range(w, AUDIT_REMOVED, w->seq + 1, row->seq - 1);
		is_linked = false;
	}
	if (is_linked) {
		audit_row_hash(w->hash, row, hash);
		if (!view_is(row->hash, (struct view){.p = (char *)hash, .n = sizeof hash}))
			note_misfit(w, row);
	}
	w->seq = row->seq;
	w->time_ms = row->time_ms;
	if (row->hash.n == AUDIT_HASH_BYTES)
		memcpy(w->hash, row->hash.p, AUDIT_HASH_BYTES);
	w->sum->entries++;
	w->sum->last_seq = row->seq;
	w->sum->last_ms = row->time_ms;
	if (w->sum->entries == 1) {
		w->sum->first_seq = row->seq;
		w->sum->first_ms = row->time_ms;
	}
}

static enum rc walk_entries(struct walk *w, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(w->db, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY seq", &s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct audit_row row;
		audit_row_read(s, &row);
		check_entry(w, &row);
		rc = check_detail(w, s, &row, e);
		if (rc != RC_OK) {
			stmt_reset(s);
			return rc;
		}
	}
	return rc;
}

/* ---- what became of misfits ---- */

/* The entry that stands at `place`, hashed as if it stood at `seq` behind `previous`: is that the
 * hash that it carries? Then it belongs there. */
static enum rc belongs(struct walk *w, const struct misfit *m, int64_t seq,
	const uint8_t previous[AUDIT_HASH_BYTES], bool *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct audit_row row;
	uint8_t hash[AUDIT_HASH_BYTES];
	enum rc rc = db_prepare(w->db, "SELECT " AUDIT_COLUMNS " FROM audit WHERE seq = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, m->place);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = false;
	if (has_row) {
		audit_row_read(s, &row);
		row.seq = seq;
		audit_row_hash(previous, &row, hash);
		*ret = memcmp(hash, m->hash, sizeof hash) == 0;
	}
	stmt_reset(s);
	return RC_OK;
}

static enum rc explain(struct walk *w, struct misfit *m, struct err *e)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < w->misfits_n && rc == RC_OK && !m->is_explained; i++) {
		const struct misfit *to = &w->misfits[i];
		for (size_t k = 0; k < 2 * w->misfits_n && rc == RC_OK && !m->is_explained; k++) {
			const struct misfit *before = &w->misfits[k / 2];
			rc = belongs(w, m, to->place, k % 2 == 0 ? before->previous : before->hash,
				&m->is_explained, e);
		}
		if (rc == RC_OK && m->is_explained)
			report(w, (struct audit_finding){.kind = AUDIT_REORDERED,
					  .first = to->place,
					  .last = to->place,
					  .place = m->place});
	}
	if (rc == RC_OK && !m->is_explained)
		report_range(w, AUDIT_CHANGED, m->place, m->place);
	return rc;
}

/* Moved entries leave a misfit behind them that is not changed itself: the one after the last. */
static bool is_behind_moved(const struct walk *w, const struct misfit *m)
{
	for (size_t i = 0; i < w->misfits_n; i++) {
		if (w->misfits[i].is_explained && w->misfits[i].place == m->place - 1)
			return true;
	}
	return false;
}

enum { MISFITS_EXPLAINED_MAX = 24 /* n³ look-ups */ };

static enum rc explain_all(struct walk *w, struct err *e)
{
	bool is_few = w->misfits_n <= MISFITS_EXPLAINED_MAX;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < w->misfits_n && rc == RC_OK; i++) {
		struct misfit *m = &w->misfits[i];
		if (!is_few) {
			report_range(w, AUDIT_CHANGED, m->place, m->place);
			continue;
		}
		bool is_same = false;
		for (size_t k = 0; k < w->misfits_n && rc == RC_OK && !is_same; k++)
			rc = is_behind_moved(w, m)
				     ? belongs(w, m, m->place, w->misfits[k].hash, &is_same, e)
				     : RC_OK;
		if (rc == RC_OK && !is_same)
			rc = explain(w, m, e);
	}
	return rc;
}

/* ---- what was signed ---- */

static enum rc stored_hash(struct db *db, int64_t seq, uint8_t ret[AUDIT_HASH_BYTES],
	bool *ret_is_there, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT hash FROM audit WHERE seq = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, seq);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	struct view hash = has_row ? stmt_blob(s, 0) : (struct view){NULL, 0};
	*ret_is_there = hash.n == AUDIT_HASH_BYTES;
	if (*ret_is_there)
		memcpy(ret, hash.p, AUDIT_HASH_BYTES);
	stmt_reset(s);
	return RC_OK;
}

static enum rc check_mark(struct walk *w, const struct audit_mark *m, int64_t last, struct err *e)
{
	uint8_t hash[AUDIT_HASH_BYTES];
	bool is_there = false;

	if (w->key != NULL && !audit_mark_is_ours(m, w->key)) {
		report_range(w, AUDIT_CHECKPOINT_BAD, m->at.seq, m->at.seq);
		return RC_OK;
	}
	w->sum->signatures_good += w->key != NULL;
	if (m->at.kind == AUDIT_BASE)
		return RC_OK;
	enum rc rc = stored_hash(w->db, m->at.seq, hash, &is_there, e);
	if (rc != RC_OK)
		return rc;
	if (!is_there && m->at.seq > w->sum->last_seq)
		report_range(w, AUDIT_CUT_END, w->sum->last_seq + 1, m->at.seq);
	else if (is_there && memcmp(hash, m->at.hash, sizeof hash) != 0)
		report_range(w, AUDIT_REWRITTEN, last + 1, m->at.seq);
	else if (is_there && w->key != NULL)
		w->sum->signed_seq = m->at.seq;
	return RC_OK;
}

static enum rc walk_checkpoints(struct walk *w, int64_t *ret_last, struct err *e)
{
	struct stmt *s = NULL;
	struct audit_mark m;
	bool has_row = false;
	int64_t last = 0;
	enum rc rc = prepare_checkpoints(w->db, &s, e);

	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		w->sum->checkpoints++;
		if (!read_checkpoint(s, &m)) {
			report_range(w, AUDIT_CHECKPOINT_BAD, stmt_int(s, 0), stmt_int(s, 0));
			continue;
		}
		if (m.at.previous_seq != last && m.at.kind == AUDIT_CHECKPOINT)
			report_range(w, AUDIT_CHECKPOINT_GONE, m.at.previous_seq, m.at.seq);
		rc = check_mark(w, &m, last, e);
		last = m.at.seq;
	}
	*ret_last = last;
	return rc;
}

enum rc audit_verify(struct db *reader, const struct sign_key *key, const struct audit_mark *newest,
	audit_finding_fn *fn, void *ctx, struct audit_summary *ret, struct err *e)
{
	struct walk w = {.db = reader, .key = key, .fn = fn, .ctx = ctx, .sum = ret};
	int64_t first_seq = 0;
	int64_t last = 0;

	*ret = (struct audit_summary){.entries = 0};
	enum rc rc = read_first_seq(reader, &first_seq, e);
	if (rc == RC_OK)
		rc = find_start(&w, first_seq, e);
	if (rc == RC_OK)
		rc = walk_entries(&w, e);
	if (rc == RC_OK)
		rc = explain_all(&w, e);
	if (rc == RC_OK)
		rc = walk_checkpoints(&w, &last, e);
	if (rc != RC_OK || newest == NULL)
		return rc;
	if (newest->at.seq > last)
		report_range(&w, AUDIT_CHECKPOINT_GONE, newest->at.seq, newest->at.seq);
	return check_mark(&w, newest, newest->at.previous_seq, e);
}

void audit_finding_text(const struct audit_finding *f, char *ret_text, size_t size)
{
	long long first = f->first;
	long long last = f->last;

	switch (f->kind) {
	case AUDIT_CHANGED:
		(void)snprintf(ret_text, size,
			"entry %lld was changed (or the one before it, with its hash)", first);
		break;
	case AUDIT_DETAIL_CHANGED:
		(void)snprintf(ret_text, size, "the detail of entry %lld was changed", first);
		break;
	case AUDIT_REMOVED:
		(void)snprintf(ret_text, size, "entries %lld to %lld were removed", first, last);
		break;
	case AUDIT_REORDERED:
		(void)snprintf(ret_text, size, "entry %lld was moved: it stands at %lld", first,
			(long long)f->place);
		break;
	case AUDIT_CUT_START:
		(void)snprintf(ret_text, size,
			"the beginning was cut off: entries %lld to %lld are missing", first, last);
		break;
	case AUDIT_CUT_END:
		(void)snprintf(ret_text, size,
			"the end was cut off: entries %lld to %lld are missing", first, last);
		break;
	case AUDIT_REWRITTEN:
		(void)snprintf(ret_text, size,
			"entries %lld to %lld were written anew: they are not what was signed",
			first, last);
		break;
	case AUDIT_CHECKPOINT_BAD:
		(void)snprintf(ret_text, size,
			"the checkpoint at entry %lld is not signed by this server", first);
		break;
	case AUDIT_CHECKPOINT_GONE:
		(void)snprintf(ret_text, size,
			"a checkpoint between entries %lld and %lld is missing", first, last);
		break;
	}
}
