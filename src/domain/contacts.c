#include "domain/contacts.h"

#include <stdlib.h>

#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/setting_build.h"
#include "store/query.h"
#include "store/sealed.h"

/* CONFIG TB (protocol section 4). */
enum book_size { BOOK_NONE = 0, BOOK_TEN = 1, BOOK_FIFTEEN = 2, BOOK_THIRTY = 3, BOOK_HUNDRED = 4 };

static unsigned capacity_of(const struct watch_target *to)
{
	if (to->is_yisai)
		return CONTACTS_MAX;
	switch (to->book_size) {
	case BOOK_NONE:
		return 0;
	case BOOK_FIFTEEN:
		return 15;
	case BOOK_THIRTY:
	case BOOK_HUNDRED:
		return CONTACTS_MAX;
	default:
		return CONTACTS_UNKNOWN_MAX;
	}
}

static bool has_places(const struct watch_target *to)
{
	return !to->is_yisai && (to->book_size == BOOK_THIRTY || to->book_size == BOOK_HUNDRED);
}

/* ---- the list ---- */

static enum rc read_contact(
	struct stmt *s, const struct uid *wearer, struct contact *ret, struct err *e)
{
	ret->id = stmt_uid(s, 0);
	enum rc rc = stmt_copy_sealed(s, 1, wearer, "contact.name", ret->name, sizeof ret->name, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(
			s, 2, wearer, "contact.number", ret->number, sizeof ret->number, e);
	return rc;
}

enum rc contacts_list(struct db *db, const struct uid *wearer, struct contacts *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT id, name, number FROM contact WHERE wearer = ?1 ORDER BY place", wearer, &s,
		e);

	ret->n = 0;
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row && ret->n < CONTACTS_MAX) {
		rc = read_contact(s, wearer, &ret->items[ret->n++], e);
		if (rc != RC_OK)
			break;
	}
	stmt_reset(s);
	return rc;
}

enum rc contacts_get(struct db *reader, const struct uid *wearer, struct contacts *ret,
	struct problem *p, struct err *e)
{
	struct watch_target to;
	enum rc rc = watch_target_read(reader, wearer, &to, p, e);

	if (rc == RC_OK)
		rc = contacts_list(reader, wearer, ret, e);
	if (rc != RC_OK)
		return rc;
	ret->max = capacity_of(&to);
	return setting_state_read(reader, wearer, SETTING_CONTACTS, &ret->state, e);
}

enum rc contact_find(struct db *db, const struct uid *wearer, const struct uid *contact,
	struct contact *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT id, name, number FROM contact WHERE wearer = ?1 AND id = ?2", wearer, &s,
		e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, contact);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	rc = has_row ? read_contact(s, wearer, ret, e) : fail(e, RC_NOT_FOUND, "no such contact");
	stmt_reset(s);
	return rc;
}

/* ---- a new list ---- */

static enum rc check_number(const char *number, const char *field, struct problem *p)
{
	if (command_is_number(view_of(number)))
		return RC_OK;
	return refuse(p, RC_SYNTAX, "number_invalid", field,
		"digits, perhaps with + in front: 3 to 20 characters");
}

static enum rc check_contacts(const struct contacts *wanted, struct problem *p)
{
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < wanted->n && rc == RC_OK; i++) {
		const struct contact *c = &wanted->items[i];
		if (command_check_name(view_of(c->name), NULL) != RC_OK)
			return refuse(
				p, RC_SYNTAX, "name_invalid", "contacts", "1 to 10 characters");
		rc = check_number(c->number, "contacts", p);
		for (unsigned k = 0; k < i && rc == RC_OK; k++) {
			if (strcmp(wanted->items[k].number, c->number) == 0)
				rc = refuse(p, RC_SYNTAX, "number_twice", "contacts",
					"a number stands twice in the list");
		}
	}
	return rc;
}

struct contacts_job {
	const struct uid *wearer;
	const struct contacts *wanted;
	struct contacts before, now; /* out */
	struct setting_work work;    /* out */
	struct problem *problem;
};

