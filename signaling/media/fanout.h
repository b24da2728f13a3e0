/* What Python sees of fanout.c. No preprocessor lines: cffi reads this, too. */

/* The worker's socket, what has come by it and what waits to go. */
typedef struct fanout_line fanout_line;

/* Where one peer's packets go. Without a session or an address: nowhere. */
typedef struct {
    void *session; /* srtp_t */
    fanout_line *line;
    uint32_t address_size;
    uint8_t address[28]; /* sockaddr_in or sockaddr_in6 */
    uint8_t is_narrow;   /* packets cannot go there joined */
    uint32_t burst;      /* that is open for it */
    uint64_t turn;       /* of the line, for which that holds */
    uint64_t packets;
    uint64_t octets;
    uint64_t failures;
} fanout_road;

/* How one receiver's copy is numbered; course.py explains the same fields. */
typedef struct {
    fanout_road *road;
    uint32_t source;
    uint8_t payload_type;
    uint8_t orientation_id;
    uint8_t has_begun;
    uint8_t last_described;
    int64_t first;
    int64_t shift;
    uint32_t time_shift;
    uint16_t picture_shift;
    uint8_t index_shift;
    uint8_t last_index;
    uint16_t last_picture;
    uint32_t last_timestamp;
    int64_t last_number;
    double last_at;
    uint64_t packets;
    uint64_t octets;
} fanout_course;

/* One packet as layer.py has taken it apart; orientation is -1 where there is none. */
typedef struct {
    int64_t number;
    uint32_t timestamp;
    uint8_t marker;
    uint8_t described;
    uint8_t wide;
    uint8_t layer_index;
    uint16_t picture;
    uint32_t picture_at;
    uint32_t layer_index_at;
    int orientation;
    size_t length;
} fanout_packet;

enum { FANOUT_INBOX = 32 }; /* datagrams that are read at once */

/* One datagram as it came; `at` is when the kernel had it, in seconds of the wall clock, or 0. */
typedef struct {
    double at;
    uint32_t length; /* without what was longer than any that we take */
    uint32_t address_size;
    uint8_t address[28];
    uint8_t data[1508];
} fanout_arrival;

typedef int (*fanout_protect)(void *session, void *packet, int *length);

int fanout_edition(void);

/* NULL when there is no memory. The socket stays the caller's. */
fanout_line *fanout_open(int fd, fanout_protect protect);

/* Nothing is sent any more; roads may still name the line until it is freed. */
void fanout_shut(fanout_line *line);
void fanout_free(fanout_line *line);

/* Reads what has come, a few dozen at most; returns how many. Good until the next call. */
size_t fanout_receive(fanout_line *line);
fanout_arrival *fanout_arrivals(fanout_line *line);

/* What is to be sent waits until `fanout_release`, or until there is no more room. */
void fanout_hold(fanout_line *line);
void fanout_release(fanout_line *line);
void fanout_flush(fanout_line *line);

/* The packet in this course's numbers, before encryption; 0 when it does not fit. */
size_t fanout_render(const fanout_course *course, const fanout_packet *packet,
                     const uint8_t *payload, uint8_t *out, size_t room);

/* Numbers, encrypts and sends one packet to all; never fails, failures are counted. */
void fanout_send(fanout_course **courses, size_t count, const fanout_packet *packet,
                 const uint8_t *payload, double now);

/* Encrypts and sends one packet as it is. */
void fanout_transmit(fanout_road *road, const uint8_t *packet, size_t length);
