#include "crypto/base64url.h"

#include <sodium.h>

bool base64url_read(struct view text, uint8_t *dst, size_t dst_size, size_t *ret_n)
{
	const char *end = NULL;
	size_t n = 0;

	if (text.n == 0) {
		*ret_n = 0;
		return true;
	}
	if (sodium_base642bin(dst, dst_size, text.p, text.n, NULL, &n, &end,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
		end != text.p + text.n)
		return false;
	*ret_n = n;
	return true;
}

void base64url_write(const uint8_t *bytes, size_t n, char *dst, size_t dst_size)
{
	(void)sodium_bin2base64(dst, dst_size, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
