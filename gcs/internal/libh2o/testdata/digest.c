/*
 * Puts H2O's own reader of Cache-Digest headers behind a pipe, so that a test can
 * compare it with cachedigest a hundred thousand times in one run.
 *
 * A request begins with an octet that says what is wanted; see pipe.h. Numbers are eight
 * octets.
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
#include "pipe.h"
#include <h2o/cache_digests.h>

/*
 * H2O declares this type in its source file only. That these are its members the
 * test would notice at once, since nothing would agree.
 */
struct st_h2o_cache_digests_frame_t {
    H2O_VECTOR(uint64_t) keys;
    unsigned capacity_bits;
};

static void put_digests(const h2o_cache_digests_frame_vector_t *digests)
{
    put_number(digests->size, 8);
    for (size_t i = 0; i != digests->size; ++i) {
        const h2o_cache_digests_frame_t *digest = digests->entries + i;
        put_number(digest->capacity_bits, 8);
        put_number(digest->keys.size, 8);
        for (size_t j = 0; j != digest->keys.size; ++j)
            put_number(digest->keys.entries[j], 8);
    }
}

int main(void)
{
    static const h2o_cache_digests_t none;
    h2o_cache_digests_t *digests = NULL;
    char *url, *etag;
    size_t url_len, etag_len;
    int what, state;

    while ((what = get_request()) != EOF) {
        switch (what) {
        case 'N':
            if (digests != NULL)
                h2o_cache_digests_destroy(digests);
            digests = NULL;
            break;
        case 'H':
            url = get_string("", &url_len);
            h2o_cache_digests_load_header(&digests, url, url_len);
            free(url);
            break;
        case 'U':
        case 'E':
            url = get_string("", &url_len);
            state = H2O_CACHE_DIGESTS_STATE_UNKNOWN; /* as the server has it without digests */
            if (what == 'U') {
                if (digests != NULL)
                    state = h2o_cache_digests_lookup_by_url(digests, url, url_len);
            } else {
                etag = get_string("", &etag_len);
                if (digests != NULL)
                    state = h2o_cache_digests_lookup_by_url_and_etag(digests, url, url_len, etag, etag_len);
                free(etag);
            }
            free(url);
            put_number(state, 8);
            break;
        case 'G': {
            const h2o_cache_digests_t *all = digests != NULL ? digests : &none;
            put_number(digests != NULL, 8);
            put_number(all->fresh.complete != 0, 8);
            put_digests(&all->fresh.url_only);
            put_digests(&all->fresh.url_and_etag);
            break;
        }
        case 'F':
            flush();
            break;
        default:
            fail("an unknown request");
        }
    }
    if (digests != NULL)
        h2o_cache_digests_destroy(digests);
    return finish();
}
