/* The audit log. */
#include "store/schema_parts.h"

const char schema_audit[] = "";
