/* amqpbench - one small, cheap AMQP 0-9-1 load generator for every broker under test.
 *
 * librabbitmq does the handshake and declares the topology; then each thread takes the
 * socket over and speaks raw frames: a publisher sends a prebuilt batch of
 * method+header+body frames per send(), a consumer parses one big recv() buffer in place.
 * Cost per message is therefore mostly the kernel's copy, so on few cores the figure is
 * the broker's. User+sys CPU of this process is reported, and the broker's with --pid.
 *
 * With --tls-port the workers speak TLS there, by a handshake of their own, and believe whatever
 * certificate they see; what declares and deletes goes on over the plain port.
 *
 * Build: gcc -O2 -Wall -Wextra -o amqpbench amqpbench.c -lrabbitmq -lssl -lcrypto -lpthread
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

enum { RBUF = 1 << 20, MAXQ = 4096, MAXT = 1024 };
static struct {
    const char *host, *user, *pass, *vhost, *prefix, *mode, *qtype, *label, *dead;
    int port, pubs, cons, queues, size, window, ackevery, prefetch, batch, durable, persistent,
        fanout, timeout, pid, framemax, keep, topic, idle, ttl, priorities, tlsport;
    long n;
    double rate, secs;
} o = {"127.0.0.1", "guest", "guest", "/", "ab", "both", NULL, "", NULL, 5672, 1, 1, 1, 16, 0, 0, 0,
       65536, 0, 0, 0, 60, 0, 131072, 0, 0, 0, 0, 0, 0, 0, 0, 0};

/* ---- time, errors, CPU ------------------------------------------------------------- */
static uint64_t now(void) {
    struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
static void die(const char *f, ...) {
    va_list a; va_start(a, f); fputs("amqpbench: ", stderr); vfprintf(stderr, f, a); fputc('\n', stderr);
    exit(2);
}
static double tv(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }
/* The broker's CPU seconds (user+sys of all its threads, ns clock) and its resident MB now and
 * at its peak; the peak is counted from the call with reset set. */
static void broker_stat(int reset, double *cpu, double *rss, double *peak) {
    char p[64], b[4096]; clockid_t id; struct timespec t; FILE *f; *cpu = *rss = *peak = 0;
    if (!o.pid) return;
    if (!clock_getcpuclockid(o.pid, &id) && !clock_gettime(id, &t)) *cpu = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    snprintf(p, sizeof p, "/proc/%d/clear_refs", o.pid);
    if (reset && (f = fopen(p, "w"))) { fputs("5", f); fclose(f); }
    snprintf(p, sizeof p, "/proc/%d/status", o.pid);
    if (!(f = fopen(p, "r"))) return;
    while (fgets(b, sizeof b, f)) {
        if (!strncmp(b, "VmRSS:", 6)) *rss = atof(b + 6) / 1024;
        if (!strncmp(b, "VmHWM:", 6)) *peak = atof(b + 6) / 1024;
    }
    fclose(f);
}

/* ---- log-linear histogram of microseconds (64 steps a doubling: < 1.6 % error) -- */
typedef struct { uint32_t c[64 * 40]; uint64_t n, sum, max; } hist;
static void hist_add(hist *h, uint64_t ns) {
    uint64_t v = ns / 1000; int r = v < 64 ? 0 : 58 - __builtin_clzll(v);   /* row; v >> (r-1) is 64..127 */
    if (r > 39) r = 39;
    h->c[r * 64 + (int)(r ? ((v >> (r - 1)) & 63) : v)]++;
    h->n++; h->sum += v; if (v > h->max) h->max = v;
}
static void hist_merge(hist *a, const hist *b) {
    for (int i = 0; i < 64 * 40; i++) a->c[i] += b->c[i];
    a->n += b->n; a->sum += b->sum; if (b->max > a->max) a->max = b->max;
}
static uint64_t hist_q(const hist *h, double q) {
    uint64_t want = (uint64_t)((double)h->n * q), seen = 0;
    for (int i = 0; i < 64 * 40; i++)
        if ((seen += h->c[i]) > want) return i < 64 ? (uint64_t)i : (uint64_t)(64 + i % 64) << (i / 64 - 1);
    return h->max;
}

/* ---- connection -------------------------------------------------------------------- */
typedef struct {
    pthread_t th; amqp_connection_state_t c; SSL *tls; int fd, idx;
    long n, done; uint64_t end; double cpu; long calls;
    uint8_t *rb; size_t rlen, roff;
    hist lat, lag;
} worker;
static atomic_long consumed, confirmed, nacked, published, expected; static atomic_int aborting, pubs_left;
static atomic_ullong last_rx;
static uint64_t t0, deadline; static pthread_barrier_t gate;
static char server[128] = "?";

static void ok(amqp_rpc_reply_t r, const char *w) {
    if (r.reply_type == AMQP_RESPONSE_NORMAL) return;
    if (r.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && r.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        amqp_channel_close_t *m = r.reply.decoded;
        die("%s: channel closed: %d %.*s", w, m->reply_code, (int)m->reply_text.len, (char *)m->reply_text.bytes);
    }
    if (r.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && r.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        amqp_connection_close_t *m = r.reply.decoded;
        die("%s: connection closed: %d %.*s", w, m->reply_code, (int)m->reply_text.len, (char *)m->reply_text.bytes);
    }
    die("%s: %s", w, amqp_error_string2(r.library_error));
}
static amqp_bytes_t str(const char *s) { return amqp_cstring_bytes(s); }
static amqp_connection_state_t dial(void) {
    amqp_connection_state_t c = amqp_new_connection(); amqp_socket_t *s = amqp_tcp_socket_new(c);
    if (!s || amqp_socket_open(s, o.host, o.port)) die("cannot connect to %s:%d", o.host, o.port);
    ok(amqp_login(c, o.vhost, 0, o.framemax, 0, AMQP_SASL_METHOD_PLAIN, o.user, o.pass), "login");
    amqp_channel_open(c, 1); ok(amqp_get_rpc_reply(c), "channel.open");
    return c;
}
static const char *qname(int i, char *b) { sprintf(b, "%s-%d", o.prefix, i); return b; }
/* Where messages of queue i go that die. */
static const char *dname(int i, char *b) { sprintf(b, "%s-%d-dead", o.prefix, i); return b; }
/* The key that reaches queue i alone: its name, in a topic exchange as the second word. */
static const char *key_of(int i, char *b) { char q[64]; sprintf(b, "%s%s", o.topic ? "t." : "", qname(i, q)); return b; }

/* ---- raw frames -------------------------------------------------------------------- */
static uint8_t *be16(uint8_t *p, unsigned v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; return p + 2; }
static uint8_t *be32(uint8_t *p, uint32_t v) { p = be16(p, v >> 16); return be16(p, v & 65535); }
static uint8_t *be64(uint8_t *p, uint64_t v) { p = be32(p, (uint32_t)(v >> 32)); return be32(p, (uint32_t)v); }
static uint32_t rd32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return __builtin_bswap32(v); }
static uint64_t rd64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return __builtin_bswap64(v); }
static uint8_t *sstr(uint8_t *p, const char *s) { size_t k = strlen(s); *p++ = (uint8_t)k; memcpy(p, s, k); return p + k; }
static uint8_t *head(uint8_t *p, int type) { *p = (uint8_t)type; be16(p + 1, 1); return p + 7; }
static uint8_t *tail(uint8_t *start, uint8_t *p) { be32(start + 3, (uint32_t)(p - start - 7)); *p = 0xCE; return p + 1; }
static uint8_t *method(uint8_t *p, unsigned cls, unsigned m) { return be16(be16(head(p, 1), cls), m); }

