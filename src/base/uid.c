#include "base/uid.h"

#include <stdlib.h>
#include <sys/random.h>

struct uid uid_new(void)
{
	struct uid id;

	if (getrandom(id.b, sizeof id.b, 0) != (ssize_t)sizeof id.b)
		abort();
	return id;
}

bool uid_from_text(struct view text, struct uid *ret)
{
	struct uid id;

	if (text.n != (size_t)UID_BYTES * 2)
		return false;
	for (size_t i = 0; i < UID_BYTES; i++) {
		int high = ascii_hex(text.p[2 * i]);
		int low = ascii_hex(text.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		id.b[i] = (uint8_t)(high << 4 | low);
	}
	*ret = id;
	return true;
}

void uid_to_text(const struct uid *id, char ret_text[UID_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < UID_BYTES; i++) {
		ret_text[2 * i] = digits[id->b[i] >> 4];
		ret_text[2 * i + 1] = digits[id->b[i] & 15];
	}
	ret_text[UID_TEXT - 1] = '\0';
}
