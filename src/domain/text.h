/* Rules for texts that people enter. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"

/* Well-formed UTF-8 of chars_min..chars_max characters without control characters and without those
 * that turn the direction of writing or are invisible (bidi controls, zero width, line separators).
 */
bool text_is_clean(struct view v, size_t chars_min, size_t chars_max);
/* Clean, 1..80 characters, and not only blanks: a person or a group. */
bool text_is_name(struct view v);
/* Lines allowed: messages and notes. */
bool text_is_note(struct view v, size_t chars_max);
/* Letters, digits, . _ - @ + ; 3..64 characters. */
bool text_is_login(struct view v);
/* "de", "es-MX": letters, digits and hyphens, 2..11 characters. */
bool text_is_language(struct view v);
/* All but the last four characters as '*'; dst has room for v.n + 1 bytes or is cut. */
void text_mask(struct view v, char *dst, size_t dst_size);