static int readable(worker *w, int ms) { if (w->tls && SSL_pending(w->tls)) return 1; struct pollfd f = {w->fd, POLLIN, 0}; return poll(&f, 1, ms) > 0; }
/* As recv and send tell it: what TLS wants first, or a receive timeout, is EAGAIN. */
static ssize_t tls_result(worker *w, int k) {
    if (k > 0) return k;
    int e = SSL_get_error(w->tls, k);
    if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) { errno = EAGAIN; return -1; }
    if (e == SSL_ERROR_ZERO_RETURN) return 0;
    if (e != SSL_ERROR_SYSCALL) die("TLS: %s", ERR_error_string(ERR_get_error(), NULL));
    return errno ? -1 : 0;
}
static int fill(worker *w, int flags) {                 /* 1 got bytes, 0 nothing now, dies on close */
    if (w->roff) { memmove(w->rb, w->rb + w->roff, w->rlen - w->roff); w->rlen -= w->roff; w->roff = 0; }
    ssize_t k = w->tls ? tls_result(w, SSL_read(w->tls, w->rb + w->rlen, (int)(RBUF - w->rlen))) : recv(w->fd, w->rb + w->rlen, RBUF - w->rlen, flags); w->calls++;
    if (k > 0) { w->rlen += (size_t)k; return 1; }
    if (k < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    die("connection lost (%s)", k ? strerror(errno) : "closed by peer");
    return 0;
}
static uint8_t *next_frame(worker *w, uint32_t *size) { /* whole frame in the buffer, or NULL */
    if (w->rlen - w->roff < 8) return NULL;
    uint8_t *f = w->rb + w->roff; *size = rd32(f + 3);
    if (*size + 8u > RBUF) die("frame of %u bytes", *size);
    if (w->rlen - w->roff < *size + 8u) return NULL;
    if (f[7 + *size] != 0xCE) die("bad frame end");
    w->roff += *size + 8u; return f;
}
static void complain(const uint8_t *f) {                /* connection.close or channel.close */
    die("%s closed by broker: %d %.*s", f[8] == 10 ? "connection" : "channel", f[11] << 8 | f[12], f[13], (char *)f + 14);
}
static void send_all(worker *w, const uint8_t *p, size_t k) {
    while (k) {
        ssize_t s = w->tls ? tls_result(w, SSL_write(w->tls, p, (int)k)) : send(w->fd, p, k, MSG_NOSIGNAL); w->calls++;
        if (s > 0) { p += s; k -= (size_t)s; continue; }
        if (errno == EAGAIN) {                          /* a publisher goes on reading confirms meanwhile */
            struct pollfd f = {w->fd, (short)(POLLOUT | (w->n && w->rlen - w->roff < RBUF ? POLLIN : 0)), 0};
            if (poll(&f, 1, 100) > 0 && f.revents & POLLIN) fill(w, MSG_DONTWAIT);
        } else if (errno != EINTR) die("send: %s", strerror(errno));
        if (now() > deadline) { atomic_store(&aborting, 1); return; }
    }
}

/* ---- a worker's own handshake, within TLS ------------------------------------------- */
static void expect(worker *w, unsigned cls, unsigned m) {
    uint32_t sz; uint8_t *f;
    while (!(f = next_frame(w, &sz)) || f[0] != 1) if (!f) fill(w, 0);
    if (f[8] != cls || f[10] != m) { if (f[8] == 10 && f[10] == 50) complain(f); die("unexpected method %d.%d", f[8], f[10]); }
}
static void say(worker *w, uint8_t *b, uint8_t *p) { send_all(w, b, (size_t)(tail(b, p) - b)); }
static uint8_t *lstr(uint8_t *p, const void *s, size_t k) { p = be32(p, (uint32_t)k); memcpy(p, s, k); return p + k; }
static void tls_dial(worker *w, int pub) {
    static SSL_CTX *ctx; struct addrinfo hint = {.ai_socktype = SOCK_STREAM}, *at; char port[16]; uint8_t b[1024], *p; char plain[300];
    if (!ctx) {
        ctx = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_read_ahead(ctx, 1);
    }
    snprintf(port, sizeof port, "%d", o.tlsport);
    if (getaddrinfo(o.host, port, &hint, &at)) die("no address of %s", o.host);
    w->fd = socket(at->ai_family, SOCK_STREAM, 0);
    if (connect(w->fd, at->ai_addr, at->ai_addrlen)) die("cannot connect to %s:%d", o.host, o.tlsport);
    freeaddrinfo(at); w->tls = SSL_new(ctx); SSL_set_fd(w->tls, w->fd);
    if (SSL_connect(w->tls) != 1) die("TLS: %s", ERR_error_string(ERR_get_error(), NULL));
    deadline = now() + (uint64_t)o.timeout * 1000000000u;
    send_all(w, (const uint8_t *)"AMQP\0\0\x09\x01", 8); expect(w, 10, 10);
    size_t u = strlen(o.user), s = strlen(o.pass); if (u + s > 250) die("a long name");
    plain[0] = 0; memcpy(plain + 1, o.user, u); plain[u + 1] = 0; memcpy(plain + u + 2, o.pass, s);
    /* What follows belongs to channel 0, where head() writes 1. */
    p = sstr(be32(method(b, 10, 11), 0), "PLAIN"); be16(b + 1, 0); p = lstr(p, plain, u + s + 2); say(w, b, sstr(p, "en_US")); expect(w, 10, 30);
    p = be16(be32(be16(method(b, 10, 31), 1), (uint32_t)o.framemax), 0); be16(b + 1, 0); say(w, b, p);
    p = sstr(sstr(method(b, 10, 40), o.vhost), ""); be16(b + 1, 0); *p++ = 0; say(w, b, p); expect(w, 10, 41);
    say(w, b, sstr(method(b, 20, 10), "")); expect(w, 20, 11);
    if (pub && o.window) { p = method(b, 85, 10); *p++ = 0; say(w, b, p); expect(w, 85, 11); }
    if (!pub && o.prefetch) { p = be16(be32(method(b, 60, 10), 0), (unsigned)o.prefetch); *p++ = 0; say(w, b, p); expect(w, 60, 11); }
}

/* ---- publisher --------------------------------------------------------------------- */
static uint8_t *render(uint8_t *p, const char *ex, const char *key, uint8_t **body) {
    uint8_t *s = p; p = be16(method(p, 60, 40), 0); p = sstr(sstr(p, ex), key); *p++ = 0; p = tail(s, p);
    s = p; p = be16(be16(head(p, 2), 60), 0); p = be64(p, (uint64_t)o.size);
    p = be16(p, (o.persistent ? 0x1000u : 0) | (o.priorities ? 0x0800u : 0));
    if (o.persistent) *p++ = 2;
    if (o.priorities) *p++ = 0;                          /* set for each message of a batch: the last octet of the header */
    p = tail(s, p); *body = p + 7;
    for (int left = o.size; left > 0;) {
        int k = left > o.framemax - 8 ? o.framemax - 8 : left;
        s = p; p = head(p, 3); memset(p, 'x', (size_t)k); p = tail(s, p + k); left -= k;
    }
    return p;
}
static void *publisher(void *arg) {
    worker *w = arg; char q[80]; key_of(w->idx % o.queues, q);
    int fan = o.fanout; size_t cap = (size_t)o.size + (size_t)(o.size / (o.framemax - 8) + 3) * 16 + 600;
    uint8_t *one = malloc(cap), *body; size_t len = (size_t)(render(one, fan ? "ab.fanout" : o.topic ? "ab.topic" : "", fan ? "" : q, &body) - one);
    size_t boff = (size_t)(body - one); long per = o.batch / (long)len; if (per < 1) per = 1;
    if (o.window && per > o.window) per = o.window;
    uint8_t *buf = malloc(len * (size_t)per); for (long i = 0; i < per; i++) {
        memcpy(buf + len * (size_t)i, one, len);
        if (o.priorities) buf[len * (size_t)i + boff - 9] = (uint8_t)(i % (o.priorities + 1));
    }
    uint64_t ring = 1; while (ring < (uint64_t)o.window * 4 + 64) ring <<= 1;
    uint8_t *acked = calloc(1, ring); uint64_t low = 1, next = 1; long out = 0;
    double step = o.rate > 0 ? 1e9 * o.pubs / o.rate : 0; struct rusage r0, r1; uint8_t cl[32];
    prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
    pthread_barrier_wait(&gate); getrusage(RUSAGE_THREAD, &r0);
    uint64_t base = t0 + (step > 0 ? (uint64_t)(step * w->idx / o.pubs) : 0); int closing = 0, closed = 0;
    while (!closed) {
        uint64_t t = now();
        if (t > deadline) { atomic_store(&aborting, 1); break; }
        if (o.secs > 0 && (double)t > (double)t0 + o.secs * 1e9) w->n = w->done;
        long k = w->n - w->done; if (k > per) k = per;
        if (o.window) { if (k > o.window - out) k = o.window - out;
                        if (k > (long)(ring - (next - low))) k = (long)(ring - (next - low)); }
        uint64_t due = 0;
        if (k > 0 && step > 0) {                          /* open loop: stamp the time it was due */
            long due_n = t < base ? 0 : (long)((double)(t - base) / step) + 1 - w->done;
            if (due_n < k) k = due_n;
            if (k <= 0) { k = 0; due = base + (uint64_t)(step * (double)w->done); }
        }
        if (k > 0) {
            if (step > 0) for (long i = 0; i < k; i++) {
                uint64_t d = base + (uint64_t)(step * (double)(w->done + i));
                be64(buf + len * (size_t)i + boff, d); hist_add(&w->lag, t > d ? t - d : 0);
            }
            send_all(w, buf, len * (size_t)k); w->done += k; next += (uint64_t)k; out += o.window ? k : 0;
        } else if (w->done == w->n && !out && !closing) { /* channel.close: its ok means all was read */
            uint8_t *p = be16(be16(sstr(be16(method(cl, 20, 40), 200), ""), 0), 0);
            send_all(w, cl, (size_t)(tail(cl, p) - cl)); closing = 1;
        } else if (due) {
            if (out && readable(w, 0)) fill(w, MSG_DONTWAIT);
            else { struct timespec ts = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};
                   clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL); }
        } else if (readable(w, 100)) fill(w, MSG_DONTWAIT);
        if (out && (w->calls & 3) == 0) fill(w, MSG_DONTWAIT);
        uint32_t sz; for (uint8_t *f; (f = next_frame(w, &sz));) {
            if (f[0] != 1) continue;
            unsigned id = (unsigned)(f[8] << 8 | f[10]);
            if (id == (60 << 8 | 80) || id == (60 << 8 | 120)) {              /* ack, nack */
                uint64_t tag = rd64(f + 11); int multi = f[19] & 1; long c = 0;
                if (tag >= next || (tag < low && !multi)) die("confirm for tag %lu out of range", (unsigned long)tag);
                for (uint64_t i = multi ? low : tag; i <= tag; i++) if (!acked[i & (ring - 1)]) { acked[i & (ring - 1)] = 1; c++; }
                while (low < next && acked[low & (ring - 1)]) acked[low++ & (ring - 1)] = 0;
                out -= c; atomic_fetch_add(id == (60 << 8 | 80) ? &confirmed : &nacked, c);
            } else if (id == (20 << 8 | 41)) closed = 1;
            else if (id == (20 << 8 | 40) || id == (10 << 8 | 50)) complain(f);
        }
    }
    w->end = now(); getrusage(RUSAGE_THREAD, &r1); atomic_fetch_add(&published, w->done);
    if (atomic_fetch_sub(&pubs_left, 1) == 1) atomic_store(&expected, atomic_load(&published) * (fan ? o.queues : 1));
    w->cpu = tv(r1.ru_utime) + tv(r1.ru_stime) - tv(r0.ru_utime) - tv(r0.ru_stime);
    free(one); free(buf); free(acked); return NULL;
}

