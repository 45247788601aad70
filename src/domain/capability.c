#include "domain/capability.h"

#include <assert.h>

#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/config.h"
#include "domain/setting_table.h"
#include "domain/watch_target.h"
#include "store/query.h"
#include "store/sealed.h"

/* Beside the settings: acts, and what a watch is or has. Without a command: COMMAND_KIND_COUNT. */
static const struct {
	const char *name;
	enum command_kind kind;
} others[] = {
	{"locate", COMMAND_LOCATE},
	{"find", COMMAND_FIND},
	{"text", COMMAND_MESSAGE},
	{"call", COMMAND_CALL},
	{"check_in_call", COMMAND_CALL},
	{"photo", COMMAND_PHOTO},
	{"power_off", COMMAND_POWER_OFF},
	{"reset", COMMAND_RESET},
	{"new_password", COMMAND_PASSWORD},
	{"reward", COMMAND_REWARD},
	{"measure_heart", COMMAND_MEASURE_HEART},
	{"measure_temperature", COMMAND_MEASURE_TEMPERATURE},
	{"ask_pulse", COMMAND_ASK_PULSE},
	{"wifi_search", COMMAND_WIFI_SEARCH},
	{"wifi_current", COMMAND_WIFI_CURRENT},
	{"wifi_join", COMMAND_WIFI_JOIN},
	{"wifi_forget", COMMAND_WIFI_FORGET},
	{"unfriend", COMMAND_UNFRIEND},
	{"refresh", COMMAND_STATUS},
	{"factory", COMMAND_FACTORY},
	{"update", COMMAND_UPDATE},
	{"apn", COMMAND_APN},
	{"voice", COMMAND_VOICE},
	{"pill_reminder", COMMAND_PILL_REMINDER},
	{"emoji", COMMAND_KIND_COUNT},
	{"heart", COMMAND_KIND_COUNT},
	{"blood_pressure", COMMAND_KIND_COUNT},
	{"oxygen", COMMAND_KIND_COUNT},
	{"temperature", COMMAND_KIND_COUNT},
	{"steps", COMMAND_KIND_COUNT},
};
_Static_assert(SETTING_OWN + COUNT_OF(others) <= CAPABILITIES_MAX, "room for all of them");

/* CONFIG keys that say it (protocol section 4); "0" and "0+0": not there. What a command needs
 * (command_definition) comes besides. */
static const struct {
	const char *name, *key;
} keys[] = {
	{"photo", "CM"},
	{"fall_sensitivity", "LS"},
	{"contacts", "TB"},
	{"pill_reminder", "DD"},
	{"measure_temperature", "BT"},
	{"temperature", "BT"},
};

const char *capability_has_name(enum capability_has has)
{
	static const char *const names[] = {"unknown", "yes", "no"};

	return names[has];
}

const char *capability_source_name(enum capability_source source)
{
	static const char *const names[] = {NULL, "config", "model", "answers", "member"};

	return names[source];
}

/* ---- what is known ---- */

static void decide(struct capability *c, enum capability_has has, enum capability_source from,
	const char *missing)
{
	c->has = has;
	c->from = from;
	c->missing = has == CAPABILITY_NO ? missing : NULL;
}

static void by_model(struct capability *c, const struct model *model)
{
	if (model != NULL && model_has_word(model->has, c->name))
		decide(c, CAPABILITY_YES, CAPABILITY_FROM_MODEL, NULL);
	if (model != NULL && model_has_word(model->lacks, c->name))
		decide(c, CAPABILITY_NO, CAPABILITY_FROM_MODEL, "lacks_model");
}

static void by_key(struct capability *c, struct view config)
{
	struct view v;

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		if (strcmp(keys[i].name, c->name) != 0 || !config_value(config, keys[i].key, &v))
			continue;
		bool is_off = view_is(v, VIEW("0")) || view_is(v, VIEW("0+0"));
		decide(c, is_off ? CAPABILITY_NO : CAPABILITY_YES, CAPABILITY_FROM_CONFIG,
			"lacks_config");
	}
}

/* "TM:1", or a key alone: any value but 0. */
static bool is_announced(struct view config, const char *needs)
{
	struct view wanted = view_of(needs);
	struct view key;
	struct view v;
	char name[8];
	bool has_value = view_cut_until(&wanted, ':', sizeof name - 1, &key);

	if (!view_to_text(has_value ? key : wanted, name, sizeof name) ||
		!config_value(config, name, &v))
		return false;
	return has_value ? view_is(v, wanted) : !view_is(v, VIEW("0"));
}

/* One command that carries it. */
static void by_command(
	struct capability *c, enum command_kind kind, struct view vendor, struct view config)
{
	const struct command_definition *def = command_definition(kind);

