#include "domain/watch_settings_inside.h"

#include "base/log.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/outbox.h"
#include "store/query.h"
#include "time/zone.h"

enum { INTERVAL_MIN_S = 60, INTERVAL_MAX_S = 3600, ZONE_MIN_MIN = -720, ZONE_MAX_MIN = 840 };

/* The LZ table of the protocol, section 5.2. */
static const struct {
	const char *tag; /* BCP 47: the whole, or the first part of what is asked for */
	uint8_t number;
} languages[] = {
	{"zh-TW", 14},
	{"zh-HK", 14},
	{"zh-Hant", 14},
	{"en", 0},
	{"zh", 1},
	{"pt", 3},
	{"es", 4},
	{"de", 5},
	{"tr", 7},
	{"vi", 8},
	{"ru", 9},
	{"fr", 10},
	{"el", 11},
	{"it", 12},
	{"sv", 13},
	{"bg", 15},
	{"nl", 16},
	{"pl", 17},
	{"fi", 18},
	{"th", 19},
	{"he", 22},
	{"da", 23},
	{"hi", 25},
	{"ro", 26},
	{"cs", 27},
	{"ar", 28},
	{"hu", 34},
	{"sk", 36},
};

bool watch_language_number(struct view language, uint8_t *ret)
{
	for (size_t i = 0; i < COUNT_OF(languages); i++) {
		struct view tag = view_of(languages[i].tag);
		bool is_whole =
			language.n == tag.n || (language.n > tag.n && language.p[tag.n] == '-');
		if (is_whole && view_starts_nocase(language, tag)) {
			*ret = languages[i].number;
			return true;
		}
	}
	return false;
}

static void zone_freep(struct zone **z)
{
	zone_free(*z);
}

enum rc watch_zone_minutes(struct view zone, int64_t now_ms, int16_t *ret_min, struct err *e)
{
	CLEANUP(zone_freep) struct zone *z = NULL;
	enum rc rc = zone_load(zone, &z, e);

	if (rc != RC_OK)
		return rc;
	int32_t offset_s = zone_offset_s(z, now_ms);
	/* Historic offsets of odd seconds: the nearest quarter of an hour. */
	int32_t quarters = (offset_s + (offset_s < 0 ? -450 : 450)) / 900;
	int32_t minutes = quarters * 15;
	if (minutes < ZONE_MIN_MIN || minutes > ZONE_MAX_MIN)
		return fail(
			e, RC_LIMIT, "zone: %d minutes are out of a watch's range", (int)minutes);
	*ret_min = (int16_t)minutes;
	return RC_OK;
}

static struct command_row *add_row(const struct domain *d, const struct settings_target *to,
	enum command_kind kind, struct settings_commands *ret)
{
	struct command_row *row = &ret->rows[ret->n++];

	command_row_init(row, d, kind);
	row->wearer = to->wearer;
	row->group = to->group;
	row->by = to->by;
	row->number = to->number;
	return row;
}

enum rc settings_commands_insert(const struct domain *d, struct db *db,
	const struct settings_target *to, bool wants_language_zone, bool wants_interval,
	struct settings_commands *ret, struct err *e)
{
	enum rc rc = RC_OK;

	ret->n = 0;
	if (wants_language_zone && !to->is_lz_refused) {
		struct command_row *row = add_row(d, to, COMMAND_LANGUAGE_ZONE, ret);
		row->command.language = to->language;
		row->command.zone_min = to->zone_min;
	}
	if (wants_language_zone && to->is_lz_refused) {
		add_row(d, to, COMMAND_LANGUAGE, ret)->command.language = to->language;
		add_row(d, to, COMMAND_ZONE, ret)->command.zone_min = to->zone_min;
	}
	if (wants_interval)
		add_row(d, to, COMMAND_UPLOAD_INTERVAL, ret)->command.interval_s = to->interval_s;
	for (unsigned i = 0; i < ret->n && rc == RC_OK; i++)
		rc = command_row_insert(db, &ret->rows[i], e);
	return rc;
}

void settings_commands_post(struct domain *d, const struct settings_commands *commands)
{
	struct err e;

	for (unsigned i = 0; i < commands->n; i++) {
		if (outbox_post(d, &commands->rows[i], &e) != RC_OK)
			log_event(LOG_ERROR, "settings.not_queued",
				"why=\"%s\" it goes out after the next start", e.msg);
	}
}

/* A row of the device table. */
struct device_settings {
	struct watch_settings settings;
	struct settings_target target;
};

static enum rc read_settings(
	struct db *db, const struct uid *wearer, struct device_settings *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT d.language, d.zone, d.upload_interval_s, d.is_language_confirmed,"
		" d.is_zone_confirmed, d.is_interval_confirmed, d.is_lz_refused, w.care_group, "
		"w.number"
		" FROM device d JOIN wearer w ON w.id = d.wearer WHERE d.wearer = ?1",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return fail(e, RC_CONFLICT, "this wearer has no watch");
	*ret = (struct device_settings){
		.settings = {.upload_interval_s = (uint32_t)stmt_int(s, 2),
			.is_language_confirmed = stmt_int(s, 3) != 0,
			.is_zone_confirmed = stmt_int(s, 4) != 0,
			.is_interval_confirmed = stmt_int(s, 5) != 0},
		.target = {.wearer = *wearer,
			.is_lz_refused = stmt_int(s, 6) != 0,
			.group = stmt_uid(s, 7),
			.number = (uint32_t)stmt_int(s, 8)},
	};
	stmt_copy_text(s, 0, ret->settings.language, sizeof ret->settings.language);
	stmt_copy_text(s, 1, ret->settings.zone, sizeof ret->settings.zone);
	stmt_reset(s);
	return RC_OK;
}

