/* `kinward commands`: the reference of what a watch can be told, made from the tables of the
 * program. */
#pragma once

int commands_main(int argc, char **argv);
