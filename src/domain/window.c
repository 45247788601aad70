#include "domain/window.h"

#define DAY_MS ((int64_t)DAY_MINUTES * 60 * 1000)

size_t windows_pack(const struct window *windows, size_t n, uint8_t ret[WINDOWS_MAX * WINDOW_BYTES])
{
	for (size_t i = 0; i < n; i++) {
		const struct window *w = &windows[i];
		const uint8_t packed[WINDOW_BYTES] = {w->is_only, w->days,
			(uint8_t)(w->from_min >> 8), (uint8_t)w->from_min,
			(uint8_t)(w->to_min >> 8), (uint8_t)w->to_min, (uint8_t)(w->rights >> 24),
			(uint8_t)(w->rights >> 16), (uint8_t)(w->rights >> 8), (uint8_t)w->rights};
		memcpy(ret + i * WINDOW_BYTES, packed, sizeof packed);
	}
	return n * WINDOW_BYTES;
}

static struct window unpack(const uint8_t *p)
{
	return (struct window){.is_only = p[0] != 0,
		.days = p[1],
		.from_min = (uint16_t)(p[2] << 8 | p[3]),
		.to_min = (uint16_t)(p[4] << 8 | p[5]),
		.rights = (right_set)p[6] << 24 | (right_set)p[7] << 16 | (right_set)p[8] << 8 |
			  p[9]};
}

bool windows_unpack(struct view packed, struct window ret[WINDOWS_MAX], size_t *ret_n)
{
	if (packed.n % WINDOW_BYTES != 0 || packed.n > (size_t)WINDOWS_MAX * WINDOW_BYTES)
		return false;
	*ret_n = packed.n / WINDOW_BYTES;
	for (size_t i = 0; i < *ret_n; i++)
		ret[i] = unpack((const uint8_t *)packed.p + i * WINDOW_BYTES);
	return true;
}

/* today: 0 Monday … 6 Sunday */
static bool is_inside(const struct window *w, unsigned today, unsigned minute)
{
	bool begins_today = (w->days & 1u << today) != 0;
	bool began_yesterday = (w->days & 1u << (today + 6) % 7) != 0;

	if (w->from_min < w->to_min)
		return begins_today && minute >= w->from_min && minute < w->to_min;
	return (begins_today && minute >= w->from_min) || (began_yesterday && minute < w->to_min);
}

right_set windows_forbid(struct view packed, int64_t local_ms)
{
	struct window windows[WINDOWS_MAX];
	size_t n = 0;
	right_set limited = 0; /* by an "only" … */
	right_set inside = 0;  /* … and inside one */
	right_set quiet = 0;

	if (!windows_unpack(packed, windows, &n))
		return ~RIGHT_BIT(RIGHT_SEE_GROUP);
	if (local_ms < 0)
		local_ms = 0;
	unsigned today = (unsigned)((local_ms / DAY_MS + 3) % 7); /* 1970-01-01: a Thursday */
	unsigned minute = (unsigned)(local_ms % DAY_MS / 60000);
	for (size_t i = 0; i < n; i++) {
		bool is_in = is_inside(&windows[i], today, minute);
		if (windows[i].is_only)
			limited |= windows[i].rights;
		if (windows[i].is_only && is_in)
			inside |= windows[i].rights;
		if (!windows[i].is_only && is_in)
			quiet |= windows[i].rights;
	}
	return ((limited & ~inside) | quiet) & ~RIGHT_BIT(RIGHT_SEE_GROUP);
}
