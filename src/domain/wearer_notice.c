#include "domain/wearer_notice.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/utf8.h"
#include "domain/account.h"
#include "domain/bus.h"
#include "domain/member.h"
#include "domain/outbox.h"
#include "store/query.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

enum {
	LOOK_MAX_MS = 60 * 60 * 1000, /* the clock may have been set */
	RETRY_MS = 10 * 1000,
	NAMES_MAX = 16, /* more do not fit */
};

struct notice {
	struct uid wearer, group;
	uint32_t number;
	bool is_adult, has_device;
	char language[LANGUAGE_TEXT];
	struct command_row row; /* with a device */
};

struct wearer_notices {
	struct domain *domain;
	struct timer timer;
	bool is_running, is_woken;
	/* Of the running job. */
	unsigned n;
	int64_t next_ms;
	struct notice all[NOTICE_STEP];
};

/* ---- the text ---- */

static size_t count_chars(const char *text)
{
	struct view rest = view_of(text);
	uint32_t c = 0;
	size_t n = 0;

	while (utf8_next(&rest, &c))
		n++;
	return n;
}

void wearer_notice_text(struct view language, const char *const *names, size_t names_n, size_t n,
	char ret[NOTICE_TEXT])
{
	static const struct {
		const char *language, *one, *many, *nobody; /* many: behind the number */
	} words[] = {
		{"en", "1 person can see where you are", " people can see where you are",
			"Nobody can see where you are"},
		{"de", "1 Person sieht, wo du bist", " Personen sehen, wo du bist",
			"Niemand sieht, wo du bist"},
		{"es", "1 persona puede ver d\xC3\xB3nde est\xC3\xA1s",
			" personas pueden ver d\xC3\xB3nde est\xC3\xA1s",
			"Nadie puede ver d\xC3\xB3nde est\xC3\xA1s"},
	};
	size_t at = 0;
	size_t k = 0;

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (language.n >= 2 && memcmp(language.p, words[i].language, 2) == 0)
			k = i;
	}
	if (n == 0)
		(void)snprintf(ret, NOTICE_TEXT, "%s", words[k].nobody);
	else if (n == 1)
		(void)snprintf(ret, NOTICE_TEXT, "%s", words[k].one);
	else
		(void)snprintf(ret, NOTICE_TEXT, "%zu%s", n, words[k].many);
	size_t chars = count_chars(ret);
	at = strlen(ret);
	for (size_t i = 0; i < names_n; i++) {
		size_t more = count_chars(names[i]) + 2;
		bool is_last = i + 1 == n;
		/* Room for ", …" behind it, unless it is the last. */
		if (chars + more + (is_last ? 0 : 3) > NOTICE_TEXT_CHARS) {
			(void)snprintf(
				ret + at, NOTICE_TEXT - at, "%s\xE2\x80\xA6", i == 0 ? ": " : ", ");
			return;
		}
		int wrote = snprintf(
			ret + at, NOTICE_TEXT - at, "%s%s", i == 0 ? ": " : ", ", names[i]);
		at += wrote > 0 ? (size_t)wrote : 0;
		chars += more;
	}
	if (names_n > 0 && names_n < n)
		(void)snprintf(ret + at, NOTICE_TEXT - at, ", \xE2\x80\xA6");
}

/* ---- the job ---- */

struct seers {
	struct db *db;
	const struct notice *to;
	int64_t now_ms;
	size_t n, names_n;
	char (*names)[NAME_TEXT];
	enum rc rc;
};

static void add_seer(struct seers *s, const char *name)
{
	s->n++;
	if (s->names_n < NAMES_MAX)
		memcpy(s->names[s->names_n++], name, strlen(name) + 1);
}

static void look_at_member(void *ctx, const struct member_info *m)
{
	struct seers *s = ctx;
	struct holding held;

	if (s->rc != RC_OK)
		return;
	s->rc = rights_held(
		s->db, &m->account, &s->to->group, &s->to->wearer, s->now_ms, &held, NULL);
	if (s->rc == RC_OK && (held.ever & RIGHT_BIT(RIGHT_VIEW_POSITION)) != 0)
		add_seer(s, m->name);
}

static enum rc write_text(struct db *db, struct notice *to, int64_t now_ms, struct err *e)
{
	char names[NAMES_MAX][NAME_TEXT];
	const char *list[NAMES_MAX];
	char text[NOTICE_TEXT];
	struct seers s = {.db = db, .to = to, .now_ms = now_ms, .names = names};
	enum rc rc = member_list(db, &to->group, now_ms, look_at_member, &s, e);

	if (rc == RC_OK && s.rc != RC_OK)
		rc = fail(e, s.rc, "notice: rights cannot be read");
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < s.names_n; i++)
		list[i] = names[i];
	wearer_notice_text(view_of(to->language), list, s.names_n, s.n, text);
	struct command *c = &to->row.command;
	c->text_n = (uint16_t)strlen(text);
	memcpy(c->text, text, c->text_n);
	return RC_OK;
}

static enum rc tell(
	struct domain *d, struct db *db, struct notice *to, int64_t now_ms, struct err *e)
{
	command_row_init(&to->row, d, COMMAND_MESSAGE);
	to->row.wearer = to->wearer;
	to->row.group = to->group;
	to->row.number = to->number;
	enum rc rc = write_text(db, to, now_ms, e);
	return rc == RC_OK ? command_row_insert(db, &to->row, e) : rc;
}

