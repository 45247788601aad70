#include "domain/config.h"

#include "base/num.h"

enum { KEY_MAX = 24, HOURS_MAX = 14, HOUR_MIN = 60 };

static bool value_of(struct view text, char stop, const char *key, struct view *ret)
{
	struct view item;
	struct view name;

	while (view_cut_field(&text, stop, &item)) {
		item = view_trim(item);
		if (view_cut_until(&item, ':', KEY_MAX, &name) &&
			view_is_nocase(view_trim(name), view_of(key))) {
			*ret = view_trim(item);
			return true;
		}
	}
	return false;
}

bool config_value(struct view config, const char *key, struct view *ret)
{
	return value_of(config, ',', key, ret);
}

bool status_value(struct view status, const char *key, struct view *ret)
{
	return value_of(status, ';', key, ret);
}

/* Digits behind the point as minutes: 5 is 30, 75 is 45. */
static bool fraction_minutes(struct view v, uint32_t *ret)
{
	uint32_t n = 0;

	if (v.n < 1 || v.n > 2 || num_u32(v, 99, &n, NULL) != RC_OK)
		return false;
	*ret = (v.n == 1 ? n * 10 : n) * HOUR_MIN / 100;
	return true;
}

bool status_zone(struct view text, int *ret_min)
{
	bool is_negative = text.n > 0 && text.p[0] == '-';
	struct view hours;
	uint32_t h = 0;
	uint32_t min = 0;

	if (text.n > 0 && (text.p[0] == '-' || text.p[0] == '+'))
		text = (struct view){.p = text.p + 1, .n = text.n - 1};
	if (view_cut_until(&text, ':', 2, &hours)) {
		if (num_u32(text, HOUR_MIN - 1, &min, NULL) != RC_OK)
			return false;
	} else if (view_cut_until(&text, '.', 2, &hours)) {
		if (!fraction_minutes(text, &min))
			return false;
	} else {
		hours = text;
	}
	if (num_u32(hours, HOURS_MAX, &h, NULL) != RC_OK)
		return false;
	*ret_min = (int)(h * HOUR_MIN + min) * (is_negative ? -1 : 1);
	return true;
}
