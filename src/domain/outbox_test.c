#include "domain/outbox.h"

#include "domain/contacts.h"
#include "domain/device_password.h"
#include "domain/domain_fixture.h"
#include "domain/live_table.h"
#include "unit.h"

static const char watch[] = "3707805539";

static struct command_info give(
	struct fixture *f, const struct uid *wearer, const char *type, const char *text)
{
	struct command_request r = {.type = view_of(type), .text = view_of(text)};
	struct command_info info;
	struct problem p;

	assert_int_equal(
		commands_create(&f->d, f->reader, &f->maria, wearer, &r, &info, &p, NULL), RC_OK);
	fixture_settle(f);
	return info;
}

static enum command_state state_of(struct fixture *f, const struct command_info *c)
{
	struct command_info now;

	assert_int_equal(commands_get(f->reader, &c->id, &now, NULL), RC_OK);
	return now.state;
}

static void answer(struct fixture *f, uint64_t session, const char *content)
{
	fixture_say(f, session, watch, content);
	fixture_settle(f);
}

/* The gateway has written it. */
static void written(struct fixture *f, uint64_t session, const struct command_info *c)
{
	outbox_on_sent(&f->d, session, &c->id);
}

static void command_is_sent_to_a_connected_watch_and_confirmed_by_its_echo(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	struct command_info c = give(f, &mia, "locate", "");
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_LOCATE);
	assert_int_equal(state_of(f, &c), COMMAND_SENT);
	written(f, 1, &c);
	answer(f, 1, "cr"); /* any case */
	assert_int_equal(state_of(f, &c), COMMAND_CONFIRMED);
}

static void command_waits_for_the_watch_and_goes_out_when_it_connects(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_info c = give(f, &mia, "message", "Bring milk, please 🥛");

	assert_int_equal(state_of(f, &c), COMMAND_QUEUED);
	fixture_pass(f, 3600 * 1000);
	fixture_open(f, 1, watch);
	const struct told *t = fixture_last(f, TOLD_COMMAND, 1);
	assert_non_null(t);
	assert_int_equal(t->command.kind, COMMAND_MESSAGE);
	assert_true(view_is((struct view){.p = t->command.text, .n = t->command.text_n},
		VIEW("Bring milk, please 🥛")));
	written(f, 1, &c);
	answer(f, 1, "MESSAGE");
	assert_int_equal(state_of(f, &c), COMMAND_CONFIRMED);
}

static void life_of_each_kind_ends_on_time(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_info locate = give(f, &mia, "locate", "");
	struct command_info find = give(f, &mia, "find", "");

	fixture_pass(f, 119 * 1000);
	assert_int_equal(state_of(f, &find), COMMAND_QUEUED);
	fixture_pass(f, 2000);
	assert_int_equal(state_of(f, &find), COMMAND_EXPIRED);
	fixture_pass(f, 177 * 1000);
	assert_int_equal(state_of(f, &locate), COMMAND_QUEUED);
	fixture_pass(f, 4000);
	assert_int_equal(state_of(f, &locate), COMMAND_EXPIRED);
	/* What has expired is not sent later. */
	fixture_open(f, 1, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 0);
}

static void command_that_is_never_acknowledged_ends_as_unknown(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	struct command_info c = give(f, &mia, "find", "");
	written(f, 1, &c);
	fixture_pass(f, 599 * 1000);
	assert_int_equal(state_of(f, &c), COMMAND_SENT);
	fixture_pass(f, 3000);
	assert_int_equal(state_of(f, &c), COMMAND_UNKNOWN);
	answer(f, 1, "FIND"); /* too late to be taken for another one */
	assert_int_equal(state_of(f, &c), COMMAND_UNKNOWN);
}

static void one_of_a_keyword_is_under_way_at_a_time_and_order_is_kept(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	struct command_info first = give(f, &mia, "message", "one");
	struct command_info second = give(f, &mia, "message", "two");
	struct command_info other = give(f, &mia, "locate", "");
	assert_int_equal(state_of(f, &first), COMMAND_SENT);
	assert_int_equal(state_of(f, &second), COMMAND_QUEUED);
	assert_int_equal(state_of(f, &other), COMMAND_SENT);
	written(f, 1, &first);
	answer(f, 1, "MESSAGE");
	assert_int_equal(state_of(f, &first), COMMAND_CONFIRMED);
	assert_int_equal(state_of(f, &second), COMMAND_SENT);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.text[1], 'w');
}

