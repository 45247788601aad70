/* Numbers that look random and depend on their arguments only, so that a seed fixes a whole life.
 * Not for secrets. */
#pragma once

#include <stdint.h>

static inline uint64_t chance_mix(uint64_t a, uint64_t b)
{
	uint64_t z = a + 0x9e3779b97f4a7c15u * (b + 1);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 0 .. n-1 */
static inline uint32_t chance_below(uint64_t a, uint64_t b, uint32_t n)
{
	return (uint32_t)((chance_mix(a, b) >> 32) * n >> 32);
}

/* low .. high */
static inline double chance_between(uint64_t a, uint64_t b, double low, double high)
{
	double unit = (double)(chance_mix(a, b) >> 11) * 0x1p-53;

	return low + (high - low) * unit;
}
