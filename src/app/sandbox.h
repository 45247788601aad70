/* What a role may no longer do. Entered once, after everything is open and before the first byte
 * from outside. Layers that this system does not give are logged by name, with the reason. A build
 * with sanitizers has no seccomp filter (sandbox_off.c) and says so. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct sandbox_layers {
	bool has_user; /* runs as an unprivileged user (or was started as one) */
	bool has_no_new_privs;
	bool has_seccomp;
	bool has_landlock;
	bool has_no_dump;
	bool has_no_capabilities;
	int landlock_abi; /* 0: not there */
};

/* For a gateway: the user `user` when started as root ("" = `kinward`, else `nobody`), no new
 * privileges, no core, Landlock without any rule, and a list of allowed system calls; every other
 * one (execve, open, connect, socket …) kills the process. */
MUST_CHECK enum rc sandbox_enter_gateway(
	const char *user, struct sandbox_layers *ret, struct err *e);

/* For the server: no new privileges, no capabilities, no core, Landlock (writes only below
 * the data folder and the folder of the keys), and system calls that it never needs (execve,
 * ptrace, connect, socket …) kill the process. Call before threads start. */
MUST_CHECK enum rc sandbox_enter_server(
	const char *data_dir, const char *key_dir, struct sandbox_layers *ret, struct err *e);

/* For the courier: as a gateway, but it may connect to the internet, have threads, and read what
 * looking names up and checking certificates needs (the system's resolver settings and
 * certificates), nothing else. Call before threads start. */
MUST_CHECK enum rc sandbox_enter_courier(
	const char *user, struct sandbox_layers *ret, struct err *e);

/* For the media role: as a gateway, but it may start processes like itself, which it kills; and
 * memory_max bytes of data for itself and for each of these. */
MUST_CHECK enum rc sandbox_enter_media(
	const char *user, uint64_t memory_max, struct sandbox_layers *ret, struct err *e);
/* In such a process: no descriptor but standard error, memory and its own end, nothing else. False
 * when that is not to be had although the role has a filter. */
MUST_CHECK bool sandbox_seal_worker(bool has_seccomp);

/* Becomes the account for good when this process is root; else does nothing. Also for the simulated
 * watch that the supervisor starts. */
MUST_CHECK enum rc sandbox_drop_user(const char *user, struct err *e);
/* The account that would be used: `user`, or when that is empty `kinward`, else `nobody`. */
MUST_CHECK enum rc sandbox_find_user(
	const char *user, uid_t *ret_uid, gid_t *ret_gid, struct err *e);

/* What this system would give, without entering; for `kinward doctor`. */
void sandbox_probe(struct sandbox_layers *ret);

/* One line for the log: "user=yes no_new_privs=yes seccomp=yes landlock=no …". */
enum { SANDBOX_TEXT = 160 };
void sandbox_to_text(const struct sandbox_layers *layers, char ret_text[SANDBOX_TEXT]);