/* The same person keeps the id, so that a call that was just chosen goes on. */
static void keep_ids(struct contacts_job *job)
{
	job->now.n = job->wanted->n;
	for (unsigned i = 0; i < job->now.n; i++) {
		struct contact *c = &job->now.items[i];
		*c = job->wanted->items[i];
		c->id = (struct uid){{0}};
		for (unsigned k = 0; k < job->before.n; k++) {
			if (strcmp(job->before.items[k].number, c->number) == 0)
				c->id = job->before.items[k].id;
		}
		if (uid_is_none(&c->id))
			c->id = uid_new();
	}
}

static enum rc write_list(struct db *db, const struct contacts_job *job, struct err *e)
{
	enum rc rc = query_run(db, "DELETE FROM contact WHERE wearer = ?1", job->wearer, e);

	for (unsigned i = 0; i < job->now.n && rc == RC_OK; i++) {
		const struct contact *c = &job->now.items[i];
		struct stmt *s = NULL;
		rc = query_prepare(db,
			"INSERT INTO contact (wearer, id, place, name, number)"
			" VALUES (?1, ?2, ?3, ?4, ?5)",
			job->wearer, &s, e);
		if (rc != RC_OK)
			return rc;
		stmt_bind_uid(s, 2, &c->id);
		stmt_bind_int(s, 3, i);
		stmt_bind_sealed(s, 4, job->wearer, "contact.name", view_of(c->name));
		stmt_bind_sealed(s, 5, job->wearer, "contact.number", view_of(c->number));
		rc = stmt_run(s, NULL, e);
	}
	return rc;
}

static void set_entry(struct command_entry *entry, const struct contact *c)
{
	memcpy(entry->name, c->name, sizeof entry->name);
	memcpy(entry->number, c->number, sizeof entry->number);
}

static struct command *add(struct setting_work *w, enum command_kind kind)
{
	return &command_rows_add(w->rows, w->domain, &w->to, w->by, kind)->command;
}

/* PHB, PHB2, PHB3: whole pages, padded. */
static void add_pages(struct setting_work *w, const struct contacts *now)
{
	static const enum command_kind pages[] = {COMMAND_BOOK_1, COMMAND_BOOK_2, COMMAND_BOOK_3};
	unsigned pages_n = capacity_of(&w->to) / COMMAND_BOOK_PAGE;

	for (unsigned page = 0; page < pages_n && page < COUNT_OF(pages); page++) {
		struct command *c = add(w, pages[page]);
		c->entries_n = COMMAND_BOOK_PAGE;
		for (unsigned i = 0; i < COMMAND_BOOK_PAGE; i++) {
			unsigned at = page * COMMAND_BOOK_PAGE + i;
			if (at < now->n)
				set_entry(&c->entries[i], &now->items[at]);
		}
	}
}

/* PHL replaces the book; PHB with empty pairs erases it. */
static void add_whole(struct setting_work *w, const struct contacts *now)
{
	struct command *c = add(w, now->n == 0 ? COMMAND_BOOK_1 : COMMAND_BOOK_WHOLE);

	c->entries_n = (uint8_t)(now->n == 0 ? COMMAND_BOOK_PAGE : now->n);
	for (unsigned i = 0; i < now->n; i++)
		set_entry(&c->entries[i], &now->items[i]);
}

/* PHBX for each place, DPHBX for those that are free now. */
static void add_places(struct setting_work *w, const struct contacts *now, unsigned before_n)
{
	unsigned last = before_n > now->n ? before_n : now->n;

	for (unsigned i = 0; i < last; i++) {
		bool is_used = i < now->n;
		struct command *c = add(w, is_used ? COMMAND_BOOK_ENTRY : COMMAND_BOOK_REMOVE);
		c->slot = (uint8_t)(i + 1);
		c->entries_n = is_used ? 1 : 0;
		if (is_used)
			set_entry(&c->entries[0], &now->items[i]);
	}
}

enum rc contacts_build(struct setting_work *w, struct db *db, unsigned before_n, struct err *e)
{
	struct contacts now;
	enum rc rc = contacts_list(db, &w->to.wearer, &now, e);

	if (rc != RC_OK)
		return rc;
	if (w->to.is_yisai)
		add_whole(w, &now);
	else if (has_places(&w->to))
		add_places(w, &now, before_n);
	else
		add_pages(w, &now);
	return RC_OK;
}

