#include "app/role_gateway.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "app/control.h"
#include "app/sandbox.h"
#include "base/log.h"
#include "base/loop.h"
#include "gateway/gateway.h"

enum { DESCRIPTORS_KEPT = 32 /* of the process, for all that is no watch */ };

struct role_gateway {
	const struct role *role;
	struct loop *loop;
	struct gateway *gateway;
	struct ssl_ctx_st *tls;
	struct loop_fd control;
};

static struct gateway_limits limits_of(const struct settings *s)
{
	struct rlimit files = {0};
	struct gateway_limits limits = {
		.connections_max = s->connections_max,
		.connections_per_address_max = s->connections_per_address_max,
		.accepts_per_s = s->accepts_per_s,
		.first_frame_s = s->first_frame_s,
		.header_s = s->header_s,
		.frame_s = s->frame_s,
		.idle_s = s->idle_s,
		.bytes_per_s_min = s->bytes_per_s_min,
		.frame_text_max = s->frame_text_max,
		.frame_media_max = s->frame_media_max,
		.junk_max = s->junk_max,
		.read_buffers_max = s->read_buffers_max,
		.send_buffer_max = s->send_buffer_max,
		.frames_per_s_max = s->frames_per_s_max,
		.reports_per_device_burst = s->reports_per_device_burst,
		.reports_per_device_interval_s = s->reports_per_device_interval_s,
		.replays_per_device_burst = s->replays_per_device_burst,
		.link_queue_max = s->link_queue_max,
		.batch_wait_ms = s->batch_wait_ms,
		.secure_connections_max = s->watch_tls_connections_max,
	};

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > DESCRIPTORS_KEPT &&
		files.rlim_cur - DESCRIPTORS_KEPT < limits.connections_max) {
		limits.connections_max = (uint32_t)(files.rlim_cur - DESCRIPTORS_KEPT);
		log_event(LOG_INFO, "gateway.fewer_connections",
			"connections_max=%u descriptors=%llu", limits.connections_max,
			(unsigned long long)files.rlim_cur);
	}
	return limits;
}

static void on_control(void *owner, uint32_t epoll_events)
{
	struct role_gateway *r = owner;
	struct control m;
	struct err e;

	(void)epoll_events;
	enum rc rc = control_receive(r->role->control_fd, &m, &e);
	if (rc == RC_MORE)
		return;
	if (rc == RC_OK && m.type != CONTROL_STOP)
		return;
	/* Also when the supervisor is gone or talks nonsense: nobody would look after us. */
	loop_forget(r->loop, &r->control);
	gateway_stop(r->gateway);
}

static void on_stopped(void *owner)
{
	struct role_gateway *r = owner;

	loop_stop(r->loop);
}

static enum rc set_up(struct role_gateway *r, struct err *e)
{
	struct gateway_config config = {.number = (uint8_t)r->role->index,
		.listen_fd = r->role->listen_fd,
		.secure_fd = r->role->tls_fd,
		.link_fd = r->role->link_fds[0],
		.limits = limits_of(r->role->settings),
		.on_stopped = on_stopped,
		.owner = r};

	while (config.epoch == 0) {
		if (getrandom(&config.epoch, sizeof config.epoch, 0) != sizeof config.epoch)
			return fail_sys(e, "gateway: no random numbers");
	}
	enum rc rc = loop_new(&r->loop, e);
	if (rc != RC_OK)
		return rc;
	config.loop = r->loop;
	if (r->role->tls_fd >= 0)
		rc = gateway_tls_new(r->role->settings->watch_tls_cert,
			r->role->settings->watch_tls_key, &r->tls, e);
	if (rc != RC_OK)
		return rc;
	config.tls = r->tls;
	rc = gateway_new(&config, &r->gateway, e);
	if (rc != RC_OK)
		return rc;
	r->control = (struct loop_fd){
		.fd = r->role->control_fd, .events = EPOLLIN, .fn = on_control, .owner = r};
	return loop_watch(r->loop, &r->control, e);
}

static enum rc enter_sandbox(const struct role_gateway *r, struct err *e)
{
	struct sandbox_layers layers;
	char text[SANDBOX_TEXT];
	enum rc rc = sandbox_enter_gateway(r->role->settings->user, &layers, e);

	if (rc != RC_OK)
		return rc;
	sandbox_to_text(&layers, text);
	log_event(LOG_INFO, "gateway.ready", "number=%u %s", r->role->index, text);
	return control_send(r->role->control_fd, CONTROL_READY, (struct view){0}, e);
}

int role_gateway_main(const struct role *role)
{
	struct role_gateway r = {.role = role};
	struct err e = {0};
	enum rc rc = set_up(&r, &e);

	if (rc == RC_OK)
		rc = enter_sandbox(&r, &e);
	if (rc == RC_OK)
		rc = loop_run(r.loop, r.gateway, &e);
	if (rc != RC_OK)
		log_event(LOG_ERROR, "gateway.failed", "reason=\"%s\"", e.msg);
	else
		log_event(LOG_INFO, "gateway.stopped", "number=%u", role->index);
	gateway_free(r.gateway);
	gateway_tls_free(r.tls);
	loop_free(r.loop);
	return rc == RC_OK ? 0 : 1;
}
