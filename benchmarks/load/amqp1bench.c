/* amqp1bench - amqpbench's sister for AMQP 1.0: one sender and one receiver a pair, each on a connection of its own.
 *
 * librabbitmq declares the queue over 0-9-1, which every broker under test speaks; from then on raw 1.0 frames: a sender patches
 * the delivery-ids of a batch of prebuilt transfers, a receiver counts transfers in one large buffer. What the peer grants is
 * kept: link-credit and the session's windows.
 *
 * Build: gcc -O2 -Wall -Wextra -o amqp1bench amqp1bench.c -lrabbitmq -lpthread
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <amqp.h>
#include <amqp_tcp_socket.h>

enum {
    OPEN = 0x10, BEGIN = 0x11, ATTACH = 0x12, FLOW = 0x13, TRANSFER = 0x14, DISPOSITION = 0x15, DETACH = 0x16, END = 0x17, CLOSE = 0x18,
    MECHANISMS = 0x40, OUTCOME = 0x44, WINDOW = 0x7fffffff, BUFFER = 1 << 20, MAX_PAIRS = 256
};
static struct {
    const char *host, *port, *user, *pass, *address, *label, *prefix;
    int pairs, size, credit, every, settled, durable, batch, timeout, pid, window;
    long n;
    double secs;
} o = {"127.0.0.1", "5672", "guest", "guest", "/queues/%s", "", "ab1", 1, 12, 1000, 100, 0, 0, 64, 60, 0, 1000, 0, 0};

/* ---- time, errors, CPU ------------------------------------------------------------- */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("amqp1bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(2);
}
/* The broker's CPU seconds and its peak resident MB since the call with reset set. */
static double broker_cpu(int reset, double *peak) {
    char text[4096];
    clockid_t id;
    struct timespec t = {0, 0};
    FILE *file;
    *peak = 0;
    if (!o.pid) return 0;
    if (clock_getcpuclockid(o.pid, &id) || clock_gettime(id, &t)) die("no process %d", o.pid);
    snprintf(text, sizeof text, "/proc/%d/clear_refs", o.pid);
    if (reset && (file = fopen(text, "w"))) { fputs("5", file); fclose(file); }
    snprintf(text, sizeof text, "/proc/%d/status", o.pid);
    if ((file = fopen(text, "r"))) {
        while (fgets(text, sizeof text, file))
            if (!strncmp(text, "VmHWM:", 6)) *peak = atof(text + 6) / 1024;
        fclose(file);
    }
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- encoding ---------------------------------------------------------------------- */
static uint8_t *be32(uint8_t *p, uint32_t v) { v = __builtin_bswap32(v); memcpy(p, &v, 4); return p + 4; }
static uint32_t rd32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return __builtin_bswap32(v); }
static uint8_t *number(uint8_t *p, uint32_t v) { *p++ = 0x70; return be32(p, v); }
static uint8_t *null(uint8_t *p) { *p++ = 0x40; return p; }
static uint8_t *boolean(uint8_t *p, int v) { *p++ = v ? 0x41 : 0x42; return p; }
static uint8_t *byte(uint8_t *p, unsigned v) { *p++ = 0x50; *p++ = (uint8_t)v; return p; }
static uint8_t *variable(uint8_t *p, int code, const char *text, size_t octets) {
    *p++ = (uint8_t)code; *p++ = (uint8_t)octets; memcpy(p, text, octets); return p + octets;
}
static uint8_t *string(uint8_t *p, const char *text) { return variable(p, 0xa1, text, strlen(text)); }
/* A described list that is begun, and ended: its size and count stand behind the descriptor. */
static uint8_t *composite(uint8_t *p, int descriptor) {
    *p++ = 0; *p++ = 0x53; *p++ = (uint8_t)descriptor; *p++ = 0xd0; return p + 8;
}
static void list_end(uint8_t *begun, uint8_t *end, int fields) { be32(begun - 8, (uint32_t)(end - begun + 4)); be32(begun - 4, (uint32_t)fields); }
static uint8_t *frame(uint8_t *p, int type, int descriptor) {
    p[4] = 2; p[5] = (uint8_t)type; p[6] = p[7] = 0; return composite(p + 8, descriptor);
}
static uint8_t *frame_end(uint8_t *start, uint8_t *end, int fields) {
    list_end(start + 20, end, fields);
    be32(start, (uint32_t)(end - start));
    return end;
}

