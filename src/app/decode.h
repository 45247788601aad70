/* `kinward decode`: shows what a watch said, frame by frame, as JSON. For people with a watch that
 * misbehaves. Reads files or standard input only; no server, no store. */
#pragma once

/* argv[0] is "decode". Returns the exit code. */
int decode_main(int argc, char **argv);
