/* What a wearer's watch may do with the people around it: phone book, SOS numbers, SMS alerts,
 * photos, and what keeps strangers out. */
#include "http/api.h"

#include "domain/audit.h"
#include "domain/contacts.h"
#include "domain/photo.h"
#include "domain/sms_alerts.h"
#include "domain/watch_guard.h"
#include "http/inside.h"
#include "http/shapes.h"

static void write_state(struct json_out *j, enum setting_state state)
{
	json_text(j, "state", view_of(setting_state_name(state)));
}

static void write_contacts(struct json_out *j, const struct contacts *list)
{
	json_object(j, NULL);
	json_array(j, "contacts");
	for (unsigned i = 0; i < list->n; i++) {
		json_object(j, NULL);
		json_uid(j, "id", &list->items[i].id);
		json_text(j, "name", view_of(list->items[i].name));
		json_text(j, "number", view_of(list->items[i].number));
		json_end(j);
	}
	json_end(j);
	json_int(j, "max", list->max);
	write_state(j, list->state);
	json_end(j);
}

enum rc api_contacts(struct exchange *x, struct db *reader)
{
	struct contacts list;
	enum rc rc = contacts_get(reader, &x->ids[0], &list, &x->problem, &x->err);

	if (rc == RC_OK)
		write_contacts(&x->out, &list);
	return rc;
}

static enum rc read_contact(struct exchange *x, const struct json_t *item, struct contact *ret)
{
	struct contact_values values = {.name = {0}, .number = {0}};
	enum rc rc = body_read_object(item, &contact_table, &values, &x->problem);

	*ret = (struct contact){.name = ""};
	if (rc != RC_OK)
		return rc;
	if (!view_to_text(values.name, ret->name, sizeof ret->name))
		return refuse(&x->problem, RC_SYNTAX, "name_invalid", "contacts",
			"a watch shows at most 10 characters");
	if (!view_to_text(values.number, ret->number, sizeof ret->number))
		return refuse(&x->problem, RC_SYNTAX, "number_invalid", "contacts",
			"at most 20 characters");
	return RC_OK;
}

enum rc api_contacts_put(struct exchange *x, struct db *reader)
{
	const struct json_t *items = x->body.contacts.contacts;
	size_t n = body_array_n(items);
	struct contacts wanted = {.n = 0};
	struct contacts list;
	enum rc rc = RC_OK;

	(void)reader;
	if (!body_is_array(items))
		return refuse(&x->problem, RC_SYNTAX, "field_type", "contacts", NULL);
	if (n > CONTACTS_MAX)
		return refuse(&x->problem, RC_SYNTAX, "too_many_contacts", "contacts", NULL);
	for (; wanted.n < n && rc == RC_OK; wanted.n++)
		rc = read_contact(x, body_array_at(items, wanted.n), &wanted.items[wanted.n]);
	if (rc != RC_OK)
		return rc;
	act_told(&x->who);
	act_detail(&x->who, "%u contacts", wanted.n);
	rc = contacts_put(x->domain, &x->who, &x->ids[0], &wanted, &list, &x->problem, &x->err);
	if (rc == RC_OK)
		write_contacts(&x->out, &list);
	return rc;
}

static void write_numbers(struct json_out *j, const struct sos_numbers *list)
{
	json_object(j, NULL);
	json_array(j, "numbers");
	for (unsigned i = 0; i < list->n; i++)
		json_text(j, NULL, view_of(list->items[i]));
	json_end(j);
	write_state(j, list->state);
	json_end(j);
}

enum rc api_sos_numbers(struct exchange *x, struct db *reader)
{
	struct sos_numbers list;
	enum rc rc = sos_numbers_get(reader, &x->ids[0], &list, &x->problem, &x->err);

	if (rc == RC_OK)
		write_numbers(&x->out, &list);
	return rc;
}

enum rc api_sos_numbers_put(struct exchange *x, struct db *reader)
{
	const struct field_words *in = &x->body.sos_numbers.numbers;
	struct sos_numbers wanted = {.n = 0};
	struct sos_numbers list;

	(void)reader;
	if (in->n > COMMAND_SOS_MAX)
		return refuse(&x->problem, RC_SYNTAX, "too_many_contacts", "numbers",
			"a watch has three SOS numbers");
	for (; wanted.n < in->n; wanted.n++) {
		if (!view_to_text(
			    in->words[wanted.n], wanted.items[wanted.n], sizeof wanted.items[0]))
			return refuse(&x->problem, RC_SYNTAX, "number_invalid", "numbers",
				"at most 20 characters");
	}
	act_told(&x->who);
	act_detail(&x->who, "%u numbers", wanted.n);
	enum rc rc = sos_numbers_put(
		x->domain, &x->who, &x->ids[0], &wanted, &list, &x->problem, &x->err);
	if (rc == RC_OK)
		write_numbers(&x->out, &list);
	return rc;
}

static void write_alerts(struct json_out *j, const struct sms_alerts *a)
{
	json_object(j, NULL);
	json_bool(j, "low_battery", a->low_battery);
	json_bool(j, "sos", a->sos);
	json_bool(j, "removed", a->removed);
	write_state(j, a->state);
	json_end(j);
}

enum rc api_sms_alerts(struct exchange *x, struct db *reader)
{
	struct sms_alerts alerts;
	enum rc rc = sms_alerts_get(reader, &x->ids[0], &alerts, &x->problem, &x->err);