/* ---- consumer ---------------------------------------------------------------------- */
static void *consumer(void *arg) {
    worker *w = arg; char q[64]; uint8_t b[256]; (o.dead ? dname : qname)(w->idx % o.queues, q); struct rusage r0, r1;
    pthread_barrier_wait(&gate); getrusage(RUSAGE_THREAD, &r0);
    uint8_t *p = be16(method(b, 60, 20), 0); p = sstr(sstr(p, q), ""); *p++ = o.ackevery ? 0 : 2; p = be32(p, 0);
    send_all(w, b, (size_t)(tail(b, p) - b));
    uint64_t tag = 0, stamp = 0, left = 0; long unacked = 0, fresh = 0; int first = 0;
    while (atomic_load_explicit(&consumed, memory_order_relaxed) < atomic_load_explicit(&expected, memory_order_relaxed)) {
        if (atomic_load_explicit(&aborting, memory_order_relaxed) || now() > deadline) { atomic_store(&aborting, 1); break; }
        if (!fill(w, 0)) continue;
        uint64_t t = now(); uint32_t sz; int done = 0;
        for (uint8_t *f; (f = next_frame(w, &sz));) {
            if (f[0] == 3) { if (first && sz >= 8) { stamp = rd64(f + 7); first = 0; } left -= sz; done = left == 0; }
            else if (f[0] == 2) { left = rd64(f + 11); first = 1; done = left == 0; }
            else if (f[0] == 1) {
                if (f[8] == 60 && f[10] == 60) tag = rd64(f + 12 + f[11]);
                else if ((f[8] == 20 && f[10] == 40) || (f[8] == 10 && f[10] == 50)) complain(f);
                done = 0;
            }
            if (!done) continue;
            done = 0; fresh++; unacked++;
            if (o.rate > 0) hist_add(&w->lat, t > stamp ? t - stamp : 0);
            if (o.ackevery && unacked >= o.ackevery) {
                p = be64(method(b, 60, 80), tag); *p++ = 1; send_all(w, b, (size_t)(tail(b, p) - b)); unacked = 0;
            }
        }
        if (fresh) { w->done += fresh; atomic_fetch_add(&consumed, fresh); fresh = 0; atomic_store(&last_rx, t); }
    }
    if (o.ackevery && unacked) { p = be64(method(b, 60, 80), tag); *p++ = 1; send_all(w, b, (size_t)(tail(b, p) - b)); }
    w->end = now(); getrusage(RUSAGE_THREAD, &r1);
    w->cpu = tv(r1.ru_utime) + tv(r1.ru_stime) - tv(r0.ru_utime) - tv(r0.ru_stime); return NULL;
}

