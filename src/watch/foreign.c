#include "watch/foreign.h"

enum { ANY = -1, SIGN_MAX = 8 };

struct sign {
	enum foreign foreign;
	size_t n;
	int16_t bytes[SIGN_MAX];
};

static const struct sign signs[] = {
	{FOREIGN_AQSH, 5, {0xFF, 'A', 'Q', 'S', 'H'}},
	{FOREIGN_HTTP, 4, {'G', 'E', 'T', ' '}},
	{FOREIGN_HTTP, 5, {'H', 'E', 'A', 'D', ' '}},
	{FOREIGN_HTTP, 5, {'P', 'O', 'S', 'T', ' '}},
	{FOREIGN_HTTP, 4, {'P', 'U', 'T', ' '}},
	{FOREIGN_HTTP, 7, {'D', 'E', 'L', 'E', 'T', 'E', ' '}},
	{FOREIGN_HTTP, 8, {'O', 'P', 'T', 'I', 'O', 'N', 'S', ' '}},
	{FOREIGN_HTTP, 8, {'C', 'O', 'N', 'N', 'E', 'C', 'T', ' '}},
	{FOREIGN_HTTP, 5, {'P', 'R', 'I', ' ', '*'}}, /* HTTP/2 with prior knowledge */
	{FOREIGN_TLS, 3, {0x16, 0x03, ANY}},
	{FOREIGN_GT06, 4, {0x78, 0x78, ANY, 0x01}}, /* login */
	{FOREIGN_GT06, 5, {0x79, 0x79, ANY, ANY, 0x01}},
	{FOREIGN_THINKRACE, 4, {'I', 'W', 'A', 'P'}},
	{FOREIGN_THINKRACE, 5, {'T', 'R', 'V', 'A', 'P'}},
};

static bool matches(const struct sign *sign, struct view in)
{
	size_t n = in.n < sign->n ? in.n : sign->n;

	for (size_t i = 0; i < n; i++) {
		if (sign->bytes[i] != ANY && (uint8_t)in.p[i] != sign->bytes[i])
			return false;
	}
	return true;
}

enum foreign foreign_find(struct view in, bool *ret_may_come)
{
	*ret_may_come = false;
	for (size_t i = 0; i < COUNT_OF(signs); i++) {
		if (!matches(&signs[i], in))
			continue;
		if (in.n >= signs[i].n)
			return signs[i].foreign;
		*ret_may_come = true;
	}
	return FOREIGN_NONE;
}

const char *foreign_name(enum foreign f)
{
	switch (f) {
	case FOREIGN_AQSH:
		return "aqsh";
	case FOREIGN_HTTP:
		return "http";
	case FOREIGN_TLS:
		return "tls";
	case FOREIGN_GT06:
		return "gt06";
	case FOREIGN_THINKRACE:
		return "thinkrace";
	case FOREIGN_NONE:
	case FOREIGN_COUNT:
		break;
	}
	return "none";
}

const char *foreign_advice(enum foreign f)
{
	switch (f) {
	case FOREIGN_AQSH:
		return "This watch wraps its messages in the maker's encryption (AQSH). Ask the "
		       "seller to "
		       "switch it to plain text (\"FOTA without key\"); until then it cannot be "
		       "read.";
	case FOREIGN_HTTP:
		return "A web browser or phone app talks to the port for watches. Web pages are on "
		       "the web "
		       "port; phones that report by OsmAnd or OwnTracks need that port, too.";
	case FOREIGN_TLS:
		return "Somebody opened an encrypted (TLS) connection on the port for plain "
		       "watches. "
		       "Usually a scanner or a browser with https in the address.";
	case FOREIGN_GT06:
		return "This device speaks GT06 (Concox), another protocol. It is not a watch of "
		       "the "
		       "SETracker family and cannot be used here.";
	case FOREIGN_THINKRACE:
		return "This device speaks the Thinkrace protocol (IW or TRV). It is not a watch "
		       "of the "
		       "SETracker family and cannot be used here.";
	case FOREIGN_NONE:
	case FOREIGN_COUNT:
		break;
	}
	return "";
}