/* ---- a connection ------------------------------------------------------------------ */
typedef struct {
    pthread_t thread;
    int fd, index, receives, max_frame;
    uint8_t *buffer;
    size_t at, length;
    uint32_t credit, delivery_count, window, next_id, unsettled;  /* a sender's: what the peer grants, what it has not settled */
    long count;
    double end;
} peer;
typedef struct { int type, code; const uint8_t *fields, *end; uint32_t octets; } incoming;

static double started, deadline;
static atomic_long received;
static atomic_int senders, cut;
static pthread_barrier_t gate;

static void send_all(peer *c, const uint8_t *octets, size_t count) {
    while (count) {
        ssize_t sent = send(c->fd, octets, count, MSG_NOSIGNAL);
        if (sent < 0) { if (errno == EINTR) continue; die("send: %s", strerror(errno)); }
        octets += sent; count -= (size_t)sent;
    }
}
/* 1: something came; 0: nothing within the socket's timeout, or nothing now. */
static int receive(peer *c, int flags) {
    if (c->at) { memmove(c->buffer, c->buffer + c->at, c->length - c->at); c->length -= c->at; c->at = 0; }
    ssize_t got = recv(c->fd, c->buffer + c->length, BUFFER - c->length, flags);
    if (got == 0) die("the broker ended the stream");
    if (got < 0) { if (errno == EAGAIN || errno == EINTR) return 0; die("recv: %s", strerror(errno)); }
    c->length += (size_t)got;
    return 1;
}
/* Skips a value and gives it if it is a number or a boolean. */
static const uint8_t *value(const uint8_t *p, uint32_t *v) {
    *v = 0;
    switch (*p) {
        case 0x40: case 0x42: case 0x43: case 0x44: case 0x45: return p + 1;
        case 0x41: *v = 1; return p + 1;
        case 0x50: case 0x51: case 0x52: case 0x53: case 0x54: case 0x55: case 0x56: *v = p[1]; return p + 2;
        case 0x60: case 0x61: return p + 3;
        case 0x70: case 0x71: case 0x72: case 0x73: case 0x74: *v = rd32(p + 1); return p + 5;
        case 0x80: case 0x81: case 0x82: case 0x83: case 0x84: *v = rd32(p + 5); return p + 9;
        case 0x98: return p + 17;
        case 0xa0: case 0xa1: case 0xa3: case 0xc0: case 0xc1: case 0xe0: return p + 2 + p[1];
        case 0xb0: case 0xb1: case 0xb3: case 0xd0: case 0xd1: case 0xf0: return p + 5 + rd32(p + 1);
        case 0x00: { uint32_t ignored; return value(value(p + 1, &ignored), v); }
        default: die("a value with code 0x%02x", *p); return p;
    }
}
/* Whether a whole frame is there; it is behind c->at afterwards. */
static int next(peer *c, incoming *f) {
    if (c->length - c->at < 8) return 0;
    const uint8_t *p = c->buffer + c->at;
    f->octets = rd32(p);
    if (f->octets > BUFFER) die("a frame of %u octets", f->octets);
    if (c->length - c->at < f->octets) return 0;
    c->at += f->octets;
    f->type = p[5]; f->code = 0; f->fields = f->end = p + f->octets;
    if (f->octets == (uint32_t)p[4] * 4) return 1;  /* a heartbeat */
    p += p[4] * 4;
    if (p[0] != 0 || p[1] != 0x53) die("a performative with descriptor 0x%02x%02x", p[0], p[1]);
    f->code = p[2];
    p += 3;
    if (*p == 0x45) f->fields = f->end = p + 1;
    else if (*p == 0xc0) { f->fields = p + 3; f->end = p + 2 + p[1]; }
    else { f->fields = p + 9; f->end = p + 5 + rd32(p + 1); }
    return 1;
}
static incoming expect(peer *c, int code) {
    incoming f;
    for (;;) {
        while (!next(c, &f)) if (!receive(c, 0)) die("no answer where 0x%02x was expected", code);
        if (f.code == code) return f;
        if (f.code == DETACH || f.code == END || f.code == CLOSE) die("refused: 0x%02x %.*s", f.code, (int)(f.end - f.fields), (const char *)f.fields);
        if (f.code && f.code != FLOW) die("0x%02x where 0x%02x was expected", f.code, code);
        if (f.code == FLOW) { c->at -= f.octets; return f; }
    }
}
static void expect_header(peer *c, const char *header) {
    while (c->length - c->at < 8) if (!receive(c, 0)) die("no protocol header came");
    if (memcmp(c->buffer + c->at, header, 8)) die("another protocol header than was proposed");
    c->at += 8;
}
static void open_peer(peer *c, const char *queue) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    struct timeval patience = {10, 0};
    int one = 1;
    uint8_t b[2048], *p, *source;
    char text[512];
    if (getaddrinfo(o.host, o.port, &hints, &found)) die("no address of %s:%s", o.host, o.port);
    c->fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (connect(c->fd, found->ai_addr, found->ai_addrlen)) die("connect: %s", strerror(errno));
    freeaddrinfo(found);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    c->buffer = malloc(BUFFER);

    send_all(c, (const uint8_t *)"AMQP\3\1\0\0", 8);
    expect_header(c, "AMQP\3\1\0\0");
    expect(c, MECHANISMS);
    p = frame(b, 1, 0x41);
    p = variable(p, 0xa3, "PLAIN", 5);
    size_t octets = (size_t)snprintf(text, sizeof text, "%c%s%c%s", 0, o.user, 0, o.pass);
    p = variable(p, 0xa0, text, octets);
    send_all(c, b, (size_t)(frame_end(b, p, 2) - b));
    incoming f = expect(c, OUTCOME);
    uint32_t v;
    value(f.fields, &v);
    if (v) die("the login was refused with %u", v);

    send_all(c, (const uint8_t *)"AMQP\0\1\0\0", 8);
    snprintf(text, sizeof text, "amqp1bench-%d-%s", c->index, c->receives ? "in" : "out");
    p = number(null(string(frame(b, 0, OPEN), text)), BUFFER / 2);
    send_all(c, b, (size_t)(frame_end(b, p, 3) - b));
    p = number(number(number(number(null(frame(b, 0, BEGIN)), 0), WINDOW), WINDOW), 7);
    send_all(c, b, (size_t)(frame_end(b, p, 5) - b));

    char address[256];
    snprintf(address, sizeof address, o.address, queue);
    p = frame(b, 0, ATTACH);
    p = boolean(number(string(p, text), 0), c->receives);
    p = byte(byte(p, o.settled ? 1 : 0), 0);
    source = p = composite(p, 0x28);
    if (c->receives) { p = string(p, address); list_end(source, p, 1); } else list_end(source, p, 0);
    source = p = composite(p, 0x29);
    if (c->receives) list_end(source, p, 0); else { p = string(p, address); list_end(source, p, 1); }
    if (!c->receives) p = number(null(null(p)), 0);
    send_all(c, b, (size_t)(frame_end(b, p, c->receives ? 7 : 10) - b));

    expect_header(c, "AMQP\0\1\0\0");
    f = expect(c, OPEN);
    const uint8_t *at = f.fields;
    c->max_frame = BUFFER;
    for (int field = 0; field < 3 && at < f.end; field++) { at = value(at, &v); if (field == 2 && v && (int)v > 0) c->max_frame = (int)v; }
    f = expect(c, BEGIN);
    at = f.fields;
    for (int field = 0; field < 3; field++) at = value(at, &c->window);
    expect(c, ATTACH);
}

