/* `kinward rotate WHAT`: after an incident, changes every secret of a kind that may be known to
 * somebody else. The service is stopped meanwhile. What is still to be done stands in the key
 * folder: a rotation that was cut off is finished by the next call, and until then the service does
 * not start. */
#pragma once

#include "base/err.h"

struct keyring;

/* Returns the exit code. */
int rotate_main(int argc, char **argv);

/* RC_CONFLICT, with what is to be done, when a rotation was cut off. */
MUST_CHECK enum rc rotate_check_ended(struct keyring *k, struct err *e);
