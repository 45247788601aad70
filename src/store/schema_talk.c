/* What was said between the people and a watch. Sealed for the wearer: texts, voices, photos and
 * what is known about them, padded to a few sizes. */
#include "store/schema_parts.h"

const char schema_talk[] =
	/* kind, direction, by_kind, state: the enums of domain/thread.h; size: bytes on disk;
	 * a text has the id of its command; next_ms: a voice is not offered to the watch before */
	"CREATE TABLE thread_item ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), id BLOB NOT NULL, kind INTEGER NOT NULL,"
	" direction INTEGER NOT NULL, by_kind INTEGER NOT NULL, by_account BLOB,"
	" state INTEGER NOT NULL, reason INTEGER NOT NULL, tries INTEGER NOT NULL,"
	" created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL,"
	" sent_ms INTEGER NOT NULL, delivered_ms INTEGER NOT NULL, heard_ms INTEGER NOT NULL,"
	" size INTEGER NOT NULL, idempotency_key TEXT NOT NULL, about BLOB NOT NULL,"
	" content_hash BLOB NOT NULL, content BLOB NOT NULL, PRIMARY KEY (wearer, id));"
	"CREATE INDEX thread_item_by_id ON thread_item (id);"
	"CREATE INDEX thread_item_by_time ON thread_item (wearer, created_ms, id);"
	"CREATE INDEX thread_item_by_hash ON thread_item (wearer, content_hash);"
	/* voices that wait for their watch: kind 1, states 0 and 1 */
	"CREATE INDEX thread_voice_open ON thread_item (wearer, created_ms)"
	" WHERE kind = 1 AND state < 2;"
	/* bytes on disk, so that nobody has to add them up */
	"CREATE TABLE thread_use ("
	" wearer BLOB NOT NULL PRIMARY KEY REFERENCES wearer (id), bytes INTEGER NOT NULL);"
	/* the voice that a watch is sending in parts: one at a time */
	"CREATE TABLE voice_chunk ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), chunk INTEGER NOT NULL,"
	" chunks INTEGER NOT NULL, name_hash BLOB NOT NULL, received_ms INTEGER NOT NULL,"
	" content BLOB NOT NULL, PRIMARY KEY (wearer, chunk));"
	"CREATE INDEX voice_chunk_by_time ON voice_chunk (received_ms);";
