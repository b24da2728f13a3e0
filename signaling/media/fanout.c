/* One incoming packet to all who follow it: numbered, encrypted and sent in one call.
 *
 * Does what fanout.py and line.py do in Python; the tests hold the two against each other. A line
 * has all the memory that is used here beside the stack, and nothing that a packet holds is kept
 * longer than until it is sent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "fanout.h"

enum {
    EDITION = 2,
    HEADER = 12,
    EXTENSION = 8,
    LONGEST = 1356, /* as PACKET_LIMIT of dtls.py */
    TRAILER = 144,  /* SRTP_MAX_TRAILER_LEN */
    FRAME = 1504,
    FRAMES = 128, /* that wait at most */
    JOINED = 16,  /* that go to one peer as one; the kernel takes 64 */
    PATIENCE_MS = 2,
    TRIES = 3,
    NONE = FRAMES,
};

_Static_assert(LONGEST + TRAILER <= FRAME, "a frame holds the longest packet and its trailer");
_Static_assert(JOINED * FRAME < 65000, "the kernel sends so much at once");

/* What goes to one peer as one: all as long as the first, but for the last, which may be shorter. */
typedef struct {
    fanout_road *road;
    unsigned count;
    unsigned first;
    unsigned last;
} burst;

typedef union {
    struct cmsghdr align;
    uint8_t room[CMSG_SPACE(sizeof(struct timespec))];
} control;

struct fanout_line {
    int fd;
    int is_held;
    int can_join;
    fanout_protect protect;
    uint64_t turn; /* counts what was flushed */
    unsigned waiting;
    unsigned bursts_begun;
    burst bursts[FRAMES];
    unsigned next[FRAMES]; /* frame of the same burst */
    size_t sizes[FRAMES];
    struct mmsghdr messages[FRAMES];
    struct iovec parts[FRAMES];
    control controls[FRAMES];
    fanout_road *roads[FRAMES]; /* of each message */
    uint8_t frames[FRAMES][FRAME] __attribute__((aligned(16)));
    fanout_arrival arrivals[FANOUT_INBOX];
};

int fanout_edition(void) { return EDITION; }

fanout_line *fanout_open(int fd, fanout_protect protect) {
    fanout_line *line = calloc(1, sizeof *line);
    int none = 0, yes = 1;
    if (!line)
        return NULL;
    line->fd = fd;
    line->protect = protect;
    line->turn = 1;
    /* A kernel that does not know it would send what is joined as one datagram. */
    line->can_join = !setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
    return line;
}

void fanout_shut(fanout_line *line) { line->fd = -1; }

void fanout_free(fanout_line *line) { free(line); }

static double noted_at(struct msghdr *message) {
    struct cmsghdr *note = CMSG_FIRSTHDR(message);
    for (; note; note = CMSG_NXTHDR(message, note)) {
        if (note->cmsg_level == SOL_SOCKET && note->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec at;
            memcpy(&at, CMSG_DATA(note), sizeof at);
            return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
        }
    }
    return 0;
}

size_t fanout_receive(fanout_line *line) {
    struct mmsghdr messages[FANOUT_INBOX];
    struct iovec parts[FANOUT_INBOX];
    control controls[FANOUT_INBOX];
    for (size_t place = 0; place < FANOUT_INBOX; place++) {
        fanout_arrival *arrival = &line->arrivals[place];
        parts[place] = (struct iovec){arrival->data, sizeof arrival->data};
        messages[place].msg_hdr = (struct msghdr){
            .msg_name = arrival->address,
            .msg_namelen = sizeof arrival->address,
            .msg_iov = &parts[place],
            .msg_iovlen = 1,
            .msg_control = &controls[place],
            .msg_controllen = sizeof controls[place],
        };
    }
    int came = recvmmsg(line->fd, messages, FANOUT_INBOX, MSG_DONTWAIT, NULL);
    for (int place = 0; place < came; place++) {
        struct msghdr *message = &messages[place].msg_hdr;
        fanout_arrival *arrival = &line->arrivals[place];
        arrival->length = messages[place].msg_len;
        arrival->address_size = message->msg_namelen;
        arrival->at = noted_at(message);
    }
    return came > 0 ? (size_t)came : 0;
}

fanout_arrival *fanout_arrivals(fanout_line *line) { return line->arrivals; }

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

/* Puts the frame that was filled last behind those that wait; joined to what goes the same way. */
static void enqueue(fanout_road *road, size_t size) {
    fanout_line *line = road->line;
    unsigned place = line->waiting++;
    burst *begun = road->turn == line->turn ? &line->bursts[road->burst] : NULL;
    line->sizes[place] = size;
    line->next[place] = NONE;
    if (begun && begun->count < JOINED && line->can_join && !road->is_narrow &&
        line->sizes[begun->last] == line->sizes[begun->first] && size <= line->sizes[begun->first]) {
        line->next[begun->last] = place;
        begun->last = place;
        begun->count++;
        return;
    }
    road->turn = line->turn;
    road->burst = line->bursts_begun++;
    line->bursts[road->burst] = (burst){road, 1, place, place};
}

