/* Was the head of a request written as RFC 9112 wants it? libmicrohttpd 0.9.75 takes bare LF as an
 * end of line, cuts values at a NUL, and loses a field that is folded over two lines, so that it
 * and a proxy in front of it may see two different requests. It parses in place, replacing CR and
 * LF by NULs: where the parts of the head lie in its buffer tells how they were written. Pure:
 * looks at memory of the request only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct wire_form {
	const char *next; /* where the next field must begin */
	bool is_strict;   /* so far */
};

/* Does the running libmicrohttpd lay out requests in this way? Else the check must not be used. */
bool wire_form_is_known(const char *libmicrohttpd_version);

/* uri: as it came, uri_n bytes until its end before anything was replaced in it. version:
 * "HTTP/1.1". */
void wire_form_start(struct wire_form *w, const char *uri, size_t uri_n, const char *version);
/* The header fields in their order. */
void wire_form_field(
	struct wire_form *w, const char *name, size_t name_n, const char *value, size_t value_n);
/* The empty line; the whole head was head_n bytes from `head` (the method) on. Returns whether all
 * was well. */
bool wire_form_end(struct wire_form *w, const char *head, size_t head_n);
