#include "courier/callable.h"

struct range {
	uint8_t bytes[ADDRESS_BYTES];
	uint8_t bits;
};

#define V4(a, b, c, d, bits)                                                                       \
	{                                                                                          \
		{[10] = 0xFF, 0xFF, a, b, c, d}, 96 + (bits)                                       \
	}

/* IANA IPv4 Special-Purpose Address Registry, and 224/4, 240/4. */
static const struct range v4_closed[] = {
	V4(0, 0, 0, 0, 8),       /* this network */
	V4(10, 0, 0, 0, 8),      /* private */
	V4(100, 64, 0, 0, 10),   /* shared (carriers' NAT) */
	V4(127, 0, 0, 0, 8),     /* loopback */
	V4(169, 254, 0, 0, 16),  /* link-local, metadata of clouds */
	V4(172, 16, 0, 0, 12),   /* private */
	V4(192, 0, 0, 0, 24),    /* protocol assignments */
	V4(192, 0, 2, 0, 24),    /* documentation */
	V4(192, 88, 99, 0, 24),  /* 6to4 relays */
	V4(192, 168, 0, 0, 16),  /* private */
	V4(198, 18, 0, 0, 15),   /* benchmarks */
	V4(198, 51, 100, 0, 24), /* documentation */
	V4(203, 0, 113, 0, 24),  /* documentation */
	V4(224, 0, 0, 0, 4),     /* multicast */
	V4(240, 0, 0, 0, 4),     /* reserved, broadcast */
};

static const struct range v6_open = {{0x20}, 3};

static const struct range v6_closed[] = {
	{{0x20, 0x01}, 23},             /* protocol assignments: Teredo, ORCHID, benchmarks */
	{{0x20, 0x01, 0x0D, 0xB8}, 32}, /* documentation */
	{{0x20, 0x02}, 16},             /* 6to4 */
	{{0x3F, 0xFF}, 20},             /* documentation */
};

static const struct range v4_mapped = {{[10] = 0xFF, 0xFF}, 96};

static bool is_in(const struct address *a, const struct range *r)
{
	unsigned whole = r->bits / 8;
	unsigned rest = r->bits % 8;

	return memcmp(a->b, r->bytes, whole) == 0 &&
	       (rest == 0 || (a->b[whole] ^ r->bytes[whole]) >> (8 - rest) == 0);
}

static bool is_in_any(const struct address *a, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_in(a, &ranges[i]))
			return true;
	}
	return false;
}

bool address_is_public(const struct address *a)
{
	if (is_in(a, &v4_mapped))
		return !is_in_any(a, v4_closed, COUNT_OF(v4_closed));
	return is_in(a, &v6_open) && !is_in_any(a, v6_closed, COUNT_OF(v6_closed));
}

bool address_is_callable(const struct address *a, const struct prefixes *allowed)
{
	return address_is_public(a) || prefixes_hold(allowed, a);
}
