/* Codes of authenticator apps: TOTP (RFC 6238), SHA-1, 30 s, 6 digits, one step of tolerance each
 * way. Pure; any thread. */
#pragma once

#include <stdint.h>

#include "base/view.h"

enum {
	TOTP_SECRET_BYTES = 20,
	TOTP_SECRET_TEXT = 33, /* base32 and NUL */
	TOTP_DIGITS = 6,
	TOTP_STEP_S = 30,
	TOTP_URI_TEXT = 800,
};

void totp_secret_new(uint8_t ret[TOTP_SECRET_BYTES]);
/* Base32 as people type it. */
void totp_secret_text(const uint8_t secret[TOTP_SECRET_BYTES], char ret_text[TOTP_SECRET_TEXT]);
/* "otpauth://totp/…" for a QR code; what does not belong into a URI is escaped. */
void totp_uri(const uint8_t secret[TOTP_SECRET_BYTES], struct view issuer, struct view login,
	char ret_text[TOTP_URI_TEXT]);

/* Is this the code of now, of the step before or after, and of a step later than last_step? Then
 * *ret_step is its step, to be kept as the next last_step, so that no code is taken twice. Takes as
 * long whichever digit is wrong. */
MUST_CHECK bool totp_check(const uint8_t secret[TOTP_SECRET_BYTES], struct view code,
	int64_t now_ms, int64_t last_step, int64_t *ret_step);