static enum rc check_capacity(const struct contacts_job *job)
{
	unsigned max = capacity_of(&job->work.to);

	if (max == 0)
		return refuse(job->problem, RC_CONFLICT, "no_phone_book", NULL,
			"this watch says that it has no phone book");
	if (job->wanted->n > max)
		return refuse(job->problem, RC_SYNTAX, "too_many_contacts", "contacts",
			"more than this watch can hold");
	return RC_OK;
}

/* Who may call follows the phone book. */
static enum rc follow_contacts(struct setting_work *w, struct db *db, struct err *e)
{
	struct setting_row row;
	enum rc rc = setting_read(db, &w->to.wearer, SETTING_ALLOWED_CALLERS, &row, e);

	return rc == RC_OK && row.has_wanted && row.wanted.numbers[0] != 0
		       ? setting_build_again(w, db, SETTING_ALLOWED_CALLERS, e)
		       : rc;
}

static enum rc contacts_job(struct db *db, void *arg, struct err *e)
{
	struct contacts_job *job = arg;
	struct setting_work *w = &job->work;
	enum rc rc = watch_target_read(db, job->wearer, &w->to, job->problem, e);

	w->rows->n = 0;
	if (rc == RC_OK)
		rc = check_capacity(job);
	if (rc == RC_OK)
		rc = contacts_list(db, job->wearer, &job->before, e);
	if (rc != RC_OK)
		return rc;
	keep_ids(job);
	rc = write_list(db, job, e);
	if (rc == RC_OK)
		rc = setting_want(db, job->wearer, SETTING_CONTACTS, NULL, w->by, w->now_ms, e);
	if (rc == RC_OK)
		rc = contacts_build(w, db, job->before.n, e);
	if (rc == RC_OK)
		rc = follow_contacts(w, db, e);
	return rc == RC_OK ? command_rows_insert(db, w->rows, e) : rc;
}

static void rows_freep(struct command_rows **rows)
{
	free(*rows);
}

enum rc contacts_put(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct contacts *wanted, struct contacts *ret, struct problem *p, struct err *e)
{
	CLEANUP(rows_freep) struct command_rows *rows = command_rows_new();
	struct contacts_job job = {.wearer = wearer,
		.wanted = wanted,
		.work = {.domain = d, .by = &who->account, .rows = rows, .now_ms = d->wall_ms()},
		.problem = p};

	if (rows == NULL)
		return fail(e, RC_NOMEM, "contacts: out of memory");
	enum rc rc = check_contacts(wanted, p);
	if (rc == RC_OK)
		rc = act_run(d, who, contacts_job, &job, e);
	if (rc != RC_OK)
		return rc;
	command_rows_post(d, rows);
	bus_publish(d->bus, EVENT_WEARER, &job.work.to.group, wearer);
	*ret = job.now;
	ret->max = capacity_of(&job.work.to);
	ret->state = rows->n == 0 ? SETTING_CONFIRMED : SETTING_WANTED;
	return RC_OK;
}

/* ---- SOS numbers ---- */

static enum rc read_sos(
	struct db *db, const struct uid *wearer, struct sos_numbers *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(
		db, "SELECT number FROM sos_number WHERE wearer = ?1 ORDER BY slot", wearer, &s, e);

	ret->n = 0;
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row && ret->n < COMMAND_SOS_MAX) {
		char *number = ret->items[ret->n++];
		rc = stmt_copy_sealed(
			s, 0, wearer, "sos_number.number", number, sizeof ret->items[0], e);
		if (rc != RC_OK)
			break;
	}
	stmt_reset(s);
	return rc;
}

enum rc sos_numbers_get(struct db *reader, const struct uid *wearer, struct sos_numbers *ret,
	struct problem *p, struct err *e)
{
	struct watch_target to;
	enum rc rc = watch_target_read(reader, wearer, &to, p, e);

	if (rc == RC_OK)
		rc = read_sos(reader, wearer, ret, e);
	return rc == RC_OK ? setting_state_read(reader, wearer, SETTING_SOS_NUMBERS, &ret->state, e)
			   : rc;
}