	if (def == NULL)
		return;
	if (!command_suits(kind, vendor) && c->has == CAPABILITY_UNKNOWN)
		decide(c, CAPABILITY_NO, CAPABILITY_FROM_MODEL, "other_vendor");
	if (def->needs != NULL && config.n > 0)
		decide(c, is_announced(config, def->needs) ? CAPABILITY_YES : CAPABILITY_NO,
			CAPABILITY_FROM_CONFIG, "needs_config");
}

/* Some settings have a form for each family: what one of their commands allows is there. */
static void by_commands(
	struct capability *c, enum setting_id id, struct view vendor, struct view config)
{
	bool is_suited = false;
	bool has_command = false;

	for (enum command_kind k = 0; k < COMMAND_KIND_COUNT; k++) {
		enum setting_id ids[SETTINGS_OF_KIND_MAX];
		unsigned n = setting_ids_of(k, ids);
		for (unsigned i = 0; i < n; i++) {
			if (ids[i] != id)
				continue;
			has_command = true;
			is_suited = is_suited || command_suits(k, vendor);
			if (command_definition(k)->needs != NULL)
				by_command(c, k, vendor, config);
		}
	}
	if (has_command && !is_suited && c->has == CAPABILITY_UNKNOWN)
		decide(c, CAPABILITY_NO, CAPABILITY_FROM_MODEL, "other_vendor");
}

static struct capability *find(struct capabilities *able, struct view name)
{
	for (unsigned i = 0; i < able->n; i++) {
		if (view_is(name, view_of(able->items[i].name)))
			return &able->items[i];
	}
	return NULL;
}

static void fill(struct capabilities *able, struct view config)
{
	struct view vendor = view_of(able->vendor);

	able->n = 0;
	for (enum setting_id i = 0; i < SETTING_OWN; i++) {
		struct capability *c = &able->items[able->n++];
		*c = (struct capability){.name = setting_def(i)->name};
		by_model(c, able->model);
		by_key(c, config);
		by_commands(c, i, vendor, config);
	}
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct capability *c = &able->items[able->n++];
		*c = (struct capability){.name = others[i].name};
		by_model(c, able->model);
		by_key(c, config);
		by_command(c, others[i].kind, vendor, config);
	}
}

static void by_row(struct capability *c, struct stmt *s)
{
	enum capability_source source = (enum capability_source)stmt_int(s, 1);
	bool is_known = !stmt_is_null(s, 2);
	bool has = is_known && stmt_int(s, 2) != 0;
	bool is_refuted = c->has == CAPABILITY_NO && c->from == CAPABILITY_FROM_MODEL;

	if (!is_known)
		return;
	if (source == CAPABILITY_FROM_MEMBER)
		decide(c, has ? CAPABILITY_YES : CAPABILITY_NO, source, "by_member");
	else if (source == CAPABILITY_FROM_ANSWERS && !(has && is_refuted))
		decide(c, has ? CAPABILITY_YES : CAPABILITY_NO, source,
			stmt_int(s, 3) >= CAPABILITY_MISSES_MAX ? "unanswered" : "refused");
}

