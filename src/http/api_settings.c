/* Settings of a wearer's watch, what it can do, and the models that are known. */
#include "http/api.h"

#include "domain/capability.h"
#include "domain/model.h"
#include "domain/settings.h"
#include "http/inside.h"
#include "http/setting_json.h"
#include "http/shapes.h"

static const char *caution_name(enum setting_caution c)
{
	static const char *const names[] = {"none", "always", "off", "on", "long"};

	return names[c];
}

static void write_value(struct json_out *j, const char *key, const struct setting_row *row,
	bool is_there, const struct setting_value *v)
{
	if (!is_there)
		return;
	json_object(j, key);
	setting_json_write(j, setting_def(row->id), v);
	json_end(j);
}

static void write_sms(struct json_out *j, const struct setting_info *info)
{
	if (info->sms_n == 0)
		return;
	json_object(j, "sms");
	if (info->sms_to[0] != '\0')
		json_text(j, "to", view_of(info->sms_to));
	json_array(j, "texts");
	for (unsigned i = 0; i < info->sms_n; i++)
		json_text(j, NULL, view_of(info->sms[i]));
	json_end(j);
	json_end(j);
}

static bool may_see(const struct exchange *x, enum right right)
{
	return (x->verdict.now & RIGHT_BIT(right)) != 0;
}

/* Numbers and places of the family are for those who may change them; the rest every member sees.
 */
static bool is_shown(const struct exchange *x, const struct setting_def *def)
{
	return (def->right != RIGHT_CONTACTS && def->right != RIGHT_PLACES) ||
	       may_see(x, def->right);
}

static void write_setting(void *ctx, const struct setting_info *info)
{
	struct exchange *x = ctx;
	struct json_out *j = &x->out;
	const struct setting_row *row = &info->row;
	const struct setting_def *def = setting_def(row->id);

	json_object(j, NULL);
	json_text(j, "name", view_of(def->name));
	json_text(j, "state", view_of(setting_state_name(row->state)));
	if (is_shown(x, def)) {
		write_value(j, "wanted", row, row->has_wanted, &row->wanted);
		write_value(j, "confirmed", row, row->has_confirmed, &row->confirmed);
	}
	if (row->changed_ms != 0)
		json_time(j, "changed", row->changed_ms);
	json_bool(j, "is_drifted", row->drift_ms != 0);
	json_bool(j, "is_available", info->is_available);
	if (info->missing != NULL)
		json_text(j, "missing", view_of(info->missing));
	json_text(j, "right", view_of(right_name(def->right)));
	json_text(j, "caution", view_of(caution_name(def->caution)));
	setting_json_write_fields(j, def);
	write_sms(j, info);
	json_end(j);
}

enum rc api_settings(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "settings");
	enum rc rc = settings_list(
		x->domain, reader, &x->ids[0], write_setting, x, &x->problem, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_setting_put(struct exchange *x, struct db *reader)
{
	enum setting_id id = SETTING_COUNT;
	struct setting_value v;
	bool is_understood = false;

	if (!setting_from_name(x->word, &id))
		return RC_NOT_FOUND;
	enum rc rc = setting_json_read(
		body_root(x->parsed), setting_def(id), &v, &is_understood, &x->problem);
	if (rc == RC_OK)
		rc = settings_put(x->domain, &x->who, &x->ids[0], id, &v, is_understood,
			&x->problem, &x->err);
	return rc == RC_OK ? settings_get(x->domain, reader, &x->ids[0], id, write_setting, x,
				     &x->problem, &x->err)
			   : rc;
}

enum rc api_setting_drop(struct exchange *x, struct db *reader)
{
	enum setting_id id = SETTING_COUNT;

	if (!setting_from_name(x->word, &id))
		return RC_NOT_FOUND;
	enum rc rc = settings_drop(x->domain, &x->who, &x->ids[0], id, &x->problem, &x->err);
	return rc == RC_OK ? settings_get(x->domain, reader, &x->ids[0], id, write_setting, x,
				     &x->problem, &x->err)
			   : rc;
}

static void write_words(struct json_out *j, const char *key, const char *const *words)
{
	json_array(j, key);
	for (; *words != NULL; words++)
		json_text(j, NULL, view_of(*words));
	json_end(j);
}

static void write_capability(struct json_out *j, const struct capability *c)
{
	json_object(j, NULL);
	json_text(j, "name", view_of(c->name));
	json_text(j, "has", view_of(capability_has_name(c->has)));
	if (capability_source_name(c->from) != NULL)
		json_text(j, "from", view_of(capability_source_name(c->from)));
	if (c->missing != NULL)
		json_text(j, "missing", view_of(c->missing));
	json_end(j);
}

enum rc api_capabilities(struct exchange *x, struct db *reader)
{
	static const char *const nothing[] = {NULL};
	struct json_out *j = &x->out;
	struct capabilities able;
	enum rc rc = capabilities_read(reader, &x->ids[0], &able, &x->problem, &x->err);

	if (rc != RC_OK)
		return rc;
	json_object(j, NULL);
	if (able.model != NULL) {
		json_text(j, "model", view_of(able.model->id));
		json_text(j, "model_name", view_of(able.model->name));
	}
	json_text(j, "vendor", view_of(able.vendor));
	if (able.version[0] != '\0')
		json_text(j, "version", view_of(able.version));
	if (able.iccid_changed_ms != 0)
		json_time(j, "iccid_changed", able.iccid_changed_ms);
	write_words(j, "notes", able.model != NULL ? able.model->notes : nothing);
	json_array(j, "capabilities");
	for (unsigned i = 0; i < able.n; i++)
		write_capability(j, &able.items[i]);
	json_end(j);
	json_end(j);
	return RC_OK;
}

enum rc api_capability_put(struct exchange *x, struct db *reader)
{
	struct view has = x->body.capability.has;
	enum rc rc = capability_set(x->domain, &x->who, &x->ids[0], x->word,
		view_is(has, VIEW("yes"))  ? CAPABILITY_YES
		: view_is(has, VIEW("no")) ? CAPABILITY_NO
					   : CAPABILITY_UNKNOWN,
		&x->problem, &x->err);

	return rc == RC_OK ? api_capabilities(x, reader) : rc;
}

enum rc api_models(struct exchange *x, struct db *reader)
{
	struct json_out *j = &x->out;

	(void)reader;
	json_object(j, NULL);
	json_array(j, "models");
	for (size_t i = 0; i < models_n; i++) {
		json_object(j, NULL);
		json_text(j, "id", view_of(models[i].id));
		json_text(j, "name", view_of(models[i].name));
		write_words(j, "vendors", models[i].vendors);
		write_words(j, "has", models[i].has);
		write_words(j, "lacks", models[i].lacks);
		write_words(j, "notes", models[i].notes);
		json_end(j);
	}
	json_end(j);
	json_end(j);
	return RC_OK;
}
