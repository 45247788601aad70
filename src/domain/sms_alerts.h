/* Which SMS the watch sends by itself: to its SOS numbers on SOS, on a low battery, when it is
 * taken off. Three switches, each told to the watch and confirmed by it. */
#pragma once

#include "domain/domain.h"
#include "domain/setting_store.h"

struct sms_alerts {
	bool low_battery, sos, removed;
	enum setting_state state;
};
/* Codes: no_device (RC_CONFLICT). */
MUST_CHECK enum rc sms_alerts_get(struct db *reader, const struct uid *wearer,
	struct sms_alerts *ret, struct problem *p, struct err *e);

/* NULL leaves a switch as it is. */
struct sms_alerts_change {
	const bool *low_battery, *sos, *removed;
};
MUST_CHECK enum rc sms_alerts_put(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct sms_alerts_change *change, struct sms_alerts *ret,
	struct problem *p, struct err *e);
