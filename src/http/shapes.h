/* The JSON shapes of docs/openapi.yaml: how the domain's values look outside, in answers and in
 * events. Pure. */
#pragma once

#include "base/json_out.h"
#include "domain/account.h"
#include "domain/alarm.h"
#include "domain/claim.h"
#include "domain/commands.h"
#include "domain/group.h"
#include "domain/sms_form.h"
#include "domain/thread.h"
#include "domain/wearer.h"

/* key: NULL inside an array and for the outermost value. `rights`: what the reader may do now with
 * the wearer; what they do not show is left out. */
void shape_fix(struct json_out *j, const char *key, const struct fix *f);
void shape_wearer(
	struct json_out *j, const char *key, const struct wearer_info *w, right_set rights);
void shape_alarm(struct json_out *j, const char *key, const struct alarm_info *a, right_set rights);
void shape_command(struct json_out *j, const char *key, const struct command_info *c,
	right_set rights, const struct sms_forms *sms);
/* "my_rights": ["see_group", …] */
void shape_rights(struct json_out *j, const char *key, right_set rights);
void shape_thread_item(struct json_out *j, const char *key, const struct thread_item *item);
void shape_claim(struct json_out *j, const char *key, const struct claim_info *c);
void shape_account(struct json_out *j, const char *key, const struct account_info *a);
void shape_group(struct json_out *j, const char *key, const struct group_info *g);
