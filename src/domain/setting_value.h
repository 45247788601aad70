/* The value of one setting as people know it: numbers, times, lists, in the order of the fields
 * that setting_table.h gives it. A plain value; packed for the store. Pure. */
#pragma once

#include "domain/domain.h"
#include "watch/command.h"

enum {
	SETTING_FIELDS_MAX = 6,
	SETTING_WINDOWS_MAX = 4,
	SETTING_ALARMS_MAX = 3,
	SETTING_POINTS_MAX = 9,
	SETTING_MACS_MAX = 3,
	SETTING_PERIODS_MAX = 8,
	SETTING_LESSONS_MAX = 56,
	SETTING_PACK_MAX = 2560,
};

struct setting_value {
	/* Of fields with one number: by their place among the fields; flags, whole numbers, tenths
	 * of decimals, the place of a choice, minutes of the day, days (Monday is bit 0). */
	int32_t numbers[SETTING_FIELDS_MAX];
	char text[ZONE_TEXT]; /* the one text: language, zone, number */
	uint8_t windows_n, alarms_n, points_n, macs_n, periods_n, lessons_n;
	struct command_window windows[SETTING_WINDOWS_MAX];
	struct command_alarm alarms[SETTING_ALARMS_MAX];
	struct command_point points[SETTING_POINTS_MAX];
	uint8_t macs[SETTING_MACS_MAX][6];
	struct command_window periods[SETTING_PERIODS_MAX];
	struct command_lesson lessons[SETTING_LESSONS_MAX];
};

struct setting_def;

/* Bytes for the store; SETTING_PACK_MAX is always enough. */
MUST_CHECK enum rc setting_value_pack(const struct setting_def *def, const struct setting_value *v,
	uint8_t buf[SETTING_PACK_MAX], size_t *ret_n, struct err *e);
/* Gives only values that check. */
MUST_CHECK enum rc setting_value_unpack(
	const struct setting_def *def, struct view in, struct setting_value *ret, struct err *e);

/* What the definition allows. RC_SYNTAX with the field's name in p. */
MUST_CHECK enum rc setting_value_check(
	const struct setting_def *def, const struct setting_value *v, struct problem *p);
bool setting_value_is_same(const struct setting_def *def, const struct setting_value *a,
	const struct setting_value *b);
