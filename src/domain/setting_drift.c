#include "domain/setting_drift.h"

#include "base/num.h"
#include "domain/config.h"
#include "store/query.h"

enum { INTERVAL_TOLD_MAX = 100000, HOUR_MIN = 60 };

static bool read_number(struct view status, const char *key, uint32_t max, uint32_t *ret)
{
	struct view v;

	if (!status_value(status, key, &v))
		return false;
	if (v.n > 0 && ascii_upper(v.p[v.n - 1]) == 'S') /* some say "600S" */
		v.n--;
	return num_u32(v, max, ret, NULL) == RC_OK;
}

void setting_drift_read(struct view status, struct told_settings *ret)
{
	struct view v;

	*ret = (struct told_settings){.interval_s = 0};
	ret->has_interval = read_number(status, "upload", INTERVAL_TOLD_MAX, &ret->interval_s);
	ret->has_language = read_number(status, "language", UINT8_MAX, &ret->language);
	ret->has_profile = read_number(status, "profile", UINT8_MAX, &ret->profile);
	ret->has_zone = status_value(status, "zone", &v) && status_zone(v, &ret->zone_min);
}

/* What it was told last; -1: nothing. */
static enum rc read_sent(struct db *db, const struct uid *wearer, int64_t *ret_interval_s,
	int64_t *ret_zone_min, bool *ret_has_zone, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db,
		"SELECT upload_sent_s, zone_sent_min FROM device WHERE wearer = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	*ret_interval_s = stmt_int(s, 0);
	*ret_has_zone = !stmt_is_null(s, 1);
	*ret_zone_min = stmt_int(s, 1);
	stmt_reset(s);
	return RC_OK;
}

/* Only what it confirmed can have drifted. */
static enum rc look(
	struct setting_work *w, struct db *db, enum setting_id id, bool is_other, struct err *e)
{
	struct setting_row row;
	enum rc rc = is_other ? setting_read(db, &w->to.wearer, id, &row, e) : RC_OK;

	if (rc != RC_OK || !is_other || row.state != SETTING_CONFIRMED)
		return rc;
	if (row.drift_ms != 0 && w->now_ms - row.drift_ms < DRIFT_PAUSE_MS)
		return RC_OK;
	rc = setting_note_drift(db, &w->to.wearer, id, w->now_ms, e);
	return rc == RC_OK ? setting_build_again(w, db, id, e) : rc;
}

static bool is_other_zone(const struct setting_work *w, int told_min, int64_t sent_min)
{
	/* firmware that takes whole hours only */
	return w->to.is_yisai ? told_min / HOUR_MIN != (int)sent_min / HOUR_MIN
			      : told_min != (int)sent_min;
}

static enum rc look_at_profile(
	struct setting_work *w, struct db *db, const struct told_settings *told, struct err *e)
{
	struct setting_row row;
	enum rc rc = setting_read(db, &w->to.wearer, SETTING_SOUND_PROFILE, &row, e);

	if (rc != RC_OK || !row.has_confirmed || !told->has_profile)
		return rc;
	return look(w, db, SETTING_SOUND_PROFILE,
		(int32_t)told->profile != row.confirmed.numbers[0] + 1, e);
}

enum rc setting_drift_look(
	struct setting_work *w, struct db *db, const struct told_settings *told, struct err *e)
{
	int64_t interval_s = 0;
	int64_t zone_min = 0;
	bool has_zone = false;
	uint8_t language = 0;
	enum rc rc = read_sent(db, &w->to.wearer, &interval_s, &zone_min, &has_zone, e);

	if (rc == RC_OK && told->has_interval)
		rc = look(w, db, SETTING_UPLOAD_INTERVAL, told->interval_s != interval_s, e);
	if (rc == RC_OK && told->has_zone && has_zone)
		rc = look(w, db, SETTING_ZONE, is_other_zone(w, told->zone_min, zone_min), e);
	if (rc == RC_OK && told->has_language &&
		watch_language_number(view_of(w->to.language), &language))
		rc = look(w, db, SETTING_LANGUAGE, told->language != language, e);
	return rc == RC_OK ? look_at_profile(w, db, told, e) : rc;
}

enum rc setting_drift_look_config(
	struct setting_work *w, struct db *db, struct view config, struct err *e)
{
	struct setting_row row;
	struct view v;
	struct view level;
	uint32_t n = 0;

	if (!config_value(config, "LS", &v) || !view_cut_until(&v, '+', 2, &level) ||
		num_u32(level, FALL_LEVELS_MAX, &n, NULL) != RC_OK || n == 0)
		return RC_OK;
	enum rc rc = setting_read(db, &w->to.wearer, SETTING_FALL_SENSITIVITY, &row, e);
	if (rc != RC_OK || !row.has_confirmed)
		return rc;
	return look(w, db, SETTING_FALL_SENSITIVITY, (int32_t)n != row.confirmed.numbers[0], e);
}
