/* Heartbeats, health values and media headers (protocol sections 4, 6). Used by report.c only.
 * Pure. Each fills r from the parameters; r->kind is set, and may be changed to REPORT_ANSWER or
 * REPORT_ERROR. */
#pragma once

#include "watch/keyword.h"
#include "watch/report.h"

void heartbeat_read(struct view vendor, struct view params, struct report *r);
void ka_read(struct view params, struct report *r);
void health_read(enum keyword_family family, struct view params, struct report *r);
/* WIFIINFOUP: name and address to wifi[0]. */
void wifi_info_read(struct view params, struct report *r);
void media_read(enum keyword_family family, struct view params, struct report *r);
