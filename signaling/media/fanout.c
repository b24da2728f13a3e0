/* One incoming packet to all who follow it: numbered, encrypted and sent in one call.
 *
 * Does what fanout.py does in Python; the tests hold the two against each other. Everything here
 * is on the stack or belongs to the caller, and nothing is kept between calls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include "fanout.h"

enum {
    EDITION = 1,
    HEADER = 12,
    EXTENSION = 8,
    LONGEST = 1356, /* as PACKET_LIMIT of dtls.py */
    TRAILER = 144,  /* SRTP_MAX_TRAILER_LEN */
    FRAME = 1504,
    BATCH = 32,
    PATIENCE_MS = 2,
    TRIES = 3,
};

typedef struct {
    int fd;
    unsigned count;
    fanout_road *roads[BATCH];
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    uint8_t frames[BATCH][FRAME] __attribute__((aligned(16)));
} batch;

_Static_assert(LONGEST + TRAILER <= FRAME, "a frame holds the longest packet and its trailer");

int fanout_edition(void) { return EDITION; }

static void put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value);
}

static void renumber(const fanout_course *course, const fanout_packet *packet, uint8_t *payload) {
    uint32_t picture = (uint32_t)packet->picture + course->picture_shift;
    size_t at = packet->picture_at;
    if (at && packet->wide && at + 1 < packet->length) {
        payload[at] = (uint8_t)(0x80 | ((picture >> 8) & 0x7F));
        payload[at + 1] = (uint8_t)picture;
    } else if (at && !packet->wide && at < packet->length) {
        payload[at] = (uint8_t)(picture & 0x7F);
    }
    at = packet->layer_index_at;
    if (at && at < packet->length)
        payload[at] = (uint8_t)(packet->layer_index + course->index_shift);
}

size_t fanout_render(const fanout_course *course, const fanout_packet *packet,
                     const uint8_t *payload, uint8_t *out, size_t room) {
    int turned = packet->orientation >= 0 && course->orientation_id;
    size_t offset = turned ? HEADER + EXTENSION : HEADER;
    size_t length = packet->length ? packet->length : 1;
    if (room < offset || length > room - offset)
        return 0;
    out[0] = (uint8_t)(0x80 | (turned ? 0x10 : 0) | (packet->length ? 0 : 0x20));
    out[1] = packet->marker | course->payload_type;
    put16(out + 2, (uint32_t)(packet->number + course->shift));
    put32(out + 4, packet->timestamp + course->time_shift);
    put32(out + 8, course->source);
    if (turned) {
        put32(out + 12, 0xBEDE0001);
        out[16] = (uint8_t)(course->orientation_id << 4);
        out[17] = (uint8_t)packet->orientation;
        put16(out + 18, 0);
    }
    if (!packet->length) {
        out[offset] = 1; /* one byte of padding, which counts itself */
        return offset + 1;
    }
    memcpy(out + offset, payload, length);
    if (packet->described && (course->picture_shift || course->index_shift))
        renumber(course, packet, out + offset);
    return offset + length;
}

/* What could not be sent now is waited for shortly, then given up: the line is full. */
static void flush(batch *ready) {
    unsigned sent = 0, tries = 0;
    while (sent < ready->count) {
        int taken = sendmmsg(ready->fd, ready->messages + sent, ready->count - sent, MSG_DONTWAIT);
        if (taken > 0) {
            sent += (unsigned)taken;
        } else if (errno == EINTR) {
            continue;
        } else if ((errno == EAGAIN || errno == ENOBUFS) && tries < TRIES) {
            struct pollfd line = {.fd = ready->fd, .events = POLLOUT};
            tries++;
            poll(&line, 1, PATIENCE_MS);
        } else {
            ready->roads[sent++]->failures++;
        }
    }
    ready->count = 0;
}

static void note(fanout_course *course, const fanout_packet *packet, double now) {
    course->packets++;
    course->octets += packet->length;
    if (course->has_begun && packet->number <= course->last_number)
        return;
    course->has_begun = 1;
    course->last_number = packet->number;
    course->last_timestamp = packet->timestamp;
    course->last_described = packet->described;
    course->last_picture = packet->picture;
    course->last_index = packet->layer_index;
    course->last_at = now;
}

static void load(batch *ready, const fanout_course *course, const fanout_packet *packet,
                 const uint8_t *payload, fanout_protect protect) {
    fanout_road *road = course->road;
    unsigned place = ready->count;
    size_t size = fanout_render(course, packet, payload, ready->frames[place], LONGEST);
    int length = (int)size;
    if (!size || protect(road->session, ready->frames[place], &length)) {
        road->failures++; /* too long, or too old to be numbered */
        return;
    }
    road->packets++;
    road->octets += size;
    ready->fd = road->fd;
    ready->roads[place] = road;
    ready->parts[place] = (struct iovec){ready->frames[place], (size_t)length};
    ready->messages[place].msg_hdr = (struct msghdr){
        .msg_name = road->address,
        .msg_namelen = road->address_size,
        .msg_iov = &ready->parts[place],
        .msg_iovlen = 1,
    };
    ready->count++;
}

void fanout_send(fanout_course **courses, size_t count, const fanout_packet *packet,
                 const uint8_t *payload, double now, fanout_protect protect) {
    batch ready;
    ready.count = 0;
    for (size_t place = 0; place < count; place++) {
        fanout_course *course = courses[place];
        fanout_road *road = course->road;
        if (packet->number < course->first)
            continue; /* from before this copy began */
        note(course, packet, now);
        if (!road || !road->session || !road->address_size)
            continue;
        if (ready.count && (ready.count == BATCH || ready.fd != road->fd))
            flush(&ready);
        load(&ready, course, packet, payload, protect);
    }
    flush(&ready);
}
