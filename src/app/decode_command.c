#include "app/decode_command.h"

#include "watch/command_json.h"

void decode_json_command(struct json_out *j, const struct frame *f)
{
	struct command c;
	struct err e = {.msg = ""};

	json_object(j, NULL);
	json_text(j, "vendor", f->vendor);
	json_text(j, "id", f->id);
	if (f->index.n > 0)
		json_text(j, "index", f->index);
	if (f->keyword.n > 0)
		json_text(j, "keyword", f->keyword);
	json_bool(j, "length_ok", f->is_length_ok);
	if (command_read(f, &c, &e) != RC_OK) {
		json_text(j, "kind", VIEW("other"));
		json_text(j, "error", view_of(e.msg));
		json_end(j);
		return;
	}
	const struct command_definition *d = command_definition(c.kind);
	json_text(j, "kind", VIEW("command"));
	json_text(j, "command", view_of(d->name));
	json_text(j, "class", view_of(command_class_name(d->class)));
	command_json_fields(j, &c);
	json_end(j);
}
