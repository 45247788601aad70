/* How long one decision about a right takes, warm: the account of a seeded server asks for its own
 * wearers and for those of others, again and again, through one reader connection. Prints a line of
 * JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bench/tools.h"
#include "crypto/keyring.h"
#include "crypto/token.h"
#include "domain/rights.h"

enum { WEARERS_MAX = 4096, RUN_S = 120, WARM_ROUNDS = 20 };

struct asked {
	struct uid wearer[WEARERS_MAX];
	size_t n;
};

static enum rc read_principal(struct db *db, struct principal *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT account, care_group FROM member LIMIT 1", &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc == RC_OK && !has_row)
		rc = fail(e, RC_NOT_FOUND, "rights: nobody there");
	if (rc != RC_OK)
		return rc;
	*ret = (struct principal){
		.account = stmt_uid(s, 0), .groups_n = 1, .groups = {stmt_uid(s, 1)}};
	stmt_reset(s);
	return RC_OK;
}

static enum rc read_wearers(struct db *db, struct asked *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT id FROM wearer ORDER BY number LIMIT ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, WEARERS_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		ret->wearer[ret->n++] = stmt_uid(s, 0);
	return rc;
}

/* Asks for every wearer once; own ones are allowed, others are not found. */
static enum rc ask_all(struct db *db, const struct principal *who, const struct asked *asked,
	uint32_t *allowed, struct err *e)
{
	int64_t now_ms = clock_wall_ms();

	*allowed = 0;
	for (size_t i = 0; i < asked->n; i++) {
		struct verdict v;
		enum rc rc = rights_decide(db, who, OBJECT_WEARER, &asked->wearer[i],
			RIGHT_VIEW_POSITION, now_ms, &v, e);
		if (rc != RC_OK && rc != RC_NOT_FOUND)
			return rc;
		*allowed += rc == RC_OK && v.decision == DECIDE_ALLOW;
	}
	return RC_OK;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static enum rc measure(struct db *db, uint32_t rounds, struct err *e)
{
	struct principal who;
	struct asked *asked = calloc(1, sizeof *asked);
	double *us = calloc((size_t)rounds + 1, sizeof *us);
	uint32_t allowed = 0;
	enum rc rc = asked == NULL || us == NULL ? fail(e, RC_NOMEM, "rights: out of memory")
						 : read_principal(db, &who, e);

	if (rc == RC_OK)
		rc = read_wearers(db, asked, e);
	for (uint32_t i = 0; rc == RC_OK && i < WARM_ROUNDS + rounds; i++) {
		int64_t start = mono_ns();
		rc = ask_all(db, &who, asked, &allowed, e);
		if (i >= WARM_ROUNDS)
			us[i - WARM_ROUNDS] = (double)(mono_ns() - start) / 1e3 / (double)asked->n;
	}
	if (rc == RC_OK) {
		qsort(us, rounds, sizeof *us, by_value);
		(void)printf(
			"{\"us\": %.3f, \"us_worst\": %.3f, \"asked\": %zu, \"allowed\": %u}\n",
			us[rounds / 2], us[rounds - 1], asked->n, allowed);
	}
	free(us);
	free(asked);
	return rc;
}

int main(int argc, char **argv)
{
	struct keyring *keyring = NULL;
	struct db *db = NULL;
	struct err e = {.msg = ""};
	uint32_t rounds = 50;
	const struct option options[] = {{"rounds", 100000, &rounds}};
	char path[4096];

	process_bound(RUN_S);
	if (argc < 3 || !options_read(argc - 2, argv + 2, options, COUNT_OF(options)))
		return 2;
	(void)snprintf(path, sizeof path, "%s/kinward.db", argv[1]);
	enum rc rc = crypto_start(&e);
	if (rc == RC_OK)
		rc = keyring_open(argv[2], false, &keyring, &e);
	if (rc == RC_OK)
		rc = db_open(path, DB_READER, keyring, &db, &e);
	if (rc == RC_OK)
		rc = measure(db, rounds, &e);
	if (rc != RC_OK)
		(void)fprintf(stderr, "rights: %s\n", e.msg);
	db_close(db);
	keyring_free(keyring);
	return rc == RC_OK ? 0 : 1;
}