static void command_is_cancelled_while_it_waits_and_not_later(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_info c = give(f, &mia, "find", "");
	struct command_info ret;
	struct problem p;

	assert_int_equal(
		commands_cancel(&f->d, f->reader, &f->maria, &mia, &c.id, &ret, &p, NULL), RC_OK);
	assert_int_equal(ret.state, COMMAND_CANCELLED);
	fixture_settle(f);
	fixture_open(f, 1, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 0);
	c = give(f, &mia, "find", "");
	assert_int_equal(commands_cancel(&f->d, f->reader, &f->maria, &mia, &c.id, &ret, &p, NULL),
		RC_CONFLICT);
	assert_string_equal(p.code, "command_already_sent");
}

static void command_that_never_left_the_gateway_is_sent_again_once(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	struct command_info c = give(f, &mia, "find", "");
	ingest_closed(&f->d, 1, 1); /* before SENT came */
	fixture_settle(f);
	assert_int_equal(state_of(f, &c), COMMAND_QUEUED);
	fixture_open(f, 2, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 2), 1);
	written(f, 2, &c);
	ingest_closed(&f->d, 2, 1); /* after SENT: nobody knows whether it rang */
	fixture_settle(f);
	assert_int_equal(state_of(f, &c), COMMAND_SENT);
	fixture_open(f, 3, watch);
	fixture_pass(f, 60000);
	fixture_say(f, 3, watch, "LK");
	fixture_settle(f);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 3), 0);
}

static void after_a_crash_of_the_gateway_only_what_may_repeat_is_sent_again(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	struct command_info find = give(f, &mia, "find", "");
	struct command_info locate = give(f, &mia, "locate", "");
	ingest_gateway_lost(&f->d, 0); /* perhaps it wrote both, and could not say so any more */
	fixture_settle(f);
	assert_int_equal(state_of(f, &find), COMMAND_SENT);
	assert_int_equal(state_of(f, &locate), COMMAND_QUEUED);
	fixture_open(f, 2, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 2), 1);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 2)->command.kind, COMMAND_LOCATE);
	fixture_pass(f, 601000);
	assert_int_equal(state_of(f, &find), COMMAND_UNKNOWN);
}

static void refused_by_the_gateway_it_waits_for_the_next_sign_of_life(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	struct command_info c = give(f, &mia, "locate", "");
	outbox_on_unsent(&f->d, 1, &c.id);
	fixture_settle(f);
	assert_int_equal(state_of(f, &c), COMMAND_QUEUED);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	answer(f, 1, "LK");
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 2);
	assert_int_equal(state_of(f, &c), COMMAND_SENT);
}

static void full_link_keeps_the_command_waiting(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	f->is_link_full = true;
	struct command_info c = give(f, &mia, "locate", "");
	assert_int_equal(state_of(f, &c), COMMAND_QUEUED);
	f->is_link_full = false;
	answer(f, 1, "LK");
	assert_int_equal(state_of(f, &c), COMMAND_SENT);
}

static void only_what_may_be_repeated_is_repeated_and_only_once(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	struct command_info locate = give(f, &mia, "locate", "");
	struct command_info message = give(f, &mia, "message", "hello");
	written(f, 1, &locate);
	written(f, 1, &message);
	fixture_pass(f, 29000);
	answer(f, 1, "LK");
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 2);
	for (int i = 0; i < 4; i++) {
		fixture_pass(f, 60000);
		answer(f, 1, "LK");
	}
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 3);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_LOCATE);
}

static void after_a_crash_what_was_sent_is_not_sent_again(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	struct command_info sent = give(f, &mia, "find", "");
	ingest_closed(&f->d, 1, 1);
	(void)fixture_count(f, TOLD_COMMAND, 1);
	/* The mark is on disk, the bytes perhaps at the watch: a new server cannot know. */
	struct command_info waiting = {.id = sent.id};
	fixture_settle(f);
	fixture_open(f, 2, watch);
	assert_int_equal(state_of(f, &sent), COMMAND_SENT);
	fixture_restart(f);
	fixture_open(f, 3, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 3), 0);
	waiting = give(f, &mia, "message", "still works");
	assert_int_equal(state_of(f, &waiting), COMMAND_SENT);
	fixture_pass(f, 601 * 1000);
	assert_int_equal(state_of(f, &sent), COMMAND_UNKNOWN);
}

