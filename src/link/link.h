/* One end of the link between a gateway and the server: a SEQPACKET socket on the owner's loop.
 * Messages are collected into packets of up to 64 KiB, which leave when they are full or by
 * link_flush. Used by role_gateway (one link) and role_server (one per gateway), in the thread
 * of the loop. A queue holds what the socket does not take, with two marks: above
 * `queue_high_bytes` the link is blocked (the owner stops reading from its own sources), below half
 * of it the owner is told to go on. Above queue_high_bytes + LINK_SLACK_BYTES messages are refused
 * with RC_LIMIT. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "link/message.h"

struct link;

enum {
	LINK_SLACK_BYTES = 2 * 1024 * 1024,
	LINK_PACKETS_PER_TURN = 16, /* received at most, so that one link cannot starve the rest */
};

/* All are called from the loop. The message borrows from the packet: copy what you keep. */
struct link_events {
	void (*on_message)(void *owner, const struct message *m);
	/* After the last message of a turn's packets: end of a batch. May be NULL. */
	void (*on_batch_end)(void *owner);
	/* A packet was malformed; what stood before the bad message was delivered. May be NULL. */
	void (*on_bad)(void *owner, const struct err *e);
	void (*on_blocked)(void *owner);   /* may be NULL */
	void (*on_unblocked)(void *owner); /* may be NULL */
	/* The other end is gone, or the socket failed. Nothing can be sent any more. May be NULL.
	 */
	void (*on_broken)(void *owner, const struct err *e);
};

struct link_config {
	struct loop *loop;
	int fd;                 /* kept open by its owner; link_free does not close it */
	enum message_side side; /* who we are */
	size_t queue_high_bytes;
	bool is_wiped; /* packets that were sent are overwritten before their memory is freed */
	const struct link_events *events; /* kept until link_free */
	void *owner;
};

struct link_stats {
	uint64_t packets_in, packets_out, bytes_in, bytes_out;
	uint64_t messages_in, messages_out;
	uint64_t bad;     /* malformed packets received */
	uint64_t refused; /* messages not taken because the queue was full */
	uint64_t blocked; /* times that the high mark was reached */
	size_t queued_bytes;
};

MUST_CHECK enum rc link_new(
	const struct link_config *config, struct link **ret_owned, struct err *e);
void link_free(struct link *l);

/* Takes the message into the current packet. RC_LIMIT: refused, the queue is full. */
MUST_CHECK enum rc link_send(struct link *l, const struct message *m, struct err *e);

/* Sends what is collected now. The owner decides when: usually at the end of its turns. */
void link_flush(struct link *l);

/* Sends everything that is queued, waiting up to timeout_ms for the other end. RC_LIMIT: time is
 * over. */
MUST_CHECK enum rc link_drain(struct link *l, int timeout_ms, struct err *e);

/* Paused: packets are left in the socket, so that the other end feels that we are slow. */
void link_pause(struct link *l, bool is_paused);

/* Reads packets until none is there, for the last turn before a stop. */
void link_receive_all(struct link *l);

/* Overwrites what was received, and the packet that is collected when it is empty. Not while
 * a packet is being delivered: its rest is then lost. */
void link_wipe(struct link *l);

/* Bytes in the packet that is being collected. */
size_t link_collected_bytes(const struct link *l);
bool link_is_blocked(const struct link *l);
const struct link_stats *link_read_stats(const struct link *l);