/* Encrypts what goes to one peer, all at once: its keys are at hand then. Returns how many parts. */
static unsigned seal(fanout_line *line, const burst *one, struct iovec *parts) {
    fanout_road *road = one->road;
    unsigned sealed = 0;
    for (unsigned place = one->first; place != NONE; place = line->next[place]) {
        int length = (int)line->sizes[place];
        if (line->protect(road->session, line->frames[place], &length)) {
            road->failures++; /* too old to be numbered */
            continue;
        }
        road->packets++;
        road->octets += line->sizes[place];
        parts[sealed++] = (struct iovec){line->frames[place], (size_t)length};
    }
    return sealed;
}

static void address(struct msghdr *message, fanout_road *road, struct iovec *parts, unsigned count) {
    *message = (struct msghdr){
        .msg_name = road->address,
        .msg_namelen = road->address_size,
        .msg_iov = parts,
        .msg_iovlen = count,
    };
}

static void mark_joined(struct msghdr *message, control *told) {
    uint16_t length = (uint16_t)message->msg_iov[0].iov_len;
    message->msg_control = told;
    message->msg_controllen = CMSG_SPACE(sizeof length);
    struct cmsghdr *note = CMSG_FIRSTHDR(message);
    note->cmsg_level = IPPROTO_UDP;
    note->cmsg_type = UDP_SEGMENT;
    note->cmsg_len = CMSG_LEN(sizeof length);
    memcpy(CMSG_DATA(note), &length, sizeof length);
}

static unsigned seal_all(fanout_line *line) {
    unsigned messages = 0, parts = 0;
    for (unsigned place = 0; place < line->bursts_begun; place++) {
        const burst *one = &line->bursts[place];
        unsigned sealed = seal(line, one, line->parts + parts);
        if (!sealed)
            continue;
        struct msghdr *message = &line->messages[messages].msg_hdr;
        address(message, one->road, line->parts + parts, sealed);
        if (sealed > 1)
            mark_joined(message, &line->controls[messages]);
        line->roads[messages++] = one->road;
        parts += sealed;
    }
    return messages;
}

/* A way that takes no joined packets, as one that is too narrow for ours, gets them one by one. */
static void part(fanout_line *line, const struct msghdr *joined, fanout_road *road) {
    road->is_narrow = 1;
    for (size_t place = 0; place < joined->msg_iovlen; place++) {
        struct msghdr single;
        address(&single, road, joined->msg_iov + place, 1);
        if (sendmsg(line->fd, &single, MSG_DONTWAIT) < 0)
            road->failures++;
    }
}

/* What could not be sent now is waited for shortly, then given up: the line is full. */
void fanout_flush(fanout_line *line) {
    unsigned sent = 0, tries = 0, count = seal_all(line);
    while (sent < count) {
        int taken = sendmmsg(line->fd, line->messages + sent, count - sent, MSG_DONTWAIT);
        const struct msghdr *refused = &line->messages[sent].msg_hdr;
        if (taken > 0) {
            sent += (unsigned)taken;
        } else if (errno == EINTR) {
            continue;
        } else if ((errno == EAGAIN || errno == ENOBUFS) && tries < TRIES) {
            struct pollfd room = {.fd = line->fd, .events = POLLOUT};
            tries++;
            poll(&room, 1, PATIENCE_MS);
        } else if (refused->msg_iovlen > 1 && errno != EAGAIN && errno != ENOBUFS) {
            part(line, refused, line->roads[sent++]);
        } else {
            line->roads[sent++]->failures += refused->msg_iovlen;
        }
    }
    line->waiting = line->bursts_begun = 0;
    line->turn++;
}

void fanout_hold(fanout_line *line) { line->is_held = 1; }

void fanout_release(fanout_line *line) {
    line->is_held = 0;
    fanout_flush(line);
}

static int is_open(const fanout_road *road) {
    return road && road->session && road->address_size;
}

/* Where the next packet is written. */
static uint8_t *frame_of(fanout_line *line) {
    if (line->waiting == FRAMES)
        fanout_flush(line);
    return line->frames[line->waiting];
}

static void go_on(fanout_line *line) {
    if (line && !line->is_held)
        fanout_flush(line);
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

void fanout_send(fanout_course **courses, size_t count, const fanout_packet *packet,
                 const uint8_t *payload, double now) {
    fanout_line *line = NULL;
    for (size_t place = 0; place < count; place++) {
        fanout_course *course = courses[place];
        fanout_road *road = course->road;
        if (packet->number < course->first)
            continue; /* from before this copy began */
        note(course, packet, now);
        if (!is_open(road))
            continue;
        if (line != road->line)
            go_on(line);
        line = road->line;
        size_t size = fanout_render(course, packet, payload, frame_of(line), LONGEST);
        if (size)
            enqueue(road, size);
        else
            road->failures++; /* too long */
    }
    go_on(line);
}

void fanout_transmit(fanout_road *road, const uint8_t *packet, size_t length) {
    if (!is_open(road))
        return;
    if (length > LONGEST) {
        road->failures++;
        return;
    }
    memcpy(frame_of(road->line), packet, length);
    enqueue(road, length);
    go_on(road->line);
}
