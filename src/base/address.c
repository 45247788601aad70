#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/num.h"

static const uint8_t v4_head[12] = {[10] = 0xFF, [11] = 0xFF};

bool address_from_socket(const struct sockaddr *sa, struct address *ret)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa == NULL)
		return false;
	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof v4);
		memcpy(ret->b, v4_head, sizeof v4_head);
		memcpy(ret->b + 12, &v4.sin_addr, 4);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(&v6, sa, sizeof v6);
		memcpy(ret->b, &v6.sin6_addr, ADDRESS_BYTES);
		return true;
	}
	return false;
}

static bool is_v4(const struct address *a)
{
	return memcmp(a->b, v4_head, sizeof v4_head) == 0;
}

bool address_from_text(struct view text, struct address *ret)
{
	char buf[ADDRESS_CHARS];
	uint8_t v4[4];

	if (!view_to_text(text, buf, sizeof buf))
		return false;
	if (inet_pton(AF_INET, buf, v4) == 1) {
		memcpy(ret->b, v4_head, sizeof v4_head);
		memcpy(ret->b + 12, v4, sizeof v4);
		return true;
	}
	return inet_pton(AF_INET6, buf, ret->b) == 1;
}

void address_to_text(const struct address *a, char ret_text[ADDRESS_CHARS])
{
	const char *text = is_v4(a) ? inet_ntop(AF_INET, a->b + 12, ret_text, ADDRESS_CHARS)
				    : inet_ntop(AF_INET6, a->b, ret_text, ADDRESS_CHARS);
	if (text == NULL)
		ret_text[0] = '\0';
}

struct address address_network(const struct address *a)
{
	struct address network = *a;

	if (!is_v4(a))
		memset(network.b + 8, 0, 8);
	return network;
}

static enum rc read_prefix(struct view item, struct prefixes *p, struct err *e)
{
	size_t slash = view_find(item, '/');
	struct view host = {.p = item.p, .n = slash};
	uint32_t bits = 128;

	if (p->n == PREFIXES_MAX)
		return fail(e, RC_LIMIT, "more than %d addresses", PREFIXES_MAX);
	if (!address_from_text(host, &p->items[p->n].address))
		return fail(e, RC_SYNTAX, "not an IP address or prefix");
	bool is_short =
		view_find(host, ':') == host.n; /* dotted: the prefix counts from the 96th bit */
	if (slash < item.n) {
		struct view digits = {.p = item.p + slash + 1, .n = item.n - slash - 1};
		enum rc rc = num_u32(digits, is_short ? 32 : 128, &bits, e);
		if (rc != RC_OK)
			return rc;
		bits += is_short ? 96 : 0;
	}
	p->items[p->n++].bits = (uint8_t)bits;
	return RC_OK;
}

enum rc prefixes_read(struct view text, struct prefixes *ret, struct err *e)
{
	*ret = (struct prefixes){0};
	for (size_t i = 0; i < text.n;) {
		size_t start = i;
		while (i < text.n && memchr(", \t", text.p[i], 3) == NULL)
			i++;
		if (i > start) {
			enum rc rc = read_prefix(
				(struct view){.p = text.p + start, .n = i - start}, ret, e);
			if (rc != RC_OK)
				return rc;
		}
		i++;
	}
	return RC_OK;
}

static bool has_prefix(const struct address *a, const struct address *prefix, unsigned bits)
{
	if (memcmp(a->b, prefix->b, bits / 8) != 0)
		return false;
	unsigned rest = bits % 8;
	return rest == 0 || (a->b[bits / 8] ^ prefix->b[bits / 8]) >> (8 - rest) == 0;
}

bool prefixes_hold(const struct prefixes *p, const struct address *a)
{
	for (size_t i = 0; i < p->n; i++) {
		if (has_prefix(a, &p->items[i].address, p->items[i].bits))
			return true;
	}
	return false;
}

struct address address_of_client(
	const struct address *peer, const struct prefixes *trusted, struct view forwarded_for)
{
	struct address client = *peer;

	while (forwarded_for.n > 0 && prefixes_hold(trusted, &client)) {
		size_t start = forwarded_for.n;
		while (start > 0 && forwarded_for.p[start - 1] != ',')
			start--;
		struct view last = {.p = forwarded_for.p + start, .n = forwarded_for.n - start};
		struct address next;
		if (!address_from_text(view_trim(last), &next))
			break;
		client = next;
		forwarded_for.n = start == 0 ? 0 : start - 1;
	}
	return client;
}
