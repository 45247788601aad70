/* What a certificate file says about its end. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

/* The end of the first certificate of a PEM text, in UTC ms. RC_SYNTAX: there is none. */
MUST_CHECK enum rc certificate_expiry(struct view pem, int64_t *ret_ms, struct err *e);
