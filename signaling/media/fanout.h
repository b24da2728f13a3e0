/* What Python sees of fanout.c. No preprocessor lines: cffi reads this, too. */

/* Where one peer's packets go. Without a session or an address: nowhere. */
typedef struct {
    void *session; /* srtp_t */
    int fd;
    uint32_t address_size;
    uint8_t address[28]; /* sockaddr_in or sockaddr_in6 */
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

typedef int (*fanout_protect)(void *session, void *packet, int *length);

int fanout_edition(void);

/* The packet in this course's numbers, before encryption; 0 when it does not fit. */
size_t fanout_render(const fanout_course *course, const fanout_packet *packet,
                     const uint8_t *payload, uint8_t *out, size_t room);

/* Numbers, encrypts and sends one packet to all; never fails, failures are counted. */
void fanout_send(fanout_course **courses, size_t count, const fanout_packet *packet,
                 const uint8_t *payload, double now, fanout_protect protect);
