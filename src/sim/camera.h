/* The pictures of simulated watches: a small real JPEG, and what odd cameras send instead. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sim/manners.h"

/* Fills buf (size is enough for 64 KiB) and returns how many bytes the picture has. */
size_t camera_take(const struct manners *m, uint8_t *buf, size_t size);
