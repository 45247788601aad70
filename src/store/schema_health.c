/* Health values, days, calls, friends. Sealed for the wearer: every value, what a day held, every
 * call. */
#include "store/schema_parts.h"

const char schema_health[] =
	/* no row: not allowed. swept_day: the day (UTC) on which values too old were last deleted
	 */
	"CREATE TABLE health_rule ("
	" wearer BLOB NOT NULL PRIMARY KEY REFERENCES wearer (id), is_allowed INTEGER NOT NULL,"
	" keep_days INTEGER NOT NULL, by_account BLOB, changed_ms INTEGER NOT NULL,"
	" swept_day INTEGER NOT NULL);"
	"CREATE INDEX health_rule_by_sweep ON health_rule (swept_day);"
	"CREATE TABLE health_value ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), time_ms INTEGER NOT NULL,"
	" slot INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (wearer, time_ms, slot));"
	/* day: of the wearer's zone, counted from 1970 */
	"CREATE TABLE wearer_day ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), day INTEGER NOT NULL, body BLOB NOT NULL,"
	" PRIMARY KEY (wearer, day));"
	"CREATE INDEX wearer_day_by_day ON wearer_day (day);"
	"CREATE TABLE call_log ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), started_ms INTEGER NOT NULL,"
	" body_hash BLOB NOT NULL, received_ms INTEGER NOT NULL, body BLOB NOT NULL,"
	" PRIMARY KEY (wearer, started_ms, body_hash));"
	"CREATE INDEX call_log_by_time ON call_log (received_ms);"
	"CREATE TABLE friend_rule ("
	" wearer BLOB NOT NULL PRIMARY KEY REFERENCES wearer (id), is_allowed INTEGER NOT NULL);"
	/* two rows for each friendship */
	"CREATE TABLE friendship ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), friend BLOB NOT NULL REFERENCES wearer (id),"
	" id BLOB NOT NULL, since_ms INTEGER NOT NULL, PRIMARY KEY (wearer, friend));"
	"CREATE INDEX friendship_by_friend ON friendship (friend);";
