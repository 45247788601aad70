#include "domain/problem.h"

#include <string.h>

enum rc refuse(
	struct problem *p, enum rc rc, const char *code, const char *field, const char *detail)
{
	if (p == NULL)
		return rc;
	*p = (struct problem){.code = code, .field = field, .tries_left = -1};
	if (detail != NULL) {
		size_t n = strnlen(detail, sizeof p->detail - 1);
		memcpy(p->detail, detail, n);
		p->detail[n] = '\0';
	}
	return rc;
}
