/* One frame, or what is no frame, as one JSON object. Used by decode.c only. */
#pragma once

#include "base/json_out.h"
#include "watch/report.h"

/* `at_ms`: when it was received, for dates of unknown order and for the answer to TIME. */
void decode_json_frame(struct json_out *j, const struct frame *f, int64_t at_ms);

/* `raw` is what could not be read; its beginning is shown. */
void decode_json_error(struct json_out *j, struct view raw, struct view error);