static void after_a_crash_what_waited_still_waits(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_info c = give(f, &mia, "message", "later");

	fixture_restart(f);
	assert_int_equal(state_of(f, &c), COMMAND_QUEUED);
	fixture_open(f, 1, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	assert_int_equal(state_of(f, &c), COMMAND_SENT);
}

static void damaged_command_ends_and_does_not_keep_the_others_from_going_out(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_info bad = give(f, &mia, "message", "damaged");
	struct command_info good = give(f, &mia, "find", "");
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(
		db_script(db, "UPDATE command SET body = x'ff00ff' WHERE kind = 'message'", NULL),
		RC_OK);
	db_close(db);
	fixture_restart(f);
	fixture_settle(f);
	assert_int_equal(state_of(f, &bad), COMMAND_UNKNOWN);
	assert_int_equal(state_of(f, &good), COMMAND_QUEUED);
	fixture_open(f, 1, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	assert_int_equal(state_of(f, &good), COMMAND_SENT);
}

static void put(struct fixture *f, const struct uid *wearer, enum setting_id id,
	const struct setting_value *v)
{
	struct problem p;

	assert_int_equal(settings_put(&f->d, &f->maria, wearer, id, v, false, &p, NULL), RC_OK);
	fixture_settle(f);
}

static void put_text(
	struct fixture *f, const struct uid *wearer, enum setting_id id, const char *text)
{
	struct setting_value v = {.numbers = {0}};

	assert_true(view_to_text(view_of(text), v.text, sizeof v.text));
	put(f, wearer, id, &v);
}

static void put_interval(struct fixture *f, const struct uid *wearer, int32_t interval_s)
{
	const struct setting_value v = {.numbers = {interval_s}};

	put(f, wearer, SETTING_UPLOAD_INTERVAL, &v);
}

static enum setting_state setting_state_of(
	struct fixture *f, const struct uid *wearer, enum setting_id id)
{
	enum setting_state state = SETTING_NONE;

	assert_int_equal(setting_state_read(f->reader, wearer, id, &state, NULL), RC_OK);
	return state;
}

static void setting_is_confirmed_by_the_acknowledgement(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	put_text(f, &mia, SETTING_ZONE, "Asia/Kathmandu");
	put_text(f, &mia, SETTING_LANGUAGE, "es");
	put_interval(f, &mia, 300);
	assert_int_equal(setting_state_of(f, &mia, SETTING_LANGUAGE), SETTING_WANTED);
	assert_int_equal(setting_state_of(f, &mia, SETTING_UPLOAD_INTERVAL), SETTING_WANTED);
	for (unsigned i = 0; i < f->told_n; i++) {
		if (f->told[i].what == TOLD_COMMAND)
			outbox_on_sent(&f->d, 1, &f->told[i].id);
	}
	answer(f, 1, "UPLOAD");
	assert_int_equal(setting_state_of(f, &mia, SETTING_UPLOAD_INTERVAL), SETTING_CONFIRMED);
	assert_int_equal(setting_state_of(f, &mia, SETTING_LANGUAGE), SETTING_WANTED);
	answer(f, 1, "ZONE");
	answer(f, 1, "LZ");
	assert_int_equal(setting_state_of(f, &mia, SETTING_LANGUAGE), SETTING_CONFIRMED);
	assert_int_equal(setting_state_of(f, &mia, SETTING_ZONE), SETTING_CONFIRMED);
}

static void newer_setting_takes_the_place_of_one_that_waits(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	put_interval(f, &mia, 120);
	put_interval(f, &mia, 240);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command WHERE state = 5"), 1);
	fixture_open(f, 1, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.interval_s, 240);
}

static void setting_that_nobody_wants_any_more_is_not_sent(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct problem p;

	put_interval(f, &mia, 120);
	assert_int_equal(
		settings_drop(&f->d, &f->maria, &mia, SETTING_UPLOAD_INTERVAL, &p, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command WHERE state = 5"), 1);
	fixture_open(f, 1, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 0);
}

static void put_contacts(struct fixture *f, const struct uid *wearer, unsigned n)
{
	struct contacts list = {.n = n, .items = {{.name = "Anna", .number = "+491701234567"}}};
	struct contacts now;
	struct problem p;

	assert_int_equal(contacts_put(&f->d, &f->maria, wearer, &list, &now, &p, NULL), RC_OK);
	fixture_settle(f);
}

static enum rc make_yisai_job(struct db *db, void *arg, struct err *e)
{
	(void)arg;
	return db_script(db, "UPDATE device SET vendor = 'YS'", e);
}

/* PHB erases what PHL filled: the one must not come behind the other. */
static void phone_book_is_told_in_one_form_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	assert_int_equal(writer_run(f->d.writer, make_yisai_job, NULL, NULL), RC_OK);
	put_contacts(f, &mia, 0);
	put_contacts(f, &mia, 1);
	fixture_open(f, 1, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_BOOK_WHOLE);
	put_contacts(f, &mia, 0); /* not before that one has ended */
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	outbox_on_sent(&f->d, 1, &fixture_last(f, TOLD_COMMAND, 1)->id);
	answer(f, 1, "PHL");
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 2);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_BOOK_1);
	assert_int_equal(
		fixture_query(f, "SELECT state FROM watch_setting WHERE name = 'contacts'"), 3);
}

static void set_conflict(struct fixture *f, const struct uid *wearer, bool is_conflict)
{
	live_lock(f->d.live);
	live_by_wearer(f->d.live, wearer)->is_conflict = is_conflict;
	live_unlock(f->d.live);
}

/* Some watches answer POWEROFF by CR, which most say about another command. */
static void answer_is_first_of_all_for_the_command_of_its_name(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	f->is_link_full = true;
	struct command_info off = give(f, &mia, "power_off", "");
	f->is_link_full = false;
	set_conflict(f, &mia, true); /* it waits, and is passed by */
	struct command_info locate = give(f, &mia, "locate", "");
	set_conflict(f, &mia, false);
	answer(f, 1, "LK");
	assert_int_equal(state_of(f, &off), COMMAND_SENT);
	written(f, 1, &off);
	written(f, 1, &locate);
	answer(f, 1, "CR");
	assert_int_equal(state_of(f, &off), COMMAND_SENT);
	assert_int_equal(state_of(f, &locate), COMMAND_CONFIRMED);
	answer(f, 1, "CR");
	assert_int_equal(state_of(f, &off), COMMAND_CONFIRMED);
}

static void watch_that_ignores_LZ_gets_LANG_and_ZONE(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	put_text(f, &mia, SETTING_LANGUAGE, "de"); /* alone: LANG */
	outbox_on_sent(&f->d, 1, &fixture_last(f, TOLD_COMMAND, 1)->id);
	answer(f, 1, "LANG");
	fixture_forget(f);
	put_text(f, &mia, SETTING_ZONE, "Etc/UTC");
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_LANGUAGE_ZONE);
	outbox_on_sent(&f->d, 1, &fixture_last(f, TOLD_COMMAND, 1)->id);
	fixture_pass(f, 20000);
	answer(f, 1, "LK");
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	fixture_pass(f, 5000);
	answer(f, 1, "LK");
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 3);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_ZONE);
	for (unsigned i = 0; i < f->told_n; i++) {
		if (f->told[i].what == TOLD_COMMAND)
			outbox_on_sent(&f->d, 1, &f->told[i].id);
	}
	answer(f, 1, "LANG");
	answer(f, 1, "ZONE");
	assert_int_equal(setting_state_of(f, &mia, SETTING_LANGUAGE), SETTING_CONFIRMED);
	assert_int_equal(setting_state_of(f, &mia, SETTING_ZONE), SETTING_CONFIRMED);
	/* Known from now on. */
	put_text(f, &mia, SETTING_LANGUAGE, "es");
	assert_int_not_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_LANGUAGE_ZONE);
}

