#include "domain/sms_alerts.h"

#include "domain/settings.h"
#include "domain/watch_target.h"

enum { LOW_BATTERY, SOS, REMOVED }; /* the fields of the setting */

static void read_value(const struct setting_row *row, struct sms_alerts *ret)
{
	*ret = (struct sms_alerts){.low_battery = row->wanted.numbers[LOW_BATTERY] != 0,
		.sos = row->wanted.numbers[SOS] != 0,
		.removed = row->wanted.numbers[REMOVED] != 0,
		.state = row->state};
}

enum rc sms_alerts_get(struct db *reader, const struct uid *wearer, struct sms_alerts *ret,
	struct problem *p, struct err *e)
{
	struct watch_target to;
	struct setting_row row;
	enum rc rc = watch_target_read(reader, wearer, &to, p, e);

	if (rc == RC_OK)
		rc = setting_read(reader, wearer, SETTING_SMS_ALERTS, &row, e);
	if (rc == RC_OK)
		read_value(&row, ret);
	return rc;
}

static void change(struct setting_value *v, unsigned field, const bool *wanted)
{
	if (wanted != NULL)
		v->numbers[field] = *wanted;
}

static void change_value(void *ctx, struct setting_value *v)
{
	const struct sms_alerts_change *wanted = ctx;

	change(v, LOW_BATTERY, wanted->low_battery);
	change(v, SOS, wanted->sos);
	change(v, REMOVED, wanted->removed);
}

enum rc sms_alerts_put(struct domain *d, const struct principal *who, const struct uid *wearer,
	const struct sms_alerts_change *wanted, struct sms_alerts *ret, struct problem *p,
	struct err *e)
{
	struct sms_alerts_change copy = *wanted;
	struct setting_row row;
	enum rc rc =
		settings_alter(d, who, wearer, SETTING_SMS_ALERTS, change_value, &copy, &row, p, e);

	if (rc == RC_OK)
		read_value(&row, ret);
	return rc;
}
