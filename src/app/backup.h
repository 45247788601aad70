/* `kinward backup` and `kinward restore`: a consistent copy of the database, and the folder of the
 * keys, each encrypted with the program `age` to a public key whose private half is not on this
 * machine. A plain backup cannot be written. Processes of their own, beside a running service. */
#pragma once

/* --to FILE|- and/or --keys-to FILE|- [--recipient age1…], or --verify FILE [--keys FILE]
 * --identity KEYFILE; --config and --set as for serve. Returns 0, 1 when it failed (the reason is
 * told), 2 for wrong use. */
int backup_main(int argc, char **argv);

/* FILE [--keys FILE] --identity KEYFILE; --config and --set as for serve. The data folder must be
 * empty or not there, and with --keys the folder of the keys, too. Verifies first; afterwards
 * everybody signs in again, and what was open in the backup (commands, proposals, consents of
 * partners) is not taken up again. */
int restore_main(int argc, char **argv);
