#include "crypto/sign.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char folder[64];

static void path_to(const char *name, char ret[128])
{
	(void)snprintf(ret, 128, "%s/%s", folder, name);
}

static int set_up(void **state)
{
	(void)state;
	memcpy(folder, "/tmp/kinward-sign-XXXXXX", 25);
	return sodium_init() < 0 || mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
	char path[128];

	(void)state;
	path_to("audit.ed25519", path);
	(void)unlink(path); /* may not be there */
	return rmdir(folder);
}

static void a_signature_holds_for_its_message_and_no_other(void **state)
{
	struct sign_key *k = NULL;
	uint8_t signature[SIGN_BYTES];
	struct err e;

	(void)state;
	assert_int_equal(sign_open(folder, "audit", false, &k, &e), RC_NOT_FOUND);
	assert_int_equal(sign_open(folder, "audit", true, &k, &e), RC_OK);
	sign_bytes(k, VIEW("one"), signature);
	assert_true(sign_check(sign_public(k), VIEW("one"), signature));
	assert_false(sign_check(sign_public(k), VIEW("two"), signature));
	signature[9] ^= 1;
	assert_false(sign_check(sign_public(k), VIEW("one"), signature));
	sign_free(k);
}

static void the_same_key_is_read_again(void **state)
{
	struct sign_key *a = NULL;
	struct sign_key *b = NULL;
	struct err e;

	(void)state;
	assert_int_equal(sign_open(folder, "audit", true, &a, &e), RC_OK);
	assert_int_equal(sign_open(folder, "audit", false, &b, &e), RC_OK);
	assert_string_equal(sign_id(a), sign_id(b));
	assert_memory_equal(sign_public(a), sign_public(b), SIGN_PUBLIC_BYTES);
	sign_free(a);
	sign_free(b);
}

static void a_replaced_key_stays_known(void **state)
{
	struct sign_key *old = NULL;
	struct sign_key *now = NULL;
	uint8_t signature[SIGN_BYTES];
	struct err e;

	(void)state;
	assert_int_equal(sign_open(folder, "audit", true, &old, &e), RC_OK);
	sign_bytes(old, VIEW("past"), signature);
	for (unsigned i = 0; i < SIGN_KNOWN_MAX; i++)
		assert_int_equal(sign_rotate(folder, "audit", &e), RC_OK);
	assert_int_equal(sign_open(folder, "audit", false, &now, &e), RC_OK);
	assert_string_not_equal(sign_id(old), sign_id(now));
	const uint8_t *known = sign_find(now, view_of(sign_id(old)));
	assert_non_null(known);
	assert_true(sign_check(known, VIEW("past"), signature));
	assert_null(sign_find(now, VIEW("0000000000000000")));
	sign_free(now);
	assert_int_equal(sign_rotate(folder, "audit", &e), RC_OK); /* one over the limit */
	assert_int_equal(sign_open(folder, "audit", false, &now, &e), RC_OK);
	assert_null(sign_find(now, view_of(sign_id(old))));
	sign_free(now);
	sign_free(old);
}

static void a_key_that_others_can_read_is_refused(void **state)
{
	struct sign_key *k = NULL;
	char path[128];
	struct err e;

	(void)state;
	assert_int_equal(sign_open(folder, "audit", true, &k, &e), RC_OK);
	sign_free(k);
	path_to("audit.ed25519", path);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(sign_open(folder, "audit", false, &k, &e), RC_DENIED);
}

static void a_damaged_file_is_refused_at_each_length(void **state)
{
	char path[128];
	char text[512];
	struct sign_key *k = NULL;
	struct err e;

	(void)state;
	assert_int_equal(sign_open(folder, "audit", true, &k, &e), RC_OK);
	sign_free(k);
	path_to("audit.ed25519", path);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof text);
	assert_true(n > 60);
	for (off_t cut = n - 1; cut >= 0; cut--) {
		assert_int_equal(ftruncate(fd, cut), 0);
		assert_int_equal(sign_open(folder, "audit", true, &k, &e), RC_SYNTAX);
	}
	assert_int_equal(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_signature_holds_for_its_message_and_no_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_key_is_read_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_replaced_key_stays_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_key_that_others_can_read_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_damaged_file_is_refused_at_each_length, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
