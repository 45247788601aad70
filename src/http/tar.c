#include "http/tar.h"

#include <stdio.h>
#include <string.h>

/* What stands where. */
enum {
	AT_MODE = 100,
	AT_OWNER = 108,
	AT_GROUP = 116,
	AT_SIZE = 124,
	AT_TIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	DIGITS_SHORT = 7,
	DIGITS_LONG = 11,
	DIGITS_CHECKSUM = 6,
};

static void put_octal(uint8_t *at, unsigned digits, uint64_t value)
{
	for (unsigned i = digits; i > 0; i--, value >>= 3)
		at[i - 1] = (uint8_t)('0' + (value & 7));
}

void tar_write_header(const char *name, uint64_t size, int64_t time_s, uint8_t ret[TAR_BLOCK])
{
	uint64_t sum = 0;

	memset(ret, 0, TAR_BLOCK);
	memcpy(ret, name, strnlen(name, TAR_NAME_MAX));
	put_octal(ret + AT_MODE, DIGITS_SHORT, 0600);
	put_octal(ret + AT_OWNER, DIGITS_SHORT, 0);
	put_octal(ret + AT_GROUP, DIGITS_SHORT, 0);
	put_octal(ret + AT_SIZE, DIGITS_LONG, size);
	put_octal(ret + AT_TIME, DIGITS_LONG, time_s > 0 ? (uint64_t)time_s : 0);
	memset(ret + AT_CHECKSUM, ' ', 8);
	ret[AT_TYPE] = '0';
	memcpy(ret + AT_MAGIC, "ustar\00000", 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += ret[i];
	put_octal(ret + AT_CHECKSUM, DIGITS_CHECKSUM, sum);
	ret[AT_CHECKSUM + DIGITS_CHECKSUM] = 0;
}

size_t tar_padding(uint64_t n)
{
	return (size_t)((TAR_BLOCK - n % TAR_BLOCK) % TAR_BLOCK);
}
