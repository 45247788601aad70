/* Text in a CSV file that a spreadsheet takes for text: quoted, and never a formula. */
#pragma once

#include <stdio.h>

#include "base/view.h"

/* Writes value in quotes and `end` ("," or a newline). One that begins with = + - @, a tab or a
 * line end gets an apostrophe before it. Failures are told by ferror(out). */
void audit_csv_text(FILE *out, struct view value, char end);
