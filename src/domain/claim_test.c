#include "domain/claim.h"

#include <stdio.h>

#include "domain/domain_fixture.h"
#include "unit.h"

static const char imei[] = "863737078055392"; /* its short id: */
static const char short_id[] = "3707805539";
static const struct uid one = {{1}};

static struct claim_request request(const char *watch, const char *proof)
{
	return (struct claim_request){.group = one,
		.watch = view_of(watch),
		.name = VIEW("Mia"),
		.sim_number = VIEW("+491701234567"),
		.language = VIEW("de"),
		.zone = VIEW("Europe/Berlin"),
		.proof = view_of(proof)};
}

static struct claim_info begin(struct fixture *f, const char *watch, const char *proof)
{
	struct claim_request r = request(watch, proof);
	struct claim_info info;
	struct problem p;

	assert_int_equal(claim_create(&f->d, f->reader, &f->maria, &r, &info, &p, NULL), RC_OK);
	fixture_settle(f);
	return info;
}

static struct claim_info look(struct fixture *f, const struct claim_info *c)
{
	struct claim_info now;

	assert_int_equal(claim_get(&f->d, f->reader, &c->id, &now, NULL), RC_OK);
	return now;
}

/* The six digits that the watch shows. */
static const char *shown_code(struct fixture *f, uint64_t session)
{
	const struct told *t = fixture_last(f, TOLD_COMMAND, session);

	assert_non_null(t);
	assert_int_equal(t->command.kind, COMMAND_MESSAGE);
	assert_true(t->command.text_n > 6);
	return t->command.text + t->command.text_n - 6;
}

static enum rc enter(struct fixture *f, const struct claim_info *c, const char *code,
	struct claim_info *ret, struct problem *p)
{
	enum rc rc = claim_code(&f->d, f->reader, &f->maria, &c->id,
		(struct view){.p = code, .n = strnlen(code, 6)}, ret, p, NULL);

	fixture_settle(f);
	return rc;
}

static void wrong_of(const char *code, char ret[7])
{
	memcpy(ret, code, 6);
	ret[6] = '\0';
	ret[5] = ret[5] == '9' ? '0' : (char)(ret[5] + 1);
}

static void whole_way_from_number_to_bound_watch(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");
	struct problem p;
	struct live_view v;

	assert_int_equal(c.state, CLAIM_WAITING);
	assert_int_equal(c.hint, CLAIM_HINT_NOT_SEEN);
	assert_string_equal(c.watch_masked, "***********5392");
	assert_int_equal(c.sms_n, 3);
	assert_string_equal(c.sms[0].text, "pw,123456,ip,watch.example.org,8001#");
	assert_string_equal(c.sms[1].text, "ip,watch.example.org,8001#");
	fixture_open(f, 1, short_id);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_CLAIMING);
	c = look(f, &c);
	assert_int_equal(c.state, CLAIM_CODE_SENT);
	assert_true(c.code_expires_ms == fixture_now() + 300000);
	assert_int_equal(
		strncmp(fixture_last(f, TOLD_COMMAND, 1)->command.text, "Kinward-Code: ", 14), 0);
	assert_int_equal(enter(f, &c, shown_code(f, 1), &c, &p), RC_OK);
	assert_int_equal(c.state, CLAIM_BOUND);
	assert_false(uid_is_none(&c.wearer));
	assert_true(live_read(f->d.live, &c.wearer, &v));
	assert_true(v.is_connected);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_BOUND);
	fixture_say_place(f, 1, short_id, "UD", 48.1, 11.5, "00000000");
	fixture_settle(f);
	assert_true(live_read(f->d.live, &c.wearer, &v));
	assert_true(v.has_fix);
}

