/* The answer of a weather service: JSON as Open-Meteo's /v1/forecast gives it (current and daily
 * values, weather_code by WMO table 4677). Pure. */
#pragma once

#include "link/message.h"

/* Sets is_good and the values of *ret; its place stays. RC_SYNTAX: not such an answer, *ret stays.
 */
MUST_CHECK enum rc weather_read(struct view body, struct message_weather_told *ret, struct err *e);
