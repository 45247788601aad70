#include "base/https_url.h"

#include <arpa/inet.h>

#include "base/address.h"
#include "base/num.h"

enum { PORT_STANDARD = 443, PORT_CHARS_MAX = 5, LABEL_MAX = 63 };

static bool is_label_char(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || c == '-';
}

static bool is_label(struct view label)
{
	if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		if (!is_label_char(label.p[i]))
			return false;
	}
	return true;
}

/* Some readers take 127.1, 0x7f000001, 2130706433 and 0177.0.0.1 for addresses: what ends in a
 * number is an address or nothing (WHATWG URL, "ends in a number"). */
static bool is_number(struct view label)
{
	if (label.n >= 2 && label.p[0] == '0' && label.p[1] == 'x')
		return true;
	for (size_t i = 0; i < label.n; i++) {
		if (!ascii_is_digit(label.p[i]))
			return false;
	}
	return true;
}

bool is_host_name(struct view text)
{
	struct view rest = text;
	struct view label = {0};
	size_t labels_n = 0;

	if (text.n == 0 || text.n > HTTPS_HOST_MAX)
		return false;
	while (view_cut_field(&rest, '.', &label)) {
		if (!is_label(label))
			return false;
		labels_n++;
	}
	return labels_n >= 2 && !is_number(label);
}

/* Exactly the text that the system writes for the address. */
static bool is_address(struct view text, int family)
{
	char buf[INET6_ADDRSTRLEN];
	char again[INET6_ADDRSTRLEN];
	uint8_t bytes[ADDRESS_BYTES];

	return view_to_text(text, buf, sizeof buf) && inet_pton(family, buf, bytes) == 1 &&
	       inet_ntop(family, bytes, again, sizeof again) != NULL &&
	       view_is(text, view_of(again));
}

static enum rc read_host(struct view *rest, struct https_url *ret, struct err *e)
{
	if (rest->n > 0 && rest->p[0] == '[') {
		struct view inside = {.p = rest->p + 1, .n = rest->n - 1};
		if (!view_cut_until(&inside, ']', INET6_ADDRSTRLEN, &ret->host) ||
			!is_address(ret->host, AF_INET6))
			return fail(e, RC_SYNTAX, "address: no IPv6 address in the brackets");
		ret->is_v6 = true;
		*rest = inside;
		return RC_OK;
	}
	size_t n = 0;
	while (n < rest->n && rest->p[n] != ':' && rest->p[n] != '/')
		n++;
	if (!view_cut(rest, n, &ret->host) ||
		!(is_host_name(ret->host) || is_address(ret->host, AF_INET)))
		return fail(e, RC_SYNTAX,
			"address: a host name in lower case with a dot, or an IP address is "
			"wanted");
	return RC_OK;
}

static enum rc read_port(struct view *rest, struct https_url *ret, struct err *e)
{
	struct view digits = {.p = rest->p + 1, .n = 0};
	uint32_t port = 0;

	ret->port = PORT_STANDARD;
	if (rest->n == 0 || rest->p[0] != ':')
		return RC_OK;
	while (digits.n + 1 < rest->n && rest->p[digits.n + 1] != '/')
		digits.n++;
	if (digits.n == 0 || digits.n > PORT_CHARS_MAX || digits.p[0] == '0' ||
		num_u32(digits, UINT16_MAX, &port, NULL) != RC_OK)
		return fail(e, RC_SYNTAX, "address: the port is no number up to 65535");
	if (port != PORT_STANDARD && port < HTTPS_PORT_FREE_MIN)
		return fail(e, RC_SYNTAX,
			"address: port %u is not allowed, 443 or %d and above are", port,
			HTTPS_PORT_FREE_MIN);
	ret->port = (uint16_t)port;
	rest->p += digits.n + 1;
	rest->n -= digits.n + 1;
	return RC_OK;
}

static bool is_path_char(char c)
{
	return ascii_is_alnum(c) || (c != '\0' && strchr("-._~!$&'()*+,;=:@/?", c) != NULL);
}

static bool is_path(struct view path)
{
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '%') {
			if (i + 2 >= path.n || ascii_hex(path.p[i + 1]) < 0 ||
				ascii_hex(path.p[i + 2]) < 0)
				return false;
			i += 2;
		} else if (!is_path_char(path.p[i])) {
			return false;
		}
	}
	return true;
}

enum rc https_url_read(struct view text, struct https_url *ret, struct err *e)
{
	struct https_url url = {0};
	struct view rest = text;
	struct view scheme;

	if (text.n > HTTPS_URL_MAX)
		return fail(e, RC_LIMIT, "address: more than %d bytes", HTTPS_URL_MAX);
	if (!view_cut(&rest, sizeof "https://" - 1, &scheme) || !view_is(scheme, VIEW("https://")))
		return fail(e, RC_SYNTAX, "address: https:// is wanted");
	enum rc rc = read_host(&rest, &url, e);
	if (rc == RC_OK)
		rc = read_port(&rest, &url, e);
	if (rc != RC_OK)
		return rc;
	url.path = rest;
	if (rest.n == 0 || rest.p[0] != '/')
		return fail(e, RC_SYNTAX, "address: a path is wanted, at least /");
	if (!is_path(rest))
		return fail(e, RC_SYNTAX, "address: a character that is not allowed in a path");
	*ret = url;
	return RC_OK;
}
