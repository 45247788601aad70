/* Restarting a watch: class D, as a proposal when others must agree or may object. */
#pragma once

#include "domain/approval.h"

/* The command has the proposal's id. No payload. */
extern const struct approval_kind wearer_reset_kind;
