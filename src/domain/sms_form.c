#include "domain/sms_form.h"

#include <stdio.h>

#include "domain/live.h"
#include "store/query.h"
#include "store/sealed.h"

enum rc sms_forms_read(struct domain *d, struct db *reader, const struct uid *wearer,
	struct sms_forms *ret, struct err *e)
{
	struct live_view live;
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT phone, password IS NULL FROM device WHERE wearer = ?1", wearer, &s, e);

	*ret = (struct sms_forms){.is_possible = false};
	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	ret->has_factory_password = stmt_int(s, 1) != 0;
	rc = stmt_copy_sealed(s, 0, wearer, "device.phone", ret->to, sizeof ret->to, e);
	stmt_reset(s);
	ret->is_possible = live_read(d->live, wearer, &live) && !live.is_connected;
	return rc;
}

static uint8_t written(int n)
{
	return n > 0 && n < SMS_FORM_TEXT;
}

uint8_t sms_form_interval(const struct sms_forms *f, uint32_t interval_s, char ret[SMS_FORM_TEXT])
{
	if (!f->is_possible || !f->has_factory_password)
		return 0;
	return written(snprintf(ret, SMS_FORM_TEXT, "pw,123456,upload,%u#", interval_s));
}

uint8_t sms_form_status(const struct sms_forms *f, char ret[SMS_FORM_TEXT])
{
	if (!f->is_possible || !f->has_factory_password)
		return 0;
	return written(snprintf(ret, SMS_FORM_TEXT, "pw,123456,ts#"));
}

uint8_t sms_form_sos(
	const struct sms_forms *f, unsigned slot, const char *number, char ret[SMS_FORM_TEXT])
{
	if (!f->is_possible)
		return 0;
	return written(snprintf(ret, SMS_FORM_TEXT, "sos%u,%s#", slot, number));
}
