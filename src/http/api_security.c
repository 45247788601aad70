/* /.well-known/security.txt (RFC 9116): whom to tell of a security hole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "http/api.h"
#include "http/inside.h"

/* RFC 9116 wants less than a year; the text is made anew for each request. */
#define EXPIRES_MS (INT64_C(180) * 24 * 3600 * 1000)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static void line(FILE *out, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		(void)fprintf(out, "%s: %s\n", name, value); /* fclose tells of failures */
}

enum rc api_security_txt(struct exchange *x, struct db *reader)
{
	const struct http_settings *s = x->server->settings;
	int64_t now_ms = x->domain->wall_ms();
	char expires[TIME_TEXT];
	char *text = NULL;
	size_t n = 0;

	(void)reader;
	if (s->security_contact[0] == '\0')
		return refuse(&x->problem, RC_NOT_FOUND, "not_found", NULL, NULL);
	FILE *out = open_memstream(&text, &n);
	if (out == NULL)
		return fail(&x->err, RC_NOMEM, "security.txt: out of memory");
	time_to_text(now_ms - now_ms % DAY_MS + EXPIRES_MS, expires);
	line(out, "Contact", s->security_contact);
	line(out, "Expires", expires);
	line(out, "Encryption", s->security_key_url);
	line(out, "Preferred-Languages", s->security_languages);
	line(out, "Policy", s->security_policy_url);
	/* RFC 9116 section 2.5.2: of https alone. */
	if (strncmp(s->public_url, "https://", 8) == 0)
		(void)fprintf(out, "Canonical: %.*s/.well-known/security.txt\n",
			(int)x->server->public_origin.n, x->server->public_origin.p);
	if (fclose(out) != 0) {
		free(text);
		return fail(&x->err, RC_NOMEM, "security.txt: out of memory");
	}
	x->blob = (uint8_t *)text;
	x->blob_n = n;
	x->content_type = "text/plain; charset=utf-8";
	return RC_OK;
}
