/* The password of a watch for SMS: random, set by the server, never shown to anybody. What is
 * wanted and what the watch confirmed are kept sealed. */
#pragma once

#include "domain/domain.h"
#include "watch/command.h"

/* In a writer job: a fresh one, which becomes the confirmed one when the watch says so. */
MUST_CHECK enum rc device_password_want(struct db *db, const struct uid *wearer,
	char ret_digits[COMMAND_DIGITS_MAX + 1], struct err *e);

/* Gives the watch a fresh password by the normal command, as the server itself: for `kinward rotate
 * devices`, on the writing connection of a stopped service, and for the guard. RC_CONFLICT when one
 * was given since since_ms; RC_NOT_FOUND when the wearer has no watch. `d` NULL: the command's life
 * is the default of a week. */
MUST_CHECK enum rc device_password_renew(
	struct db *db, const struct uid *wearer, int64_t now_ms, int64_t since_ms, struct err *e);

/* In a writer job: the watch said that it took this one. */
MUST_CHECK enum rc device_password_confirm(
	struct db *db, const struct uid *wearer, struct view digits, struct err *e);

/* True when value is the one that the watch confirmed, or was given and did not confirm. */
MUST_CHECK enum rc device_password_is(struct db *db, const struct uid *wearer, struct view value,
	bool *ret_is_same, struct err *e);
