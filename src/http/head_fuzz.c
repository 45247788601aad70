/* Heads of requests: lines "name:value", then what the server asks of them; and the path as a
 * route. */
#include "fuzz.h"

#include <assert.h>

#include "base/address.h"
#include "http/head.h"
#include "http/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view all = {.p = (const char *)data, .n = size};
	struct head h = {0};
	struct view path = {0};
	struct view line;
	struct route_match m;
	struct view token;
	struct address client = {0};
	struct prefixes trusted = {0};

	if (size > 0 && !view_cut_field(&all, '\n', &path))
		return 0;
	while (view_cut_field(&all, '\n', &line)) {
		struct view name;
		if (view_cut_field(&line, ':', &name))
			head_take(&h, name, line);
	}
	routes_match(VIEW("GET"), path, &m);
	if (head_cookie(h.cookie, VIEW("kinward"), &token))
		assert(token.n >= TOKEN_CHARS_MIN && token.n <= TOKEN_CHARS_MAX);
	(void)head_is_own_origin(&h, VIEW("https://kinward.example"));
	(void)head_accepts_gzip(&h);
	(void)head_has_tag(&h, VIEW("\"x\""));
	(void)head_is_type(&h, VIEW("application/json"));
	struct view origin = head_origin_of_url(h.origin);
	assert(origin.n <= h.origin.n);
	assert(h.bad != NULL || !(h.has_length && h.has_transfer_encoding));
	trusted.n = 1; /* ::/0: everybody */
	client = address_of_client(&client, &trusted, h.forwarded_for);
	enum rc rc = prefixes_read(h.forwarded_for, &trusted, NULL);
	assert(rc != RC_OK || trusted.n <= PREFIXES_MAX);
	return 0;
}
