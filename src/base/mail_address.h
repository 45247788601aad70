/* Is this an e-mail address that the service sends to? Narrower than RFC 5321: local part of plain
 * characters and dots (no quotes), a domain name with a dot, ASCII only. Nothing in it can end a
 * header line or begin a second recipient. Pure. */
#pragma once

#include "base/view.h"

enum { MAIL_ADDRESS_MAX = 254, MAIL_ADDRESS_TEXT = MAIL_ADDRESS_MAX + 1 };

MUST_CHECK bool is_mail_address(struct view text);
/* What stands behind the '@' of such an address. */
struct view mail_address_domain(struct view address);
