/* What may be proposed. Each kind stands with the part of the domain that does it. */
#include "domain/approval.h"
#include "domain/group.h"
#include "domain/health.h"
#include "domain/invitation.h"
#include "domain/member.h"
#include "domain/photo.h"
#include "domain/plan_proposal.h"
#include "domain/watch_acts.h"
#include "domain/wearer_erase.h"

static const struct approval_kind *const kinds[] = {
	&group_rules_kind,
	&health_erase_kind,
	&invitation_create_kind,
	&member_change_kind,
	&member_remove_kind,
	&member_wearer_kind,
	&photo_allow_kind,
	&proposal_accept_kind,
	&wearer_apn_kind,
	&wearer_erase_kind,
	&wearer_factory_kind,
	&wearer_reset_kind,
	&wearer_update_kind,
};

const struct approval_kind *approval_kind_find(struct view name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (view_is(name, view_of(kinds[i]->name)))
			return kinds[i];
	}
	return NULL;
}
