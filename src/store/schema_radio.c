/* What a group's own watches taught: where access points and cells are. point: group, kind and
 * address, sealed by the group's key, as body is (locate/learn.h). seen_day: days since 1970. */
#include "store/schema_parts.h"

const char schema_radio[] =
	"CREATE TABLE radio_learned ("
	" care_group BLOB NOT NULL REFERENCES care_group (id), point BLOB NOT NULL,"
	" point_hash BLOB NOT NULL, body BLOB NOT NULL, seen_day INTEGER NOT NULL,"
	" PRIMARY KEY (care_group, point_hash));"
	"CREATE INDEX radio_learned_by_day ON radio_learned (seen_day);";