/* ---- sender ------------------------------------------------------------------------ */
static void take_flow(peer *c, const incoming *f) {
    uint32_t v[7] = {0};
    const uint8_t *at = f->fields;
    int fields = 0;
    while (at < f->end && fields < 7) at = value(at, &v[fields++]);
    c->window = v[0] + v[1] - c->next_id;
    if (fields == 7) c->credit = v[5] + v[6] - c->delivery_count;
}
static void take_as_sender(peer *c) {
    incoming f;
    while (next(c, &f)) {
        if (f.code == FLOW) take_flow(c, &f);
        else if (f.code == DISPOSITION) {
            uint32_t role, first, last, settled;
            const uint8_t *at = value(value(f.fields, &role), &first);
            last = first;
            if (at < f.end) { int is_given = *at != 0x40; uint32_t given; at = value(at, &given); if (is_given) last = given; }
            settled = 0;
            if (at < f.end) value(at, &settled);
            if (settled) c->unsettled -= last - first + 1;
        } else if (f.code) die("a sender got 0x%02x: %.*s", f.code, (int)(f.end - f.fields), (const char *)f.fields);
    }
}
static void *sending(void *argument) {
    peer *c = argument;
    /* transfer: handle, delivery-id (at 22), delivery-tag (at 28), message-format, settled; then the message */
    size_t message = (size_t)o.size + (o.size > 255 ? 8 : 5) + (o.durable ? 7 : 0), one;
    uint8_t *octets = calloc((size_t)o.batch, message + 64), *p = octets;
    p = number(variable(number(number(frame(p, 0, TRANSFER), 0), 0), 0xa0, "0000", 4), 0);
    p = boolean(p, o.settled);
    frame_end(octets, p, 5);
    size_t id_at = 20 + 5 + 1, tag_at = 20 + 10 + 2;
    if (o.durable) { memcpy(p, "\0\x53\x70\xc0\x02\x01\x41", 7); p += 7; }
    memcpy(p, "\0\x53\x75", 3); p += 3;
    if (o.size > 255) { *p++ = 0xb0; p = be32(p, (uint32_t)o.size); } else { *p++ = 0xa0; *p++ = (uint8_t)o.size; }
    memset(p, 'x', (size_t)o.size);
    p += o.size;
    one = (size_t)(p - octets);
    if ((int)one > c->max_frame) die("a message of %d octets does not fit into a frame of %d", o.size, c->max_frame);
    be32(octets, (uint32_t)one);
    for (int k = 1; k < o.batch; k++) memcpy(octets + (size_t)k * one, octets, one);

    pthread_barrier_wait(&gate);
    while (c->count < o.n && !atomic_load(&cut)) {
        double t = now();
        if (o.secs > 0 && t - started >= o.secs) break;
        if (t > deadline) { atomic_store(&cut, 1); break; }
        while (receive(c, MSG_DONTWAIT)) take_as_sender(c);
        for (;;) {
            take_as_sender(c);
            if ((int32_t)c->credit > 0 && (int32_t)c->window > 0 && (o.settled || (int)c->unsettled < o.window)) break;
            if (!receive(c, 0) && now() > deadline) { atomic_store(&cut, 1); goto over; }
        }
        long k = o.batch;
        if (k > o.n - c->count) k = o.n - c->count;
        if (k > (int32_t)c->credit) k = (int32_t)c->credit;
        if (k > (int32_t)c->window) k = (int32_t)c->window;
        if (!o.settled && k > o.window - (int)c->unsettled) k = o.window - (int)c->unsettled;
        for (long i = 0; i < k; i++) {
            be32(octets + (size_t)i * one + id_at, c->next_id + (uint32_t)i);
            be32(octets + (size_t)i * one + tag_at, c->next_id + (uint32_t)i);
        }
        send_all(c, octets, (size_t)k * one);
        c->next_id += (uint32_t)k; c->delivery_count += (uint32_t)k; c->credit -= (uint32_t)k; c->window -= (uint32_t)k;
        c->count += k;
        if (!o.settled) c->unsettled += (uint32_t)k;
    }
    while (!o.settled && c->unsettled && !atomic_load(&cut)) {
        take_as_sender(c);
        if (c->unsettled && !receive(c, 0) && now() > deadline) atomic_store(&cut, 1);
    }
over:
    c->end = now();
    atomic_fetch_sub(&senders, 1);
    free(octets);
    return NULL;
}

