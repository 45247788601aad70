/* docs/openapi.yaml and docs/openapi-partner.yaml as the server gives them out; made by embed.py
 * when building. */
#pragma once

#include <stddef.h>

extern const char openapi_text[];
extern const size_t openapi_text_n;
extern const char openapi_partner_text[];
extern const size_t openapi_partner_text_n;
