/* docs/openapi.yaml as the server gives it out; made by embed.py when building. */
#pragma once

#include <stddef.h>

extern const char openapi_text[];
extern const size_t openapi_text_n;
