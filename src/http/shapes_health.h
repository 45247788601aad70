/* The JSON shapes of health, days and battery: members of an object that the caller opens and ends.
 * For people and partners. Pure. */
#pragma once

#include "base/json_out.h"
#include "domain/battery.h"
#include "domain/days.h"
#include "domain/health.h"

/* One kind of what a report said. */
void shape_health_value(struct json_out *j, const struct health_value *v, enum health_kind kind);
/* may_see_way: the reader may see the history of places. */
void shape_day(struct json_out *j, const struct day_info *day, bool may_see_way);
void shape_battery(struct json_out *j, const struct battery_info *b, int64_t now_ms);
