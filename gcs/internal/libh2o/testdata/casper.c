/*
 * Puts H2O's own cookie code behind a pipe, so that a test can compare it with
 * casper a million times in one run.
 *
 * Requests come on stdin, one after another; each begins with an octet that says
 * what is wanted. A string is its length, four octets little-endian, and then
 * its octets. Replies leave on stdout in the order of the requests.
 *
 *   N bits      begin a new, empty fingerprint with that capacity (one octet)
 *   C string    take a cookie with that value
 *   L string    is this path's key there?                   replies 0 or 1
 *   S string    the same, and put it there if it is not     replies 0 or 1
 *   G           how many keys, and what is the cookie?      replies a number
 *               (four octets little-endian) and a string, the whole value of a
 *               Set-Cookie field, or the empty string if there is none
 *   F           send the replies so far; without it they may wait for more
 *
 * The end of stdin ends the program, with status 0 if it came between requests.
 *
 * build: cc -O2 -o libh2o libh2o.c -lh2o
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <h2o/http2_casper.h>

/* A constant in H2O's own server, which passes it to create. */
#define REMAINDER_BITS 6

#define NAME "h2o_casper="
#define MAX_STRING (1u << 24)

static void fail(const char *why)
{
    fprintf(stderr, "libh2o: %s\n", why);
    exit(2);
}

static void get(void *dst, size_t len)
{
    if (fread(dst, 1, len, stdin) != len)
        fail("the request is cut short");
}

static void put(const void *src, size_t len)
{
    if (fwrite(src, 1, len, stdout) != len)
        fail("the reply cannot be written");
}

static unsigned char get_octet(void)
{
    unsigned char octet;
    get(&octet, 1);
    return octet;
}

static void put_number(size_t number)
{
    unsigned char octets[4];
    if (number > UINT32_MAX)
        fail("a number does not fit its reply");
    for (int i = 0; i < 4; ++i)
        octets[i] = (unsigned char)(number >> 8 * i);
    put(octets, sizeof(octets));
}

/*
 * Reads a string behind a prefix, into a block of exactly its size, so that
 * memory checkers see the slightest step over its end.
 */
static char *get_string(const char *prefix, size_t *len)
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

int main(void)
{
    h2o_http2_casper_t *casper = NULL;
    char *string;
    size_t len;
    int what;

    setvbuf(stdin, NULL, _IOFBF, 1 << 16);
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    while ((what = getchar()) != EOF) {
        if (casper == NULL && what != 'N' && what != 'F')
            fail("no fingerprint was begun");
        switch (what) {
        case 'N':
            if (casper != NULL)
                h2o_http2_casper_destroy(casper);
            casper = h2o_http2_casper_create(get_octet(), REMAINDER_BITS);
            break;
        case 'C':
            string = get_string(NAME, &len);
            h2o_http2_casper_consume_cookie(casper, string, len);
            free(string);
            break;
        case 'L':
        case 'S':
            string = get_string("", &len);
            unsigned char there = h2o_http2_casper_lookup(casper, string, len, what == 'S') != 0;
            free(string);
            put(&there, 1);
            break;
        case 'G': {
            h2o_iovec_t cookie = h2o_http2_casper_get_cookie(casper); /* stays H2O's */
            put_number(h2o_http2_casper_num_entries(casper));
            put_number(cookie.len);
            if (cookie.len != 0)
                put(cookie.base, cookie.len);
            break;
        }
        case 'F':
            if (fflush(stdout) != 0)
                fail("the reply cannot be written");
            break;
        default:
            fail("an unknown request");
        }
    }
    if (casper != NULL)
        h2o_http2_casper_destroy(casper);
    return ferror(stdin) || fflush(stdout) != 0 ? 2 : 0;
}