struct sos_job {
	const struct uid *wearer;
	const struct sos_numbers *wanted;
	struct setting_work work; /* out */
	struct problem *problem;
};

static void set_number(struct command_entry *entry, const struct sos_numbers *from, unsigned i)
{
	if (i < from->n)
		memcpy(entry->number, from->items[i], sizeof entry->number);
}

/* yisai knows one command for each; all others take the three at once. */
enum rc sos_numbers_build(struct setting_work *w, struct db *db, struct err *e)
{
	static const enum command_kind kinds[] = {COMMAND_SOS_1, COMMAND_SOS_2, COMMAND_SOS_3};
	struct sos_numbers from;
	enum rc rc = read_sos(db, &w->to.wearer, &from, e);

	if (rc != RC_OK)
		return rc;
	if (!w->to.is_yisai) {
		struct command *c = add(w, COMMAND_SOS_ALL);
		c->entries_n = COMMAND_SOS_MAX;
		for (unsigned i = 0; i < COMMAND_SOS_MAX; i++)
			set_number(&c->entries[i], &from, i);
		return RC_OK;
	}
	for (unsigned i = 0; i < COMMAND_SOS_MAX; i++) {
		struct command *c = add(w, kinds[i]);
		c->entries_n = 1;
		set_number(&c->entries[0], &from, i);
	}
	return RC_OK;
}

static enum rc write_sos(struct db *db, const struct sos_job *job, struct err *e)
{
	enum rc rc = query_run(db, "DELETE FROM sos_number WHERE wearer = ?1", job->wearer, e);

	for (unsigned i = 0; i < job->wanted->n && rc == RC_OK; i++) {
		struct stmt *s = NULL;
		rc = query_prepare(db,
			"INSERT INTO sos_number (wearer, slot, number) VALUES (?1, ?2, ?3)",
			job->wearer, &s, e);
		if (rc != RC_OK)
			return rc;
		stmt_bind_int(s, 2, i + 1);
		stmt_bind_sealed(
			s, 3, job->wearer, "sos_number.number", view_of(job->wanted->items[i]));
		rc = stmt_run(s, NULL, e);
	}
	return rc;
}

static enum rc sos_job(struct db *db, void *arg, struct err *e)
{
	struct sos_job *job = arg;
	struct setting_work *w = &job->work;
	enum rc rc = watch_target_read(db, job->wearer, &w->to, job->problem, e);

	w->rows->n = 0;
	if (rc == RC_OK)
		rc = write_sos(db, job, e);
	if (rc == RC_OK)
		rc = setting_want(db, job->wearer, SETTING_SOS_NUMBERS, NULL, w->by, w->now_ms, e);
	if (rc == RC_OK)
		rc = sos_numbers_build(w, db, e);
	return rc == RC_OK ? command_rows_insert(db, w->rows, e) : rc;
}

static enum rc check_sos(const struct sos_numbers *wanted, struct problem *p)
{
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < wanted->n && rc == RC_OK; i++) {
		rc = check_number(wanted->items[i], "numbers", p);
		for (unsigned k = 0; k < i && rc == RC_OK; k++) {
			if (strcmp(wanted->items[k], wanted->items[i]) == 0)
				rc = refuse(p, RC_SYNTAX, "number_twice", "numbers",
					"a number stands twice in the list");
		}
	}
	return rc;
}

enum rc sos_numbers_put(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct sos_numbers *wanted, struct sos_numbers *ret, struct problem *p, struct err *e)
{
	CLEANUP(rows_freep) struct command_rows *rows = command_rows_new();
	struct sos_job job = {.wearer = wearer,
		.wanted = wanted,
		.work = {.domain = d, .by = &who->account, .rows = rows, .now_ms = d->wall_ms()},
		.problem = p};

	if (rows == NULL)
		return fail(e, RC_NOMEM, "sos numbers: out of memory");
	enum rc rc = check_sos(wanted, p);
	if (rc == RC_OK)
		rc = act_run(d, who, sos_job, &job, e);
	if (rc != RC_OK)
		return rc;
	command_rows_post(d, rows);
	bus_publish(d->bus, EVENT_WEARER, &job.work.to.group, wearer);
	*ret = *wanted;
	ret->state = SETTING_WANTED;
	return RC_OK;
}