static void bound_watch_is_made_safe(void **state)
{
	struct fixture *f = *state;
	static const enum command_kind expected[] = {COMMAND_LANGUAGE_ZONE, COMMAND_VERSION,
		COMMAND_UPLOAD_INTERVAL, COMMAND_CENTER_CLEAR, COMMAND_SLAVE_CLEAR,
		COMMAND_AUTO_ANSWER_OFF, COMMAND_PASSWORD};
	struct claim_info c = begin(f, imei, "code");
	struct problem p;

	fixture_open(f, 1, short_id);
	const char *code = shown_code(f, 1);
	assert_int_equal(enter(f, &c, code, &c, &p), RC_OK);
	for (size_t i = 0; i < COUNT_OF(expected); i++) {
		const struct told *found = NULL;
		for (unsigned k = 0; k < f->told_n; k++) {
			if (f->told[k].what == TOLD_COMMAND &&
				f->told[k].command.kind == expected[i])
				found = &f->told[k];
		}
		assert_non_null(found);
		if (expected[i] == COMMAND_PASSWORD)
			assert_int_equal(strlen(found->command.digits), 8);
		if (expected[i] == COMMAND_LANGUAGE_ZONE) {
			assert_int_equal(found->command.language, 5);
			assert_int_equal(found->command.zone_min, 60);
		}
	}
	/* Not for this family of watches. */
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command WHERE kind IN "
					  "('auto_pickup_off', 'sms_forward_off')"),
		0);
}

static void watch_that_a_limit_kept_out_is_called_back(void **state)
{
	struct fixture *f = *state;
	char id[WIRE_ID_TEXT];
	bool is_new = false;
	struct peer peer = {.address = {[15] = 77}};

	for (unsigned i = 0; i < 20; i++) { /* one address has its share */
		(void)snprintf(id, sizeof id, "66666666%02u", i);
		assert_true(quarantine_opened(f->d.quarantine, 100 + i, &peer, VIEW("3G"),
			view_of(id), false, fixture_now(), &is_new));
	}
	ingest_opened(&f->d, 200, &peer, VIEW("3G"), view_of(short_id), VIEW(""));
	assert_int_equal(fixture_last(f, TOLD_STANDING, 200)->standing, STANDING_UNKNOWN);
	struct claim_info c = begin(f, imei, "code");
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 200), 1);
	ingest_opened(&f->d, 201, &peer, VIEW("3G"), view_of(short_id), VIEW(""));
	assert_int_equal(fixture_last(f, TOLD_STANDING, 201)->standing, STANDING_CLAIMING);
	assert_int_equal(look(f, &c).state, CLAIM_CODE_SENT);
}

static void two_watches_get_different_passwords(void **state)
{
	struct fixture *f = *state;
	struct problem p;

	for (uint64_t session = 1; session <= 2; session++) {
		const char *id = session == 1 ? "1111111111" : "2222222222";
		struct claim_info c = begin(f, id, "code");
		fixture_open(f, session, id);
		assert_int_equal(enter(f, &c, shown_code(f, session), &c, &p), RC_OK);
	}
	const char *digits[2] = {NULL, NULL};
	for (unsigned i = 0; i < f->told_n; i++) {
		const struct told *t = &f->told[i];
		if (t->what == TOLD_COMMAND && t->command.kind == COMMAND_PASSWORD)
			digits[t->session - 1] = t->command.digits;
	}
	assert_true(digits[0] != NULL && digits[1] != NULL);
	assert_int_equal(strlen(digits[0]), COMMAND_DIGITS_MAX);
	assert_string_not_equal(digits[0], digits[1]);
}

static void watch_that_is_there_already_gets_its_code_at_once(void **state)
{
	struct fixture *f = *state;

	fixture_open(f, 1, short_id);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_UNKNOWN);
	struct claim_info c = begin(f, imei, "code");
	assert_int_equal(look(f, &c).state, CLAIM_CODE_SENT);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_CLAIMING);
}

