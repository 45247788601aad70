/* `kinward audit verify` and `kinward audit export`: on a data folder, beside a running service or
 * not, or on a single database file such as a decrypted backup. Read only. */
#pragma once

/* 0: whole; 1: it could not be read; 2: wrong usage; 3: something does not fit. */
int audit_main(int argc, char **argv);
