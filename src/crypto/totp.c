#include "crypto/totp.h"

#include <liboath/oath.h>
#include <stdio.h>

#include "crypto/token.h"

void totp_secret_new(uint8_t ret[TOTP_SECRET_BYTES])
{
	random_bytes(ret, TOTP_SECRET_BYTES);
}

void totp_secret_text(const uint8_t secret[TOTP_SECRET_BYTES], char ret_text[TOTP_SECRET_TEXT])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	size_t n = 0;
	uint32_t bits = 0;
	unsigned bits_n = 0;

	for (size_t i = 0; i < TOTP_SECRET_BYTES; i++) {
		bits = bits << 8 | secret[i];
		for (bits_n += 8; bits_n >= 5; bits_n -= 5)
			ret_text[n++] = digits[bits >> (bits_n - 5) & 31];
	}
	ret_text[n] = '\0';
}

/* Percent-encodes; stops when dst is full. */
static size_t put_escaped(struct view v, char *dst, size_t n, size_t size)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < v.n && n + 4 < size; i++) {
		unsigned char c = (unsigned char)v.p[i];
		if (ascii_is_alnum((char)c) || c == '-' || c == '.' || c == '_' || c == '~') {
			dst[n++] = (char)c;
			continue;
		}
		dst[n++] = '%';
		dst[n++] = hex[c >> 4];
		dst[n++] = hex[c & 15];
	}
	dst[n] = '\0';
	return n;
}

void totp_uri(const uint8_t secret[TOTP_SECRET_BYTES], struct view issuer, struct view login,
	char ret_text[TOTP_URI_TEXT])
{
	char text[TOTP_SECRET_TEXT];
	char name[400];
	char by[120];

	totp_secret_text(secret, text);
	(void)put_escaped(issuer, by, 0, sizeof by);
	(void)put_escaped(login, name, 0, sizeof name);
	(void)snprintf(ret_text, TOTP_URI_TEXT,
		"otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=6&period=30", by,
		name, text, by);
	secret_forget(text, sizeof text);
}

bool totp_check(const uint8_t secret[TOTP_SECRET_BYTES], struct view code, int64_t now_ms,
	int64_t last_step, int64_t *ret_step)
{
	int64_t now_step = now_ms / 1000 / TOTP_STEP_S;
	bool is_right = false;

	if (code.n != TOTP_DIGITS || now_step < 1)
		return false;
	for (int64_t step = now_step - 1; step <= now_step + 1; step++) {
		char wanted[TOTP_DIGITS + 1] = "";
		int made = oath_hotp_generate((const char *)secret, TOTP_SECRET_BYTES,
			(uint64_t)step, TOTP_DIGITS, false, OATH_HOTP_DYNAMIC_TRUNCATION, wanted);
		bool is_same = secret_is(code, (struct view){.p = wanted, .n = TOTP_DIGITS});
		if (made == OATH_OK && is_same && step > last_step) {
			*ret_step = step;
			is_right = true;
		}
		secret_forget(wanted, sizeof wanted);
	}
	return is_right;
}
