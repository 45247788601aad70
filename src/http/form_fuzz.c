/* Forms: what was taken is printable, borrowed from the text, and not longer than it. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct form_field fields[] = {
		{"grant_type", {0}}, {"client_assertion", {0}}, {"a", {0}}, {"", {0}}};
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	if (form_read(text, size, fields, COUNT_OF(fields), NULL) == RC_OK) {
		for (size_t i = 0; i < COUNT_OF(fields); i++) {
			struct view v = fields[i].value;
			if (v.p == NULL)
				continue;
			assert(v.p >= text && v.p + v.n <= text + size);
			for (size_t k = 0; k < v.n; k++)
				assert(v.p[k] >= ' ' && v.p[k] <= '~');
		}
	}
	free(text);
	return 0;
}
