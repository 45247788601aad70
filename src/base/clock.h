/* The two clocks. Everything that decides by time takes the time as a parameter; only loops and
 * request entries ask here. */
#pragma once

#include <stdint.h>

/* Wall clock, UTC milliseconds since 1970. */
int64_t clock_wall_ms(void);

/* Milliseconds since an arbitrary start; never goes back, not changed by setting the clock. */
int64_t clock_mono_ms(void);
