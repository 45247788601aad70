#include "domain/audit_read.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/keyring.h"
#include "domain/audit_csv.h"
#include "domain/audit_verify.h"
#include "domain/domain_fixture.h"
#include "unit.h"

enum { HOUR_MS = 3600 * 1000 };

static char key_dir[96];

static int set_up(void **state)
{
	struct sign_key *key = NULL;
	int failed = fixture_set_up(state);
	struct fixture *f = *state;

	(void)snprintf(key_dir, sizeof key_dir, "%s/keys", f->folder);
	assert_int_equal(sign_open(key_dir, "audit", true, &key, NULL), RC_OK);
	assert_int_equal(audit_new(key_dir, key, &f->d.audit, NULL), RC_OK);
	return failed;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fixture_settle(f); /* a checkpoint may be on its way */
	audit_free(f->d.audit);
	f->d.audit = NULL;
	return fixture_tear_down(state);
}

/* ---- helpers ---- */

static enum rc script_job(struct db *db, void *arg, struct err *e)
{
	return db_script(db, arg, e);
}

static void change(struct fixture *f, const char *sql)
{
	char text[2000];

	(void)snprintf(text, sizeof text, "%s", sql);
	assert_int_equal(writer_run(f->d.writer, script_job, text, NULL), RC_OK);
}

static struct act act_of(const struct principal *who, const char *action)
{
	struct act act = {.action = action, .actor_kind = ACTOR_ACCOUNT, .actor = who->account};

	act.group = who->groups[0];
	(void)snprintf(act.address, sizeof act.address, "192.0.2.7");
	(void)snprintf(act.detail, sizeof act.detail, "a detail");
	return act;
}

static enum rc append_job(struct db *db, void *arg, struct err *e)
{
	return audit_append(db, arg, fixture_now(), e);
}

static void append(struct fixture *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct act act = act_of(&f->maria, "group.change");
		assert_int_equal(writer_run(f->d.writer, append_job, &act, NULL), RC_OK);
	}
}

static void checkpoint(struct fixture *f)
{
	fixture_pass(f, HOUR_MS + 1000);
	audit_tick(&f->d);
	fixture_settle(f);
}

struct findings {
	unsigned n;
	struct audit_finding items[AUDIT_FINDINGS_MAX];
};

static void keep(void *ctx, const struct audit_finding *finding)
{
	struct findings *all = ctx;

	all->items[all->n++] = *finding;
}

static struct findings verify(struct fixture *f)
{
	struct findings all = {.n = 0};
	struct audit_summary sum;
	struct audit_mark newest;
	struct sign_key *key = NULL;

	assert_int_equal(sign_open(key_dir, "audit", false, &key, NULL), RC_OK);
	bool has_newest = audit_mark_read_file(key_dir, &newest, NULL) == RC_OK;
	assert_int_equal(
		audit_verify(f->reader, key, has_newest ? &newest : NULL, keep, &all, &sum, NULL),
		RC_OK);
	assert_int_equal(sum.findings, all.n);
	sign_free(key);
	return all;
}

static void assert_found(
	struct fixture *f, enum audit_finding_kind kind, int64_t first, int64_t last)
{
	struct findings all = verify(f);

	assert_int_equal(all.n, 1);
	assert_int_equal(all.items[0].kind, kind);
	assert_int_equal(all.items[0].first, first);
	assert_int_equal(all.items[0].last, last);
}

static int64_t entries(struct fixture *f)
{
	return fixture_query(f, "SELECT COUNT(*) FROM audit");
}

/* ---- the chain ---- */

static enum rc job_that_fails(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	return fail(e, RC_CONFLICT, "no");
}

static enum rc job_that_works(struct db *db, void *arg, struct err *e)
{
	return db_script(db, arg, e);
}

