#include "base/mail_address.h"

#include "base/https_url.h"

enum { LOCAL_MAX = 64 };

static bool is_local_char(char c)
{
	return ascii_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* dot-atom of RFC 5322 */
static bool is_local(struct view local)
{
	if (local.n == 0 || local.n > LOCAL_MAX || local.p[0] == '.' || local.p[0] == '-' ||
		local.p[local.n - 1] == '.')
		return false;
	for (size_t i = 0; i < local.n; i++) {
		bool is_dot = local.p[i] == '.';
		if (!is_dot && !is_local_char(local.p[i]))
			return false;
		if (is_dot && local.p[i + 1] == '.') /* the last one is no dot */
			return false;
	}
	return true;
}

static bool is_domain(struct view domain)
{
	char lower[HTTPS_HOST_MAX];

	if (domain.n > sizeof lower)
		return false;
	for (size_t i = 0; i < domain.n; i++)
		lower[i] = ascii_lower(domain.p[i]);
	return is_host_name((struct view){.p = lower, .n = domain.n});
}

bool is_mail_address(struct view text)
{
	struct view local;
	struct view rest = text;

	return text.n <= MAIL_ADDRESS_MAX && view_cut_until(&rest, '@', LOCAL_MAX, &local) &&
	       is_local(local) && is_domain(rest);
}

struct view mail_address_domain(struct view address)
{
	struct view none = {0};
	struct view local;

	return view_cut_until(&address, '@', LOCAL_MAX, &local) ? address : none;
}
