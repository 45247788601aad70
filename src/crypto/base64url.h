/* base64url without padding (RFC 4648 §5). Pure. */
#pragma once

#include <stdint.h>

#include "base/view.h"

/* Text size with NUL for n bytes. */
#define BASE64URL_TEXT(n) (((n)*4 + 2) / 3 + 1)

/* False for other characters, padding, left-over bits, or more than dst_size bytes. */
MUST_CHECK bool base64url_read(struct view text, uint8_t *dst, size_t dst_size, size_t *ret_n);
/* dst has room for BASE64URL_TEXT(n). */
void base64url_write(const uint8_t *bytes, size_t n, char *dst, size_t dst_size);
