#include "crypto/keyring_copy.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "crypto/sign.h"
#include "keys.h"

static const struct uid mia = {{0x11, 1}};

struct fixture {
	char folder[64], other[72];
	struct keyring *k;
	uint8_t sealed[SEAL_OVERHEAD + 3];
	uint8_t *archive;
	size_t n;
};

static enum rc unseal(struct keyring *k, const struct fixture *f)
{
	struct view sealed = {.p = (const char *)f->sealed, .n = sizeof f->sealed};
	uint8_t plain[64];
	size_t n = 0;

	return keyring_unseal(k, &mia, "test.text", sealed, plain, &n, NULL);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct sign_key *key = NULL;
	char path[96];

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof f->folder, "/tmp/kinward-copy-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->k = keys_open(f->folder);
	(void)snprintf(path, sizeof path, "%s/keys", f->folder);
	assert_int_equal(sign_open(path, "audit", true, &key, NULL), RC_OK);
	sign_free(key);
	assert_int_equal(keyring_add(f->k, KEY_WEARER, &mia, NULL), RC_OK);
	assert_int_equal(
		keyring_seal(f->k, &mia, "test.text", VIEW("Mia"), f->sealed, NULL), RC_OK);
	assert_int_equal(key_archive_make(f->k, &f->archive, &f->n, NULL), RC_OK);
	(void)snprintf(f->other, sizeof f->other, "%s/o", f->folder);
	assert_int_equal(mkdir(f->other, 0700), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	key_archive_free(f->archive, f->n);
	keyring_free(f->k);
	keys_remove(f->folder);
	(void)rmdir(f->other);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static enum rc unpack(const struct fixture *f, struct err *e)
{
	struct view archive = {.p = (const char *)f->archive, .n = f->n};
	char path[96];

	(void)snprintf(path, sizeof path, "%s/keys", f->other);
	return key_archive_unpack(archive, path, e);
}

static bool is_unpacked(const struct fixture *f)
{
	char path[96];

	(void)snprintf(path, sizeof path, "%s/keys", f->other);
	return access(path, F_OK) == 0;
}

static void unpacked_keys_open_what_was_sealed(void **state)
{
	struct fixture *f = *state;
	struct keyring *k = NULL;
	struct sign_key *key = NULL;
	char path[96];

	assert_int_equal(unpack(f, NULL), RC_OK);
	k = keys_open(f->other);
	assert_int_equal(unseal(k, f), RC_OK);
	keyring_free(k);
	(void)snprintf(path, sizeof path, "%s/keys", f->other);
	assert_int_equal(sign_open(path, "audit", false, &key, NULL), RC_OK);
	sign_free(key);
	keys_remove(f->other);
}

static void destroyed_key_is_in_no_archive_made_later(void **state)
{
	struct fixture *f = *state;
	struct keyring *k = NULL;

	key_archive_free(f->archive, f->n);
	assert_int_equal(keyring_destroy(f->k, &mia, NULL), RC_OK);
	assert_int_equal(key_archive_make(f->k, &f->archive, &f->n, NULL), RC_OK);
	assert_null(memmem(f->archive, f->n, &mia, sizeof mia));
	assert_int_equal(unpack(f, NULL), RC_OK);
	k = keys_open(f->other);
	assert_int_equal(unseal(k, f), RC_NOT_FOUND);
	keyring_free(k);
	keys_remove(f->other);
}

static void folder_with_keys_is_left_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unpack(f, NULL), RC_OK);
	assert_int_equal(unpack(f, NULL), RC_CONFLICT);
	struct keyring *k = keys_open(f->other);
	assert_int_equal(unseal(k, f), RC_OK);
	keyring_free(k);
	keys_remove(f->other);
}

static void damaged_archives_leave_nothing_behind(void **state)
{
	struct fixture *f = *state;
	size_t n = f->n;

	for (size_t cut = 0; cut < n; cut += n / 23) {
		f->n = cut;
		assert_int_not_equal(unpack(f, NULL), RC_OK);
		assert_false(is_unpacked(f));
	}
	f->n = n;
	for (size_t i = 0; i < n; i += n / 11) {
		uint8_t kept[512];
		size_t m = n - i < sizeof kept ? n - i : sizeof kept;
		memcpy(kept, f->archive + i, m);
		memset(f->archive + i, 0xa5, m);
		if (unpack(f, NULL) == RC_OK)
			keys_remove(f->other); /* bytes that nothing uses */
		assert_false(is_unpacked(f));
		memcpy(f->archive + i, kept, m);
	}
	assert_int_equal(unpack(f, NULL), RC_OK);
	keys_remove(f->other);
}

static void files_of_the_unpacked_folder_are_private(void **state)
{
	static const char *const names[] = {"", "keys.db", "master.key", "audit.ed25519"};
	struct fixture *f = *state;

	assert_int_equal(unpack(f, NULL), RC_OK);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char path[128];
		struct stat st;
		(void)snprintf(path, sizeof path, "%s/keys/%s", f->other, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
	keys_remove(f->other);
}

static void key_of_a_credential_is_in_the_archive(void **state)
{
	struct fixture *f = *state;
	char from[128], to[128];

	key_archive_free(f->archive, f->n);
	keyring_free(f->k);
	(void)snprintf(from, sizeof from, "%s/keys/master.key", f->folder);
	(void)snprintf(to, sizeof to, "%s/kinward.master", f->folder);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", f->folder, 1), 0);
	f->k = keys_open(f->folder);
	assert_int_equal(key_archive_make(f->k, &f->archive, &f->n, NULL), RC_OK);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(unlink(to), 0);
	assert_int_equal(unpack(f, NULL), RC_OK);
	struct keyring *k = keys_open(f->other);
	assert_int_equal(unseal(k, f), RC_OK);
	keyring_free(k);
	keys_remove(f->other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unpacked_keys_open_what_was_sealed),
		TEST(destroyed_key_is_in_no_archive_made_later),
		TEST(folder_with_keys_is_left_alone),
		TEST(damaged_archives_leave_nothing_behind),
		TEST(files_of_the_unpacked_folder_are_private),
		TEST(key_of_a_credential_is_in_the_archive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
