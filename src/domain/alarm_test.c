#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "domain/alarm_store.h"
#include "domain/bus.h"
#include "domain/live_table.h"
#include "keys.h"
#include "people.h"
#include "watch/report.h"
#include "watch/report_pack.h"

/* Two families: Maria and Ben look after wearer 1; Eve only after wearer 2. */
static const struct principal maria = {.account = {{0xa1}}, .groups_n = 1, .groups = {{{1}}}};
static const struct principal ben = {.account = {{0xb1}}, .groups_n = 1, .groups = {{{1}}}};
static const struct principal eve = {.account = {{0xe1}}, .groups_n = 1, .groups = {{{2}}}};
static const struct uid mia = {{0x11}};
static const struct uid tom = {{0x22}};

static int64_t test_wall_ms(void)
{
	return 1700000005000;
}

struct house {
	char folder[64], path[96];
	struct domain d;
	struct db *reader;
};

static int build(void **state)
{
	struct house *h = calloc(1, sizeof *h);
	struct db *writer_db = NULL;

	assert_non_null(h);
	(void)snprintf(h->folder, sizeof h->folder, "/tmp/alarm_test.XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	(void)snprintf(h->path, sizeof h->path, "%s/kinward.db", h->folder);
	h->d.keyring = keys_open(h->folder);
	assert_int_equal(keyring_add(h->d.keyring, KEY_WEARER, &mia, NULL), RC_OK);
	assert_int_equal(keyring_add(h->d.keyring, KEY_WEARER, &tom, NULL), RC_OK);
	assert_int_equal(db_open(h->path, DB_WRITER, h->d.keyring, &writer_db, NULL), RC_OK);
	people_add(writer_db, maria.account, "maria", "Maria");
	people_add(writer_db, ben.account, "ben", "Ben");
	people_add(writer_db, eve.account, "eve", "Eve");
	people_add_group(writer_db, maria.groups[0], "One", maria.account);
	people_add_member(writer_db, ben.account, maria.groups[0], "admin");
	people_add_group(writer_db, eve.groups[0], "Two", eve.account);
	people_add_wearer(writer_db, mia, 1, maria.groups[0], "Mia");
	people_add_wearer(writer_db, tom, 2, eve.groups[0], "Tom");
	assert_int_equal(db_open(h->path, DB_READER, h->d.keyring, &h->reader, NULL), RC_OK);
	assert_int_equal(loop_new(&h->d.loop, NULL), RC_OK);
	assert_int_equal(writer_start(writer_db, h->d.loop, 100, &h->d.writer, NULL), RC_OK);
	assert_int_equal(bus_new(&h->d.bus, NULL), RC_OK);
	assert_int_equal(live_new(&h->d.live, NULL), RC_OK);
	h->d.wall_ms = test_wall_ms;
	*state = h;
	return 0;
}

static int demolish(void **state)
{
	struct house *h = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[128];

	writer_stop(h->d.writer);
	db_close(h->reader);
	bus_free(h->d.bus);
	live_free(h->d.live);
	loop_free(h->d.loop);
	keyring_free(h->d.keyring);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		(void)snprintf(path, sizeof path, "%s%s", h->path, ends[i]);
		(void)unlink(path); /* some are not there */
	}
	keys_remove(h->folder);
	(void)rmdir(h->folder);
	free(h);
	return 0;
}

struct intake {
	struct alarm_intake in;
	struct alarm_outcome out;
};

static enum rc take_in_job(struct db *db, void *arg, struct err *e)
{
	struct intake *i = arg;

	return alarm_take_in(db, &i->in, &i->out, e);
}

/* An alarm of its own: n makes the time and the status. */
static struct uid raise(struct house *h, const struct uid *wearer, uint32_t kinds, int64_t n)
{
	struct intake i = {.in = {.wearer = *wearer,
				   .kinds = kinds,
				   .status = (uint32_t)n,
				   .device_time_ms = 1700000000000 + n * 3600000,
				   .time_ms = 1700000000000 + n * 3600000,
				   .received_ms = 1700000000500 + n * 3600000,
				   .is_own_report = true}};

	assert_int_equal(writer_run(h->d.writer, take_in_job, &i, NULL), RC_OK);
	assert_true(i.out.is_new);
	return i.out.id;
}

