#include "domain/audit_csv.h"

#include <string.h>

static bool is_formula(struct view v)
{
	return v.n > 0 && memchr("=+-@\t\r\n", v.p[0], 7) != NULL;
}

void audit_csv_text(FILE *out, struct view value, char end)
{
	(void)fputc('"', out); /* ferror tells */
	if (is_formula(value))
		(void)fputc('\'', out);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"')
			(void)fputc('"', out);
		(void)fputc(value.p[i], out);
	}
	(void)fputc('"', out);
	(void)fputc(end, out);
}
