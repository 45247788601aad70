#include "link/counters.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct counter_row {
	const char *name;
	const char *help;
	bool is_gauge;
} rows[COUNTER_COUNT] = {
	[COUNTER_CONNECTIONS] = {"connections", "open connections of watches", true},
	[COUNTER_SESSIONS] = {"sessions", "connections that have said who they are", true},
	[COUNTER_READ_BUFFER_BYTES] = {"read_buffer_bytes", "memory of unfinished frames", true},
	[COUNTER_SEND_BUFFER_BYTES] = {"send_buffer_bytes", "memory of bytes that wait", true},
	[COUNTER_LINK_QUEUE_BYTES] = {"link_queue_bytes",
		"bytes that the server did not take", true},
	[COUNTER_PAUSED_CONNECTIONS] = {"paused_connections",
		"connections not read because the server is slow", true},
	[COUNTER_TLS_CONNECTIONS] = {"tls_connections", "open connections with TLS", true},
	[COUNTER_ACCEPTED] = {"accepted_total", "connections accepted", false},
	[COUNTER_CLOSED] = {"closed_total", "connections closed", false},
	[COUNTER_BYTES_IN] = {"bytes_in_total", "bytes received from watches", false},
	[COUNTER_BYTES_OUT] = {"bytes_out_total", "bytes sent to watches", false},
	[COUNTER_FRAMES] = {"frames_total", "valid frames", false},
	[COUNTER_LENGTH_MISMATCH] = {"length_mismatch_total", "frames with a wrong length", false},
	[COUNTER_HEARTBEATS] = {"heartbeats_total", "LK and KA answered", false},
	[COUNTER_REPORTS] = {"reports_total", "reports handed to the server", false},
	[COUNTER_ALARMS] = {"alarms_total", "alarms handed to the server", false},
	[COUNTER_UNREADABLE] = {"unreadable_total", "frames without readable content", false},
	[COUNTER_UNKNOWN_FRAMES] = {"unknown_frames_total",
		"frames of unknown watches, dropped", false},
	[COUNTER_ANSWERS] = {"answers_total", "answers after a commit", false},
	[COUNTER_ANSWERS_LATE] = {"answers_late_total", "answers whose connection was gone", false},
	[COUNTER_COMMANDS_SENT] = {"commands_sent_total", "commands sent", false},
	[COUNTER_COMMANDS_UNSENT] = {"commands_unsent_total", "commands given back", false},
	[COUNTER_OTHER_REPLY_FORM] = {"other_reply_form_total",
		"connections that got the other form of an answer", false},
	[COUNTER_JUNK_BYTES] = {"junk_bytes_total", "bytes between frames", false},
	[COUNTER_BAD_HEADERS] = {"bad_headers_total", "frames dropped as malformed", false},
	[COUNTER_LINK_BLOCKED] = {"link_blocked_total", "times that reading was paused", false},
	[COUNTER_LINK_BAD] = {"link_bad_total", "malformed packets from the server", false},
	[COUNTER_TLS_FAILED] = {"tls_failed_total",
		"connections that never finished the TLS handshake", false},
	[COUNTER_FOREIGN_AQSH] = {"foreign_aqsh_total", "encrypted AQSH watches", false},
	[COUNTER_FOREIGN_HTTP] = {"foreign_http_total", "HTTP clients on the watch port", false},
	[COUNTER_FOREIGN_TLS] = {"foreign_tls_total", "TLS clients on the watch port", false},
	[COUNTER_FOREIGN_GT06] = {"foreign_gt06_total", "GT06 trackers", false},
	[COUNTER_FOREIGN_THINKRACE] = {"foreign_thinkrace_total", "Thinkrace trackers", false},
	[COUNTER_LIMIT_CONNECTIONS_MAX] = {"limit_connections_max_total",
		"connections refused, or unclaimed ones closed: the gateway is full", false},
	[COUNTER_LIMIT_CONNECTIONS_PER_ADDRESS_MAX] = {"limit_connections_per_address_max_total",
		"connections refused: too many from one address", false},
	[COUNTER_LIMIT_WATCH_TLS_CONNECTIONS_MAX] = {"limit_watch_tls_connections_max_total",
		"connections with TLS refused: too many", false},
	[COUNTER_LIMIT_ACCEPTS_PER_S] = {"limit_accepts_per_s_total",
		"times that accepting was paused", false},
	[COUNTER_LIMIT_FIRST_FRAME_S] = {"limit_first_frame_s_total",
		"closed: no valid frame in time", false},
	[COUNTER_LIMIT_HEADER_S] = {"limit_header_s_total",
		"closed: header not finished in time", false},
	[COUNTER_LIMIT_FRAME_S] = {"limit_frame_s_total",
		"closed: frame not finished in time", false},
	[COUNTER_LIMIT_BYTES_PER_S_MIN] = {"limit_bytes_per_s_min_total",
		"closed: unfinished frame too slow", false},
	[COUNTER_LIMIT_IDLE_S] = {"limit_idle_s_total", "closed: nothing came", false},
	[COUNTER_LIMIT_JUNK_MAX] = {"limit_junk_max_total", "closed: too much junk", false},
	[COUNTER_LIMIT_FRAME_TEXT_MAX] = {"limit_frame_text_max_total",
		"text frames dropped: too long", false},
	[COUNTER_LIMIT_FRAME_MEDIA_MAX] = {"limit_frame_media_max_total",
		"media frames dropped: too long", false},
	[COUNTER_LIMIT_READ_BUFFERS_MAX] = {"limit_read_buffers_max_total",
		"closed: no memory for unfinished frames", false},
	[COUNTER_LIMIT_SEND_BUFFER_MAX] = {"limit_send_buffer_max_total",
		"closed: does not read what is sent", false},
	[COUNTER_LIMIT_REPORTS_PER_DEVICE] = {"limit_reports_per_device_total",
		"reports dropped: too many of one watch", false},
	[COUNTER_LIMIT_FRAMES_PER_S_MAX] = {"limit_frames_per_s_max_total",
		"times that a connection was not read for a second: too many frames", false},
	[COUNTER_LIMIT_LINK_QUEUE_MAX] = {"limit_link_queue_max_total",
		"messages to the server dropped: its queue is full", false},
	[COUNTER_LIMIT_ID_CHANGED] = {"limit_id_changed_total",
		"closed: another ID on the same connection", false},
};
/* clang-format on */

const char *counter_name(enum counter c)
{
	return rows[c].name;
}

const char *counter_help(enum counter c)
{
	return rows[c].help;
}

bool counter_is_gauge(enum counter c)
{
	return rows[c].is_gauge;
}

bool counter_is_limit(enum counter c)
{
	return strncmp(rows[c].name, "limit_", 6) == 0;
}
