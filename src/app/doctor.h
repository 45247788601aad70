/* `kinward doctor`: says what this system gives and what stands in the way of a start. */
#pragma once

#include "app/settings.h"

/* Returns 0 when everything is well, 1 when `kinward serve` would fail. */
int doctor_main(const struct settings *settings);
