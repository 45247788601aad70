#include "crypto/keyring_rotate.h"

#include <fcntl.h>
#include <stdlib.h>

#include "keys.h"

static const struct uid mia = {{0x11, 1}};
static const struct uid tom = {{0x22, 2}};

struct sealed {
	uint8_t b[256];
	size_t n;
};

struct fixture {
	char folder[64];
	struct keyring *k;
	struct sealed mias;
};

static struct sealed seal(struct keyring *k, const struct uid *owner, const char *text)
{
	struct sealed s = {.n = strlen(text) + SEAL_OVERHEAD};

	assert_int_equal(keyring_seal(k, owner, "test.text", view_of(text), s.b, NULL), RC_OK);
	return s;
}

static enum rc unseal(struct keyring *k, const struct uid *owner, const struct sealed *s)
{
	struct view sealed = {.p = (const char *)s->b, .n = s->n};
	uint8_t plain[256];
	size_t n = 0;

	return keyring_unseal(k, owner, "test.text", sealed, plain, &n, NULL);
}

static bool is_newest(struct keyring *k, const struct uid *owner, const struct sealed *s)
{
	struct view sealed = {.p = (const char *)s->b, .n = s->n};
	bool is = false;

	assert_int_equal(keyring_is_newest(k, owner, sealed, &is, NULL), RC_OK);
	return is;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof f->folder, "/tmp/kinward-rotate-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->k = keys_open(f->folder);
	assert_int_equal(keyring_add(f->k, KEY_WEARER, &mia, NULL), RC_OK);
	assert_int_equal(keyring_add(f->k, KEY_GROUP, &tom, NULL), RC_OK);
	f->mias = seal(f->k, &mia, "Mia");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	keyring_free(f->k);
	keys_remove(f->folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static void open_again(struct fixture *f)
{
	keyring_free(f->k);
	f->k = keys_open(f->folder);
}

static void path_of(const struct fixture *f, const char *name, char ret[128])
{
	(void)snprintf(ret, 128, "%s/keys/%s", f->folder, name);
}

static bool exists(const struct fixture *f, const char *name)
{
	char path[128];

	path_of(f, name, path);
	return access(path, F_OK) == 0;
}

static void read_file(const struct fixture *f, const char *name, char ret[80])
{
	char path[128];

	path_of(f, name, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	memset(ret, 0, 80);
	assert_int_equal(read(fd, ret, 79), 65);
	(void)close(fd);
}

static void write_file(const struct fixture *f, const char *name, const char text[80])
{
	char path[128];

	path_of(f, name, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, 65), 65);
	(void)close(fd);
}

static void renew_master(struct fixture *f)
{
	bool was_credential = true;

	assert_int_equal(keyring_renew_master(f->k, &was_credential, NULL), RC_OK);
	assert_false(was_credential);
}

static void fresh_master_key_opens_what_was_sealed_and_the_old_one_nothing(void **state)
{
	struct fixture *f = *state;
	struct keyring *k = NULL;
	char before[80], after[80], folder[128];

	read_file(f, "master.key", before);
	renew_master(f);
	assert_int_equal(unseal(f->k, &mia, &f->mias), RC_OK);
	open_again(f);
	assert_int_equal(unseal(f->k, &mia, &f->mias), RC_OK);
	read_file(f, "master.key", after);
	assert_string_not_equal(before, after);
	assert_false(exists(f, "master.key.new"));
	assert_false(exists(f, "master.key.old"));
	write_file(f, "master.key", before);
	path_of(f, "", folder);
	assert_int_equal(keyring_open(folder, false, &k, NULL), RC_DENIED);
	write_file(f, "master.key", after);
}

static void change_of_the_master_key_that_was_cut_off_is_finished(void **state)
{
	struct fixture *f = *state;
	char old[80], new[80];
	char from[128], to[128];

	/* Before the commit: the old key holds. */
	read_file(f, "master.key", old);
	memset(new, 'a', 64);
	new[64] = '\n';
	write_file(f, "master.key.new", new);
	open_again(f);
	assert_int_equal(unseal(f->k, &mia, &f->mias), RC_OK);
	renew_master(f);
	read_file(f, "master.key", new);
	/* After the commit, before the files changed places. */
	path_of(f, "master.key", from);
	path_of(f, "master.key.new", to);
	assert_int_equal(rename(from, to), 0);
	write_file(f, "master.key", old);
	open_again(f);
	assert_int_equal(unseal(f->k, &mia, &f->mias), RC_OK);
	assert_false(exists(f, "master.key.new"));
	/* Between the two renames. */
	assert_int_equal(rename(from, to), 0);
	write_file(f, "master.key.old", old);
	open_again(f);
	assert_int_equal(unseal(f->k, &mia, &f->mias), RC_OK);
	assert_false(exists(f, "master.key.new"));
	/* After them. */
	write_file(f, "master.key.old", old);
	open_again(f);
	assert_false(exists(f, "master.key.old"));
	read_file(f, "master.key", old);
	assert_string_equal(old, new);
}

static void master_key_from_a_credential_moves_into_the_folder(void **state)
{
	struct fixture *f = *state;
	char from[128], to[128];
	bool was_credential = false;

	path_of(f, "master.key", from);
	(void)snprintf(to, sizeof to, "%s/kinward.master", f->folder);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", f->folder, 1), 0);
	open_again(f);
	assert_int_equal(keyring_renew_master(f->k, &was_credential, NULL), RC_OK);
	assert_true(was_credential);
	open_again(f); /* the credential is out of date: the file counts */
	assert_int_equal(unseal(f->k, &mia, &f->mias), RC_OK);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(unlink(to), 0);
}

static void old_seals_open_until_the_renewal_ends(void **state)
{
	struct fixture *f = *state;
	uint64_t owners = 0;

	assert_int_equal(keyring_renew_begin(f->k, &owners, NULL), RC_OK);
	assert_int_equal(owners, 3); /* Mia, Tom, the system */
	assert_int_equal(keyring_renew_begin(f->k, &owners, NULL), RC_OK);
	assert_int_equal(owners, 0); /* it was begun before */
	open_again(f);
	struct sealed anew = seal(f->k, &mia, "Mia");
	assert_int_equal(unseal(f->k, &mia, &f->mias), RC_OK);
	assert_int_equal(unseal(f->k, &mia, &anew), RC_OK);
	assert_false(is_newest(f->k, &mia, &f->mias));
	assert_true(is_newest(f->k, &mia, &anew));
	assert_int_equal(keyring_renew_end(f->k, NULL), RC_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(unseal(f->k, &mia, &f->mias), RC_SYNTAX);
		assert_int_equal(unseal(f->k, &mia, &anew), RC_OK);
		open_again(f);
	}
}

static void destroyed_owner_gets_no_fresh_key(void **state)
{
	struct fixture *f = *state;
	bool has = true;

	assert_int_equal(keyring_destroy(f->k, &mia, NULL), RC_OK);
	assert_int_equal(keyring_renew_begin(f->k, NULL, NULL), RC_OK);
	assert_int_equal(keyring_has(f->k, &mia, &has, NULL), RC_OK);
	assert_false(has);
	assert_int_equal(keyring_destroy(f->k, &tom, NULL), RC_OK); /* both of its keys */
	assert_int_equal(keyring_renew_end(f->k, NULL), RC_OK);
	assert_int_equal(keyring_has(f->k, &tom, &has, NULL), RC_OK);
	assert_false(has);
}

static void keys_may_be_renewed_many_times(void **state)
{
	struct fixture *f = *state;
	struct sealed last = f->mias;

	for (int i = 0; i < 40; i++) {
		assert_int_equal(keyring_renew_begin(f->k, NULL, NULL), RC_OK);
		struct sealed anew = seal(f->k, &mia, "Mia");
		assert_int_equal(unseal(f->k, &mia, &last), RC_OK);
		assert_int_equal(keyring_renew_end(f->k, NULL), RC_OK);
		assert_int_equal(unseal(f->k, &mia, &last), RC_SYNTAX);
		last = anew;
	}
	renew_master(f);
	assert_int_equal(unseal(f->k, &mia, &last), RC_OK);
}

static void more_owners_than_a_page_are_all_renewed(void **state)
{
	struct fixture *f = *state;
	uint64_t owners = 0;
	struct uid last = {{0}};

	for (unsigned i = 0; i < 520; i++) {
		struct uid owner = {{0x30, (uint8_t)i, (uint8_t)(i >> 8)}};
		assert_int_equal(keyring_add(f->k, KEY_ACCOUNT, &owner, NULL), RC_OK);
		last = owner;
	}
	struct sealed s = seal(f->k, &last, "last");
	renew_master(f);
	assert_int_equal(keyring_renew_begin(f->k, &owners, NULL), RC_OK);
	assert_int_equal(owners, 523);
	assert_int_equal(unseal(f->k, &last, &s), RC_OK);
	assert_int_equal(keyring_renew_end(f->k, NULL), RC_OK);
	assert_int_equal(unseal(f->k, &last, &s), RC_SYNTAX);
}

static void lookup(struct fixture *f, uint8_t ret[LOOKUP_BYTES])
{
	keyring_lookup(f->k, "device.wire_id", VIEW("5550100001"), ret);
}

static void lookups_change_once_and_for_good(void **state)
{
	struct fixture *f = *state;
	uint8_t before[LOOKUP_BYTES], next[LOOKUP_BYTES], now[LOOKUP_BYTES];

	lookup(f, before);
	assert_int_equal(keyring_lookup_begin(f->k, NULL), RC_OK);
	lookup(f, next);
	assert_memory_not_equal(before, next, sizeof next);
	open_again(f); /* cut off: the old one, until it is begun again, with the same next one */
	lookup(f, now);
	assert_memory_equal(before, now, sizeof now);
	renew_master(f);
	assert_int_equal(keyring_lookup_begin(f->k, NULL), RC_OK);
	lookup(f, now);
	assert_memory_equal(next, now, sizeof now);
	assert_int_equal(keyring_lookup_end(f->k, NULL), RC_OK);
	assert_int_equal(keyring_lookup_end(f->k, NULL), RC_OK); /* again: nothing to do */
	open_again(f);
	lookup(f, now);
	assert_memory_equal(next, now, sizeof now);
}

static void work_is_remembered(void **state)
{
	struct fixture *f = *state;
	int64_t work = 7;

	assert_int_equal(keyring_work_get(f->k, &work, NULL), RC_OK);
	assert_int_equal(work, 0);
	assert_int_equal(keyring_work_set(f->k, 0x1234567890, NULL), RC_OK);
	open_again(f);
	assert_int_equal(keyring_work_get(f->k, &work, NULL), RC_OK);
	assert_true(work == 0x1234567890);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fresh_master_key_opens_what_was_sealed_and_the_old_one_nothing),
		TEST(change_of_the_master_key_that_was_cut_off_is_finished),
		TEST(master_key_from_a_credential_moves_into_the_folder),
		TEST(old_seals_open_until_the_renewal_ends),
		TEST(destroyed_owner_gets_no_fresh_key),
		TEST(keys_may_be_renewed_many_times),
		TEST(more_owners_than_a_page_are_all_renewed),
		TEST(lookups_change_once_and_for_good),
		TEST(work_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