static void five_wrong_codes_lock_the_claim_also_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");
	struct problem p;
	char right[7] = "";
	char wrong[7];

	fixture_open(f, 1, short_id);
	for (int i = 4; i > 1; i--) {
		memcpy(right, shown_code(f, 1), 6);
		wrong_of(right, wrong);
		assert_int_equal(enter(f, &c, wrong, &c, &p), RC_CONFLICT);
		assert_string_equal(p.code, "claim_code_wrong");
		assert_int_equal(p.tries_left, i);
	}
	fixture_restart(f);
	fixture_open(f, 2, short_id);
	memcpy(right, shown_code(f, 2), 6);
	wrong_of(right, wrong);
	assert_int_equal(look(f, &c).tries_left, 2);
	assert_int_equal(enter(f, &c, wrong, &c, &p), RC_CONFLICT);
	assert_int_equal(enter(f, &c, wrong, &c, &p), RC_CONFLICT);
	assert_string_equal(p.code, "claim_locked");
	assert_int_equal(enter(f, &c, right, &c, &p), RC_CONFLICT); /* too late */
	assert_string_equal(p.code, "claim_locked");
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM device"), 0);
}

static void code_ends_after_five_minutes(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");
	struct problem p;
	char code[7] = "";

	fixture_open(f, 1, short_id);
	memcpy(code, shown_code(f, 1), 6);
	fixture_pass(f, 299000);
	assert_int_equal(look(f, &c).state, CLAIM_CODE_SENT);
	fixture_pass(f, 3000);
	assert_int_equal(look(f, &c).state, CLAIM_CONNECTED);
	assert_int_equal(enter(f, &c, code, &c, &p), RC_CONFLICT);
	assert_string_equal(p.code, "claim_expired");
	assert_int_equal(claim_send(&f->d, f->reader, &f->maria, &c.id, &c, &p, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(enter(f, &c, shown_code(f, 1), &c, &p), RC_OK);
}

static void codes_are_sent_again_within_limits(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");
	struct problem p;

	assert_int_equal(claim_send(&f->d, f->reader, &f->maria, &c.id, &c, &p, NULL), RC_CONFLICT);
	assert_string_equal(p.code, "claim_not_ready");
	fixture_open(f, 1, short_id);
	assert_int_equal(claim_send(&f->d, f->reader, &f->maria, &c.id, &c, &p, NULL), RC_LIMIT);
	assert_string_equal(p.code, "too_soon");
	assert_int_equal(p.retry_after_s, 30);
	for (int i = 1; i < CLAIM_SENDS_MAX; i++) {
		char before[7] = "";
		memcpy(before, shown_code(f, 1), 6);
		fixture_pass(f, 30000);
		assert_int_equal(
			claim_send(&f->d, f->reader, &f->maria, &c.id, &c, &p, NULL), RC_OK);
		fixture_settle(f);
		assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), i + 1);
	}
	fixture_pass(f, 30000);
	assert_int_equal(claim_send(&f->d, f->reader, &f->maria, &c.id, &c, &p, NULL), RC_LIMIT);
	assert_string_equal(p.code, "too_many_codes");
}

static void number_with_a_slip_is_told(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");

	fixture_open(f, 1, "9999999999");
	assert_int_equal(look(f, &c).state, CLAIM_WAITING);
	fixture_open(f, 2, "3707805593"); /* two digits */
	c = look(f, &c);
	assert_int_equal(c.state, CLAIM_SEEN_WRONG);
	assert_int_equal(c.hint, CLAIM_HINT_ID_CLOSE);
	fixture_open(f, 3, short_id); /* and then the right one */
	assert_int_equal(look(f, &c).state, CLAIM_CODE_SENT);
}

static void locked_protocol_is_told(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");

	ingest_foreign(&f->d, FOREIGN_HTTP);
	assert_int_equal(look(f, &c).hint, CLAIM_HINT_NOT_SEEN);
	ingest_foreign(&f->d, FOREIGN_AQSH);
	assert_int_equal(look(f, &c).hint, CLAIM_HINT_LOCKED_PROTOCOL);
}

