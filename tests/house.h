/* A domain with what accounts need, on a database of its own, with a clock that the test moves. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "crypto/token.h"
#include "domain/bus.h"
#include "domain/sign_in.h"
#include "domain/sign_in_limits.h"
#include "domain/web_session_store.h"
#include "keys.h"
#include "unit.h"

static int64_t test_now_ms = 1700000000000;

static inline int64_t test_wall_ms(void)
{
	return test_now_ms;
}

struct house {
	char folder[64], path[96];
	struct domain d;
	struct db *reader;
	char setup_token[TOKEN_TEXT];
};

static const struct request_origin home = {
	.address = {"10.0.0.1", 8}, .user_agent = {"Browser\r\n1", 10}};
static const char good_password[] = "seven green kettles sing";

static inline void open_house(struct house *h)
{
	struct db *writer_db = NULL;

	h->d.keyring = keys_open(h->folder);
	assert_int_equal(db_open(h->path, DB_WRITER, h->d.keyring, &writer_db, NULL), RC_OK);
	if (h->setup_token[0] == '\0')
		assert_int_equal(
			account_new_setup_token(writer_db, test_now_ms, h->setup_token, NULL),
			RC_OK);
	assert_int_equal(db_open(h->path, DB_READER, h->d.keyring, &h->reader, NULL), RC_OK);
	assert_int_equal(loop_new(&h->d.loop, NULL), RC_OK);
	assert_int_equal(writer_start(writer_db, h->d.loop, 100, &h->d.writer, NULL), RC_OK);
	assert_int_equal(web_sessions_new(h->reader, test_now_ms, &h->d.web_sessions, NULL), RC_OK);
	assert_int_equal(bus_new(&h->d.bus, NULL), RC_OK);
	static const struct sign_in_rules rules = {.account_max = 3,
		.address_max = 20,
		.total_max = 1000,
		.window_s = 900,
		.delay_max_s = SIGN_IN_DELAY_MAX_S};
	assert_int_equal(sign_in_limits_new(&rules, &h->d.sign_in_limits, NULL), RC_OK);
	assert_int_equal(sign_in_limits_new(&rules, &h->d.code_limits, NULL), RC_OK);
	assert_int_equal(passkeys_new("", &h->d.passkeys, NULL), RC_OK);
	h->d.settings.app_url = "http://localhost:8080";
	h->d.settings.recovery_wait_h = 72;
	h->d.wall_ms = test_wall_ms;
}

static inline void close_house(struct house *h)
{
	writer_stop(h->d.writer);
	db_close(h->reader);
	web_sessions_free(h->d.web_sessions);
	sign_in_limits_free(h->d.sign_in_limits);
	bus_free(h->d.bus);
	sign_in_limits_free(h->d.code_limits);
	passkeys_free(h->d.passkeys);
	loop_free(h->d.loop);
	keyring_free(h->d.keyring);
}

static inline int build(void **state)
{
	struct house *h = calloc(1, sizeof *h);

	assert_non_null(h);
	(void)snprintf(h->folder, sizeof h->folder, "/tmp/account_test.XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	(void)snprintf(h->path, sizeof h->path, "%s/kinward.db", h->folder);
	open_house(h);
	*state = h;
	return 0;
}

static inline int demolish(void **state)
{
	struct house *h = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[128];

	close_house(h);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		(void)snprintf(path, sizeof path, "%s%s", h->path, ends[i]);
		(void)unlink(path); /* some are not there */
	}
	keys_remove(h->folder);
	assert_int_equal(rmdir(h->folder), 0);
	free(h);
	return 0;
}

static inline enum rc set_up(struct house *h, struct sign_in_result *ret, struct problem *p)
{
	struct setup_request r = {.token = view_of(h->setup_token),
		.login = VIEW("Ann@example.org"),
		.name = VIEW("Ann"),
		.password = view_of(good_password),
		.group_name = VIEW("Home"),
		.language = VIEW("de")};

	return account_set_up(&h->d, h->reader, &r, &home, ret, p, NULL);
}

static inline enum rc sign_in(struct house *h, const char *login, const char *password,
	struct sign_in_result *ret, struct problem *p)
{
	const struct sign_in_request r = {.login = view_of(login), .password = view_of(password)};

	return account_sign_in(&h->d, h->reader, &r, &home, ret, p, NULL);
}

/* Runs SQL; the first column of its first row, 0 when there is none. */
static inline int64_t house_query(struct house *h, const char *sql)
{
	struct stmt *s = NULL;
	bool has_row = false;

	assert_int_equal(db_prepare(h->reader, sql, &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	int64_t value = has_row ? stmt_int(s, 0) : 0;
	stmt_reset(s);
	return value;
}

static inline enum rc house_nothing(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	(void)e;
	return RC_OK;
}

/* Until what was posted to the writer is done. */
static inline void house_settle(struct house *h)
{
	assert_int_equal(writer_run(h->d.writer, house_nothing, NULL, NULL), RC_OK);
}
