#include "http/wire_form.h"

#include <string.h>

bool wire_form_is_known(const char *libmicrohttpd_version)
{
	return strcmp(libmicrohttpd_version, "0.9.75") == 0;
}

/* CR and LF were here, and nothing else. */
static bool is_line_end(const char *p)
{
	return p[0] == '\0' && p[1] == '\0';
}

void wire_form_start(struct wire_form *w, const char *uri, size_t uri_n, const char *version)
{
	size_t version_n = strlen(version);

	w->is_strict =
		uri != NULL && version == uri + uri_n + 1 && is_line_end(version + version_n);
	w->next = version + version_n + 2;
}

void wire_form_field(
	struct wire_form *w, const char *name, size_t name_n, const char *value, size_t value_n)
{
	/* A folded field, and one behind a NUL or a bare LF, does not begin where the line before
	 * ended. */
	if (!w->is_strict || name != w->next || value == NULL || value <= name + name_n) {
		w->is_strict = false;
		return;
	}
	/* The colon became a NUL; blanks may follow. */
	for (const char *p = name + name_n + 1; p < value; p++) {
		if (*p != ' ' && *p != '\t')
			w->is_strict = false;
	}
	w->is_strict = w->is_strict && is_line_end(value + value_n);
	w->next = value + value_n + 2;
}

bool wire_form_end(struct wire_form *w, const char *head, size_t head_n)
{
	/* A NUL at the end of the last value looks like a line end, but makes the head longer. */
	return w->is_strict && is_line_end(w->next) && head != NULL && w->next + 2 == head + head_n;
}
