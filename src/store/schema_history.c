/* What watches said: journal, chunks, marks, alarms; pictures. */
#include "store/schema_parts.h"

const char schema_history[] =
	"CREATE TABLE wearer_picture ("
	" wearer BLOB NOT NULL PRIMARY KEY REFERENCES wearer (id), bytes BLOB NOT NULL);"
	"CREATE TABLE alarm ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), id BLOB NOT NULL, kinds INTEGER NOT NULL,"
	" status INTEGER NOT NULL, device_time_ms INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
	" received_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, marks INTEGER NOT NULL,"
	" report BLOB NOT NULL, place BLOB," /* place: solved afterwards, as a packed report */
	" state INTEGER NOT NULL, repeats INTEGER NOT NULL, taken_by BLOB, taken_ms INTEGER NOT "
	"NULL,"
	" closed_by BLOB, closed_ms INTEGER NOT NULL, note BLOB, PRIMARY KEY (wearer, "
	"id));"
	"CREATE INDEX alarm_by_id ON alarm (id);"
	"CREATE UNIQUE INDEX alarm_once ON alarm (wearer, device_time_ms, status, kinds);"
	"CREATE INDEX alarm_by_time ON alarm (wearer, received_ms);"
	"CREATE TABLE journal (first_seq INTEGER NOT NULL PRIMARY KEY, entries INTEGER NOT NULL,"
	" body BLOB NOT NULL);"
	"CREATE TABLE history_chunk ("
	" wearer INTEGER NOT NULL, day INTEGER NOT NULL, last_seq INTEGER NOT NULL,"
	" entries INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (wearer, day, last_seq));"
	"CREATE TABLE history_mark (wearer INTEGER NOT NULL PRIMARY KEY, sealed_seq INTEGER NOT "
	"NULL,"
	" latest_ms INTEGER NOT NULL, latest BLOB);";
