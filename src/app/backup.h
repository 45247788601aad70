/* `kinward backup` and `kinward restore`: a consistent copy of the database, encrypted with the
 * program `age` to a public key whose private half is not on this machine. A plain backup cannot be
 * written. Processes of their own, beside a running service. */
#pragma once

/* --to FILE|- [--recipient age1…], or --verify FILE --identity KEYFILE; --config and --set as for
 * serve. Returns 0, 1 when it failed (the reason is told), 2 for wrong use. */
int backup_main(int argc, char **argv);

/* FILE --identity KEYFILE; --config and --set as for serve. The data folder must be empty or not
 * there. Verifies first; afterwards everybody signs in again, and commands that were open in the
 * backup count as unknown. */
int restore_main(int argc, char **argv);