/* ---- receiver ---------------------------------------------------------------------- */
static peer *outs;
static long sent_now(void) { long sum = 0; for (int i = 0; i < o.pairs; i++) sum += outs[i].count; return sum; }
static void grant(peer *c) {
    uint8_t b[128], *p = frame(b, 0, FLOW);
    p = number(number(number(number(p, c->next_id), WINDOW), 0), WINDOW);
    p = number(number(number(p, 0), c->delivery_count), (uint32_t)o.credit);
    send_all(c, b, (size_t)(frame_end(b, p, 7) - b));
    c->credit = (uint32_t)o.credit;
}
static void settle(peer *c, uint32_t first, uint32_t last) {
    uint8_t b[128], *p = number(number(boolean(frame(b, 0, DISPOSITION), 1), first), last), *state;
    state = p = composite(boolean(p, 1), 0x24);
    list_end(state, p, 0);
    send_all(c, b, (size_t)(frame_end(b, p, 5) - b));
}
static void *receiving(void *argument) {
    peer *c = argument;
    incoming f;
    uint32_t first = 0, last = 0, id, handle;
    int unsettled = 0, has_more = 0;
    struct timeval patience = {0, 200000};
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    pthread_barrier_wait(&gate);
    grant(c);
    for (;;) {
        int got = receive(c, 0);
        long before = c->count;
        while (next(c, &f)) {
            if (f.code == FLOW || !f.code) continue;
            if (f.code == DISPOSITION) continue;
            if (f.code != TRANSFER) die("a receiver got 0x%02x: %.*s", f.code, (int)(f.end - f.fields), (const char *)f.fields);
            c->next_id++;
            const uint8_t *at = value(f.fields, &handle);
            if (!has_more) { value(at, &id); if (!unsettled) first = id; last = id; }
            uint32_t more = 0, ignored;
            for (int field = 1; field < 5 && at < f.end; field++) at = value(at, &ignored);
            if (at < f.end) value(at, &more);
            has_more = (int)more;
            if (has_more) continue;
            c->count++; c->delivery_count++; c->credit--; unsettled++;
            if (!o.settled && unsettled >= o.every) { settle(c, first, last); unsettled = 0; }
            if ((int)c->credit <= o.credit / 2) grant(c);
        }
        if (c->count > before) { c->end = now(); atomic_fetch_add(&received, c->count - before); }
        if (o.settled) unsettled = 0;
        if (!got && unsettled && !o.settled) { settle(c, first, last); unsettled = 0; }
        if (!atomic_load(&senders) && (atomic_load(&received) >= sent_now() || atomic_load(&cut))) break;
        if (now() > deadline) { atomic_store(&cut, 1); break; }
    }
    if (!o.settled && unsettled) settle(c, first, last);
    return NULL;
}