static void password_is_not_kept_in_the_list_of_commands(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_row row;
	struct bind_work w = {.group = {{1}}};

	(void)w;
	fixture_open(f, 1, watch);
	command_row_init(&row, &f->d, COMMAND_PASSWORD);
	row.wearer = mia;
	row.group = (struct uid){{1}};
	row.number = 1;
	memcpy(row.command.digits, "48151623", 9);
	struct db *db = NULL;
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(command_row_insert(db, &row, NULL), RC_OK);
	db_close(db);
	outbox_add(&f->d, &row);
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT LENGTH(body) > 0 FROM command"), 1);
	outbox_on_sent(&f->d, 1, &row.id);
	answer(f, 1, "PW");
	assert_int_equal(fixture_query(f, "SELECT state FROM command"), COMMAND_CONFIRMED);
	assert_int_equal(fixture_query(f, "SELECT body IS NULL FROM command"), 1);
	bool is_kept = false;
	assert_int_equal(
		device_password_is(f->reader, &mia, VIEW("48151623"), &is_kept, NULL), RC_OK);
	assert_true(is_kept);
}

/* A text and the call that it announces, as rows on disk and in the outbox. */
static void announce(struct fixture *f, const struct uid *wearer, struct command_row ret[2])
{
	struct db *db = NULL;

	command_row_init_for(&ret[0], &f->d, COMMAND_MESSAGE, PURPOSE_ANNOUNCEMENT);
	memcpy(ret[0].command.text, "hello", 5);
	ret[0].command.text_n = 5;
	command_row_init_for(&ret[1], &f->d, COMMAND_CALL, PURPOSE_CHECK_IN);
	ret[1].command.entries_n = 1;
	memcpy(ret[1].command.entries[0].number, "112", 4);
	ret[1].after = ret[0].id;
	ret[1].created_ms++;
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	for (unsigned i = 0; i < 2; i++) {
		ret[i].wearer = *wearer;
		ret[i].group = (struct uid){{1}};
		ret[i].number = 1;
		assert_int_equal(command_row_insert(db, &ret[i], NULL), RC_OK);
	}
	db_close(db);
}