	if (rc == RC_OK)
		write_alerts(&x->out, &alerts);
	return rc;
}

static const bool *given(const struct field_bool *f)
{
	return f->is_there ? &f->value : NULL;
}

enum rc api_sms_alerts_change(struct exchange *x, struct db *reader)
{
	const struct sms_alerts_values *in = &x->body.sms_alerts;
	struct sms_alerts_change change = {.low_battery = given(&in->low_battery),
		.sos = given(&in->sos),
		.removed = given(&in->removed)};
	struct sms_alerts alerts;

	(void)reader;
	act_told(&x->who);
	enum rc rc = sms_alerts_put(
		x->domain, &x->who, &x->ids[0], &change, &alerts, &x->problem, &x->err);
	if (rc == RC_OK)
		write_alerts(&x->out, &alerts);
	return rc;
}

enum rc api_photo_rule(struct exchange *x, struct db *reader)
{
	struct json_out *j = &x->out;
	struct photo_rule rule;
	enum rc rc = photo_rule_get(x->domain, reader, &x->ids[0], &rule, &x->err);

	if (rc != RC_OK)
		return rc;
	json_object(j, NULL);
	json_bool(j, "is_allowed", rule.is_allowed);
	json_bool(j, "is_forbidden_here", rule.is_forbidden_here);
	json_int(j, "per_day", rule.per_day);
	json_int(j, "taken_today", rule.taken_today);
	json_end(j);
	return RC_OK;
}

/* Class D: on, or more a day. */
static enum rc widen_rule(struct exchange *x, struct db *reader, bool is_allowed, uint8_t per_day)
{
	struct verdict v;
	enum rc rc = rights_decide(reader, &x->who, OBJECT_WEARER, &x->ids[0], RIGHT_PHOTO_ALLOW,
		x->domain->wall_ms(), &v, &x->err);

	if (rc != RC_OK)
		return rc;
	char payload[PHOTO_ALLOW_PAYLOAD];
	photo_allow_payload(is_allowed, per_day, payload);
	const struct approval_request request = {.kind = photo_allow_kind.name,
		.group = v.group,
		.wearer = x->ids[0],
		.payload = {.p = payload, .n = sizeof payload}};
	struct approval_result result;
	rc = approval_act(x->domain, &x->who, &v, &request, &result, &x->problem, &x->err);
	if (rc != RC_OK)
		return rc;
	return result.is_done ? api_photo_rule(x, reader)
			      : api_approval_pending(x, reader, &result.pending);
}

/* Less is at once; more needs the others' agreement. */
enum rc api_photo_rule_put(struct exchange *x, struct db *reader)
{
	const struct photo_rule_values *in = &x->body.photo_rule;
	uint8_t per_day = (uint8_t)in->per_day.value; /* 1..10 by the table */
	struct photo_rule now;
	enum rc rc = photo_rule_get(x->domain, reader, &x->ids[0], &now, &x->err);

	if (rc != RC_OK)
		return rc;
	act_told(&x->who);
	act_detail(&x->who, "%s, %u a day → %s, %u a day", now.is_allowed ? "on" : "off",
		now.per_day, in->is_allowed.value ? "on" : "off", per_day);
	if (photo_rule_is_wider(&now, in->is_allowed.value, per_day))
		return widen_rule(x, reader, in->is_allowed.value, per_day);
	rc = photo_rule_narrow(x->domain, &x->who, &x->ids[0], in->is_allowed.value, per_day,
		&x->problem, &x->err);
	return rc == RC_OK ? api_photo_rule(x, reader) : rc;
}

static void write_photo(void *ctx, const struct photo_info *photo)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "id", &photo->id);
	json_time(j, "time", photo->received_ms);
	json_int(j, "size_bytes", photo->size);
	json_bool(j, "is_by_wearer", uid_is_none(&photo->by));
	if (!uid_is_none(&photo->by)) {
		json_object(j, "by");
		json_uid(j, "id", &photo->by);
		json_text(j, "name", view_of(photo->by_name));
		json_end(j);
	}
	json_end(j);
}

enum rc api_photos(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "photos");
	enum rc rc = photo_list(reader, &x->ids[0], write_photo, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_photo(struct exchange *x, struct db *reader)
{
	enum rc rc = photo_get(reader, &x->ids[0], &x->blob, &x->blob_n, &x->err);

	if (rc == RC_OK)
		x->content_type = "image/jpeg"; /* nothing else is ever stored */
	return rc;
}

enum rc api_photo_delete(struct exchange *x, struct db *reader)
{
	(void)reader;
	act_told(&x->who);
	return photo_delete(x->domain, &x->who, &x->ids[0], &x->err);
}

enum rc api_guard(struct exchange *x, struct db *reader)
{
	struct json_out *j = &x->out;
	struct guard_state guard;
	enum rc rc = watch_guard_get(reader, &x->ids[0], &guard, &x->problem, &x->err);

	if (rc != RC_OK)
		return rc;
	json_object(j, NULL);
	json_array(j, "items");
	for (enum guard_item i = 0; i < GUARD_ITEM_COUNT; i++) {
		json_object(j, NULL);
		json_text(j, "name", view_of(guard_item_name(i)));
		write_state(j, guard.items[i]);
		json_end(j);
	}
	json_end(j);
	if (guard.checked_ms != 0)
		json_time(j, "checked", guard.checked_ms);
	if (guard.drift_ms != 0)
		json_time(j, "drift", guard.drift_ms);
	json_end(j);
	return RC_OK;
}
