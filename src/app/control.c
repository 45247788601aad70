#include "app/control.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

static bool is_known(unsigned type)
{
	return (type >= CONTROL_READY && type <= CONTROL_BAD_MEDIA) ||
	       (type >= CONTROL_STOP && type <= CONTROL_ROLE);
}

static bool is_printable(struct view text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	}
	return true;
}

enum rc control_send(int fd, enum control_type type, struct view text, struct err *e)
{
	char packet[1 + CONTROL_TEXT_MAX];

	if (text.n > CONTROL_TEXT_MAX || !is_printable(text))
		return fail(e, RC_BUG, "control: a text that may not be sent");
	packet[0] = (char)type;
	if (text.n > 0)
		memcpy(packet + 1, text.p, text.n);
	if (send(fd, packet, 1 + text.n, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return RC_OK;
	if (errno == EAGAIN)
		return fail(e, RC_LIMIT, "control: the other end does not read");
	return fail_sys(e, "control: cannot send");
}

enum rc control_receive(int fd, struct control *ret, struct err *e)
{
	char packet[1 + CONTROL_TEXT_MAX];
	ssize_t n = recv(fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return RC_MORE;
	if (n < 0 && errno != ECONNRESET)
		return fail_sys(e, "control: cannot receive");
	if (n <= 0)
		return fail(e, RC_NOT_FOUND, "control: the other end is gone");
	if (n > (ssize_t)sizeof packet)
		return fail(e, RC_SYNTAX, "control: a message of %zd bytes", n);
	unsigned type = (uint8_t)packet[0];
	struct view text = {.p = packet + 1, .n = (size_t)n - 1};
	if (!is_known(type))
		return fail(e, RC_SYNTAX, "control: no type %u", type);
	if (!is_printable(text) || !view_to_text(text, ret->text, sizeof ret->text))
		return fail(e, RC_SYNTAX, "control: a text that is not printable");
	ret->type = (enum control_type)type;
	return RC_OK;
}
