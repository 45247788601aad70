/* Other ways in than a watch's plain frames: phones by OwnTracks or OsmAnd with a token, watches by
 * TLS with a key. kind: enum way_kind; name and key sealed by the wearer's key. key: of a phone the
 * key of its encrypted messages, of a watch the SHA-256 of its public key. */
#include "store/schema_parts.h"

const char schema_phone[] =
	"CREATE TABLE way ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), id BLOB NOT NULL, kind INTEGER NOT NULL,"
	" name BLOB NOT NULL, token_hash BLOB, key BLOB, created_ms INTEGER NOT NULL,"
	" last_ms INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (wearer, id));"
	"CREATE UNIQUE INDEX way_by_id ON way (id);"
	"CREATE UNIQUE INDEX way_by_token ON way (token_hash) WHERE token_hash IS NOT NULL;";
