#include "domain/audit_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/num.h"

enum { HASH_HEX = AUDIT_HASH_BYTES * 2, SIGNATURE_HEX = SIGN_BYTES * 2 };

size_t audit_mark_write(const struct audit_mark *m, char ret_text[AUDIT_MARK_TEXT])
{
	char hash[HASH_HEX + 1];
	char signature[SIGNATURE_HEX + 1];

	(void)sodium_bin2hex(hash, sizeof hash, m->at.hash, AUDIT_HASH_BYTES);
	(void)sodium_bin2hex(signature, sizeof signature, m->signature, SIGN_BYTES);
	int n = snprintf(ret_text, AUDIT_MARK_TEXT,
		"%d %" PRId64 " %" PRId64 " %" PRId64 " %s %s %s\n", (int)m->at.kind, m->at.seq,
		m->at.previous_seq, m->at.time_ms, hash, m->key_id, signature);
	return n < 0 ? 0 : (size_t)n;
}

static bool cut_number(struct view *in, int64_t *ret)
{
	struct view word;
	uint64_t n = 0;

	if (!view_cut_until(in, ' ', 19, &word) || num_u64(word, INT64_MAX, &n, NULL) != RC_OK)
		return false;
	*ret = (int64_t)n;
	return true;
}

static bool read_hex(struct view word, uint8_t *ret, size_t n)
{
	size_t got = 0;

	return word.n == n * 2 && sodium_hex2bin(ret, n, word.p, word.n, NULL, &got, NULL) == 0 &&
	       got == n;
}

bool audit_mark_read(struct view text, struct audit_mark *ret)
{
	struct audit_mark m = {.at = {.seq = 0}};
	int64_t kind = 0;
	struct view hash;
	struct view id;
	struct view signature;

	if (!cut_number(&text, &kind) || kind > AUDIT_BASE || !cut_number(&text, &m.at.seq) ||
		!cut_number(&text, &m.at.previous_seq) || !cut_number(&text, &m.at.time_ms) ||
		!view_cut_until(&text, ' ', HASH_HEX, &hash) ||
		!read_hex(hash, m.at.hash, AUDIT_HASH_BYTES) ||
		!view_cut_until(&text, ' ', SIGN_ID_TEXT - 1, &id) ||
		!view_to_text(id, m.key_id, sizeof m.key_id) ||
		!view_cut_until(&text, '\n', SIGNATURE_HEX, &signature) ||
		!read_hex(signature, m.signature, SIGN_BYTES) || text.n != 0)
		return false;
	m.at.kind = kind == AUDIT_BASE ? AUDIT_BASE : AUDIT_CHECKPOINT;
	*ret = m;
	return true;
}

enum { PATH_SIZE = 4096 };

static enum rc path_of(const char *key_dir, const char *end, char ret[PATH_SIZE], struct err *e)
{
	int n = snprintf(ret, PATH_SIZE, "%s/" AUDIT_MARK_FILE "%s", key_dir, end);

	return n < 0 || n >= PATH_SIZE ? fail(e, RC_LIMIT, "the path of the key folder is too long")
				       : RC_OK;
}

enum rc audit_mark_read_file(const char *key_dir, struct audit_mark *ret, struct err *e)
{
	char path[PATH_SIZE];
	char text[AUDIT_MARK_TEXT];
	enum rc rc = path_of(key_dir, "", path, e);

	if (rc != RC_OK)
		return rc;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return fail(e, RC_NOT_FOUND, "%s: there is none yet", path);
	if (fd < 0)
		return fail_sys(e, "cannot read %s", path);
	ssize_t n = read(fd, text, sizeof text);
	(void)close(fd); /* only read */
	if (n < 0)
		return fail_sys(e, "cannot read %s", path);
	if (!audit_mark_read((struct view){.p = text, .n = (size_t)n}, ret))
		return fail(e, RC_SYNTAX, "%s is damaged", path);
	return RC_OK;
}

static bool write_and_close(int fd, const char *text, size_t n)
{
	bool is_written = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;

	return close(fd) == 0 && is_written;
}

enum rc audit_mark_write_file(const char *key_dir, const struct audit_mark *m, struct err *e)
{
	char path[PATH_SIZE];
	char part[PATH_SIZE];
	char text[AUDIT_MARK_TEXT];
	size_t n = audit_mark_write(m, text);
	enum rc rc = path_of(key_dir, "", path, e);

	if (rc == RC_OK)
		rc = path_of(key_dir, ".new", part, e);
	if (rc != RC_OK)
		return rc;
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || !write_and_close(fd, text, n) || rename(part, path) != 0)
		return fail_sys(e, "cannot write %s", path);
	return RC_OK;
}

bool audit_mark_is_ours(const struct audit_mark *m, const struct sign_key *key)
{
	uint8_t text[AUDIT_CHECKPOINT_TEXT];
	const uint8_t *public_key = sign_find(key, view_of(m->key_id));

	return public_key != NULL &&
	       sign_check(public_key, audit_checkpoint_text(&m->at, text), m->signature);
}
