/* The audit log, and who is kept out. */
#include "store/schema_parts.h"

/* No foreign keys: entries outlive what they speak of. */
const char schema_audit[] =
	"CREATE TABLE audit ("
	" seq INTEGER NOT NULL PRIMARY KEY, time_ms INTEGER NOT NULL, action TEXT NOT NULL,"
	" actor_kind INTEGER NOT NULL, actor BLOB, care_group BLOB, wearer BLOB, subject BLOB,"
	" right_name TEXT NOT NULL, outcome TEXT NOT NULL, times INTEGER NOT NULL,"
	" is_told INTEGER NOT NULL, owner BLOB NOT NULL, detail BLOB NOT NULL,"
	" detail_hash BLOB NOT NULL, hash BLOB NOT NULL);"
	"CREATE INDEX audit_by_group ON audit (care_group, seq) WHERE care_group IS NOT NULL;"
	"CREATE INDEX audit_told ON audit (care_group, seq) WHERE is_told = 1;"
	"CREATE TABLE audit_checkpoint ("
	" seq INTEGER NOT NULL PRIMARY KEY, kind INTEGER NOT NULL, previous_seq INTEGER NOT NULL,"
	" time_ms INTEGER NOT NULL, hash BLOB NOT NULL, key_id TEXT NOT NULL,"
	" signature BLOB NOT NULL);"
	/* how far each account has read its notices */
	"CREATE TABLE audit_mark (account BLOB NOT NULL PRIMARY KEY, seq INTEGER NOT NULL);"
	/* until_ms 0: until somebody ends it; reason and network are sealed with the system's key
	 */
	"CREATE TABLE account_ban ("
	" account BLOB NOT NULL PRIMARY KEY, until_ms INTEGER NOT NULL, reason BLOB NOT NULL,"
	" by_account BLOB, created_ms INTEGER NOT NULL);"
	"CREATE TABLE network_ban ("
	" id BLOB NOT NULL PRIMARY KEY, network BLOB NOT NULL, until_ms INTEGER NOT NULL,"
	" reason BLOB NOT NULL, by_account BLOB, created_ms INTEGER NOT NULL);";
