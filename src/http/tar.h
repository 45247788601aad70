/* Headers of a tar archive (POSIX.1-1988 ustar) for plain files with short ASCII names. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { TAR_BLOCK = 512, TAR_NAME_MAX = 99, TAR_END_BYTES = 2 * TAR_BLOCK };

/* name: at most TAR_NAME_MAX characters; size below 8 GiB. */
void tar_write_header(const char *name, uint64_t size, int64_t time_s, uint8_t ret[TAR_BLOCK]);
/* Zeros that follow a content of n bytes. */
size_t tar_padding(uint64_t n);
