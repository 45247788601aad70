#include "base/view.h"

bool view_cut_until(struct view *in, char stop, size_t max, struct view *ret_head)
{
	size_t reach = in->n <= max ? in->n : max + 1;
	const char *hit = reach == 0 ? NULL : memchr(in->p, stop, reach);

	if (hit == NULL)
		return false;
	size_t n = (size_t)(hit - in->p);
	*ret_head = (struct view){.p = in->p, .n = n};
	in->p += n + 1;
	in->n -= n + 1;
	return true;
}

bool view_cut_field(struct view *in, char stop, struct view *ret_field)
{
	if (in->p == NULL)
		return false;
	size_t n = view_find(*in, stop);
	*ret_field = (struct view){.p = in->p, .n = n};
	if (n == in->n) {
		*in = (struct view){.p = NULL, .n = 0};
	} else {
		in->p += n + 1;
		in->n -= n + 1;
	}
	return true;
}

bool view_starts_nocase(struct view v, struct view head)
{
	if (v.n < head.n)
		return false;
	for (size_t i = 0; i < head.n; i++) {
		if (ascii_lower(v.p[i]) != ascii_lower(head.p[i]))
			return false;
	}
	return true;
}

bool view_is_nocase(struct view a, struct view b)
{
	return a.n == b.n && view_starts_nocase(a, b);
}

struct view view_trim(struct view v)
{
	while (v.n > 0 && (v.p[0] == ' ' || v.p[0] == '\t')) {
		v.p++;
		v.n--;
	}
	while (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

bool view_to_text(struct view v, char *dst, size_t dst_size)
{
	dst[0] = '\0';
	if (v.n >= dst_size || (v.n > 0 && memchr(v.p, '\0', v.n) != NULL))
		return false;
	if (v.n > 0)
		memcpy(dst, v.p, v.n);
	dst[v.n] = '\0';
	return true;
}
