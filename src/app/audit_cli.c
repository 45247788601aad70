#include "app/audit_cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/settings.h"
#include "base/json_out.h"
#include "base/time_text.h"
#include "crypto/keyring.h"
#include "crypto/token.h"
#include "domain/audit_csv.h"
#include "domain/audit_read.h"
#include "domain/audit_verify.h"

enum {
	EXIT_USAGE = 2,
	EXIT_FOUND = 3, /* verify: something does not fit */
	PATH_SIZE = 4096,
	ARGS_MAX = 64,
	FINDING_TEXT = 160,
	LINE_MAX_BYTES = 4096,
};

/* What the command line asks for; texts of argv. */
struct request {
	struct settings settings;
	const char *verb, *file, *format;
};

struct tools {
	char key_dir[SETTINGS_KEY_DIR_MAX];
	char db_path[PATH_SIZE];
	struct keyring *keyring; /* NULL: there is none */
	struct sign_key *key;    /* the same */
	struct db *db;
};

static void tools_done(struct tools *t)
{
	db_close(t->db);
	sign_free(t->key);
	keyring_free(t->keyring);
}

static enum rc read_request(struct request *r, int argc, char **argv, struct err *e)
{
	char *rest[ARGS_MAX];
	int rest_n = 0;

	settings_init(&r->settings);
	for (int i = 1; i < argc; i++) {
		const char **place = strcmp(argv[i], "--file") == 0     ? &r->file
				     : strcmp(argv[i], "--format") == 0 ? &r->format
									: NULL;
		if (place != NULL && i + 1 == argc)
			return fail(e, RC_SYNTAX, "%s wants a value", argv[i]);
		if (place != NULL) {
			*place = argv[++i];
		} else if (argv[i][0] != '-' && r->verb == NULL) {
			r->verb = argv[i];
		} else {
			if (rest_n + 2 > ARGS_MAX)
				return fail(e, RC_LIMIT, "too many arguments");
			rest[rest_n++] = argv[i];
			if (i + 1 < argc)
				rest[rest_n++] = argv[++i];
		}
	}
	if (r->format != NULL && strcmp(r->format, "csv") != 0 && strcmp(r->format, "json") != 0)
		return fail(e, RC_SYNTAX, "--format is csv or json");
	return settings_read_args(&r->settings, rest_n, rest, e);
}

/* Without the key folder the chain alone can be looked at. */
static enum rc open_keys(struct tools *t, struct err *e)
{
	enum rc rc = keyring_open(t->key_dir, false, &t->keyring, e);