static void what_is_announced_waits_for_the_text(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_row rows[2];

	fixture_open(f, 1, watch);
	announce(f, &mia, rows);
	fixture_forget(f);
	outbox_add(&f->d, &rows[0]);
	outbox_add(&f->d, &rows[1]);
	fixture_settle(f);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	outbox_on_sent(&f->d, 1, &rows[0].id);
	answer(f, 1, "MESSAGE");
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 2);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_CALL);
}

/* Anybody can open a connection and say that it is this watch. */
static void second_connection_confirms_nothing(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_row rows[2];

	fixture_open(f, 1, watch);
	announce(f, &mia, rows);
	outbox_add(&f->d, &rows[0]);
	outbox_add(&f->d, &rows[1]);
	fixture_settle(f);
	outbox_on_sent(&f->d, 1, &rows[0].id);
	fixture_open(f, 2, watch);
	answer(f, 2, "MESSAGE");
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command WHERE state = 2"), 0);
	answer(f, 1, "MESSAGE");
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command WHERE state = 2"), 1);
}

static void what_is_announced_waits_also_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_row rows[2];

	announce(f, &mia, rows);
	fixture_restart(f);
	fixture_open(f, 1, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_MESSAGE);
	outbox_on_sent(&f->d, 1, &rows[0].id);
	answer(f, 1, "MESSAGE");
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_CALL);
}

static void nothing_follows_a_text_that_was_not_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct command_row rows[2];

	fixture_open(f, 1, watch);
	announce(f, &mia, rows);
	fixture_forget(f);
	outbox_add(&f->d, &rows[0]);
	outbox_add(&f->d, &rows[1]);
	fixture_settle(f);
	outbox_on_sent(&f->d, 1, &rows[0].id);
	fixture_pass(f, (LIFE_ANNOUNCEMENT_S + 5) * 1000);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command WHERE finished_ms = 0"), 0);
	assert_int_equal(
		fixture_query(f, "SELECT reason FROM command WHERE kind = 'check_in_call'"),
		REASON_NOT_ANNOUNCED);
}

static void erased_wearer_leaves_no_command(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct outbox_stats stats;

	(void)give(f, &mia, "message", "one");
	(void)give(f, &mia, "locate", "");
	assert_int_equal(wearer_erase(&f->d, &f->maria, &mia, NULL), RC_OK);
	fixture_settle(f);
	outbox_read_stats(f->d.outbox, &stats);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command"), 0);
	fixture_pass(f, 400 * 1000);
}

