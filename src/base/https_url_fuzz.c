/* Addresses as partners might type them. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/https_url.h"
#include "base/mail_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = {.p = (const char *)data, .n = size};
	struct https_url url;

	if (https_url_read(in, &url, NULL) == RC_OK &&
		(url.host.n == 0 || url.path.p + url.path.n != in.p + in.n || url.path.p[0] != '/'))
		abort();
	if (is_mail_address(in) && mail_address_domain(in).n == 0)
		abort();
	return 0;
}
