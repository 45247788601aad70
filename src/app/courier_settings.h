/* The courier's settings, checked and opened: prefixes, certificates, the mail server's password.
 * Checked by the supervisor before anything starts and by `kinward doctor`; loaded by
 * role_courier.c while it still may. */
#pragma once

#include "app/settings.h"
#include "base/address.h"

enum { PASSWORD_TEXT = 256, CA_FILE_MAX = 1024 * 1024 };

struct courier_settings {
	struct prefixes allowed;
	char *ca_pem; /* owned; NULL: the system's */
	size_t ca_n;
	int hosts_fd; /* -1: none */
	char password[PASSWORD_TEXT];
};

/* RC_DENIED when others can read the password, or it stands where it must not. */
MUST_CHECK enum rc courier_settings_load(
	const struct settings *s, struct courier_settings *ret, struct err *e);
void courier_settings_done(struct courier_settings *c);
/* The same without keeping anything. */
MUST_CHECK enum rc courier_settings_check(const struct settings *s, struct err *e);