/* Property: whatever happens, each command ends, none is sent twice that may not be, and states go
 * forward. */
static void random_life(struct prop *p)
{
	void *state = NULL;
	struct command_info given[12];
	unsigned given_n = 0;
	uint64_t session = 0;
	uint64_t sessions = 0;

	assert_int_equal(fixture_set_up(&state), 0);
	struct fixture *f = state;
	struct uid mia = fixture_bind(f, watch);
	for (int step = 0; step < 50; step++) {
		switch (prop_below(p, 7)) {
		case 0:
			if (given_n < COUNT_OF(given))
				given[given_n++] = prop_chance(p, 50)
							   ? give(f, &mia, "find", "")
							   : give(f, &mia, "message", "x");
			break;
		case 1:
			if (session == 0) {
				session = ++sessions;
				fixture_open(f, session, watch);
			}
			break;
		case 2:
			if (session != 0)
				ingest_closed(&f->d, session, 1);
			session = 0;
			fixture_settle(f);
			break;
		case 3:
			for (unsigned i = 0; session != 0 && i < f->told_n; i++) {
				if (f->told[i].what == TOLD_COMMAND && prop_chance(p, 70))
					outbox_on_sent(&f->d, session, &f->told[i].id);
			}
			break;
		case 4:
			if (session != 0)
				answer(f, session, prop_chance(p, 50) ? "FIND" : "MESSAGE");
			break;
		case 5:
			if (session != 0)
				answer(f, session, "LK");
			break;
		default:
			fixture_pass(f, prop_between(p, 0, 90000));
		}
	}
	fixture_pass(f, INT64_C(4) * 86400 * 1000);
	for (unsigned i = 0; i < given_n; i++) {
		enum command_state end = state_of(f, &given[i]);
		assert_true(end == COMMAND_CONFIRMED || end == COMMAND_EXPIRED ||
			    end == COMMAND_UNKNOWN);
	}
	struct outbox_stats stats;
	outbox_read_stats(f->d.outbox, &stats);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(fixture_tear_down(&state), 0);
}

static void every_command_ends(void **state)
{
	(void)state;
	prop_run("commands", 4, random_life);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(command_is_sent_to_a_connected_watch_and_confirmed_by_its_echo),
		TEST(command_waits_for_the_watch_and_goes_out_when_it_connects),
		TEST(life_of_each_kind_ends_on_time),
		TEST(command_that_is_never_acknowledged_ends_as_unknown),
		TEST(one_of_a_keyword_is_under_way_at_a_time_and_order_is_kept),
		TEST(command_is_cancelled_while_it_waits_and_not_later),
		TEST(command_that_never_left_the_gateway_is_sent_again_once),
		TEST(after_a_crash_of_the_gateway_only_what_may_repeat_is_sent_again),
		TEST(refused_by_the_gateway_it_waits_for_the_next_sign_of_life),
		TEST(full_link_keeps_the_command_waiting),
		TEST(only_what_may_be_repeated_is_repeated_and_only_once),
		TEST(after_a_crash_what_was_sent_is_not_sent_again),
		TEST(after_a_crash_what_waited_still_waits),
		TEST(damaged_command_ends_and_does_not_keep_the_others_from_going_out),
		TEST(setting_is_confirmed_by_the_acknowledgement),
		TEST(newer_setting_takes_the_place_of_one_that_waits),
		TEST(setting_that_nobody_wants_any_more_is_not_sent),
		TEST(phone_book_is_told_in_one_form_at_a_time),
		TEST(answer_is_first_of_all_for_the_command_of_its_name),
		TEST(watch_that_ignores_LZ_gets_LANG_and_ZONE),
		TEST(password_is_not_kept_in_the_list_of_commands),
		TEST(what_is_announced_waits_for_the_text),
		TEST(second_connection_confirms_nothing),
		TEST(what_is_announced_waits_also_after_a_restart),
		TEST(nothing_follows_a_text_that_was_not_acknowledged),
		TEST(erased_wearer_leaves_no_command),
		cmocka_unit_test(every_command_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
