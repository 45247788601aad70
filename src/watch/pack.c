#include "watch/pack.h"

enum { LONGEST = 10 }; /* bytes of a 64-bit number, 7 bits in each */

uint64_t unpack_long_uint(struct pack_in *in, uint64_t max)
{
	size_t reach = in->n < LONGEST ? in->n : LONGEST;
	uint64_t value = 0;

	for (size_t i = 0; i < reach; i++) {
		uint8_t b = in->p[i];
		if (i == LONGEST - 1 && b > 1)
			break;
		value |= (uint64_t)(b & 0x7F) << (7 * i);
		if (b >= 0x80)
			continue;
		if (value > max || (i > 0 && b == 0))
			break; /* too large, or longer than it needs to be */
		in->p += i + 1;
		in->n -= i + 1;
		return value;
	}
	in->is_bad = true;
	return 0;
}