/* ---- main -------------------------------------------------------------------------- */
static void run(worker *ps, int np, worker *cs, int nc) {
    pthread_barrier_init(&gate, NULL, (unsigned)(np + nc + 1));
    for (int i = 0; i < nc; i++) pthread_create(&cs[i].th, NULL, consumer, cs + i);
    for (int i = 0; i < np; i++) pthread_create(&ps[i].th, NULL, publisher, ps + i);
    t0 = now() + (o.rate > 0 ? 20000000u : 0); deadline = t0 + (uint64_t)o.timeout * 1000000000u;
    pthread_barrier_wait(&gate);
    for (int i = 0; i < np; i++) pthread_join(ps[i].th, NULL);
    for (int i = 0; i < nc; i++) pthread_join(cs[i].th, NULL);
    pthread_barrier_destroy(&gate);
}
static void open_all(worker *ws, int n, int pub) {
    for (int i = 0; i < n; i++) {
        worker *w = ws + i; w->idx = i; w->rb = malloc(RBUF);
        if (o.tlsport) tls_dial(w, pub); else w->c = dial();
        if (o.tlsport) ;
        else if (pub && o.window) { amqp_confirm_select(w->c, 1); ok(amqp_get_rpc_reply(w->c), "confirm.select"); }
        else if (!pub && o.prefetch) { amqp_basic_qos(w->c, 1, 0, (uint16_t)o.prefetch, 0); ok(amqp_get_rpc_reply(w->c), "basic.qos"); }
        if (w->c) w->fd = amqp_get_sockfd(w->c);
        int one = 1; setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (!pub) {                                     /* consumers block, 50 ms at most, in one recv */
            struct timeval t = {0, 50000}; setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
            fcntl(w->fd, F_SETFL, fcntl(w->fd, F_GETFL) & ~O_NONBLOCK);
        } else fcntl(w->fd, F_SETFL, fcntl(w->fd, F_GETFL) | O_NONBLOCK);
        if (pub) w->n = o.n / o.pubs + (i < o.n % o.pubs);
    }
}
static void usage(void) {
    puts("amqpbench [options]   (one JSON line on stdout; exit 0 done, 1 cut off by --timeout, 2 error)\n"
         " -H host -p port -u user -w pass -v vhost   where (127.0.0.1 5672 guest guest /)\n"
         " -n messages  -z seconds  -s body bytes (16)   what is published: both are upper bounds; body >= 8 with -r\n"
         " -x publishers  -y consumers  -q queues     one connection and channel each; i uses queue i mod q\n"
         " -c window   confirms, at most so many unconfirmed a publisher   -m persistent  -d durable queues\n"
         " -a K   ack every K with multiple (0: auto-ack)   -P prefetch    -t x-queue-type   -f fanout to all queues\n"
         " --topic N   through a topic exchange with N bindings, of which one matches   --idle N   N idle connections, then their memory\n"
         " --ttl MS   x-message-ttl   --priorities N   x-max-priority, messages with 0 to N in turn\n"
         " --dead expired|maxlen   every message dies at once in its queue (x-message-ttl 0, x-max-length 0), and is consumed from another\n"
         " -r rate   total msgs/s, open loop, latency from the time each was due   -b bytes a send() (65536)\n"
         " -M both|pub|con   con publishes first, then times the drain    -k keep the queues\n"
         " --tls-port N   the workers speak TLS, there\n"
         " -T seconds limit (60)  --pid broker pid (CPU, RSS)  --label text  --prefix queue prefix  --frame-max bytes");
    exit(2);
}
static amqp_table_entry_t text(const char *key, const char *value) {
    amqp_table_entry_t e = {str(key), {.kind = AMQP_FIELD_KIND_UTF8}}; e.value.value.bytes = str(value); return e;
}
static amqp_table_entry_t number(const char *key, int value) {
    amqp_table_entry_t e = {str(key), {.kind = AMQP_FIELD_KIND_I32}}; e.value.value.i32 = value; return e;
}
/* One binding a queue that its key matches by a star, and others that no key of ours matches, of every shape. */
static void bind_topic(amqp_connection_state_t c) {
    static const char *others[] = {"t.other-%d", "*.%d.created", "orders.%d.#", "#.audit.%d"};
    char q[64], k[80];
    for (int i = 0; i < o.topic; i++) {
        if (i < o.queues) snprintf(k, sizeof k, "*.%s", qname(i, q));
        else { qname(0, q); snprintf(k, sizeof k, others[i % 4], i); }
        amqp_queue_bind(c, 1, str(q), str("ab.topic"), str(k), amqp_empty_table); ok(amqp_get_rpc_reply(c), "queue.bind");
    }
}
/* What connections with an open channel cost that say nothing: the broker's resident memory before and after, a connection. */
static int idle(void) {
    struct rlimit files; getrlimit(RLIMIT_NOFILE, &files); files.rlim_cur = files.rlim_max; setrlimit(RLIMIT_NOFILE, &files);
    for (int i = 0; i < 20; i++) dial();                /* the first ones pay for what is done once */
    sleep(1);
    double cpu, before, after, peak; broker_stat(1, &cpu, &before, &peak);
    for (int i = 0; i < o.idle; i++) dial();
    sleep(3);
    broker_stat(0, &cpu, &after, &peak);
    printf("{\"label\":\"%s\",\"server\":\"%s\",\"idle_connections\":%d,\"broker_rss_mb_before\":%.1f,\"broker_rss_mb\":%.1f,\"broker_peak_mb\":%.1f,\"kb_per_connection\":%.1f}\n",
           o.label, server, o.idle, before, after, peak, (after - before) * 1024 / o.idle);
    return 0;
}
int main(int argc, char **argv) {
    static struct option lo[] = {{"pid", 1, 0, 1}, {"label", 1, 0, 2}, {"prefix", 1, 0, 3}, {"frame-max", 1, 0, 4}, {"topic", 1, 0, 5}, {"idle", 1, 0, 6}, {"ttl", 1, 0, 7}, {"priorities", 1, 0, 8}, {"dead", 1, 0, 9}, {"tls-port", 1, 0, 10}, {"timeout", 1, 0, 'T'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    for (int c; (c = getopt_long(argc, argv, "H:p:u:w:v:n:z:s:x:y:q:c:mda:P:t:fr:b:M:kT:h", lo, NULL)) != -1;) switch (c) {
        case 'H': o.host = optarg; break; case 'p': o.port = atoi(optarg); break;
        case 'u': o.user = optarg; break; case 'w': o.pass = optarg; break;
        case 'v': o.vhost = optarg; break; case 'n': o.n = atol(optarg); break;
        case 'z': o.secs = atof(optarg); break;
        case 's': o.size = atoi(optarg); break; case 'x': o.pubs = atoi(optarg); break;
        case 'y': o.cons = atoi(optarg); break; case 'q': o.queues = atoi(optarg); break;
        case 'c': o.window = atoi(optarg); break; case 'm': o.persistent = 1; break;
        case 'd': o.durable = 1; break; case 'a': o.ackevery = atoi(optarg); break;
        case 'P': o.prefetch = atoi(optarg); break; case 't': o.qtype = optarg; break;
        case 'f': o.fanout = 1; break; case 'r': o.rate = atof(optarg); break;
        case 'b': o.batch = atoi(optarg); break; case 'M': o.mode = optarg; break;
        case 'k': o.keep = 1; break; case 'T': o.timeout = atoi(optarg); break;
        case 1: o.pid = atoi(optarg); break; case 2: o.label = optarg; break;
        case 3: o.prefix = optarg; break; case 4: o.framemax = atoi(optarg); break;
        case 5: o.topic = atoi(optarg); break; case 6: o.idle = atoi(optarg); break;
        case 7: o.ttl = atoi(optarg); break; case 8: o.priorities = atoi(optarg); break;
        case 9: o.dead = optarg; break; case 10: o.tlsport = atoi(optarg); break;
        default: usage();
    }
    int con = !strcmp(o.mode, "con"), pub = !strcmp(o.mode, "pub");
    if (!o.n) o.n = o.secs > 0 ? 1000000000000 : 1000000;
    if (optind != argc || o.n < 1 || o.pubs < 1 || o.pubs > MAXT || o.cons > MAXT || o.queues < 1 || o.queues > MAXQ ||
        o.size < 0 || (o.rate > 0 && o.size < 8) || o.framemax < 4096 || o.framemax > RBUF / 2 ||
        (o.prefetch && o.ackevery > o.prefetch) || (o.topic && (o.fanout || o.topic < o.queues)) || o.idle < 0 || o.priorities < 0 || o.priorities > 255 || o.ttl < 0 ||
        (o.dead && (o.fanout || o.topic || (strcmp(o.dead, "expired") && strcmp(o.dead, "maxlen")))) || (!pub && o.cons < (o.fanout ? o.queues : 1)) || strlen(o.prefix) > 40) usage();
    amqp_connection_state_t c = dial(); char q[64];
    const amqp_table_t *sp = amqp_get_server_properties(c); const char *pv[2] = {"?", ""}; int pl[2] = {1, 0};
    for (int i = 0; i < sp->num_entries; i++) for (int j = 0; j < 2; j++)
        if (sp->entries[i].value.kind == AMQP_FIELD_KIND_UTF8 && !strncmp(sp->entries[i].key.bytes, j ? "version" : "product", 7) && sp->entries[i].key.len == 7) {
            pv[j] = sp->entries[i].value.value.bytes.bytes; pl[j] = (int)sp->entries[i].value.value.bytes.len; }
    snprintf(server, sizeof server, "%.*s %.*s", pl[0], pv[0], pl[1], pv[1]);
    if (o.idle) return idle();
    o.framemax = amqp_get_frame_max(c) ? amqp_get_frame_max(c) : o.framemax;
    amqp_table_entry_t te[8]; amqp_table_t args = {0, te}; char dead[64];
    if (o.qtype) te[args.num_entries++] = text("x-queue-type", o.qtype);
    if (o.ttl) te[args.num_entries++] = number("x-message-ttl", o.ttl);
    if (o.priorities) te[args.num_entries++] = number("x-max-priority", o.priorities);
    if (o.dead) {
        te[args.num_entries++] = number(strcmp(o.dead, "maxlen") ? "x-message-ttl" : "x-max-length", 0);
        te[args.num_entries++] = text("x-dead-letter-exchange", "");
        te[args.num_entries++] = text("x-dead-letter-routing-key", dead);
    }
    if (o.fanout) { amqp_exchange_declare(c, 1, str("ab.fanout"), str("fanout"), 0, o.durable, 0, 0, amqp_empty_table); ok(amqp_get_rpc_reply(c), "exchange.declare"); }
    if (o.topic) { amqp_exchange_declare(c, 1, str("ab.topic"), str("topic"), 0, o.durable, 0, 0, amqp_empty_table); ok(amqp_get_rpc_reply(c), "exchange.declare"); }
    for (int i = 0; i < o.queues; i++) {
        if (o.dead) {
            te[args.num_entries - 1] = text("x-dead-letter-routing-key", dname(i, dead));
            amqp_queue_declare(c, 1, str(dead), 0, o.durable, 0, 0, amqp_empty_table); ok(amqp_get_rpc_reply(c), "queue.declare");
            amqp_queue_purge(c, 1, str(dead)); ok(amqp_get_rpc_reply(c), "queue.purge");
        }
        amqp_queue_declare(c, 1, str(qname(i, q)), 0, o.durable, 0, 0, args); ok(amqp_get_rpc_reply(c), "queue.declare");
        if (!o.qtype || strcmp(o.qtype, "stream")) { amqp_queue_purge(c, 1, str(q)); ok(amqp_get_rpc_reply(c), "queue.purge"); }
        if (o.fanout) { amqp_queue_bind(c, 1, str(q), str("ab.fanout"), str(""), amqp_empty_table); ok(amqp_get_rpc_reply(c), "queue.bind"); }
    }
    if (o.topic) bind_topic(c);
    worker *ps = calloc((size_t)o.pubs, sizeof *ps), *cs = calloc((size_t)o.cons + 1, sizeof *cs); int nc = pub ? 0 : o.cons;
    open_all(ps, o.pubs, 1);
    atomic_store(&expected, INT64_MAX); atomic_store(&pubs_left, o.pubs);
    struct rusage r0, r1; double b0, b1, rss, peak; uint64_t pub_t0 = 0; double prefill = 0;
    if (con) { run(ps, o.pubs, NULL, 0); pub_t0 = t0; for (int i = 0; i < o.pubs; i++) if ((double)(ps[i].end - pub_t0) / 1e9 > prefill) prefill = (double)(ps[i].end - pub_t0) / 1e9; }
    open_all(cs, nc, 0);
    getrusage(RUSAGE_SELF, &r0); broker_stat(1, &b0, &rss, &peak);
    run(ps, con ? 0 : o.pubs, cs, nc);
    getrusage(RUSAGE_SELF, &r1); broker_stat(0, &b1, &rss, &peak);
    double pubs = prefill, cons = nc ? (double)(atomic_load(&last_rx) - t0) / 1e9 : 0, pcpu = 0, ccpu = 0; long sent = 0, calls = 0;
    hist *lat = calloc(1, sizeof *lat), *lag = calloc(1, sizeof *lag);
    for (int i = 0; i < o.pubs; i++) { sent += ps[i].done; calls += ps[i].calls; pcpu += ps[i].cpu; hist_merge(lag, &ps[i].lag);
        if (!con && (double)(ps[i].end - t0) / 1e9 > pubs) pubs = (double)(ps[i].end - t0) / 1e9; }
    for (int i = 0; i < nc; i++) { ccpu += cs[i].cpu; calls += cs[i].calls; hist_merge(lat, &cs[i].lat); }
    if (!o.keep) for (int i = 0; i < o.queues; i++) {
        amqp_queue_delete(c, 1, str(qname(i, q)), 0, 0);
        if (o.dead) amqp_queue_delete(c, 1, str(dname(i, q)), 0, 0);
    }
    if (o.topic && !o.keep) amqp_exchange_delete(c, 1, str("ab.topic"), 0);
    if (o.fanout && !o.keep) amqp_exchange_delete(c, 1, str("ab.fanout"), 0);
    long got = atomic_load(&consumed), msgs = con ? got : sent; double cu = tv(r1.ru_utime) - tv(r0.ru_utime), cy = tv(r1.ru_stime) - tv(r0.ru_stime);
    printf("{\"label\":\"%s\",\"server\":\"%s\",\"mode\":\"%s\",\"n\":%ld,\"size\":%d,\"pubs\":%d,\"cons\":%d,\"queues\":%d,\"qtype\":\"%s\",\"fanout\":%d,\"topic\":%d,"
           "\"confirm\":%d,\"ack\":%d,\"prefetch\":%d,\"persistent\":%d,\"durable\":%d,\"batch\":%d,\"sent\":%ld,\"confirmed\":%ld,\"nacked\":%ld,\"received\":%ld,"
           "\"pub_s\":%.3f,\"pub_rate\":%.0f,\"con_s\":%.3f,\"con_rate\":%.0f,\"client_user_s\":%.3f,\"client_sys_s\":%.3f,\"client_us_per_msg\":%.3f,"
           "\"pub_cpu_s\":%.3f,\"con_cpu_s\":%.3f,\"client_syscalls\":%ld",
           o.label, server, o.mode, o.n, o.size, o.pubs, nc, o.queues, o.qtype ? o.qtype : "", o.fanout, o.topic, o.window, o.ackevery, o.prefetch, o.persistent, o.durable, o.batch,
           sent, atomic_load(&confirmed), atomic_load(&nacked), got, pubs, pubs > 0 ? (double)sent / pubs : 0, cons, cons > 0 ? (double)got / cons : 0, cu, cy,
           msgs ? (cu + cy) * 1e6 / (double)msgs : 0, con ? 0 : pcpu, ccpu, calls);
    if (o.pid) printf(",\"broker_cpu_s\":%.2f,\"broker_us_per_msg\":%.3f,\"broker_rss_mb\":%.1f,\"broker_peak_mb\":%.1f", b1 - b0, msgs ? (b1 - b0) * 1e6 / (double)msgs : 0, rss, peak);
    if (o.rate > 0) printf(",\"rate\":%.0f,\"lat_us\":{\"n\":%lu,\"mean\":%.1f,\"p50\":%lu,\"p90\":%lu,\"p99\":%lu,\"p999\":%lu,\"max\":%lu},\"send_lag_us\":{\"p50\":%lu,\"p99\":%lu,\"p999\":%lu}",
        o.rate, (unsigned long)lat->n, lat->n ? (double)lat->sum / (double)lat->n : 0, (unsigned long)hist_q(lat, .5), (unsigned long)hist_q(lat, .9), (unsigned long)hist_q(lat, .99),
        (unsigned long)hist_q(lat, .999), (unsigned long)lat->max, (unsigned long)hist_q(lag, .5), (unsigned long)hist_q(lag, .99), (unsigned long)hist_q(lag, .999));
    printf(",\"cut_off\":%d}\n", atomic_load(&aborting));
    return atomic_load(&aborting) ? 1 : 0;
}
