/*
 * What the programs of this folder have in common: requests come on stdin, one after
 * another, and replies leave on stdout in the order of the requests. A string is its
 * length, four octets little-endian, and then its octets; numbers are little-endian.
 * What is no request ends the program with status 2.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STRING (1u << 24)

static inline void fail(const char *why)
{
    fprintf(stderr, "libh2o: %s\n", why);
    exit(2);
}

static inline void get(void *dst, size_t len)
{
    if (fread(dst, 1, len, stdin) != len)
        fail("the request is cut short");
}

static inline void put(const void *src, size_t len)
{
    if (fwrite(src, 1, len, stdout) != len)
        fail("the reply cannot be written");
}

/* Writes a number of so many octets, up to eight. */
static inline void put_number(uint64_t number, int len)
{
    unsigned char octets[8];
    if (len < 8 && number >> 8 * len != 0)
        fail("a number does not fit its reply");
    for (int i = 0; i < len; ++i)
        octets[i] = (unsigned char)(number >> 8 * i);
    put(octets, len);
}

/*
 * Reads a string behind a prefix, into a block of exactly its size, so that memory
 * checkers see the slightest step over its end.
 */
static inline char *get_string(const char *prefix, size_t *len)
{
    unsigned char octets[4];
    get(octets, sizeof(octets));
    uint32_t own = octets[0] | octets[1] << 8 | octets[2] << 16 | (uint32_t)octets[3] << 24;
    if (own > MAX_STRING)
        fail("a string is too long");
    size_t before = strlen(prefix);
    char *string = malloc(before + own > 0 ? before + own : 1);
    if (string == NULL)
        fail("out of memory");
    memcpy(string, prefix, before);
    get(string + before, own);
    *len = before + own;
    return string;
}

/* Returns what is wanted next, or EOF where stdin ends between requests. */
static inline int get_request(void)
{
    static int begun;
    if (!begun) {
        begun = 1;
        setvbuf(stdin, NULL, _IOFBF, 1 << 16);
        setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    }
    return getchar();
}

/* Sends the replies so far. */
static inline void flush(void)
{
    if (fflush(stdout) != 0)
        fail("the reply cannot be written");
}

/* Sends the rest, and returns the program's status. */
static inline int finish(void)
{
    if (ferror(stdin))
        fail("the request cannot be read");
    flush();
    return 0;
}
