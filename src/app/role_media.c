#include "app/role_media.h"

#include <sys/epoll.h>
#include <sys/random.h>

#include "app/control.h"
#include "app/sandbox.h"
#include "base/log.h"
#include "base/loop.h"
#include "media/media_role.h"

struct role_media {
	const struct role *role;
	struct loop *loop;
	struct media_role *media;
	struct loop_fd control;
	struct sandbox_layers layers;
};

static void on_control(void *owner, uint32_t epoll_events)
{
	struct role_media *r = owner;
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
	media_role_stop(r->media);
}

static void on_stopped(void *owner)
{
	const struct role_media *r = owner;

	loop_stop(r->loop);
}

static bool seal(void *owner)
{
	const struct role_media *r = owner;

	return sandbox_seal_worker(r->layers.has_seccomp);
}

static enum rc enter_sandbox(struct role_media *r, struct err *e)
{
	char text[SANDBOX_TEXT];
	enum rc rc = sandbox_enter_media(r->role->settings->user, WORKER_MEMORY_MAX, &r->layers, e);

	if (rc != RC_OK)
		return rc;
	sandbox_to_text(&r->layers, text);
	log_event(LOG_INFO, "media.ready", "%s", text);
	return RC_OK;
}

static enum rc make_media(struct role_media *r, struct err *e)
{
	struct media_role_config config = {.loop = r->loop,
		.link_fd = r->role->media_fd,
		.cpu_s = WORKER_CPU_S,
		.wall_ms = WORKER_WALL_MS,
		.seal = seal,
		.work = transcode,
		.on_stopped = on_stopped,
		.owner = r};

	while (config.epoch == 0) {
		if (getrandom(&config.epoch, sizeof config.epoch, 0) != sizeof config.epoch)
			return fail_sys(e, "media: no random numbers");
	}
	return media_role_new(&config, &r->media, e);
}

static enum rc set_up(struct role_media *r, struct err *e)
{
	if (!transcode_warm_up())
		log_event(LOG_ERROR, "media.no_codecs", "sounds and pictures will be refused");
	enum rc rc = loop_new(&r->loop, e);
	if (rc == RC_OK)
		rc = make_media(r, e);
	if (rc == RC_OK)
		rc = enter_sandbox(r, e);
	if (rc != RC_OK)
		return rc;
	media_role_start(r->media);
	r->control = (struct loop_fd){
		.fd = r->role->control_fd, .events = EPOLLIN, .fn = on_control, .owner = r};
	rc = loop_watch(r->loop, &r->control, e);
	return rc == RC_OK ? control_send(r->role->control_fd, CONTROL_READY, (struct view){0}, e)
			   : rc;
}

int role_media_main(const struct role *role)
{
	struct role_media r = {.role = role};
	struct err e = {0};
	enum rc rc = set_up(&r, &e);

	if (rc == RC_OK)
		rc = loop_run(r.loop, &r, &e);
	if (rc != RC_OK)
		log_event(LOG_ERROR, "media.failed", "reason=\"%s\"", e.msg);
	else
		log_event(LOG_INFO, "media.stopped", "no job is kept");
	media_role_free(r.media);
	loop_free(r.loop);
	return rc == RC_OK ? 0 : 1;
}
