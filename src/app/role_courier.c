#include "app/role_courier.h"

#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "app/control.h"
#include "app/courier_settings.h"
#include "app/sandbox.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "courier/courier.h"

enum { LOOK_MS = 10000 };

static const char resolver_settings[] = "/etc/resolv.conf";

struct role_courier {
	const struct role *role;
	struct courier_settings settings;
	struct loop *loop;
	struct courier *courier;
	struct loop_fd control;
	struct timer look;
	struct stat resolver; /* the file that the sandbox lets us read */
};

static void stop(struct role_courier *r)
{
	timer_cancel(&r->look);
	courier_stop(r->courier);
}

static void on_control(void *owner, uint32_t epoll_events)
{
	struct role_courier *r = owner;
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
	stop(r);
}

/* A network manager puts another file in its place, which our sandbox does not know: the next
 * process will. */
static void on_look(struct timer *t, void *context)
{
	struct role_courier *r = CONTAINER_OF(t, struct role_courier, look);
	struct stat now = {0};

	(void)context;
	if (stat(resolver_settings, &now) == 0 &&
		(now.st_ino != r->resolver.st_ino || now.st_dev != r->resolver.st_dev)) {
		log_event(LOG_INFO, "courier.new_resolver", "starts anew");
		stop(r);
		return;
	}
	timer_set(loop_wheel(r->loop), &r->look, loop_now_ms(r->loop) + LOOK_MS);
}

static void on_stopped(void *owner)
{
	const struct role_courier *r = owner;

	loop_stop(r->loop);
}

static enum rc enter_sandbox(const struct role_courier *r, struct err *e)
{
	struct sandbox_layers layers;
	char text[SANDBOX_TEXT];
	enum rc rc = sandbox_enter_courier(r->role->settings->user, &layers, e);

	if (rc != RC_OK)
		return rc;
	sandbox_to_text(&layers, text);
	log_event(LOG_INFO, "courier.ready", "%s", text);
	return RC_OK;
}

static enum rc start_courier(struct role_courier *r, struct err *e)
{
	const struct settings *s = r->role->settings;
	struct courier_config config = {.loop = r->loop,
		.link_fd = r->role->courier_fd,
		.mail_per_hour = s->mail_per_hour,
		.deliver = {.allowed = r->settings.allowed,
			.hosts_fd = r->settings.hosts_fd,
			.ca_pem = {.p = r->settings.ca_pem, .n = r->settings.ca_n},
			.smtp_url = s->smtp_url,
			.smtp_user = s->smtp_user,
			.smtp_password = r->settings.password,
			.mail_from = s->mail_from,
			.weather_url = s->weather_url,
			.radio_url = s->radio_url,
			.webhook_timeout_ms = s->webhook_timeout_s * 1000},
		.wall_ms = clock_wall_ms,
		.on_stopped = on_stopped,
		.owner = r};

	while (config.epoch == 0) {
		if (getrandom(&config.epoch, sizeof config.epoch, 0) != sizeof config.epoch)
			return fail_sys(e, "courier: no random numbers");
	}
	return courier_new(&config, &r->courier, e);
}

static enum rc set_up(struct role_courier *r, struct err *e)
{
	enum rc rc = courier_settings_load(r->role->settings, &r->settings, e);

	(void)stat(resolver_settings, &r->resolver); /* not there: as an empty one */
	if (rc == RC_OK)
		rc = deliver_set_up(e);
	if (rc == RC_OK)
		rc = loop_new(&r->loop, e);
	if (rc == RC_OK)
		rc = enter_sandbox(r, e);
	if (rc == RC_OK)
		rc = start_courier(r, e);
	if (rc != RC_OK)
		return rc;
	r->control = (struct loop_fd){
		.fd = r->role->control_fd, .events = EPOLLIN, .fn = on_control, .owner = r};
	rc = loop_watch(r->loop, &r->control, e);
	timer_set(loop_wheel(r->loop), &r->look, loop_now_ms(r->loop) + LOOK_MS);
	return rc == RC_OK ? control_send(r->role->control_fd, CONTROL_READY, (struct view){0}, e)
			   : rc;
}

int role_courier_main(const struct role *role)
{
	struct role_courier r = {.role = role, .settings = {.hosts_fd = -1}};
	struct err e = {0};

	timer_init(&r.look, on_look);
	enum rc rc = set_up(&r, &e);
	if (rc == RC_OK)
		rc = loop_run(r.loop, &r, &e);
	if (rc != RC_OK)
		log_event(LOG_ERROR, "courier.failed", "reason=\"%s\"", e.msg);
	else
		log_event(LOG_INFO, "courier.stopped", "the server keeps what was not delivered");
	courier_free(r.courier);
	timer_cancel(&r.look);
	loop_free(r.loop);
	courier_settings_done(&r.settings);
	return rc == RC_OK ? 0 : 1;
}