struct page {
	size_t n;
	struct alarm_info alarms[ALARM_PAGE + 1];
};

static void collect(void *ctx, const struct alarm_info *a)
{
	struct page *p = ctx;

	assert_true(p->n <= ALARM_PAGE);
	p->alarms[p->n++] = *a;
}

static struct page *list(
	struct house *h, const struct principal *who, bool only_open, const struct uid *before)
{
	struct page *p = calloc(1, sizeof *p);

	assert_non_null(p);
	assert_int_equal(
		alarm_list(h->reader, who, test_wall_ms(), only_open, before, collect, p, NULL),
		RC_OK);
	return p;
}

static void pages_are_newest_first_and_go_on_behind_the_last(void **state)
{
	struct house *h = *state;
	size_t seen = 0;
	int64_t last_ms = INT64_MAX;
	struct uid before = {{0}};

	for (int64_t n = 0; n < 2 * ALARM_PAGE + 1; n++)
		(void)raise(h, &mia, REPORT_ALARM_SOS, n);
	for (size_t turn = 0; turn < 3; turn++) {
		struct page *p = list(h, &maria, false, uid_is_none(&before) ? NULL : &before);
		assert_int_equal(p->n, turn < 2 ? ALARM_PAGE : 1);
		for (size_t i = 0; i < p->n; i++) {
			assert_true(p->alarms[i].received_ms < last_ms);
			last_ms = p->alarms[i].received_ms;
			before = p->alarms[i].id;
			seen++;
		}
		free(p);
	}
	assert_int_equal(seen, 2 * ALARM_PAGE + 1);
}

static void alarms_of_others_are_not_there(void **state)
{
	struct house *h = *state;
	struct uid of_mia = raise(h, &mia, REPORT_ALARM_SOS, 1);
	struct uid of_tom = raise(h, &tom, REPORT_ALARM_FALL, 1);
	struct page *p = list(h, &eve, false, NULL);

	assert_int_equal(p->n, 1);
	assert_true(uid_is(&p->alarms[0].id, &of_tom));
	assert_int_equal(
		alarm_list(h->reader, &eve, test_wall_ms(), false, &of_mia, collect, p, NULL),
		RC_NOT_FOUND);
	free(p);
}

static void taking_tells_who_and_a_second_person_is_told(void **state)
{
	struct house *h = *state;
	struct uid id = raise(h, &mia, REPORT_ALARM_SOS, 1);
	struct alarm_info a;
	struct problem p = {0};

	assert_int_equal(alarm_take(&h->d, h->reader, &maria, &id, &a, &p, NULL), RC_OK);
	assert_int_equal(a.state, ALARM_TAKEN);
	assert_string_equal(a.taken_by_name, "Maria");
	assert_int_equal(a.taken_ms, test_wall_ms());
	assert_int_equal(alarm_take(&h->d, h->reader, &ben, &id, &a, &p, NULL), RC_CONFLICT);
	assert_string_equal(p.code, "already_taken");
	assert_non_null(strstr(p.detail, "Maria"));
	assert_int_equal(alarm_take(&h->d, h->reader, &maria, &id, &a, &p, NULL), RC_OK);
	assert_string_equal(a.taken_by_name, "Maria");
}

static void a_closed_alarm_stays_closed(void **state)
{
	struct house *h = *state;
	struct uid id = raise(h, &mia, REPORT_ALARM_SOS | REPORT_ALARM_LOW_BATTERY, 1);
	struct uid other = raise(h, &mia, REPORT_ALARM_FALL, 2);
	struct alarm_info a;
	struct problem p = {0};

	assert_int_equal(
		alarm_close(&h->d, h->reader, &ben, &id, VIEW("it was nothing"), &a, &p, NULL),
		RC_OK);
	assert_int_equal(a.state, ALARM_CLOSED);
	assert_string_equal(a.note, "it was nothing");
	assert_string_equal(a.closed_by_name, "Ben");
	assert_string_equal(alarm_kind_name(a.kinds), "sos");
	assert_int_equal(alarm_take(&h->d, h->reader, &maria, &id, &a, &p, NULL), RC_CONFLICT);
	assert_string_equal(p.code, "already_closed");
	assert_int_equal(
		alarm_close(&h->d, h->reader, &maria, &id, VIEW(""), &a, &p, NULL), RC_CONFLICT);
	assert_string_equal(p.code, "already_closed");
	struct page *open = list(h, &maria, true, NULL);
	assert_int_equal(open->n, 1);
	assert_true(uid_is(&open->alarms[0].id, &other));
	free(open);
}

