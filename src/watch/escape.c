#include "watch/escape.h"

static const char plain[] = {'}', '[', ']', ',', '*'};

enum { ESCAPE = '}' };

bool escape_is_sound(struct view in)
{
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (c == '[' || c == ']')
			return false;
		if (c != ESCAPE)
			continue;
		i++;
		if (i == in.n || in.p[i] < 1 || (size_t)in.p[i] > sizeof plain)
			return false;
	}
	return true;
}

enum rc escape_read(struct view in, char *buf, size_t buf_size, size_t *ret_n, struct err *e)
{
	size_t n = 0;

	if (!escape_is_sound(in))
		return fail(e, RC_SYNTAX, "escape: 7D must be followed by 01 to 05");
	for (size_t i = 0; i < in.n; i++, n++) {
		if (n == buf_size)
			return fail(e, RC_LIMIT, "escape: over %zu bytes", buf_size);
		bool is_pair = in.p[i] == ESCAPE;
		i += is_pair ? 1 : 0;
		buf[n] = is_pair ? plain[in.p[i] - 1] : in.p[i];
	}
	*ret_n = n;
	return RC_OK;
}

enum rc escape_write(struct view in, char *buf, size_t buf_size, size_t *ret_n, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		const char *hit = memchr(plain, in.p[i], sizeof plain);
		size_t wanted = hit == NULL ? 1 : 2;
		if (buf_size - n < wanted)
			return fail(e, RC_LIMIT, "escape: over %zu bytes", buf_size);
		if (hit == NULL) {
			buf[n] = in.p[i];
		} else {
			buf[n] = ESCAPE;
			buf[n + 1] = (char)(hit - plain + 1);
		}
		n += wanted;
	}
	*ret_n = n;
	return RC_OK;
}
