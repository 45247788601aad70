/* How the scheduled backups do, as the supervisor tells it. Written by the main loop, read by any
 * thread. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"

struct backup_state {
	atomic_bool is_on;
	_Atomic int64_t last_good_ms; /* 0: none yet */
	_Atomic int64_t last_bad_ms;  /* 0: none since the start */
	_Atomic uint64_t good, bad;   /* since the start */
};

/* Takes the supervisor's words: "on MS", "good MS", "bad MS". False for anything else. */
bool backup_state_note(struct backup_state *s, struct view words);