/* ---- topology, result -------------------------------------------------------------- */
static amqp_connection_state_t control;
static char server[128] = "?";
static void check(const char *what) {
    if (amqp_get_rpc_reply(control).reply_type != AMQP_RESPONSE_NORMAL) die("%s failed", what);
}
static void dial(void) {
    control = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(control);
    if (!socket || amqp_socket_open(socket, o.host, atoi(o.port))) die("cannot connect to %s:%s", o.host, o.port);
    if (amqp_login(control, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, o.user, o.pass).reply_type != AMQP_RESPONSE_NORMAL) die("login failed");
    amqp_channel_open(control, 1);
    check("channel.open");
    const amqp_table_t *properties = amqp_get_server_properties(control);
    for (int i = 0; i < properties->num_entries; i++)
        if (properties->entries[i].key.len == 7 && !memcmp(properties->entries[i].key.bytes, "product", 7))
            snprintf(server, sizeof server, "%.*s", (int)properties->entries[i].value.value.bytes.len, (char *)properties->entries[i].value.value.bytes.bytes);
}
static void usage(void) {
    puts("amqp1bench [options]   (one JSON line on stdout; exit 0 done, 1 cut off by --timeout, 2 error)\n"
         " -H host -p port -u user -w pass   where (127.0.0.1 5672 guest guest)   -A address, %s is the queue (/queues/%s)\n"
         " -n messages a sender  -z seconds  -s octets of the data section (12)   -x pairs of sender and receiver, each with its queue (1)\n"
         " -S settled by the sender (otherwise every transfer is accepted: -c unsettled a sender at most, 1000; -a accepted at once, 100)\n"
         " -C link-credit (1000)   -d durable queue and messages   -b transfers a send() (64)\n"
         " -T seconds limit (60)   --pid broker pid (CPU, peak memory)   --label text   --prefix queue prefix");
    exit(2);
}
int main(int argc, char **argv) {
    static struct option names[] = {{"pid", 1, 0, 1}, {"label", 1, 0, 2}, {"prefix", 1, 0, 3}, {"timeout", 1, 0, 'T'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    for (int c; (c = getopt_long(argc, argv, "H:p:u:w:A:n:z:s:x:Sc:a:C:db:T:h", names, NULL)) != -1;) switch (c) {
        case 'H': o.host = optarg; break; case 'p': o.port = optarg; break;
        case 'u': o.user = optarg; break; case 'w': o.pass = optarg; break;
        case 'A': o.address = optarg; break; case 'n': o.n = atol(optarg); break;
        case 'z': o.secs = atof(optarg); break; case 's': o.size = atoi(optarg); break;
        case 'x': o.pairs = atoi(optarg); break; case 'S': o.settled = 1; break;
        case 'c': o.window = atoi(optarg); break; case 'a': o.every = atoi(optarg); break;
        case 'C': o.credit = atoi(optarg); break; case 'd': o.durable = 1; break;
        case 'b': o.batch = atoi(optarg); break; case 'T': o.timeout = atoi(optarg); break;
        case 1: o.pid = atoi(optarg); break; case 2: o.label = optarg; break; case 3: o.prefix = optarg; break;
        default: usage();
    }
    if (!o.n) o.n = o.secs > 0 ? 1000000000000 : 1000000;
    if (optind != argc || o.n < 1 || o.size < 0 || o.size > BUFFER / 4 || o.pairs < 1 || o.pairs > MAX_PAIRS || o.batch < 1 || o.credit < 2 || o.window < 1 || o.every < 1 || o.every > o.credit || strlen(o.prefix) > 40) usage();
    dial();
    outs = calloc((size_t)o.pairs, sizeof *outs);
    peer *ins = calloc((size_t)o.pairs, sizeof *ins);
    char queue[64];
    pthread_barrier_init(&gate, NULL, (unsigned)(2 * o.pairs + 1));
    for (int i = 0; i < o.pairs; i++) {
        snprintf(queue, sizeof queue, "%s-%d", o.prefix, i);
        amqp_queue_declare(control, 1, amqp_cstring_bytes(queue), 0, o.durable, 0, 0, amqp_empty_table);
        check("queue.declare");
        amqp_queue_purge(control, 1, amqp_cstring_bytes(queue));
        check("queue.purge");
        outs[i].index = ins[i].index = i;
        ins[i].receives = 1;
        open_peer(&ins[i], queue);
        open_peer(&outs[i], queue);
    }
    atomic_store(&senders, o.pairs);
    for (int i = 0; i < o.pairs; i++) {
        if (pthread_create(&ins[i].thread, NULL, receiving, &ins[i]) || pthread_create(&outs[i].thread, NULL, sending, &outs[i])) die("no thread");
    }
    double peak, ignored, before = broker_cpu(1, &ignored);
    struct rusage own, own_before;
    getrusage(RUSAGE_SELF, &own_before);
    started = now();
    deadline = started + o.timeout;
    pthread_barrier_wait(&gate);
    double last_out = started, last_in = started;
    for (int i = 0; i < o.pairs; i++) { pthread_join(outs[i].thread, NULL); if (outs[i].end > last_out) last_out = outs[i].end; }
    for (int i = 0; i < o.pairs; i++) { pthread_join(ins[i].thread, NULL); if (ins[i].end > last_in) last_in = ins[i].end; }
    double cpu = broker_cpu(0, &peak) - before;
    getrusage(RUSAGE_SELF, &own);
    for (int i = 0; i < o.pairs; i++) {
        close(ins[i].fd);
        close(outs[i].fd);
        snprintf(queue, sizeof queue, "%s-%d", o.prefix, i);
        amqp_queue_delete(control, 1, amqp_cstring_bytes(queue), 0, 0);
    }
    long sent = sent_now(), got = atomic_load(&received);
    double own_cpu = (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec - own_before.ru_utime.tv_sec - own_before.ru_stime.tv_sec)
        + (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec - own_before.ru_utime.tv_usec - own_before.ru_stime.tv_usec) / 1e6;
    printf("{\"label\":\"%s\",\"server\":\"%s\",\"size\":%d,\"pairs\":%d,\"settled\":%d,\"durable\":%d,\"credit\":%d,\"sent\":%ld,\"received\":%ld,"
           "\"pub_rate\":%.0f,\"con_rate\":%.0f,\"client_us_per_msg\":%.3f,\"broker_us_per_msg\":%.3f,\"broker_peak_mb\":%.1f,\"cut_off\":%d}\n",
           o.label, server, o.size, o.pairs, o.settled, o.durable, o.credit, sent, got, (double)sent / (last_out - started), (double)got / (last_in - started),
           sent ? own_cpu * 1e6 / (double)sent : 0, sent ? cpu * 1e6 / (double)sent : 0, peak, atomic_load(&cut));
    return atomic_load(&cut) ? 1 : 0;
}
