/* `kinward radio import FILE… | status | clear`: the public table of cells and access points, with
 * or without the service running. */
#pragma once

int radio_main(int argc, char **argv);