static void an_act_and_its_entry_stand_in_one_commit(void **state)
{
	struct fixture *f = *state;
	struct act act = act_of(&f->maria, "group.change");
	struct principal who = f->maria;
	char sql[] = "UPDATE care_group SET created_ms = 7";

	who.act = &act;
	assert_int_equal(act_run(&f->d, &who, job_that_fails, NULL, NULL), RC_CONFLICT);
	assert_false(act.is_written);
	assert_int_equal(entries(f), 0);
	assert_int_equal(act_run(&f->d, &who, job_that_works, sql, NULL), RC_OK);
	assert_true(act.is_written);
	assert_int_equal(entries(f), 1);
}

static void nothing_is_changed_when_the_entry_cannot_be_written(void **state)
{
	struct fixture *f = *state;
	struct act act = act_of(&f->maria, "group.change");
	struct principal who = f->maria;
	char sql[] = "UPDATE care_group SET created_ms = 7";

	who.act = &act;
	change(f, "ALTER TABLE audit RENAME TO audit_away");
	assert_int_not_equal(act_run(&f->d, &who, job_that_works, sql, NULL), RC_OK);
	assert_int_equal(
		fixture_query(f, "SELECT COUNT(*) FROM care_group WHERE created_ms = 7"), 0);
}

static void an_untouched_log_is_found_whole(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(verify(f).n, 0);
	append(f, 12);
	assert_int_equal(verify(f).n, 0);
	checkpoint(f);
	append(f, 3);
	checkpoint(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM audit_checkpoint"), 2);
	assert_int_equal(verify(f).n, 0);
}

static void each_changed_column_is_found(void **state)
{
	static const char *const columns[] = {"time_ms = time_ms + 1", "action = 'group.look'",
		"actor_kind = 0", "actor = x'e1000000000000000000000000000000'", "actor = NULL",
		"care_group = NULL", "wearer = x'01000000000000000000000000000000'",
		"subject = x'01000000000000000000000000000000'", "right_name = 'erase'",
		"outcome = 'denied'", "times = 2", "is_told = 1",
		"owner = x'01000000000000000000000000000001'", "detail_hash = zeroblob(32)"};
	struct fixture *f = *state;
	char sql[200];

	append(f, 9);
	change(f, "CREATE TABLE kept AS SELECT * FROM audit WHERE seq = 5");
	for (size_t i = 0; i < COUNT_OF(columns); i++) {
		(void)snprintf(sql, sizeof sql, "UPDATE audit SET %s WHERE seq = 5", columns[i]);
		change(f, sql);
		struct findings all = verify(f);
		assert_in_range(all.n, 1, 2); /* a second one where the detail no longer fits */
		assert_int_equal(all.items[all.n - 1].kind, AUDIT_CHANGED);
		for (unsigned k = 0; k < all.n; k++)
			assert_int_equal(all.items[k].first, 5);
		change(f, "DELETE FROM audit WHERE seq = 5; INSERT INTO audit SELECT * FROM kept");
		assert_int_equal(verify(f).n, 0);
	}
}

static void a_changed_detail_is_found(void **state)
{
	struct fixture *f = *state;

	append(f, 3);
	change(f,
		"UPDATE audit SET detail = (SELECT detail FROM audit WHERE seq = 1) WHERE seq = 2");
	assert_found(f, AUDIT_DETAIL_CHANGED, 2, 2);
	change(f, "UPDATE audit SET detail = zeroblob(90) WHERE seq = 2");
	assert_found(f, AUDIT_DETAIL_CHANGED, 2, 2);
}

static void removed_entries_are_found(void **state)
{
	struct fixture *f = *state;

	append(f, 12);
	change(f, "DELETE FROM audit WHERE seq BETWEEN 5 AND 7");
	assert_found(f, AUDIT_REMOVED, 5, 7);
}

static void renumbered_entries_are_found(void **state)
{
	struct fixture *f = *state;

	append(f, 12);
	change(f, "DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = seq - 1 WHERE seq > 5");
	struct findings all = verify(f);
	assert_true(all.n > 0);
	assert_int_equal(all.items[0].place > 0 ? all.items[0].place : all.items[0].first, 5);
}

static void swapped_entries_are_found_and_told_as_such(void **state)
{
	struct fixture *f = *state;

	append(f, 9);
	change(f, "UPDATE audit SET seq = -5 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6;"
		  "UPDATE audit SET seq = 6 WHERE seq = -5");
	struct findings all = verify(f);
	assert_int_equal(all.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(all.items[i].kind, AUDIT_REORDERED);
		assert_int_equal(all.items[i].first + all.items[i].place, 11);
	}
}

static void a_cut_end_is_found_by_the_checkpoint(void **state)
{
	struct fixture *f = *state;

	append(f, 10);
	checkpoint(f);
	change(f, "DELETE FROM audit WHERE seq > 8");
	struct findings all = verify(f);
	assert_int_equal(all.n, 2); /* by the row, and by the file */
	assert_int_equal(all.items[0].kind, AUDIT_CUT_END);
	assert_int_equal(all.items[0].first, 9);
	assert_int_equal(all.items[0].last, 10);
}

static void a_cut_end_is_found_although_its_checkpoint_went_with_it(void **state)
{
	struct fixture *f = *state;

	append(f, 10);
	checkpoint(f);
	change(f, "DELETE FROM audit WHERE seq > 8; DELETE FROM audit_checkpoint");
	struct findings all = verify(f);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.items[0].kind, AUDIT_CHECKPOINT_GONE);
	assert_int_equal(all.items[1].kind, AUDIT_CUT_END);
}

