/*
 * Times H2O's own cookie functions inside their own process, in thread CPU time.
 *
 *   load BITS COUNT   then COUNT lines, one cookie value each     replies the set's number
 *   R SET SLICES      read them in turn                           replies nanoseconds a cookie
 *   W SET SLICES      write them in turn                          likewise
 *
 * A figure is the median over slices of at least 0.3 ms, as in measure.go. Creating and
 * destroying the object is part of reading, since H2O does so for each connection.
 *
 * build: cc -O2 -o libh2o libh2o.c -lh2o
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <h2o/http2_casper.h>

#define NAME "h2o_casper="
#define MAX_SETS 64

static struct {
    unsigned bits;
    size_t count;
    char **cookies;
} sets[MAX_SETS];
static size_t num_sets;

static int64_t cpu(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int64_t reading(size_t set, size_t *next)
{
    int64_t start = cpu();
    for (int i = 0; i < 16; i++) {
        const char *c = sets[set].cookies[(*next)++ % sets[set].count];
        h2o_http2_casper_t *casper = h2o_http2_casper_create(sets[set].bits, 6);
        h2o_http2_casper_consume_cookie(casper, c, strlen(c));
        h2o_http2_casper_destroy(casper);
    }
    return cpu() - start;
}

/* H2O keeps a cookie's text until a key is added, so each writing needs an object of its
 * own that has read one and then got a key more; only get_cookie is timed. */
static int64_t writing(size_t set, size_t *next)
{
    h2o_http2_casper_t *all[16];
    for (int i = 0; i < 16; i++) {
        const char *c = sets[set].cookies[(*next)++ % sets[set].count];
        all[i] = h2o_http2_casper_create(sets[set].bits, 6);
        h2o_http2_casper_consume_cookie(all[i], c, strlen(c));
        char path[32];
        for (int k = 0; k < 1000; k++) {
            int len = sprintf(path, "/%d", k);
            if (!h2o_http2_casper_lookup(all[i], path, len, 1))
                break; /* it was not there, and is now */
        }
    }
    int64_t start = cpu();
    for (int i = 0; i < 16; i++)
        h2o_http2_casper_get_cookie(all[i]);
    int64_t spent = cpu() - start;
    for (int i = 0; i < 16; i++)
        h2o_http2_casper_destroy(all[i]);
    return spent;
}

static double run(char op, size_t set, int slices)
{
    double figures[1024];
    size_t next = 0;
    for (int s = 0; s < slices; s++) {
        int64_t spent = 0;
        int n = 0;
        while (spent < 300000) {
            spent += op == 'R' ? reading(set, &next) : writing(set, &next);
            n += 16;
        }
        figures[s] = (double)spent / n;
    }
    qsort(figures, slices, sizeof(*figures), by_value);
    return figures[slices / 2];
}

int main(void)
{
    static char line[1 << 20];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        size_t set, count;
        unsigned bits;
        int slices;
        char op;
        if (sscanf(line, "load %u %zu", &bits, &count) == 2 && num_sets < MAX_SETS) {
            sets[num_sets].bits = bits;
            sets[num_sets].count = count;
            sets[num_sets].cookies = calloc(count, sizeof(char *));
            for (size_t i = 0; i < count; i++) {
                if (fgets(line, sizeof(line), stdin) == NULL)
                    return 2;
                line[strcspn(line, "\n")] = 0;
                char *c = malloc(strlen(line) + sizeof(NAME));
                strcat(strcpy(c, NAME), line);
                sets[num_sets].cookies[i] = c;
            }
            printf("%zu\n", num_sets++);
        } else if (sscanf(line, "%c %zu %d", &op, &set, &slices) == 3 && set < num_sets && slices > 0 && slices <= 1024) {
            printf("%f\n", run(op, set, slices));
        } else {
            return 2;
        }
        fflush(stdout);
    }
    return 0;
}
