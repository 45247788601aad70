#include "crypto/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATH_SIZE = 4096,
	SEED_HEX = crypto_sign_SEEDBYTES * 2,
	PUBLIC_HEX = SIGN_PUBLIC_BYTES * 2,
	ID_BYTES = 8,
	/* "seed <hex>\n" and one line for each public key */
	FILE_MAX = 5 + SEED_HEX + 1 + (SIGN_KNOWN_MAX + 1) * (PUBLIC_HEX + 1),
};

struct known {
	uint8_t key[SIGN_PUBLIC_BYTES];
	char id[SIGN_ID_TEXT];
};

struct sign_key {
	uint8_t seed[crypto_sign_SEEDBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	size_t known_n;
	struct known known[SIGN_KNOWN_MAX + 1]; /* the present one first */
};

static void set_known(struct known *k, const uint8_t key[SIGN_PUBLIC_BYTES])
{
	uint8_t hash[crypto_generichash_BYTES];

	memcpy(k->key, key, SIGN_PUBLIC_BYTES);
	/* cannot fail with these sizes */
	(void)crypto_generichash(hash, sizeof hash, key, SIGN_PUBLIC_BYTES, NULL, 0);
	(void)sodium_bin2hex(k->id, sizeof k->id, hash, ID_BYTES);
}

static void set_seed(struct sign_key *k, const uint8_t seed[crypto_sign_SEEDBYTES])
{
	uint8_t public_key[SIGN_PUBLIC_BYTES];

	memcpy(k->seed, seed, sizeof k->seed);
	(void)crypto_sign_seed_keypair(public_key, k->secret, seed); /* cannot fail */
	set_known(&k->known[0], public_key);
	k->known_n = k->known_n == 0 ? 1 : k->known_n;
}

void sign_free(struct sign_key *k)
{
	if (k == NULL)
		return;
	sodium_memzero(k, sizeof *k);
	free(k);
}

static void sign_freep(struct sign_key **k)
{
	sign_free(*k);
}

static enum rc path_of(
	const char *key_dir, const char *name, const char *end, char ret[PATH_SIZE], struct err *e)
{
	int n = snprintf(ret, PATH_SIZE, "%s/%s.ed25519%s", key_dir, name, end);

	return n < 0 || n >= PATH_SIZE || strlen(name) > SIGN_NAME_MAX
		       ? fail(e, RC_LIMIT, "the path of the key folder is too long")
		       : RC_OK;
}

/* ---- reading ---- */

static bool cut_hex(struct view *in, uint8_t *ret, size_t n)
{
	struct view hex;
	size_t got = 0;

	return view_cut(in, n * 2, &hex) &&
	       sodium_hex2bin(ret, n, hex.p, hex.n, NULL, &got, NULL) == 0 && got == n;
}

static bool cut_newline(struct view *in)
{
	struct view end;

	return view_cut(in, 1, &end) && end.p[0] == '\n';
}

static bool read_text(struct view in, struct sign_key *k)
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	uint8_t public_key[SIGN_PUBLIC_BYTES];
	struct view word;

	if (!view_cut(&in, 5, &word) || !view_is(word, VIEW("seed ")) ||
		!cut_hex(&in, seed, sizeof seed) || !cut_newline(&in))
		return false;
	set_seed(k, seed);
	sodium_memzero(seed, sizeof seed);
	while (in.n > 0 && k->known_n < COUNT_OF(k->known)) {
		if (!cut_hex(&in, public_key, sizeof public_key) || !cut_newline(&in))
			return false;
		set_known(&k->known[k->known_n++], public_key);
	}
	return in.n == 0;
}

static enum rc check_mode(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_sys(e, "cannot look at %s", path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0 || !S_ISREG(st.st_mode))
		return fail(e, RC_DENIED, "%s can be read by others: chmod 600", path);
	return RC_OK;
}