static void a_log_that_was_set_back_is_noted_at_the_next_start(void **state)
{
	struct fixture *f = *state;

	append(f, 10);
	checkpoint(f);
	audit_check_start(&f->d, f->reader);
	fixture_settle(f);
	assert_int_equal(entries(f), 10);
	change(f, "DELETE FROM audit WHERE seq > 8; DELETE FROM audit_checkpoint");
	audit_check_start(&f->d, f->reader);
	fixture_settle(f);
	assert_int_equal(entries(f), 9);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM audit WHERE seq = 9 AND action = "
					  "'audit.set_back' AND outcome = 'done'"),
		1);
}

static void a_cut_beginning_is_found(void **state)
{
	struct fixture *f = *state;

	append(f, 10);
	change(f, "DELETE FROM audit WHERE seq < 4");
	assert_found(f, AUDIT_CUT_START, 1, 3);
}

static enum rc rewrite_job(struct db *db, void *arg, struct err *e)
{
	uint8_t hash[AUDIT_HASH_BYTES] = {0};
	struct stmt *s = NULL;
	struct stmt *put = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY seq", &s, e);

	(void)arg;
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct audit_row row;
		audit_row_read(s, &row);
		audit_row_hash(hash, &row, hash);
		rc = db_prepare(db, "UPDATE audit SET hash = ?2 WHERE seq = ?1", &put, e);
		if (rc != RC_OK)
			break;
		stmt_bind_int(put, 1, row.seq);
		stmt_bind_blob(put, 2, (struct view){.p = (const char *)hash, .n = sizeof hash});
		rc = stmt_run(put, NULL, e);
	}
	return rc;
}

static void a_chain_that_was_made_anew_does_not_fit_what_was_signed(void **state)
{
	struct fixture *f = *state;

	append(f, 5);
	checkpoint(f);
	append(f, 5);
	checkpoint(f);
	change(f, "UPDATE audit SET outcome = 'denied' WHERE seq = 7");
	assert_int_equal(writer_run(f->d.writer, rewrite_job, NULL, NULL), RC_OK);
	struct findings all = verify(f);
	assert_int_equal(all.n, 2); /* the row and the file */
	assert_int_equal(all.items[0].kind, AUDIT_REWRITTEN);
	assert_int_equal(all.items[0].first, 6);
	assert_int_equal(all.items[0].last, 10);
}

