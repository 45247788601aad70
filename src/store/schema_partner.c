/* Partners, consents. */
#include "store/schema_parts.h"

const char schema_partner[] = "";