static enum rc read_file(const char *path, struct sign_key *k, struct err *e)
{
	char text[FILE_MAX + 1];
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return fail(e, RC_NOT_FOUND, "%s is missing", path);
	if (fd < 0)
		return fail_sys(e, "cannot read %s", path);
	enum rc rc = check_mode(fd, path, e);
	while (rc == RC_OK && n < sizeof text) {
		ssize_t got = read(fd, text + n, sizeof text - n);
		if (got < 0 && errno != EINTR)
			rc = fail_sys(e, "cannot read %s", path);
		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	(void)close(fd); /* only read */
	if (rc == RC_OK && !read_text((struct view){.p = text, .n = n}, k))
		rc = fail(e, RC_SYNTAX, "%s is not a key of ours, or damaged", path);
	sodium_memzero(text, sizeof text);
	return rc;
}

/* ---- writing ---- */

static size_t write_text(const struct sign_key *k, char text[FILE_MAX + 1])
{
	size_t n = 5;

	memcpy(text, "seed ", n);
	(void)sodium_bin2hex(text + n, SEED_HEX + 1, k->seed, sizeof k->seed);
	n += SEED_HEX;
	text[n++] = '\n';
	for (size_t i = 1; i < k->known_n && i <= SIGN_KNOWN_MAX; i++) {
		(void)sodium_bin2hex(text + n, PUBLIC_HEX + 1, k->known[i].key, SIGN_PUBLIC_BYTES);
		n += PUBLIC_HEX;
		text[n++] = '\n';
	}
	return n;
}

static enum rc write_all(int fd, const char *text, size_t n, const char *path, struct err *e)
{
	for (size_t at = 0; at < n;) {
		ssize_t wrote = write(fd, text + at, n - at);
		if (wrote < 0 && errno != EINTR)
			return fail_sys(e, "cannot write %s", path);
		at += wrote > 0 ? (size_t)wrote : 0;
	}
	return fsync(fd) == 0 ? RC_OK : fail_sys(e, "cannot write %s", path);
}

static enum rc sync_folder(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail_sys(e, "cannot open %s", path);
	enum rc rc = fsync(fd) == 0 ? RC_OK : fail_sys(e, "cannot sync %s", path);
	(void)close(fd); /* synced, or told */
	return rc;
}

static enum rc write_file(
	const char *key_dir, const char *name, const struct sign_key *k, struct err *e)
{
	char path[PATH_SIZE];
	char part[PATH_SIZE];
	char text[FILE_MAX + 1];
	enum rc rc = path_of(key_dir, name, "", path, e);

	if (rc == RC_OK)
		rc = path_of(key_dir, name, ".new", part, e);
	if (rc != RC_OK)
		return rc;
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(e, "cannot write %s", part);
	rc = write_all(fd, text, write_text(k, text), part, e);
	(void)close(fd); /* synced, or told */
	sodium_memzero(text, sizeof text);
	if (rc == RC_OK && rename(part, path) != 0)
		rc = fail_sys(e, "cannot rename %s", part);
	if (rc != RC_OK)
		(void)unlink(part);
	return rc == RC_OK ? sync_folder(key_dir, e) : rc;
}

static void make_fresh(struct sign_key *k)
{
	uint8_t seed[crypto_sign_SEEDBYTES];

	randombytes_buf(seed, sizeof seed);
	set_seed(k, seed);
	sodium_memzero(seed, sizeof seed);
}

enum rc sign_open(const char *key_dir, const char *name, bool may_create,
	struct sign_key **ret_owned, struct err *e)
{
	char path[PATH_SIZE];
	CLEANUP(sign_freep) struct sign_key *k = calloc(1, sizeof *k);

	if (k == NULL)
		return fail(e, RC_NOMEM, "keys: out of memory");
	enum rc rc = path_of(key_dir, name, "", path, e);
	if (rc == RC_OK)
		rc = read_file(path, k, e);
	if (rc == RC_NOT_FOUND && may_create) {
		make_fresh(k);
		rc = write_file(key_dir, name, k, e);
	}
	if (rc == RC_OK)
		*ret_owned = STEAL(k);
	return rc;
}

enum rc sign_rotate(const char *key_dir, const char *name, struct err *e)
{
	CLEANUP(sign_freep) struct sign_key *k = NULL;
	enum rc rc = sign_open(key_dir, name, false, &k, e);

	if (rc != RC_OK)
		return rc;
	if (k->known_n > SIGN_KNOWN_MAX)
		k->known_n = SIGN_KNOWN_MAX;
	memmove(&k->known[1], &k->known[0], k->known_n * sizeof k->known[0]);
	k->known_n++;
	make_fresh(k);
	return write_file(key_dir, name, k, e);
}

/* ---- use ---- */

void sign_bytes(const struct sign_key *k, struct view message, uint8_t ret[SIGN_BYTES])
{
	/* libsodium's bytes; cannot fail */
	(void)crypto_sign_detached(
		ret, NULL, (const unsigned char *)message.p, message.n, k->secret);
}

const uint8_t *sign_public(const struct sign_key *k)
{
	return k->known[0].key;
}

const char *sign_id(const struct sign_key *k)
{
	return k->known[0].id;
}

const uint8_t *sign_find(const struct sign_key *k, struct view id)
{
	for (size_t i = 0; i < k->known_n; i++) {
		if (view_is(id, view_of(k->known[i].id)))
			return k->known[i].key;
	}
	return NULL;
}

bool sign_check(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct view message,
	const uint8_t signature[SIGN_BYTES])
{
	return crypto_sign_verify_detached(
		       signature, (const unsigned char *)message.p, message.n, public_key) == 0;
}
