/* connections - what connections and channels cost a broker, and whether it gives everything back.
 *   churn: N connections one after the other (--parallel: some at a time), each with a channel, an exclusive queue and a message; every other one
 *          leaves without a word
 *   hold:  N connections at once with C channels each, in use: a message goes through each channel
 * Prints one JSON line a step: resident memory, open descriptors and threads of the broker's process (--pid) before and after.
 * Build: gcc -O2 -Wall -Wextra -o connections connections.c -lpthread
 * Usage: connections PORT PID churn [N, 10000] [parallel, 8]  |  connections PORT PID hold [N, 1000] [C, 10]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port, pid;
static atomic_int next_, total;

static void die(const char *what) { perror(what); exit(2); }

/* A frame, built piece by piece. */
struct frame { uint8_t at[65536]; size_t n; };
static void u8(struct frame *f, unsigned v) { f->at[f->n++] = (uint8_t)v; }
static void u16(struct frame *f, unsigned v) { u8(f, v >> 8); u8(f, v & 255); }
static void u32(struct frame *f, uint32_t v) { u16(f, v >> 16); u16(f, v & 65535); }
static void text8(struct frame *f, const char *s) { u8(f, (unsigned)strlen(s)); memcpy(f->at + f->n, s, strlen(s)); f->n += strlen(s); }
static size_t begin(struct frame *f, unsigned type, unsigned channel) { u8(f, type); u16(f, channel); u32(f, 0); return f->n; }
static void end(struct frame *f, size_t start) {
    uint32_t n = htonl((uint32_t)(f->n - start)); memcpy(f->at + start - 4, &n, 4); u8(f, 0xCE);
}
static void put(int fd, struct frame *f) {
    for (size_t at = 0; at < f->n;) { ssize_t k = send(fd, f->at + at, f->n - at, MSG_NOSIGNAL); if (k <= 0) die("send"); at += (size_t)k; }
    f->n = 0;
}
static void read_all(int fd, uint8_t *to, size_t n) { while (n) { ssize_t k = recv(fd, to, n, 0); if (k <= 0) die("recv"); to += k; n -= (size_t)k; } }

/* Reads frames until this method (class << 16 | method) has come. */
static void expect(int fd, uint32_t key) {
    static _Thread_local uint8_t payload[1 << 17];
    for (;;) {
        uint8_t head[7]; read_all(fd, head, 7);
        uint32_t n = (uint32_t)head[3] << 24 | (uint32_t)head[4] << 16 | (uint32_t)head[5] << 8 | head[6];
        if (n + 1 > sizeof payload) die("a frame that is too large");
        read_all(fd, payload, n + 1);
        uint32_t found = (uint32_t)payload[0] << 24 | (uint32_t)payload[1] << 16 | (uint32_t)payload[2] << 8 | payload[3];
        if (head[0] == 1 && found == key) return;
        if (head[0] == 1 && (found == 0x000A0032 || found == 0x00140028)) { fprintf(stderr, "closed: %.*s\n", payload[6], (char *)payload + 7); exit(3); }
    }
}

static int open_connection(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1; struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}; struct frame f; size_t s; f.n = 0;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (void *)&a, sizeof a)) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    memcpy(f.at, "AMQP\0\0\11\1", 8); f.n = 8; put(fd, &f); expect(fd, 0x000A000A);
    s = begin(&f, 1, 0); u32(&f, 0x000A000B); u32(&f, 0); text8(&f, "PLAIN"); u32(&f, 12); memcpy(f.at + f.n, "\0guest\0guest", 12); f.n += 12; text8(&f, "en_US"); end(&f, s);
    put(fd, &f); expect(fd, 0x000A001E);
    s = begin(&f, 1, 0); u32(&f, 0x000A001F); u16(&f, 2047); u32(&f, 131072); u16(&f, 60); end(&f, s);
    s = begin(&f, 1, 0); u32(&f, 0x000A0028); text8(&f, "/"); text8(&f, ""); u8(&f, 0); end(&f, s);
    put(fd, &f); expect(fd, 0x000A0029);
    return fd;
}
static void open_channel(int fd, unsigned channel) {
    struct frame f; f.n = 0; size_t s = begin(&f, 1, channel); u32(&f, 0x0014000A); text8(&f, ""); end(&f, s); put(fd, &f); expect(fd, 0x0014000B);
}
/* An exclusive queue, a message into it and out of it. */
static void use_channel(int fd, unsigned channel, const char *queue, int declares) {
    struct frame f; f.n = 0; size_t s;
    if (declares) {
        s = begin(&f, 1, channel); u32(&f, 0x0032000A); u16(&f, 0); text8(&f, queue); u8(&f, 4); u32(&f, 0); end(&f, s); put(fd, &f); expect(fd, 0x0032000B);
    }
    s = begin(&f, 1, channel); u32(&f, 0x003C0028); u16(&f, 0); text8(&f, ""); text8(&f, queue); u8(&f, 0); end(&f, s);
    s = begin(&f, 2, channel); u16(&f, 60); u16(&f, 0); u32(&f, 0); u32(&f, 16); u16(&f, 0); end(&f, s);
    s = begin(&f, 3, channel); memset(f.at + f.n, 'x', 16); f.n += 16; end(&f, s);
    s = begin(&f, 1, channel); u32(&f, 0x003C0046); u16(&f, 0); text8(&f, queue); u8(&f, 1); end(&f, s);
    put(fd, &f); expect(fd, 0x003C0047);
}

