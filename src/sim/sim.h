/* `kinward sim`: simulated watches. They live in a made-up town, speak the watch protocol as real
 * firmware does, with its faults, and can be told by a control socket to press SOS. A process of
 * its own; nothing else in Kinward depends on it. */
#pragma once

/* argv[0] is "sim". Returns the exit status: 0, 1 (failed), 2 (wrong use). */
int sim_main(int argc, char **argv);
