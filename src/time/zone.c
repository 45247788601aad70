#include "time/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "time/posix_tz.h"

enum { TZIF_HEADER = 44, TYPES_MAX = 256, TYPE_BYTES = 6 };

static const char zone_folder[] = "/usr/share/zoneinfo/";

struct zone {
	uint32_t changes_n;
	int64_t *at;      /* UTC seconds, rising */
	int32_t *offsets; /* from at[i] on */
	int32_t first_offset;
	struct tz_rule rule; /* after the last change */
};

/* The counts of one header (RFC 9636 §3.1). */
struct counts {
	uint8_t version;
	uint32_t isutc, isstd, leap, time, type, chars;
};

static void zone_freep(struct zone **z)
{
	zone_free(*z);
}

void zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->at);
	free(z->offsets);
	free(z);
}

bool zone_name_is_valid(struct view name)
{
	char last = '/';

	if (name.n == 0 || name.n > ZONE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool is_plain = (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
				(c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+';
		if (!is_plain && (c != '/' || last == '/'))
			return false;
		last = c;
	}
	/* posix/ and right/ hold the same zones once more; right/ counts leap seconds. */
	return last != '/' && !view_starts_nocase(name, VIEW("posix/")) &&
	       !view_starts_nocase(name, VIEW("right/"));
}

static uint64_t big_endian(const char *p, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | (uint8_t)p[i];
	return value;
}

static bool cut_header(struct view *in, struct counts *ret)
{
	struct view h;

	if (!view_cut(in, TZIF_HEADER, &h) || memcmp(h.p, "TZif", 4) != 0)
		return false;
	*ret = (struct counts){
		.version = (uint8_t)h.p[4],
		.isutc = (uint32_t)big_endian(h.p + 20, 4),
		.isstd = (uint32_t)big_endian(h.p + 24, 4),
		.leap = (uint32_t)big_endian(h.p + 28, 4),
		.time = (uint32_t)big_endian(h.p + 32, 4),
		.type = (uint32_t)big_endian(h.p + 36, 4),
		.chars = (uint32_t)big_endian(h.p + 40, 4),
	};
	return ret->time <= ZONE_CHANGES_MAX && ret->type >= 1 && ret->type <= TYPES_MAX &&
	       ret->leap <= ZONE_CHANGES_MAX && ret->chars <= 4096 && ret->isutc <= TYPES_MAX &&
	       ret->isstd <= TYPES_MAX;
}

static size_t body_size(const struct counts *c, size_t time_bytes)
{
	/* Each count is at most 4,096: no overflow. */
	return c->time * time_bytes + c->time + (size_t)c->type * TYPE_BYTES + c->chars +
	       c->leap * (time_bytes + 4) + c->isstd + c->isutc;
}

static enum rc read_body(
	struct view *in, const struct counts *c, size_t time_bytes, struct zone *z, struct err *e)
{
	struct view times;
	struct view indexes;
	struct view types;
	struct view rest;

	if (!view_cut(in, c->time * time_bytes, &times) || !view_cut(in, c->time, &indexes) ||
		!view_cut(in, (size_t)(size_t)c->type * TYPE_BYTES, &types) ||
		!view_cut(in, c->chars + c->leap * (time_bytes + 4) + c->isstd + c->isutc, &rest))
		return fail(e, RC_SYNTAX, "zone: the file is cut");
	z->at = calloc((size_t)c->time + 1, sizeof *z->at);
	z->offsets = calloc((size_t)c->time + 1, sizeof *z->offsets);
	if (z->at == NULL || z->offsets == NULL)
		return fail(e, RC_NOMEM, "zone: out of memory");
	z->first_offset = (int32_t)big_endian(types.p, 4);
	for (uint32_t i = 0; i < c->time; i++) {
		uint8_t type = (uint8_t)indexes.p[i];
		uint64_t raw = big_endian(times.p + i * time_bytes, time_bytes);
		z->at[i] = time_bytes == 8 ? (int64_t)raw : (int32_t)(uint32_t)raw;
		if (type >= c->type || (i > 0 && z->at[i] <= z->at[i - 1]))
			return fail(e, RC_SYNTAX, "zone: change %u is out of order", i);
		z->offsets[i] = (int32_t)big_endian(types.p + (size_t)type * TYPE_BYTES, 4);
	}
	z->changes_n = c->time;
	return RC_OK;
}

static enum rc read_rule(struct view in, struct zone *z, struct err *e)
{
	struct view line;
	struct view newline;

	if (in.n == 0)
		return RC_OK;
	if (!view_cut(&in, 1, &newline) || newline.p[0] != '\n' ||
		!view_cut_until(&in, '\n', 128, &line) || !tz_rule_read(line, &z->rule))
		return fail(e, RC_SYNTAX, "zone: the rule in the last line cannot be read");
	return RC_OK;
}

enum rc zone_parse(struct view bytes, struct zone **ret_owned, struct err *e)
{
	CLEANUP(zone_freep) struct zone *z = calloc(1, sizeof *z);
	struct counts c;
	struct view skipped;

	if (z == NULL)
		return fail(e, RC_NOMEM, "zone: out of memory");
	if (!cut_header(&bytes, &c))
		return fail(e, RC_SYNTAX, "zone: not a TZif file");
	size_t time_bytes = 4;
	if (c.version >= '2') { /* the same again with 64-bit times */
		if (!view_cut(&bytes, body_size(&c, 4), &skipped) || !cut_header(&bytes, &c))
			return fail(e, RC_SYNTAX, "zone: the second part is missing");
		time_bytes = 8;
	}
	enum rc rc = read_body(&bytes, &c, time_bytes, z, e);
	if (rc == RC_OK && time_bytes == 8)
		rc = read_rule(bytes, z, e);
	if (rc != RC_OK)
		return rc;
	*ret_owned = STEAL(z);
	return RC_OK;
}

static enum rc read_file(const char *path, char *buf, size_t *ret_n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t n = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? fail(e, RC_NOT_FOUND, "zone: no such time zone")
			       : fail_sys(e, "zone: cannot open %s", path);
	enum rc rc = RC_OK;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = fail(e, RC_NOT_FOUND, "zone: no such time zone");
	while (rc == RC_OK) {
		ssize_t got = read(fd, buf + n, ZONE_FILE_MAX - n);
		if (got < 0)
			rc = fail_sys(e, "zone: cannot read %s", path);
		if (got <= 0)
			break;
		n += (size_t)got;
		if (n == ZONE_FILE_MAX)
			rc = fail(e, RC_LIMIT, "zone: %s is over %d bytes", path, ZONE_FILE_MAX);
	}
	(void)close(fd); /* only read */
	*ret_n = n;
	return rc;
}

enum rc zone_load(struct view name, struct zone **ret_owned, struct err *e)
{
	char path[sizeof zone_folder + ZONE_NAME_MAX];
	size_t n = 0;

	if (!zone_name_is_valid(name))
		return fail(e, RC_SYNTAX, "zone: not a time zone's name");
	memcpy(path, zone_folder, sizeof zone_folder - 1);
	memcpy(path + sizeof zone_folder - 1, name.p, name.n);
	path[sizeof zone_folder - 1 + name.n] = '\0';
	char *buf = malloc(ZONE_FILE_MAX);
	if (buf == NULL)
		return fail(e, RC_NOMEM, "zone: out of memory");
	enum rc rc = read_file(path, buf, &n, e);
	if (rc == RC_OK)
		rc = zone_parse((struct view){.p = buf, .n = n}, ret_owned, e);
	free(buf);
	return rc;
}

int32_t zone_offset_s(const struct zone *z, int64_t utc_ms)
{
	int64_t s = utc_ms >= 0 ? utc_ms / 1000 : -((-utc_ms + 999) / 1000);
	uint32_t low = 0;
	uint32_t high = z->changes_n;

	if (z->rule.is_set && (high == 0 || s >= z->at[high - 1]))
		return tz_rule_offset(&z->rule, s);
	while (low < high) { /* first change after s */
		uint32_t middle = low + (high - low) / 2;
		if (z->at[middle] <= s)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? z->first_offset : z->offsets[low - 1];
}

int64_t zone_next_change(const struct zone *z, int64_t utc_ms)
{
	int64_t s = utc_ms >= 0 ? utc_ms / 1000 : -((-utc_ms + 999) / 1000);
	int32_t now = zone_offset_s(z, utc_ms);

	for (uint32_t i = 0; i < z->changes_n; i++) {
		if (z->at[i] > s && z->offsets[i] != now)
			return z->at[i] * 1000;
		if (z->at[i] > s)
			now = z->offsets[i];
	}
	int64_t from =
		z->changes_n > 0 && z->at[z->changes_n - 1] > s ? z->at[z->changes_n - 1] : s;
	int64_t next = z->rule.is_set ? tz_rule_next(&z->rule, from) : INT64_MAX;
	return next == INT64_MAX ? INT64_MAX : next * 1000;
}