static void a_checkpoint_of_another_key_is_found(void **state)
{
	struct fixture *f = *state;

	append(f, 5);
	checkpoint(f);
	change(f, "UPDATE audit_checkpoint SET time_ms = time_ms + 1");
	assert_found(f, AUDIT_CHECKPOINT_BAD, 5, 5);
}

static void a_missing_checkpoint_is_found(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++) {
		append(f, 2);
		checkpoint(f);
	}
	change(f, "DELETE FROM audit_checkpoint WHERE seq = 4");
	assert_found(f, AUDIT_CHECKPOINT_GONE, 4, 6);
}

static void a_thousand_entries_make_a_checkpoint_at_once(void **state)
{
	struct fixture *f = *state;
	struct act act = act_of(&f->maria, "group.change");

	for (int i = 0; i < AUDIT_CHECKPOINT_ENTRIES; i++) {
		audit_post(&f->d, &act);
		if (i % 100 == 99)
			fixture_settle(f);
	}
	fixture_settle(f);
	f->d.wall_ms = fixture_now;
	audit_tick(&f->d);
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT MAX(seq) FROM audit_checkpoint"),
		AUDIT_CHECKPOINT_ENTRIES);
	assert_int_equal(verify(f).n, 0);
}

static void what_is_too_old_goes_and_the_rest_is_still_whole(void **state)
{
	struct fixture *f = *state;

	f->d.settings.audit_keep_days = 2;
	for (int day = 0; day < 5; day++) {
		append(f, 3);
		checkpoint(f);
		fixture_pass(f, 24 * HOUR_MS - HOUR_MS - 1000);
	}
	append(f, 1);
	checkpoint(f);
	int64_t oldest = fixture_query(f, "SELECT MIN(seq) FROM audit");
	assert_true(oldest > 6 && oldest < 14);
	assert_int_equal(fixture_query(f, "SELECT kind FROM audit_checkpoint ORDER BY seq LIMIT 1"),
		AUDIT_BASE);
	assert_int_equal(verify(f).n, 0);
	change(f, "DELETE FROM audit WHERE seq = (SELECT MIN(seq) FROM audit)");
	assert_found(f, AUDIT_CUT_START, oldest, oldest);
}

/* ---- folding ---- */

static void a_flood_of_refusals_becomes_one_entry_and_a_count(void **state)
{
	struct fixture *f = *state;
	struct act act = act_of(&f->eve, "wearer.view");

	act.outcome = "not_found";
	for (int i = 0; i < 500; i++) {
		act.subject = uid_new(); /* each at another object */
		audit_post(&f->d, &act);
	}
	fixture_settle(f);
	assert_int_equal(entries(f), 1);
	fixture_pass(f, HOUR_MS);
	audit_tick(&f->d);
	fixture_settle(f);
	assert_int_equal(entries(f), 2);
	assert_int_equal(fixture_query(f, "SELECT SUM(times) FROM audit"), 500);
	assert_int_equal(verify(f).n, 0);
}

static void strangers_from_many_networks_are_counted_together(void **state)
{
	struct fixture *f = *state;
	struct act act = {.action = "session.start",
		.actor_kind = ACTOR_ACCOUNT,
		.outcome = "sign_in_failed"};
	enum { FLOOD = 3 * AUDIT_STRANGERS_HOUR_MAX };

	for (int i = 0; i < FLOOD; i++) {
		(void)snprintf(act.address, sizeof act.address, "10.%d.%d.1", i / 250, i % 250);
		audit_post(&f->d, &act);
		if (i % 100 == 99)
			fixture_settle(f);
	}
	fixture_settle(f);
	assert_int_equal(entries(f), AUDIT_STRANGERS_HOUR_MAX + 1);
	audit_stop(&f->d);
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT SUM(times) FROM audit"), FLOOD);
}