static enum rc read_device(struct db *reader, const struct uid *wearer, struct capabilities *ret,
	char *config, size_t config_size, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT vendor, version, model, config, iccid_changed_ms FROM device"
		" WHERE wearer = ?1",
		wearer, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return refuse(p, RC_CONFLICT, "no_device", NULL, "this wearer has no watch");
	*ret = (struct capabilities){.iccid_changed_ms = stmt_int(s, 4)};
	stmt_copy_text(s, 0, ret->vendor, sizeof ret->vendor);
	rc = stmt_copy_sealed(s, 1, wearer, "device.version", ret->version, sizeof ret->version, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(s, 2, wearer, "device.model", ret->type, sizeof ret->type, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(s, 3, wearer, "device.config", config, config_size, e);
	stmt_reset(s);
	return rc;
}

enum rc capabilities_read(struct db *reader, const struct uid *wearer, struct capabilities *ret,
	struct problem *p, struct err *e)
{
	char config[CONFIG_TEXT];
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = read_device(reader, wearer, ret, config, sizeof config, p, e);

	if (rc != RC_OK)
		return rc;
	ret->model = model_find(view_of(ret->vendor), view_of(ret->version), view_of(ret->type));
	fill(ret, view_of(config));
	/* by their sources: a member comes last, and wins */
	rc = query_prepare(reader,
		"SELECT name, source, has, misses FROM watch_capability WHERE wearer = ?1"
		" ORDER BY source",
		wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct capability *c = find(ret, stmt_text(s, 0));
		if (c != NULL)
			by_row(c, s);
	}
	return rc;
}

const char *capability_missing(const struct capabilities *able, const char *name)
{
	for (unsigned i = 0; i < able->n; i++) {
		if (strcmp(able->items[i].name, name) == 0)
			return able->items[i].missing;
	}
	return NULL;
}

bool capability_is_name(struct view name)
{
	enum setting_id id = SETTING_COUNT;

	if (setting_of_name(name, &id))
		return id < SETTING_OWN;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		if (view_is(name, view_of(others[i].name)))
			return true;
	}
	return false;
}

/* ---- what is learned ---- */

static enum rc learn_one(struct db *db, const struct uid *wearer, const char *name,
	enum capability_lesson lesson, int64_t now_ms, struct err *e)
{
	/* What was answered once stays: a watch may be busy. The first rows are never written
	 * again while nothing new is learned. */
	static const char *const sql[] = {
		[LESSON_ANSWERED] =
			"INSERT INTO watch_capability (wearer, name, source, has, misses, "
			"changed_ms)"
			" VALUES (?1, ?2, 3, 1, 0, ?3) ON CONFLICT (wearer, name, source)"
			" DO UPDATE SET has = 1, misses = 0, changed_ms = ?3 WHERE COALESCE(has, "
			"0) <> 1",
		[LESSON_REFUSED] =
			"INSERT INTO watch_capability (wearer, name, source, has, misses, "
			"changed_ms)"
			" VALUES (?1, ?2, 3, 0, 0, ?3) ON CONFLICT (wearer, name, source)"
			" DO UPDATE SET has = 0, misses = 0, changed_ms = ?3 WHERE COALESCE(has, "
			"0) <> 1",
		[LESSON_SILENT] =
			"INSERT INTO watch_capability (wearer, name, source, has, misses, "
			"changed_ms)"
			" VALUES (?1, ?2, 3, NULL, 1, ?3) ON CONFLICT (wearer, name, source)"
			" DO UPDATE SET misses = misses + 1, changed_ms = ?3,"
			" has = CASE WHEN misses + 1 >= 2 THEN 0 END WHERE COALESCE(has, 0) <> 1",
	};
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, sql[lesson], wearer, &s, e);

	_Static_assert(CAPABILITY_MISSES_MAX == 2, "stands in the statement");
	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(name));
	stmt_bind_int(s, 3, now_ms);
	return stmt_run(s, NULL, e);
}

enum rc capability_learn(struct db *db, const struct uid *wearer, enum command_kind kind,
	enum capability_lesson lesson, int64_t now_ms, struct err *e)
{
	enum setting_id ids[SETTINGS_OF_KIND_MAX];
	unsigned n = setting_ids_of(kind, ids);
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < n && rc == RC_OK; i++) {
		if (ids[i] < SETTING_OWN)
			rc = learn_one(db, wearer, setting_def(ids[i])->name, lesson, now_ms, e);
	}
	for (size_t i = 0; i < COUNT_OF(others) && rc == RC_OK; i++) {
		if (others[i].kind == kind)
			rc = learn_one(db, wearer, others[i].name, lesson, now_ms, e);
	}
	return rc;
}

/* ---- a member knows better ---- */

struct set_job {
	const struct uid *wearer;
	struct view name;
	enum capability_has has;
	int64_t now_ms;
	struct watch_target to; /* out */
	struct problem *problem;
};

static enum rc set_job(struct db *db, void *arg, struct err *e)
{
	struct set_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = watch_target_read(db, job->wearer, &job->to, job->problem, e);

	/* "as learned" also begins the learning anew */
	if (rc == RC_OK)
		rc = query_prepare(db,
			job->has == CAPABILITY_UNKNOWN
				? "DELETE FROM watch_capability WHERE wearer = ?1 AND name = ?2"
				: "INSERT INTO watch_capability (wearer, name, source, has, "
				  "changed_ms)"
				  " VALUES (?1, ?2, 4, ?3, ?4) ON CONFLICT (wearer, name, source)"
				  " DO UPDATE SET has = ?3, changed_ms = ?4",
			job->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, job->name);
	if (job->has != CAPABILITY_UNKNOWN) {
		stmt_bind_int(s, 3, job->has == CAPABILITY_YES);
		stmt_bind_int(s, 4, job->now_ms);
	}
	return stmt_run(s, NULL, e);
}

enum rc capability_set(struct domain *d, const struct principal *who, const struct uid *wearer,
	struct view name, enum capability_has has, struct problem *p, struct err *e)
{
	struct set_job job = {
		.wearer = wearer, .name = name, .has = has, .now_ms = d->wall_ms(), .problem = p};

	assert(capability_is_name(name));
	act_detail(who, "%.*s: %s", (int)name.n, name.p,
		has == CAPABILITY_UNKNOWN ? "as learned" : capability_has_name(has));
	enum rc rc = act_run(d, who, set_job, &job, e);
	if (rc == RC_OK)
		bus_publish(d->bus, EVENT_WEARER, &job.to.group, wearer);
	return rc;
}
