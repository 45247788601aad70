/* Accounts, their sessions and second factors. */
#include "store/schema_parts.h"

const char schema_people[] =
	"CREATE TABLE account ("
	" id BLOB NOT NULL PRIMARY KEY, login TEXT NOT NULL, login_folded TEXT NOT NULL UNIQUE,"
	" name TEXT NOT NULL, language TEXT NOT NULL, password_hash TEXT NOT NULL,"
	" is_operator INTEGER NOT NULL, created_ms INTEGER NOT NULL);"
	"CREATE TABLE setup_token ("
	" id INTEGER NOT NULL PRIMARY KEY, token_hash BLOB NOT NULL, created_ms INTEGER NOT NULL);"
	"CREATE TABLE web_session ("
	" id BLOB NOT NULL PRIMARY KEY, account BLOB NOT NULL REFERENCES account (id),"
	" token_hash BLOB NOT NULL, created_ms INTEGER NOT NULL, last_used_ms INTEGER NOT NULL,"
	" user_agent TEXT NOT NULL, address TEXT NOT NULL);"
	"CREATE INDEX web_session_by_account ON web_session (account);";