static enum rc set_next(
	struct domain *d, struct db *db, const struct notice *to, int64_t now_ms, struct err *e)
{
	bool is_weekly = to->is_adult || d->settings.is_wearer_notice_on;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(
		db, "UPDATE wearer SET notice_ms = ?2 WHERE id = ?1", &to->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, is_weekly ? now_ms + NOTICE_EVERY_DAYS * DAY_MS : 0);
	return stmt_run(s, NULL, e);
}

static enum rc read_due(struct wearer_notices *ns, struct db *db, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT w.id, w.care_group, w.number, w.is_adult, w.notice_ms,"
		" d.id IS NOT NULL, COALESCE(d.language, '')"
		" FROM wearer w LEFT JOIN device d ON d.wearer = w.id"
		" WHERE w.notice_ms > 0 ORDER BY w.notice_ms LIMIT ?1",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, NOTICE_STEP);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct notice *to = &ns->all[ns->n];
		if (stmt_int(s, 4) > now_ms) {
			ns->next_ms = stmt_int(s, 4);
			break;
		}
		*to = (struct notice){.wearer = stmt_uid(s, 0),
			.group = stmt_uid(s, 1),
			.number = (uint32_t)stmt_int(s, 2),
			.is_adult = stmt_int(s, 3) != 0,
			.has_device = stmt_int(s, 5) != 0};
		stmt_copy_text(s, 6, to->language, sizeof to->language);
		ns->n++;
	}
	stmt_reset(s);
	return rc;
}

static enum rc notice_job(struct db *db, void *arg, struct err *e)
{
	struct wearer_notices *ns = arg;
	int64_t now_ms = ns->domain->wall_ms();

	ns->n = 0;
	ns->next_ms = INT64_MAX;
	enum rc rc = read_due(ns, db, now_ms, e);
	for (unsigned i = 0; i < ns->n && rc == RC_OK; i++) {
		if (ns->all[i].has_device)
			rc = tell(ns->domain, db, &ns->all[i], now_ms, e);
		if (rc == RC_OK)
			rc = set_next(ns->domain, db, &ns->all[i], now_ms, e);
	}
	return rc;
}

static void set_timer(struct wearer_notices *ns, int64_t wait_ms)
{
	struct loop *loop = ns->domain->loop;

	timer_set(loop_wheel(loop), &ns->timer, loop_now_ms(loop) + wait_ms);
}

static void notice_done(void *arg, enum rc rc, const struct err *e)
{
	struct wearer_notices *ns = arg;
	struct domain *d = ns->domain;
	int64_t wait_ms = LOOK_MAX_MS;

	ns->is_running = false;
	if (rc != RC_OK) {
		log_event(LOG_ERROR, "wearer_notice.failed", "why=\"%s\"", e->msg);
		wait_ms = RETRY_MS;
	} else {
		for (unsigned i = 0; i < ns->n; i++) {
			if (ns->all[i].has_device)
				outbox_add(d, &ns->all[i].row);
		}
		if (ns->next_ms != INT64_MAX && ns->next_ms - d->wall_ms() < wait_ms)
			wait_ms = ns->next_ms - d->wall_ms();
		if (ns->n == NOTICE_STEP || ns->is_woken || wait_ms < 0)
			wait_ms = 0;
	}
	ns->is_woken = false;
	set_timer(ns, wait_ms);
}

static void on_timer(struct timer *t, void *context)
{
	struct wearer_notices *ns = CONTAINER_OF(t, struct wearer_notices, timer);
	struct err e;

	(void)context;
	if (ns->is_running)
		return;
	ns->is_running = true;
	if (writer_post(ns->domain->writer, notice_job, notice_done, ns, 0, &e) != RC_OK) {
		ns->is_running = false;
		log_event(LOG_WARN, "wearer_notice.busy", "why=\"%s\"", e.msg);
		set_timer(ns, RETRY_MS);
	}
}

enum rc wearer_notices_new(struct domain *d, struct wearer_notices **ret_owned, struct err *e)
{
	struct wearer_notices *ns = calloc(1, sizeof *ns);

	if (ns == NULL)
		return fail(e, RC_NOMEM, "wearer notices: out of memory");
	ns->domain = d;
	timer_init(&ns->timer, on_timer);
	*ret_owned = ns;
	return RC_OK;
}

void wearer_notices_free(struct wearer_notices *ns)
{
	if (ns == NULL)
		return;
	timer_cancel(&ns->timer);
	free(ns);
}

static void on_wake(void *arg)
{
	struct domain *d = arg;
	struct wearer_notices *ns = d->wearer_notices;

	if (ns == NULL)
		return;
	ns->is_woken = ns->is_running;
	if (!ns->is_running)
		set_timer(ns, 0);
}

void wearer_notices_wake(struct domain *d)
{
	struct err e;

	if (loop_post(d->loop, on_wake, d, &e) != RC_OK) /* the next look is within the hour */
		log_event(LOG_WARN, "wearer_notice.wake", "why=\"%s\"", e.msg);
}

enum rc wearer_notice_soon(struct db *db, const struct uid *group, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE wearer SET notice_ms = ?2 WHERE care_group = ?1"
		" AND (notice_ms = 0 OR notice_ms > ?2)",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms + NOTICE_DELAY_MS);
	return stmt_run(s, NULL, e);
}
