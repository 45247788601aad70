/* The position record (protocol section 3). Used by report.c only. Pure. */
#pragma once

#include "watch/report.h"

/* Fills r from the parameters of a position or alarm frame. `r->kind` is set and says which: an
 * alarm keeps whatever can be read, a position that breaks a rule becomes REPORT_ERROR. r->keyword
 * is set. */
void position_read(struct view vendor, struct view params, struct report *r);

/* The tail behind the status word (section 3.3): cells or CDMA, Wi-Fi, accuracy. */
void tail_read(struct view tail, struct report *r);

/* count,TA,MCC,MNC,(LAC,CID,level)... alone (GS1). False when the count and the fields do not fit.
 */
bool cells_read(struct view *in, struct report *r);

/* wificount,(SSID,MAC,level)...[,accuracy]. */
struct wifi_list {
	bool fits;        /* the count and what is there agree */
	bool is_counted;  /* the count was there; SG trackers leave it empty and end with a flag */
	uint32_t count;   /* as said */
	uint32_t blanks;  /* entries without an address */
	size_t left;      /* fields behind the list */
	struct view last; /* the first of them */
};
/* Fills r->wifi when it fits. */
struct wifi_list wifi_read(struct view in, struct report *r);

/* hh:hh:hh:hh:hh:hh, also with hyphens. */
bool wifi_mac_read(struct view v, uint8_t ret[6]);
