#include "domain/sealed_columns.h"

#include <stdlib.h>

#include "keys.h"
#include "store/sealed.h"

struct fixture {
	char folder[64], path[96];
	struct keyring *k;
	struct db *db;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof f->folder, "/tmp/kinward-columns-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->path, sizeof f->path, "%s/test.db", f->folder);
	f->k = keys_open(f->folder);
	assert_int_equal(db_open(f->path, DB_WRITER, f->k, &f->db, NULL), RC_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};

	db_close(f->db);
	keyring_free(f->k);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char path[112];
		(void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	keys_remove(f->folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

/* BLOB columns that are ids, by their names. Hashes end in _hash. */
static bool is_id(struct view column)
{
	static const char *const names[] = {"id", "account", "care_group", "wearer", "partner",
		"consent", "alarm", "subject", "actor", "owner", "contact", "by_account",
		"taken_by", "closed_by", "approved_by", "ended_by", "granted_by", "withdrawn_by",
		"decided_by", "after_command", "friend"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (view_is(column, view_of(names[i])))
			return true;
	}
	return column.n > 5 && memcmp(column.p + column.n - 5, "_hash", 5) == 0;
}

/* Other columns that say nothing about a person, each with the reason. */
static bool is_plain(const char *name)
{
	static const char *const names[] = {
		/* words of our own, states, kinds */
		"account.language",
		"member.role",
		"member.windows",
		"member_wearer.windows",
		"care_group.zone",
		"invitation.role",
		"approval.kind",
		"counter.name",
		"wearer.color",
		"device.vendor",
		"device.language",
		"device.zone",
		"command.kind",
		"watch_setting.name",
		"watch_setting_part.setting",
		"watch_setting_part.kind",
		"watch_capability.name",
		"command.idempotency_key",
		"thread_item.idempotency_key",
		"claim.language",
		"claim.zone",
		"audit.action",
		"audit.right_name",
		"audit.outcome",
		/* the audit log's chain and its signatures */
		"audit.hash",
		"audit.detail_hash",
		"audit_checkpoint.hash",
		"audit_checkpoint.key_id",
		"audit_checkpoint.signature",
		/* the id of a partner, or of the mail server */
		"courier_item.destination",
		/* a company, shown to every account; its keys are public */
		"partner.name",
		"partner.algorithm",
		"partner.reason",
		"partner_key.kid",
		"partner_key.spki",
		"partner_use.action",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_sealed(const char *name)
{
	for (size_t i = 0; i < sealed_columns_n; i++) {
		if (strcmp(name, sealed_columns[i].label) == 0)
			return true;
	}
	return false;
}

static void every_column_that_can_hold_text_or_bytes_is_sealed_or_known_to_be_plain(void **state)
{
	struct fixture *f = *state;
	struct stmt *s = NULL;
	bool has_row = false;
	unsigned n = 0;
	unsigned wrong = 0;

	assert_int_equal(db_prepare(f->db,
				 "SELECT m.name, p.name, p.type FROM sqlite_schema m"
				 " JOIN pragma_table_info(m.name) p"
				 " WHERE m.type = 'table' AND p.type <> 'INTEGER'",
				 &s, NULL),
		RC_OK);
	while (stmt_step(s, &has_row, NULL) == RC_OK && has_row) {
		char name[128];
		char table[64];
		struct view column = stmt_text(s, 1);
		stmt_copy_text(s, 0, table, sizeof table);
		(void)snprintf(name, sizeof name, "%s.%.*s", table, (int)column.n, column.p);
		n++;
		if (is_sealed(name) || is_plain(name) ||
			(view_is(stmt_text(s, 2), VIEW("BLOB")) && is_id(column)))
			continue;
		print_error("%s: seal it and add it to sealed_columns.c, or say here why it is "
			    "plain\n",
			name);
		wrong++;
	}
	assert_true(n > 50);
	assert_int_equal(wrong, 0);
}

static void every_statement_of_the_table_fits_the_schema(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sealed_columns_n; i++) {
		const struct sealed_column *c = &sealed_columns[i];
		struct reseal_count count = {0};
		int64_t rowid = 0;
		bool is_end = false;
		struct stmt *s = NULL;
		struct err e = {.msg = ""};
		enum rc rc = sealed_column_renew(f->db, c, &rowid, &is_end, &count, &e);
		if (rc == RC_OK)
			rc = sealed_column_renew_lookups(f->db, c, &rowid, &is_end, &e);
		if (rc == RC_OK)
			rc = db_prepare(f->db, c->update, &s, &e);
		if (rc == RC_OK && c->update_lookup != NULL)
			rc = db_prepare(f->db, c->update_lookup, &s, &e);
		if (rc != RC_OK)
			print_error("%s: %s\n", c->label, e.msg);
		assert_int_equal(rc, RC_OK);
		assert_true(is_end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(every_column_that_can_hold_text_or_bytes_is_sealed_or_known_to_be_plain),
		TEST(every_statement_of_the_table_fits_the_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
