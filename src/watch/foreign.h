/* Recognises by its first bytes what is not our protocol (protocol sections 6.6, 11). Used by
 * frame.c; names and advice are declared in frame.h. Pure. */
#pragma once

#include "watch/frame.h"

/* FOREIGN_NONE with *ret_may_come when more bytes may still make it one. */
enum foreign foreign_find(struct view in, bool *ret_may_come);
