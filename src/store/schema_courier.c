/* What waits to go out: mail, webhooks. */
#include "store/schema_parts.h"

const char schema_courier[] =
	/* A destination is a partner or the mail server; its own times, so that one that does not
	   answer is asked seldom, whatever waits for it. */
	"CREATE TABLE courier_destination ("
	" id BLOB NOT NULL PRIMARY KEY, waiting INTEGER NOT NULL, dead INTEGER NOT NULL,"
	" dropped INTEGER NOT NULL, delivered INTEGER NOT NULL, failures INTEGER NOT NULL,"
	" rests_until_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL, last_outcome INTEGER NOT NULL,"
	" last_code INTEGER NOT NULL, last_ms INTEGER NOT NULL);"
	"CREATE INDEX courier_destination_due ON courier_destination (next_ms) WHERE waiting > 0;"
	/* state 0: waits until next_ms; 1: on the way, taken for lost at next_ms; 2: dead since
	   next_ms */
	"CREATE TABLE courier_item ("
	" destination BLOB NOT NULL, id BLOB NOT NULL, owner BLOB NOT NULL,"
	" is_mail INTEGER NOT NULL, content BLOB NOT NULL, state INTEGER NOT NULL,"
	" attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL,"
	" expires_ms INTEGER NOT NULL, outcome INTEGER NOT NULL, code INTEGER NOT NULL,"
	" PRIMARY KEY (destination, id));"
	"CREATE INDEX courier_item_by_id ON courier_item (id);"
	"CREATE INDEX courier_item_by_owner ON courier_item (owner);"
	"CREATE INDEX courier_item_due ON courier_item (destination, state, next_ms);"
	"CREATE INDEX courier_item_sent ON courier_item (next_ms) WHERE state = 1;"
	"CREATE INDEX courier_item_dead ON courier_item (next_ms) WHERE state = 2;";