static void looks_are_one_entry_an_hour_for_each_wearer(void **state)
{
	struct fixture *f = *state;
	struct act act = act_of(&f->maria, "wearer.view");

	for (int hour = 0; hour < 2; hour++) {
		for (int i = 0; i < 100; i++) {
			act.wearer = (struct uid){{(uint8_t)(1 + i % 2)}};
			audit_look(&f->d, &act);
		}
		fixture_settle(f);
		assert_int_equal(entries(f), 2 * (hour + 1));
		fixture_pass(f, HOUR_MS);
		audit_tick(&f->d);
	}
}

/* ---- reading ---- */

struct list_of_info {
	unsigned n;
	struct audit_info items[10];
};

static void keep_info(void *ctx, const struct audit_info *a)
{
	struct list_of_info *all = ctx;

	all->items[all->n++] = *a;
}

static struct list_of_info list(struct fixture *f, const struct principal *who)
{
	struct list_of_info all = {.n = 0};

	assert_int_equal(
		audit_list(f->reader, who, &f->maria.groups[0], 0, 10, keep_info, &all, NULL),
		RC_OK);
	return all;
}

static void only_the_own_address_is_shown(void **state)
{
	struct fixture *f = *state;

	append(f, 1);
	struct list_of_info own = list(f, &f->maria);
	struct list_of_info of_another = list(f, &f->eve);
	assert_string_equal(own.items[0].address, "192.0.2.7");
	assert_string_equal(own.items[0].actor_name, "Maria");
	assert_string_equal(of_another.items[0].address, "");
	assert_string_equal(of_another.items[0].detail, "a detail");
}

static void an_erased_wearer_leaves_a_stub_that_still_verifies(void **state)
{
	struct fixture *f = *state;
	struct act act = act_of(&f->maria, "wearer.change");

	act.wearer = uid_new();
	assert_int_equal(keyring_add(f->d.keyring, KEY_WEARER, &act.wearer, NULL), RC_OK);
	assert_int_equal(writer_run(f->d.writer, append_job, &act, NULL), RC_OK);
	assert_int_equal(
		fixture_query(f, "SELECT COUNT(*) FROM audit WHERE instr(detail, 'a detail')"), 0);
	assert_string_equal(list(f, &f->maria).items[0].detail, "a detail");
	assert_int_equal(keyring_destroy(f->d.keyring, &act.wearer, NULL), RC_OK);
	struct list_of_info all = list(f, &f->maria);
	assert_true(all.items[0].is_erased);
	assert_string_equal(all.items[0].detail, "");
	assert_string_equal(all.items[0].action, "wearer.change");
	assert_int_equal(verify(f).n, 0);
	/* The next entry about the same wearer is sealed with the group's key. */
	assert_int_equal(writer_run(f->d.writer, append_job, &act, NULL), RC_OK);
	assert_string_equal(list(f, &f->maria).items[0].detail, "a detail");
}

static void notices_are_the_told_entries_after_the_mark(void **state)
{
	struct fixture *f = *state;
	struct list_of_info all = {.n = 0};
	struct act act = act_of(&f->eve, "member.invite");
	unsigned unread = 0;
	int64_t mark = 0;

	append(f, 2);
	act.group = f->maria.groups[0];
	act.is_told = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(writer_run(f->d.writer, append_job, &act, NULL), RC_OK);
	assert_int_equal(notices_list(f->reader, &f->maria, 0, keep_info, &all, NULL), RC_OK);
	assert_int_equal(all.n, 3);
	assert_int_equal(all.items[0].seq, 5);
	assert_int_equal(notices_unread(f->reader, &f->maria, &unread, &mark, NULL), RC_OK);
	assert_int_equal(unread, 3);
	assert_int_equal(notices_mark_read(&f->d, &f->maria, 4, NULL), RC_OK);
	assert_int_equal(notices_mark_read(&f->d, &f->maria, 2, NULL), RC_OK);
	assert_int_equal(notices_unread(f->reader, &f->maria, &unread, &mark, NULL), RC_OK);
	assert_int_equal(unread, 1);
	assert_int_equal(mark, 4);
	assert_int_equal(notices_unread(f->reader, &f->eve, &unread, &mark, NULL), RC_OK);
	assert_int_equal(unread, 0);
}

