/*
 * Puts H2O's own cookie code behind a pipe, so that a test can compare it with
 * casper a million times in one run.
 *
 * A request begins with an octet that says what is wanted; see pipe.h.
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
#include "pipe.h"
#include <h2o/http2_casper.h>

/* A constant in H2O's own server, which passes it to create. */
#define REMAINDER_BITS 6

#define NAME "h2o_casper="

int main(void)
{
    h2o_http2_casper_t *casper = NULL;
    char *string;
    size_t len;
    int what;

    while ((what = get_request()) != EOF) {
        if (casper == NULL && what != 'N' && what != 'F')
            fail("no fingerprint was begun");
        switch (what) {
        case 'N':
            if (casper != NULL)
                h2o_http2_casper_destroy(casper);
            unsigned char bits;
            get(&bits, 1);
            casper = h2o_http2_casper_create(bits, REMAINDER_BITS);
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
            put_number(h2o_http2_casper_num_entries(casper), 4);
            put_number(cookie.len, 4);
            if (cookie.len != 0)
                put(cookie.base, cookie.len);
            break;
        }
        case 'F':
            flush();
            break;
        default:
            fail("an unknown request");
        }
    }
    if (casper != NULL)
        h2o_http2_casper_destroy(casper);
    return finish();
}
