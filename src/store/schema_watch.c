/* Watches, what they were told, their phone books, switches. Sealed for the wearer:
 * numbers on the wire and of SIMs, models, passwords, commands, contacts. */
#include "store/schema_parts.h"

const char schema_watch[] =
	"CREATE TABLE device ("
	" id BLOB NOT NULL PRIMARY KEY, wearer BLOB NOT NULL REFERENCES wearer (id),"
	" wire_id BLOB NOT NULL, wire_hash BLOB NOT NULL UNIQUE,"
	" vendor TEXT NOT NULL, model BLOB, version BLOB, is_demo INTEGER NOT NULL,"
	" date_order INTEGER NOT NULL, offset_min INTEGER NOT NULL,"
	" language TEXT NOT NULL, zone TEXT NOT NULL, zone_sent_min INTEGER,"
	" upload_sent_s INTEGER NOT NULL, is_adaptive INTEGER NOT NULL DEFAULT 0,"
	" is_lz_refused INTEGER NOT NULL,"
	" password BLOB, password_wanted BLOB, phone BLOB NOT NULL, book_size INTEGER,"
	" config BLOB, iccid BLOB, iccid_changed_ms INTEGER NOT NULL DEFAULT 0,"
	" reapply_ms INTEGER NOT NULL DEFAULT 0, reapplied_ms INTEGER NOT NULL DEFAULT 0,"
	" guard_due_ms INTEGER NOT NULL, guard_checked_ms INTEGER NOT NULL DEFAULT 0,"
	" guard_drift_ms INTEGER NOT NULL DEFAULT 0, bound_ms INTEGER NOT NULL);"
	"CREATE INDEX device_by_wearer ON device (wearer);"
	"CREATE INDEX device_by_zone ON device (zone, zone_sent_min);"
	"CREATE INDEX device_by_guard ON device (guard_due_ms);"
	"CREATE INDEX device_adaptive ON device (is_adaptive) WHERE is_adaptive = 1;"
	"CREATE INDEX device_to_reapply ON device (reapply_ms) WHERE reapply_ms > 0;"
	/* kind: what people call it; body: the packed command, gone when it held a password;
	 * message: text of a message, name of the person called; after_command: goes out when that
	 * one is confirmed;
	 * answer: what the watch said to it, for people */
	"CREATE TABLE command ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), id BLOB NOT NULL, kind TEXT NOT NULL,"
	" body BLOB, message BLOB NOT NULL, answer BLOB, state INTEGER NOT NULL, reason INTEGER "
	"NOT NULL,"
	" created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL,"
	" finished_ms INTEGER NOT NULL, by_account BLOB, idempotency_key TEXT NOT NULL,"
	" contact BLOB, after_command BLOB, PRIMARY KEY (wearer, id));"
	"CREATE INDEX command_by_id ON command (id);"
	"CREATE INDEX command_by_time ON command (wearer, created_ms);"
	"CREATE INDEX command_open ON command (finished_ms) WHERE finished_ms = 0;"
	"CREATE INDEX command_ended ON command (finished_ms) WHERE finished_ms > 0;"
	/* What a watch shall be, what it confirmed, and how far that is: enum setting_state. NULL
	 * values stand in tables of their own. */
	"CREATE TABLE watch_setting ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), name TEXT NOT NULL,"
	" state INTEGER NOT NULL, wanted BLOB, confirmed BLOB, changed_ms INTEGER NOT NULL,"
	" drift_ms INTEGER NOT NULL DEFAULT 0, by_account BLOB, PRIMARY KEY (wearer, name));"
	/* The commands that carry a setting: kind and place */
	"CREATE TABLE watch_setting_part ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), setting TEXT NOT NULL, kind TEXT NOT NULL,"
	" slot INTEGER NOT NULL, state INTEGER NOT NULL, PRIMARY KEY (wearer, setting, kind, "
	"slot));"
	/* What a watch can do, where it showed that itself or a member knows better: `has` 0 no, 1
	 * yes; `misses`: how often in a row it did not answer while it talked */
	"CREATE TABLE watch_capability ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), name TEXT NOT NULL, source INTEGER NOT NULL,"
	" has INTEGER, misses INTEGER NOT NULL DEFAULT 0, changed_ms INTEGER NOT NULL,"
	" PRIMARY KEY (wearer, name, source));"
	"CREATE TABLE contact ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), id BLOB NOT NULL, place INTEGER NOT NULL,"
	" name BLOB NOT NULL, number BLOB NOT NULL, PRIMARY KEY (wearer, id));"
	"CREATE TABLE sos_number ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), slot INTEGER NOT NULL, number BLOB NOT NULL,"
	" PRIMARY KEY (wearer, slot));"
	"CREATE TABLE photo_rule ("
	" wearer BLOB NOT NULL PRIMARY KEY REFERENCES wearer (id), is_allowed INTEGER NOT NULL,"
	" per_day INTEGER NOT NULL);";