static long status(const char *key) {
    char path[64], line[256]; long value = -1; snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r"); if (!file) return -1;
    while (fgets(line, sizeof line, file)) if (!strncmp(line, key, strlen(key))) value = atol(line + strlen(key) + 1);
    fclose(file); return value;
}
static int descriptors(void) {
    char path[64]; snprintf(path, sizeof path, "/proc/%d/fd", pid); DIR *folder = opendir(path); int n = 0;
    if (!folder) return -1;
    while (readdir(folder)) n++;
    closedir(folder); return n - 2;
}
static void report(const char *step, double seconds) {
    printf("{\"step\":\"%s\",\"seconds\":%.1f,\"rss_mb\":%.1f,\"descriptors\":%d,\"threads\":%ld}\n", step, seconds, (double)status("VmRSS:") / 1024, descriptors(), status("Threads:"));
    fflush(stdout);
}
static double seconds(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (double)t.tv_sec + (double)t.tv_nsec / 1e9; }

static void *churn(void *unused) {
    int i; (void)unused;
    while ((i = atomic_fetch_add(&next_, 1)) < atomic_load(&total)) {
        char queue[32]; snprintf(queue, sizeof queue, "churn-%d", i);
        int fd = open_connection(); open_channel(fd, 1); use_channel(fd, 1, queue, 1);
        if (i & 1) {
            struct frame f; f.n = 0; size_t s = begin(&f, 1, 0); u32(&f, 0x000A0032); u16(&f, 200); text8(&f, ""); u32(&f, 0); end(&f, s); put(fd, &f); expect(fd, 0x000A0033);
        } else {
            struct linger now = {1, 0}; setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
        close(fd);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 4) { fprintf(stderr, "usage: connections PORT PID churn [N] [parallel] | hold [N] [channels]\n"); return 2; }
    port = atoi(argv[1]); pid = atoi(argv[2]);
    int is_churn = !strcmp(argv[3], "churn"), n = argc > 4 ? atoi(argv[4]) : is_churn ? 10000 : 1000, k = argc > 5 ? atoi(argv[5]) : is_churn ? 8 : 10;
    struct rlimit files = {1 << 16, 1 << 16}; setrlimit(RLIMIT_NOFILE, &files);
    double t0 = seconds(); report("before", 0);
    if (is_churn) {
        pthread_t *threads = calloc((size_t)k, sizeof *threads); int round;
        for (round = 1; round <= 4; round++) {
            atomic_store(&next_, 0); atomic_store(&total, n / 4);
            for (int i = 0; i < k; i++) pthread_create(threads + i, NULL, churn, NULL);
            for (int i = 0; i < k; i++) pthread_join(threads[i], NULL);
            usleep(500000); char step[32]; snprintf(step, sizeof step, "after %d", n / 4 * round); report(step, seconds() - t0);
        }
        free(threads);
        return 0;
    }
    int *fd = calloc((size_t)n, sizeof *fd);
    for (int i = 0; i < n; i++) {
        char queue[32]; snprintf(queue, sizeof queue, "hold-%d", i); fd[i] = open_connection();
        for (int c = 1; c <= k; c++) { open_channel(fd[i], (unsigned)c); use_channel(fd[i], (unsigned)c, queue, c == 1); }
    }
    report("all open", seconds() - t0);
    for (int i = 0; i < n; i++) { char queue[32]; snprintf(queue, sizeof queue, "hold-%d", i); for (int c = 1; c <= k; c++) use_channel(fd[i], (unsigned)c, queue, 0); }
    report("all used again", seconds() - t0);
    for (int i = 0; i < n; i++) close(fd[i]);
    usleep(1000000); report("all closed", seconds() - t0);
    free(fd);
    return 0;
}
