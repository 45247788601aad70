/* What waits to go out: mail, webhooks. */
#include "store/schema_parts.h"

const char schema_courier[] = "";