static void watch_that_leaves_and_comes_back_is_told(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");
	struct problem p;
	char code[7] = "";

	fixture_open(f, 1, short_id);
	memcpy(code, shown_code(f, 1), 6);
	ingest_closed(&f->d, 1, 2);
	assert_int_equal(look(f, &c).hint, CLAIM_HINT_SEEN_GONE);
	fixture_open(f, 2, short_id);
	assert_int_equal(look(f, &c).hint, CLAIM_HINT_NONE);
	assert_int_equal(
		fixture_count(f, TOLD_COMMAND, 2), 0); /* the code on its screen still holds */
	assert_int_equal(enter(f, &c, code, &c, &p), RC_OK);
}

static void code_that_the_watch_ignores_is_told(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");

	fixture_open(f, 1, short_id);
	fixture_pass(f, 59000);
	assert_int_equal(look(f, &c).hint, CLAIM_HINT_NONE);
	fixture_pass(f, 3000);
	assert_int_equal(look(f, &c).hint, CLAIM_HINT_CODE_UNANSWERED);
	fixture_say(f, 1, short_id, "MESSAGE");
	assert_int_equal(look(f, &c).hint, CLAIM_HINT_NONE);
}

static void pressing_sos_proves_the_watch(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "sos");

	fixture_open(f, 1, short_id);
	assert_int_equal(look(f, &c).state, CLAIM_PROOF_WANTED);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 0);
	fixture_say_place(
		f, 1, short_id, "AL", 48.1, 11.5, "00020000"); /* low battery is no proof */
	fixture_settle(f);
	assert_int_equal(look(f, &c).state, CLAIM_PROOF_WANTED);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 1);
	fixture_say_place(f, 1, short_id, "AL", 48.1, 11.5, "00010000");
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 1); /* not before it is stored */
	fixture_settle(f);
	assert_int_equal(look(f, &c).state, CLAIM_BOUND);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 2);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM device"), 1);
}

static void pressing_sos_too_late_proves_nothing(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "sos");

	fixture_open(f, 1, short_id);
	fixture_pass(f, 301000);
	fixture_say_place(f, 1, short_id, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(look(f, &c).state, CLAIM_CONNECTED);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM device"), 0);
}

