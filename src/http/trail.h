/* What a request leaves in the audit log: filled step by step as more is known of it, written when
 * it is answered, unless the domain wrote it with the change itself (act_run). */
#pragma once

#include "http/inside.h"

/* When the route is known. */
void trail_begin(struct exchange *x);
/* When the caller is known: who->act points to the exchange from here on. */
void trail_caller(struct exchange *x);
/* When the right was decided. */
void trail_object(struct exchange *x);
/* A look at one wearer of several that an answer shows. */
void trail_look(struct exchange *x, const struct uid *group, const struct uid *wearer);
/* Once, when the answer is certain: refusals, looks, and changes that nobody else wrote. */
void trail_end(struct exchange *x);
