/* The parts of the first migration, one for each subject. Sealed columns are BLOB, look-ups of them
 * end in _hash (store/sealed.h). Used by schema.c alone. */
#pragma once

extern const char schema_people[];
extern const char schema_group[];
extern const char schema_watch[];
extern const char schema_talk[];
extern const char schema_history[];
extern const char schema_audit[];
extern const char schema_partner[];
extern const char schema_courier[];
extern const char schema_phone[];
extern const char schema_radio[];
extern const char schema_health[];