static void no_text_in_an_export_is_a_formula(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{"plain", "\"plain\","},
		{"", "\"\","},
		{"=1+1", "\"'=1+1\","},
		{"+49", "\"'+49\","},
		{"-1", "\"'-1\","},
		{"@SUM(A1)", "\"'@SUM(A1)\","},
		{"\t=1", "\"'\t=1\","},
		{"\r=1", "\"'\r=1\","},
		{"\n=1", "\"'\n=1\","},
		{"a\",=1", "\"a\"\",=1\","},
		{"a=1", "\"a=1\","},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char *text = NULL;
		size_t n = 0;
		FILE *out = open_memstream(&text, &n);
		assert_non_null(out);
		audit_csv_text(out, view_of(rows[i].text), ',');
		assert_int_equal(fclose(out), 0);
		assert_string_equal(text, rows[i].wanted);
		free(text);
	}
}

static void a_mark_is_read_as_it_was_written(void **state)
{
	struct audit_mark m = {
		.at = {.kind = AUDIT_BASE, .seq = 7, .previous_seq = 3, .time_ms = 9}};
	struct audit_mark again;
	char text[AUDIT_MARK_TEXT];

	(void)state;
	memset(m.at.hash, 0xab, sizeof m.at.hash);
	memset(m.signature, 0xcd, sizeof m.signature);
	memcpy(m.key_id, "0123456789abcdef", sizeof m.key_id);
	size_t n = audit_mark_write(&m, text);
	assert_true(audit_mark_read((struct view){.p = text, .n = n}, &again));
	assert_memory_equal(&m.at.hash, &again.at.hash, sizeof m.at.hash);
	assert_int_equal(again.at.seq, 7);
	assert_string_equal(again.key_id, m.key_id);
	for (size_t cut = 0; cut < n; cut++)
		assert_false(audit_mark_read((struct view){.p = text, .n = cut}, &again));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_act_and_its_entry_stand_in_one_commit),
		TEST(nothing_is_changed_when_the_entry_cannot_be_written),
		TEST(an_untouched_log_is_found_whole),
		TEST(each_changed_column_is_found),
		TEST(a_changed_detail_is_found),
		TEST(removed_entries_are_found),
		TEST(renumbered_entries_are_found),
		TEST(swapped_entries_are_found_and_told_as_such),
		TEST(a_cut_end_is_found_by_the_checkpoint),
		TEST(a_cut_end_is_found_although_its_checkpoint_went_with_it),
		TEST(a_log_that_was_set_back_is_noted_at_the_next_start),
		TEST(a_cut_beginning_is_found),
		TEST(a_chain_that_was_made_anew_does_not_fit_what_was_signed),
		TEST(a_checkpoint_of_another_key_is_found),
		TEST(a_missing_checkpoint_is_found),
		TEST(a_thousand_entries_make_a_checkpoint_at_once),
		TEST(what_is_too_old_goes_and_the_rest_is_still_whole),
		TEST(a_flood_of_refusals_becomes_one_entry_and_a_count),
		TEST(strangers_from_many_networks_are_counted_together),
		TEST(looks_are_one_entry_an_hour_for_each_wearer),
		TEST(only_the_own_address_is_shown),
		TEST(an_erased_wearer_leaves_a_stub_that_still_verifies),
		TEST(notices_are_the_told_entries_after_the_mark),
		TEST(no_text_in_an_export_is_a_formula),
		TEST(a_mark_is_read_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