static void a_note_has_at_most_500_characters(void **state)
{
	struct house *h = *state;
	struct uid id = raise(h, &mia, REPORT_ALARM_SOS, 1);
	struct alarm_info a;
	struct problem p = {0};
	char note[4 * 501];

	for (size_t i = 0; i < 501; i++)
		memcpy(note + 4 * i, "\xf0\x9f\x98\x80", 4);
	struct view long_note = {.p = note, .n = sizeof note};
	assert_int_equal(
		alarm_close(&h->d, h->reader, &ben, &id, long_note, &a, &p, NULL), RC_SYNTAX);
	assert_string_equal(p.code, "note_invalid");
	assert_int_equal(
		alarm_close(&h->d, h->reader, &ben, &id, VIEW("a\x01"), &a, &p, NULL), RC_SYNTAX);
	struct view fits = {.p = note, .n = 4 * 500};
	assert_int_equal(alarm_close(&h->d, h->reader, &ben, &id, fits, &a, &p, NULL), RC_OK);
	assert_int_equal(strlen(a.note), 4 * 500);
}

static void an_unknown_alarm_is_not_found(void **state)
{
	struct house *h = *state;
	struct uid nowhere = {{7}};
	struct alarm_info a;
	struct problem p = {0};

	assert_int_equal(alarm_get(h->reader, &nowhere, &a, NULL), RC_NOT_FOUND);
	assert_int_equal(
		alarm_take(&h->d, h->reader, &maria, &nowhere, &a, &p, NULL), RC_NOT_FOUND);
}

static void an_alarm_shows_the_place_of_its_report(void **state)
{
	struct house *h = *state;
	struct report r = {.kind = REPORT_ALARM,
		.has = REPORT_HAS_POINT | REPORT_HAS_VALIDITY,
		.is_valid = true,
		.lat_e7 = 509795000,
		.lon_e7 = 113235000};
	uint8_t packed[REPORT_PACK_MAX];
	size_t n = 0;
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	struct intake i = {.in = {.wearer = mia,
				   .kinds = REPORT_ALARM_SOS,
				   .device_time_ms = 1700000000000,
				   .time_ms = 1700000000000,
				   .received_ms = 1700000000500,
				   .is_own_report = true,
				   .report = {.p = (const char *)packed, .n = n}}};
	struct alarm_info a;

	assert_int_equal(writer_run(h->d.writer, take_in_job, &i, NULL), RC_OK);
	assert_int_equal(alarm_get(h->reader, &i.out.id, &a, NULL), RC_OK);
	assert_true(a.has_fix);
	assert_int_equal(a.fix.lat_e7, 509795000);
	assert_int_equal(a.fix.time_ms, 1700000000000);
	assert_true(a.is_serious);
}

static void kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(alarm_kind_name(REPORT_ALARM_LOW_BATTERY | REPORT_ALARM_FALL), "fall");
	assert_string_equal(alarm_kind_name(ALARM_CONFLICT), "conflict");
	assert_string_equal(alarm_kind_name(REPORT_ALARM_UNKNOWN), "unknown");
	assert_string_equal(alarm_kind_name(0), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			pages_are_newest_first_and_go_on_behind_the_last, build, demolish),
		cmocka_unit_test_setup_teardown(alarms_of_others_are_not_there, build, demolish),
		cmocka_unit_test_setup_teardown(
			taking_tells_who_and_a_second_person_is_told, build, demolish),
		cmocka_unit_test_setup_teardown(a_closed_alarm_stays_closed, build, demolish),
		cmocka_unit_test_setup_teardown(a_note_has_at_most_500_characters, build, demolish),
		cmocka_unit_test_setup_teardown(an_unknown_alarm_is_not_found, build, demolish),
		cmocka_unit_test_setup_teardown(
			an_alarm_shows_the_place_of_its_report, build, demolish),
		cmocka_unit_test(kinds_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
