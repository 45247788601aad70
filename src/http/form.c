#include "http/form.h"

/* "a+b%3D" becomes "a b="; the value may only shrink. */
static bool decode(char *text, size_t *n)
{
	size_t to = 0;

	for (size_t i = 0; i < *n; i++) {
		int byte = (unsigned char)text[i];
		if (byte == '%') {
			int high = i + 2 < *n ? ascii_hex(text[i + 1]) : -1;
			int low = high < 0 ? -1 : ascii_hex(text[i + 2]);
			if (low < 0)
				return false;
			byte = high * 16 + low;
			i += 2;
		} else if (byte == '+') {
			byte = ' ';
		}
		if (byte < 0x20 || byte > 0x7E)
			return false;
		text[to++] = (char)byte;
	}
	*n = to;
	return true;
}

static enum rc take(char *pair, size_t n, struct form_field *fields, size_t fields_n, struct err *e)
{
	size_t name_n = view_find((struct view){.p = pair, .n = n}, '=');
	char *value = name_n < n ? pair + name_n + 1 : pair + n;
	size_t value_n = name_n < n ? n - name_n - 1 : 0;

	if (!decode(pair, &name_n) || !decode(value, &value_n))
		return fail(e, RC_SYNTAX, "a parameter is malformed");
	for (size_t i = 0; i < fields_n; i++) {
		if (!view_is(view_of(fields[i].name), (struct view){.p = pair, .n = name_n}))
			continue;
		if (fields[i].value.p != NULL)
			return fail(e, RC_SYNTAX, "%s came twice", fields[i].name);
		fields[i].value = (struct view){.p = value, .n = value_n};
	}
	return RC_OK;
}

enum rc form_read(char *text, size_t n, struct form_field *fields, size_t fields_n, struct err *e)
{
	size_t at = 0;

	for (size_t i = 0; i < fields_n; i++)
		fields[i].value = (struct view){0};
	for (unsigned count = 0; at < n; count++) {
		if (count == FORM_PARAMETERS_MAX)
			return fail(e, RC_LIMIT, "more than %d parameters", FORM_PARAMETERS_MAX);
		size_t one = view_find((struct view){.p = text + at, .n = n - at}, '&');
		enum rc rc = take(text + at, one, fields, fields_n, e);
		if (rc != RC_OK)
			return rc;
		at += one + 1;
	}
	return RC_OK;
}
