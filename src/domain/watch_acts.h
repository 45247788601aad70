/* What can make a watch useless, as proposals: restart, factory settings, firmware, access point.
 * Class D: when there are others they must agree or may object. The command has the proposal's id;
 * the payload is the packed command, sealed with the group's key. */
#pragma once

#include "domain/approval.h"
#include "watch/command.h"

extern const struct approval_kind wearer_reset_kind, wearer_factory_kind, wearer_update_kind,
	wearer_apn_kind;

/* The kind for such a command; NULL for all others. */
const struct approval_kind *watch_act_kind(enum command_kind kind);
/* The payload into buf (APPROVAL_PAYLOAD_MAX bytes). */
MUST_CHECK enum rc watch_act_payload(
	const struct command *c, uint8_t *buf, size_t *ret_n, struct err *e);
