/* What a person can send to the watch's SIM by hand while the watch is not connected (protocol
 * section 5.2, end). Most of these texts carry the device password. Ours is a secret and is never
 * shown, so such a text is offered only while the watch still has the factory's, which everybody
 * knows; the SOS numbers need none. Nothing else is offered. */
#pragma once

#include "domain/domain.h"

enum { SMS_FORM_TEXT = 64 };

struct sms_forms {
	bool is_possible;          /* not connected */
	bool has_factory_password; /* it never confirmed ours */
	char to[SIM_NUMBER_TEXT];  /* "" when it is not known */
};
/* Of a wearer without a watch: nothing is possible. */
MUST_CHECK enum rc sms_forms_read(struct domain *d, struct db *reader, const struct uid *wearer,
	struct sms_forms *ret, struct err *e);

/* How many texts: 0, when there is no form that may be shown, or 1. */
uint8_t sms_form_interval(const struct sms_forms *f, uint32_t interval_s, char ret[SMS_FORM_TEXT]);
uint8_t sms_form_status(const struct sms_forms *f, char ret[SMS_FORM_TEXT]);
/* slot 1..3 */
uint8_t sms_form_sos(
	const struct sms_forms *f, unsigned slot, const char *number, char ret[SMS_FORM_TEXT]);
