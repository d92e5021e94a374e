/*
 * Puts H2O's own reader of Cache-Digest headers behind a pipe, so that a test can
 * compare it with cachedigest a hundred thousand times in one run.
 *
 * Requests come on stdin, one after another; each begins with an octet that says
 * what is wanted. A string is its length, four octets little-endian, and then its
 * octets. Replies leave on stdout in the order of the requests; numbers are eight
 * octets little-endian.
 *
 *   N                 forget all digests
 *   H string          load a header field with that value
 *   U string          what is known of this URL?            replies a state
 *   E string string   and of this URL with this ETag?       replies a state
 *   G                 replies whether any digest was kept, whether they are complete,
 *                     and the digests without and with validators: how many, and of
 *                     each log2(N*P), the number of keys, and the keys
 *   F                 send the replies so far; without it they may wait for more
 *
 * The end of stdin ends the program, with status 0 if it came between requests.
 *
 * build: cc -O2 -o libh2o libh2o.c -lh2o
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <h2o/cache_digests.h>

/*
 * H2O declares this type in its source file only. That these are its members the
 * test would notice at once, since nothing would agree.
 */
struct st_h2o_cache_digests_frame_t {
    H2O_VECTOR(uint64_t) keys;
    unsigned capacity_bits;
};

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

static void put_number(uint64_t number)
{
    unsigned char octets[8];
    for (int i = 0; i < 8; ++i)
        octets[i] = (unsigned char)(number >> 8 * i);
    if (fwrite(octets, 1, sizeof(octets), stdout) != sizeof(octets))
        fail("the reply cannot be written");
}

/* Reads a string into a block of exactly its size, for memory checkers to see. */
static char *get_string(size_t *len)
{
    unsigned char octets[4];
    get(octets, sizeof(octets));
    uint32_t n = octets[0] | octets[1] << 8 | octets[2] << 16 | (uint32_t)octets[3] << 24;
    if (n > MAX_STRING)
        fail("a string is too long");
    char *string = malloc(n > 0 ? n : 1);
    if (string == NULL)
        fail("out of memory");
    get(string, n);
    *len = n;
    return string;
}

static void put_digests(const h2o_cache_digests_frame_vector_t *digests)
{
    put_number(digests->size);
    for (size_t i = 0; i != digests->size; ++i) {
        const h2o_cache_digests_frame_t *digest = digests->entries + i;
        put_number(digest->capacity_bits);
        put_number(digest->keys.size);
        for (size_t j = 0; j != digest->keys.size; ++j)
            put_number(digest->keys.entries[j]);
    }
}

int main(void)
{
    static const h2o_cache_digests_t none;
    h2o_cache_digests_t *digests = NULL;
    char *url, *etag;
    size_t url_len, etag_len;
    int what, state;

    setvbuf(stdin, NULL, _IOFBF, 1 << 16);
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    while ((what = getchar()) != EOF) {
        switch (what) {
        case 'N':
            if (digests != NULL)
                h2o_cache_digests_destroy(digests);
            digests = NULL;
            break;
        case 'H':
            url = get_string(&url_len);
            h2o_cache_digests_load_header(&digests, url, url_len);
            free(url);
            break;
        case 'U':
        case 'E':
            url = get_string(&url_len);
            state = H2O_CACHE_DIGESTS_STATE_UNKNOWN; /* as the server has it without digests */
            if (what == 'U') {
                if (digests != NULL)
                    state = h2o_cache_digests_lookup_by_url(digests, url, url_len);
            } else {
                etag = get_string(&etag_len);
                if (digests != NULL)
                    state = h2o_cache_digests_lookup_by_url_and_etag(digests, url, url_len, etag, etag_len);
                free(etag);
            }
            free(url);
            put_number(state);
            break;
        case 'G': {
            const h2o_cache_digests_t *all = digests != NULL ? digests : &none;
            put_number(digests != NULL);
            put_number(all->fresh.complete != 0);
            put_digests(&all->fresh.url_only);
            put_digests(&all->fresh.url_and_etag);
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
    if (digests != NULL)
        h2o_cache_digests_destroy(digests);
    return ferror(stdin) || fflush(stdout) != 0 ? 2 : 0;
}