enum rc watch_settings_get(struct db *reader, const struct uid *wearer, struct watch_settings *ret,
	struct problem *p, struct err *e)
{
	struct device_settings now;
	enum rc rc = read_settings(reader, wearer, &now, e);

	if (rc == RC_CONFLICT)
		return refuse(p, rc, "no_device", NULL, "this wearer has no watch");
	if (rc == RC_OK)
		*ret = now.settings;
	return rc;
}

struct change_job {
	const struct domain *domain;
	const struct uid *wearer, *by;
	struct view language, zone;        /* p == NULL: as it is */
	uint32_t interval_s;               /* 0: as it is */
	struct device_settings now;        /* out */
	struct settings_commands commands; /* out */
};

static enum rc write_settings(struct db *db, const struct change_job *job, struct err *e)
{
	const struct watch_settings *set = &job->now.settings;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE device SET language = ?2, zone = ?3, upload_interval_s = ?4,"
		" is_language_confirmed = ?5, is_zone_confirmed = ?6, is_interval_confirmed = ?7,"
		" zone_sent_min = ?8 WHERE wearer = ?1",
		job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(set->language));
	stmt_bind_text(s, 3, view_of(set->zone));
	stmt_bind_int(s, 4, set->upload_interval_s);
	stmt_bind_int(s, 5, set->is_language_confirmed);
	stmt_bind_int(s, 6, set->is_zone_confirmed);
	stmt_bind_int(s, 7, set->is_interval_confirmed);
	stmt_bind_int(s, 8, job->now.target.zone_min);
	return stmt_run(s, NULL, e);
}

/* Takes one wanted text over. True when it differs from what is confirmed. */
static bool take_text(struct view wanted, char *now, size_t now_size, bool *is_confirmed)
{
	if (wanted.p == NULL || (view_is(wanted, view_of(now)) && *is_confirmed))
		return false;
	*is_confirmed = false;
	return view_to_text(wanted, now, now_size);
}

static enum rc change_job(struct db *db, void *arg, struct err *e)
{
	struct change_job *job = arg;
	struct watch_settings *set = &job->now.settings;
	struct settings_target *to = &job->now.target;
	enum rc rc = read_settings(db, job->wearer, &job->now, e);

	if (rc != RC_OK)
		return rc;
	bool is_language = take_text(
		job->language, set->language, sizeof set->language, &set->is_language_confirmed);
	bool is_zone = take_text(job->zone, set->zone, sizeof set->zone, &set->is_zone_confirmed);
	bool is_interval = job->interval_s != 0 && (job->interval_s != set->upload_interval_s ||
							   !set->is_interval_confirmed);
	if (is_interval) {
		set->upload_interval_s = job->interval_s;
		set->is_interval_confirmed = false;
	}
	to->by = *job->by;
	to->interval_s = set->upload_interval_s;
	rc = watch_zone_minutes(view_of(set->zone), job->domain->wall_ms(), &to->zone_min, e);
	if (rc == RC_OK && !watch_language_number(view_of(set->language), &to->language))
		rc = fail(e, RC_BUG, "settings: stored language is unknown");
	if (rc == RC_OK)
		rc = write_settings(db, job, e);
	if (rc == RC_OK)
		rc = settings_commands_insert(job->domain, db, to, is_language || is_zone,
			is_interval, &job->commands, e);
	return rc;
}

static enum rc check_change(struct domain *d, struct view language, struct view zone,
	uint32_t interval_s, struct problem *p)
{
	uint8_t number = 0;
	int16_t minutes = 0;

	if (language.p != NULL &&
		(language.n >= LANGUAGE_TEXT || !watch_language_number(language, &number)))
		return refuse(p, RC_SYNTAX, "language_unsupported", "language",
			"no watch of this kind speaks it");
	if (zone.p != NULL && (zone.n >= ZONE_TEXT || watch_zone_minutes(zone, d->wall_ms(),
							      &minutes, NULL) != RC_OK))
		return refuse(
			p, RC_SYNTAX, "zone_unknown", "zone", "an IANA name such as Europe/Berlin");
	if (interval_s != 0 && (interval_s < INTERVAL_MIN_S || interval_s > INTERVAL_MAX_S))
		return refuse(p, RC_SYNTAX, "interval_out_of_range", "upload_interval_s",
			"60 to 3600 seconds");
	return RC_OK;
}

enum rc watch_settings_change(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *wearer, struct view language, struct view zone,
	uint32_t upload_interval_s, struct watch_settings *ret, struct problem *p, struct err *e)
{
	struct change_job job = {.domain = d,
		.wearer = wearer,
		.by = &who->account,
		.language = language,
		.zone = zone,
		.interval_s = upload_interval_s};
	enum rc rc = check_change(d, language, zone, upload_interval_s, p);

	(void)reader; /* the job reads what it changes */
	act_detail(who, "%.*s %.*s %u s", (int)language.n, language.p == NULL ? "" : language.p,
		(int)zone.n, zone.p == NULL ? "" : zone.p, upload_interval_s);
	if (rc == RC_OK)
		rc = act_run(d, who, change_job, &job, e);
	if (rc == RC_CONFLICT)
		return refuse(p, rc, "no_device", NULL, "this wearer has no watch");
	if (rc != RC_OK)
		return rc;
	settings_commands_post(d, &job.commands);
	bus_publish(d->bus, EVENT_WEARER, &job.now.target.group, wearer);
	*ret = job.now.settings;
	return RC_OK;
}