	if (rc == RC_OK || rc == RC_NOT_FOUND)
		rc = sign_open(t->key_dir, "audit", false, &t->key, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc open_tools(const struct request *r, struct tools *t, struct err *e)
{
	int n = r->file != NULL ? snprintf(t->db_path, sizeof t->db_path, "%s", r->file)
				: snprintf(t->db_path, sizeof t->db_path, "%s/kinward.db",
					  r->settings.data_dir);
	enum rc rc = n < 0 || n >= PATH_SIZE ? fail(e, RC_LIMIT, "the path is too long") : RC_OK;

	if (rc == RC_OK)
		rc = crypto_start(e);
	if (rc == RC_OK)
		rc = settings_key_dir(&r->settings, t->key_dir, e);
	if (rc == RC_OK)
		rc = open_keys(t, e);
	if (rc == RC_OK)
		rc = db_open(t->db_path, DB_READER, t->keyring, &t->db, e);
	/* One state of it for all that follows, also while the service writes. */
	return rc == RC_OK ? db_script(t->db, "BEGIN", e) : rc;
}

/* ---- verify ---- */

static void print_finding(void *ctx, const struct audit_finding *f)
{
	char text[FINDING_TEXT];
	char time[TIME_TEXT];

	(void)ctx;
	audit_finding_text(f, text, sizeof text);
	if (f->time_ms > 0) {
		time_to_text(f->time_ms, time);
		(void)printf("%s (after %s)\n", text, time);
	} else {
		(void)printf("%s\n", text);
	}
}

static void print_summary(const struct tools *t, const struct audit_summary *s)
{
	char first[TIME_TEXT] = "-";
	char last[TIME_TEXT] = "-";

	if (s->entries > 0) {
		time_to_text(s->first_ms, first);
		time_to_text(s->last_ms, last);
	}
	(void)printf("%" PRId64 " entries, %" PRId64 " to %" PRId64 " (%s to %s)\n", s->entries,
		s->first_seq, s->last_seq, first, last);
	if (t->key != NULL)
		(void)printf("%" PRId64 " checkpoints, %" PRId64
			     " good signatures, signed up to entry %" PRId64 "\n",
			s->checkpoints, s->signatures_good, s->signed_seq);
	else
		(void)printf("%" PRId64 " checkpoints; their signatures were NOT checked: no key "
			     "in %s\n",
			s->checkpoints, t->key_dir);
	if (t->keyring == NULL)
		(void)puts("the sealed details were NOT checked: no keys");
	if (s->findings == 0)
		(void)puts("the log is whole");
	else
		(void)printf("%" PRId64 " things do not fit\n", s->findings);
}

static enum rc verify(struct tools *t, bool *ret_is_whole, struct err *e)
{
	struct audit_summary summary;
	struct audit_mark newest;
	/* Before the first read of the database, so that it cannot be newer than that. */
	enum rc rc = audit_mark_read_file(t->key_dir, &newest, e);
	bool has_newest = rc == RC_OK;

	if (rc == RC_SYNTAX) {
		(void)printf("%s\n", e->msg);
		*ret_is_whole = false;
	}
	rc = audit_verify(
		t->db, t->key, has_newest ? &newest : NULL, print_finding, NULL, &summary, e);
	if (rc != RC_OK)
		return rc;
	print_summary(t, &summary);
	*ret_is_whole = *ret_is_whole && summary.findings == 0;
	return RC_OK;
}

/* ---- export ---- */

struct export
{
	bool is_json;
	enum rc rc;
};

static void write_json(struct json_out *j, const struct audit_info *a)
{
	json_object(j, NULL);
	json_int(j, "seq", a->seq);
	json_time(j, "time", a->time_ms);
	json_text(j, "action", view_of(a->action));
	json_text(j, "actor_kind", view_of(actor_kind_name(a->actor_kind)));
	if (!uid_is_none(&a->actor))
		json_uid(j, "actor", &a->actor);
	if (!uid_is_none(&a->group))
		json_uid(j, "group", &a->group);
	if (!uid_is_none(&a->wearer))
		json_uid(j, "wearer", &a->wearer);
	if (!uid_is_none(&a->subject))
		json_uid(j, "subject", &a->subject);
	json_text(j, "right", view_of(a->right));
	json_text(j, "outcome", view_of(a->outcome));
	json_int(j, "times", a->times);
	json_bool(j, "told", a->is_told);
	json_text(j, "address", view_of(a->address));
	json_text(j, "detail", view_of(a->detail));
	json_end(j);
}

static enum rc print_json(const struct audit_info *a)
{
	struct json_out j;
	struct view text;

	json_out_init(&j, LINE_MAX_BYTES);
	write_json(&j, a);
	enum rc rc = json_out_finish(&j, &text, NULL);
	if (rc == RC_OK)
		(void)printf("%.*s\n", (int)text.n, text.p);
	json_out_done(&j);
	return rc;
}

static void print_id(const struct uid *id)
{
	char text[UID_TEXT] = "";

	if (!uid_is_none(id))
		uid_to_text(id, text);
	audit_csv_text(stdout, view_of(text), ',');
}

static void print_csv(const struct audit_info *a)
{
	char time[TIME_TEXT];

	time_to_text(a->time_ms, time);
	(void)printf("%" PRId64 ",%s,", a->seq, time);
	audit_csv_text(stdout, view_of(a->action), ',');
	audit_csv_text(stdout, view_of(actor_kind_name(a->actor_kind)), ',');
	print_id(&a->actor);
	print_id(&a->group);
	print_id(&a->wearer);
	print_id(&a->subject);
	audit_csv_text(stdout, view_of(a->right), ',');
	audit_csv_text(stdout, view_of(a->outcome), ',');
	(void)printf("%" PRId64 ",", a->times);
	audit_csv_text(stdout, view_of(a->address), ',');
	audit_csv_text(stdout, view_of(a->detail), '\n');
}

static void print_entry(void *ctx, const struct audit_info *a)
{
	struct export *x = ctx;

	if (!x->is_json)
		print_csv(a);
	else if (print_json(a) != RC_OK)
		x->rc = RC_NOMEM;
}

static enum rc export_all(struct tools *t, const struct request *r, struct err *e)
{
	struct export x = {.is_json = r->format != NULL && strcmp(r->format, "json") == 0};

	if (!x.is_json)
		(void)puts("seq,time,action,actor_kind,actor,group,wearer,subject,right,outcome,"
			   "times,address,detail");
	enum rc rc = audit_each(t->db, print_entry, &x, e);
	if (rc == RC_OK && x.rc != RC_OK)
		rc = fail(e, x.rc, "an entry is too long");
	return rc == RC_OK && fflush(stdout) != 0 ? fail_sys(e, "cannot write") : rc;
}

int audit_main(int argc, char **argv)
{
	struct request r = {.verb = NULL};
	CLEANUP(tools_done) struct tools t = {.db = NULL};
	struct err e = {.rc = RC_OK};
	bool is_whole = true;
	bool is_usage = read_request(&r, argc, argv, &e) != RC_OK || r.verb == NULL ||
			(strcmp(r.verb, "verify") != 0 && strcmp(r.verb, "export") != 0);

	if (is_usage) {
		(void)fprintf(stderr,
			"%s%susage: kinward audit verify [--file DATABASE]\n"
			"       kinward audit export [--file DATABASE] [--format csv|json]\n"
			"       and --config FILE, --set NAME=VALUE as for serve (data_dir, "
			"key_dir)\n",
			e.msg, e.msg[0] == '\0' ? "" : "\n");
		return EXIT_USAGE;
	}
	enum rc rc = open_tools(&r, &t, &e);
	if (rc == RC_OK)
		rc = strcmp(r.verb, "verify") == 0 ? verify(&t, &is_whole, &e)
						   : export_all(&t, &r, &e);
	if (rc != RC_OK) {
		(void)fprintf(stderr, "kinward audit: %s\n", e.msg);
		return 1;
	}
	return is_whole ? 0 : EXIT_FOUND;
}