static void sos_with_two_claims_proves_neither(void **state)
{
	struct fixture *f = *state;
	struct claim_info mine = begin(f, imei, "sos");
	struct claim_request r = request(short_id, "sos");
	struct claim_info hers;
	struct problem p;

	r.group = (struct uid){{2}};
	assert_int_equal(claim_create(&f->d, f->reader, &f->eve, &r, &hers, &p, NULL), RC_OK);
	fixture_settle(f);
	fixture_open(f, 1, short_id);
	fixture_say_place(f, 1, short_id, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(look(f, &mine).state, CLAIM_PROOF_WANTED);
	assert_int_equal(look(f, &hers).state, CLAIM_PROOF_WANTED);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM device"), 0);
}

static void each_claim_for_one_watch_has_its_own_code(void **state)
{
	struct fixture *f = *state;
	struct claim_info mine = begin(f, imei, "code");
	struct claim_request r = request(short_id, "code");
	struct claim_info hers;
	struct problem p;
	char code[7] = "";

	fixture_open(f, 1, short_id);
	memcpy(code, shown_code(f, 1), 6);
	r.group = (struct uid){{2}};
	assert_int_equal(claim_create(&f->d, f->reader, &f->eve, &r, &hers, &p, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 2);
	char her_code[7] = "";
	memcpy(her_code, shown_code(f, 1), 6);
	if (memcmp(code, her_code, 6) == 0)
		return; /* one in a million */
	assert_int_equal(claim_code(&f->d, f->reader, &f->eve, &hers.id,
				 (struct view){.p = code, .n = 6}, &hers, &p, NULL),
		RC_CONFLICT);
	assert_string_equal(p.code, "claim_code_wrong");
	assert_int_equal(enter(f, &mine, code, &mine, &p), RC_OK);
	/* The watch is taken: the other claim ends nowhere. */
	assert_int_not_equal(claim_code(&f->d, f->reader, &f->eve, &hers.id,
				     (struct view){.p = her_code, .n = 6}, &hers, &p, NULL),
		RC_OK);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM device"), 1);
}

static void many_claims_for_one_watch_give_no_more_guesses(void **state)
{
	struct fixture *f = *state;
	struct claim_info c[3];
	struct problem p;
	int guesses = 0;

	for (int i = 0; i < 3; i++)
		c[i] = begin(f, i == 0 ? imei : short_id, "code");
	fixture_open(f, 1, short_id);
	for (int i = 0; i < 3; i++) {
		char wrong[7] = "000000";
		struct claim_info now;
		if (memcmp(shown_code(f, 1), wrong, 6) == 0)
			wrong[0] = '1';
		for (int k = 0; k < CLAIM_TRIES_MAX; k++)
			assert_int_equal(enter(f, &c[i], wrong, &now, &p), RC_CONFLICT);
		guesses += CLAIM_TRIES_MAX - look(f, &c[i]).tries_left;
		assert_int_equal(look(f, &c[i]).state, CLAIM_LOCKED);
	}
	assert_int_equal(guesses, 11); /* ten a watch: the third claim is locked by its first one */
}

static void guess_wrong(struct fixture *f, const struct claim_info *c, unsigned n)
{
	struct claim_info now;
	struct problem p;
	char wrong[7] = "000000";

	if (memcmp(shown_code(f, 1), wrong, 6) == 0)
		wrong[0] = '1';
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(enter(f, c, wrong, &now, &p), RC_CONFLICT);
}

static void cancelled_claims_and_other_spellings_give_no_more_guesses(void **state)
{
	static const char other_imei[] = "860037078055390"; /* the same digits 5 to 14 */
	struct fixture *f = *state;
	struct claim_request r = request(other_imei, "code");
	struct claim_info c[3];
	struct problem p;

	for (int i = 0; i < 3; i++)
		c[i] = begin(f, i == 0 ? imei : i == 1 ? short_id : other_imei, "code");
	fixture_open(f, 1, short_id);
	for (int i = 0; i < 2; i++) {
		guess_wrong(f, &c[i], CLAIM_TRIES_MAX);
		assert_int_equal(claim_cancel(&f->d, &f->maria, &c[i].id, NULL), RC_OK);
	}
	assert_int_equal(claim_create(&f->d, f->reader, &f->maria, &r, &c[0], &p, NULL), RC_LIMIT);
	assert_string_equal(p.code, "too_many_claims");
	(void)begin(f, "5550100001", "code"); /* another watch has its own guesses */
	fixture_restart(f);
	fixture_open(f, 1, short_id);
	guess_wrong(f, &c[2], 1);
	assert_int_equal(look(f, &c[2]).state, CLAIM_LOCKED);
}

static void ended_claim_keeps_nothing_of_the_person(void **state)
{
	static const char still_there[] =
		"SELECT COUNT(*) FROM claim WHERE watch IS NOT NULL OR name IS NOT NULL"
		" OR sim_number IS NOT NULL OR wire_key IS NOT NULL";
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");

	assert_int_equal(fixture_query(f, still_there), 1);
	assert_int_equal(fixture_query(f, "SELECT instr(name, 'Mia') FROM claim"), 0);
	assert_int_equal(claim_cancel(&f->d, &f->maria, &c.id, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(fixture_query(f, still_there), 0);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM claim"), 1); /* it counts */
}

static void claim_that_cannot_be_opened_does_not_stop_the_others(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");
	struct claim_info good = begin(f, "5550100001", "code");
	struct claim_info seen;
	struct stmt *s = NULL;
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(
		db_prepare(db, "UPDATE claim SET name = x'00' WHERE id = ?1", &s, NULL), RC_OK);
	stmt_bind_uid(s, 1, &c.id);
	assert_int_equal(stmt_run(s, NULL, NULL), RC_OK);
	db_close(db);
	fixture_restart(f);
	assert_int_equal(claim_get(&f->d, f->reader, &c.id, &seen, NULL), RC_NOT_FOUND);
	assert_int_equal(claim_get(&f->d, f->reader, &good.id, &seen, NULL), RC_OK);
}

static void what_is_entered_is_checked(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *watch, *name, *sim, *language, *zone, *proof, *code;
	} cases[] = {
		{"863737078055393", "Mia", "", "de", "Europe/Berlin", "code", "imei_check_digit"},
		{"1234", "Mia", "", "de", "Europe/Berlin", "code", "watch_invalid"},
		{"123456789012345678901", "Mia", "", "de", "Europe/Berlin", "code",
			"watch_invalid"},
		{"12345]6789", "Mia", "", "de", "Europe/Berlin", "code", "watch_invalid"},
		{"1234567890", "", "", "de", "Europe/Berlin", "code", "name_invalid"},
		{"1234567890", "Mia\xE2\x80\xAE", "", "de", "Europe/Berlin", "code",
			"name_invalid"},
		{"1234567890", "Mia", "12a", "de", "Europe/Berlin", "code", "sim_number_invalid"},
		{"1234567890", "Mia", "+", "de", "Europe/Berlin", "code", "sim_number_invalid"},
		{"1234567890", "Mia", "", "xx", "Europe/Berlin", "code", "language_unsupported"},
		{"1234567890", "Mia", "", "de", "Europe/Atlantis", "code", "zone_unknown"},
		{"1234567890", "Mia", "", "de", "../etc/passwd", "code", "zone_unknown"},
		{"1234567890", "Mia", "", "de", "Europe/Berlin", "none", "proof_invalid"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct claim_request r = {.group = one,
			.watch = view_of(cases[i].watch),
			.name = view_of(cases[i].name),
			.sim_number = view_of(cases[i].sim),
			.language = view_of(cases[i].language),
			.zone = view_of(cases[i].zone),
			.proof = view_of(cases[i].proof)};
		struct claim_info info;
		struct problem p = {.code = "none"};
		enum rc rc = claim_create(&f->d, f->reader, &f->maria, &r, &info, &p, NULL);
		if (rc != RC_SYNTAX || strcmp(p.code, cases[i].code) != 0)
			fail_msg("%s: %s instead of %s", cases[i].watch, p.code, cases[i].code);
	}
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM claim"), 0);
}

static void group_has_a_few_open_claims_and_an_account_some_a_day(void **state)
{
	struct fixture *f = *state;
	struct claim_info info;
	struct problem p;
	char id[16];

	for (int i = 0; i < CLAIMS_PER_ACCOUNT_DAY; i++) {
		(void)snprintf(id, sizeof id, "77777777%02d", i);
		struct claim_info c = begin(f, id, "code");
		if (i == CLAIMS_PER_GROUP_MAX - 1) {
			struct claim_request one_more = request("5555555555", "code");
			assert_int_equal(claim_create(&f->d, f->reader, &f->maria, &one_more, &info,
						 &p, NULL),
				RC_LIMIT);
			assert_string_equal(p.code, "too_many_claims");
		}
		if (i >= CLAIMS_PER_GROUP_MAX - 1) {
			assert_int_equal(claim_cancel(&f->d, &f->maria, &c.id, NULL), RC_OK);
			fixture_settle(f);
		}
	}
	struct claim_request r = request("5555555555", "code");
	assert_int_equal(claim_create(&f->d, f->reader, &f->maria, &r, &info, &p, NULL), RC_LIMIT);
	assert_string_equal(p.code, "too_many_claims");
	fixture_pass(f, INT64_C(86401) * 1000);
	assert_int_equal(claim_create(&f->d, f->reader, &f->maria, &r, &info, &p, NULL), RC_OK);
	fixture_settle(f);
}

static void claim_ends_after_a_day(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");
	struct claim_info now;

	fixture_pass(f, INT64_C(86390) * 1000);
	assert_int_equal(look(f, &c).state, CLAIM_WAITING);
	fixture_pass(f, 30000 * 60 / 60);
	fixture_pass(f, 3000);
	if (claim_get(&f->d, f->reader, &c.id, &now, NULL) == RC_OK)
		assert_int_equal(now.state, CLAIM_EXPIRED);
	fixture_open(f, 1, short_id);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_UNKNOWN);
}

static void cancelled_claim_lets_the_watch_go(void **state)
{
	struct fixture *f = *state;
	struct claim_info c = begin(f, imei, "code");
	struct claim_info now;

	fixture_open(f, 1, short_id);
	assert_int_equal(claim_cancel(&f->d, &f->maria, &c.id, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_UNKNOWN);
	assert_int_equal(claim_get(&f->d, f->reader, &c.id, &now, NULL), RC_NOT_FOUND);
	assert_int_equal(claim_cancel(&f->d, &f->maria, &c.id, NULL), RC_NOT_FOUND);
}

static void own_watch_is_not_claimed_twice(void **state)
{
	struct fixture *f = *state;
	struct claim_request r = request(imei, "code");
	struct claim_info info;
	struct problem p;

	(void)fixture_bind(f, short_id);
	assert_int_equal(
		claim_create(&f->d, f->reader, &f->maria, &r, &info, &p, NULL), RC_CONFLICT);
	assert_string_equal(p.code, "already_yours");
	/* A stranger learns nothing: the claim waits for a watch that never comes. */
	r.group = (struct uid){{2}};
	assert_int_equal(claim_create(&f->d, f->reader, &f->eve, &r, &info, &p, NULL), RC_OK);
	fixture_settle(f);
	fixture_open(f, 1, short_id);
	assert_int_equal(look(f, &info).state, CLAIM_WAITING);
	assert_int_equal(look(f, &info).hint, CLAIM_HINT_NOT_SEEN);
}

static void codes_do_not_follow_from_the_number(void **state)
{
	struct fixture *f = *state;
	struct problem p;
	char first[7] = "";

	(void)p;
	struct claim_info c = begin(f, imei, "code");
	fixture_open(f, 1, short_id);
	memcpy(first, shown_code(f, 1), 6);
	assert_null(strstr(imei, first));
	assert_int_equal(claim_cancel(&f->d, &f->maria, &c.id, NULL), RC_OK);
	ingest_closed(&f->d, 1, 1);
	fixture_settle(f);
	unsigned same = 0;
	for (uint64_t i = 2; i < 12; i++) {
		c = begin(f, imei, "code");
		fixture_open(f, i, short_id);
		same += memcmp(first, shown_code(f, i), 6) == 0;
		assert_int_equal(claim_cancel(&f->d, &f->maria, &c.id, NULL), RC_OK);
		ingest_closed(&f->d, i, 1);
		fixture_settle(f);
	}
	assert_true(same <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(whole_way_from_number_to_bound_watch),
		TEST(bound_watch_is_made_safe),
		TEST(watch_that_a_limit_kept_out_is_called_back),
		TEST(two_watches_get_different_passwords),
		TEST(watch_that_is_there_already_gets_its_code_at_once),
		TEST(five_wrong_codes_lock_the_claim_also_over_a_restart),
		TEST(code_ends_after_five_minutes),
		TEST(codes_are_sent_again_within_limits),
		TEST(number_with_a_slip_is_told),
		TEST(ended_claim_keeps_nothing_of_the_person),
		TEST(claim_that_cannot_be_opened_does_not_stop_the_others),
		TEST(locked_protocol_is_told),
		TEST(watch_that_leaves_and_comes_back_is_told),
		TEST(code_that_the_watch_ignores_is_told),
		TEST(pressing_sos_proves_the_watch),
		TEST(pressing_sos_too_late_proves_nothing),
		TEST(sos_with_two_claims_proves_neither),
		TEST(each_claim_for_one_watch_has_its_own_code),
		TEST(many_claims_for_one_watch_give_no_more_guesses),
		TEST(cancelled_claims_and_other_spellings_give_no_more_guesses),
		TEST(what_is_entered_is_checked),
		TEST(group_has_a_few_open_claims_and_an_account_some_a_day),
		TEST(claim_ends_after_a_day),
		TEST(cancelled_claim_lets_the_watch_go),
		TEST(own_watch_is_not_claimed_twice),
		TEST(codes_do_not_follow_from_the_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
