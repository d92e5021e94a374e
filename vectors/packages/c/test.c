/* The package's own test: cc -std=c99 -I. test.c && ./a.out */
#include "casper_vectors.h"
#include <stdio.h>

static unsigned long long sum = 0xcbf29ce484222325ull;
static int failed;

static void add(struct casper_text t)
{
    for (size_t i = 0; t.data != NULL && i <= t.len; ++i)
        sum = (sum ^ (i < t.len ? (unsigned char)t.data[i] : 0xff)) * 0x100000001b3ull;
}

static void word(const char *s)
{
    struct casper_text t = {s, s == NULL ? 0 : strlen(s)};
    add(t);
}

static void list(struct casper_texts l)
{
    for (size_t i = 0; i < l.len; ++i)
        add(l.items[i]);
}

#define CHECK(what) ((what) ? (void)0 : (void)(failed = 1, fprintf(stderr, "line %d: %s\n", __LINE__, #what)))

int main(void)
{
    size_t some = 0, all = 0;
    const struct casper_vector *pad = NULL, *one = NULL;
    for (const struct casper_vector *v = NULL; (v = casper_next(v, NULL, NULL)) != NULL; ++all) {
        word(v->id), word(v->format), word(v->op), word(v->comment);
        list(v->input.names), list(v->input.names_hex), list(v->input.keys), list(v->expect.keys), list(v->expect.keys_before_error);
        add(v->input.bytes_hex), add(v->input.text), add(v->input.header), add(v->expect.bytes_hex), add(v->expect.text), word(v->expect.error);
        if (strcmp(v->id, "h2o-pad-first") == 0)
            pad = v;
        if (strcmp(v->id, "h2o-encode-63") == 0)
            one = v;
    }
    CHECK(sum == CASPER_VECTORS_SUM);
    CHECK(all == casper_vectors_len);
    for (const struct casper_vector *v = NULL; (v = casper_next(v, "h2o", "decode")) != NULL; ++some)
        CHECK(strcmp(v->format, "h2o") == 0 && strcmp(v->op, "decode") == 0);
    CHECK(some > 0 && some < all);
    CHECK(casper_next(NULL, "no-such-format", NULL) == NULL);
    CHECK(pad != NULL && one != NULL);
    if (failed)
        return 1;
    CHECK(strcmp(casper_expected(pad, 0)->error, "nonzero-padding") == 0 && casper_expected(pad, 0)->offset == 14);
    static const unsigned long long keys[] = {0, 1}, others[] = {0, 2}, largest[] = {63};
    CHECK(casper_same_keys(casper_expected(pad, 1)->keys, keys, 2) && casper_expected(pad, 1)->canonical == 0);
    CHECK(!casper_same_keys(casper_expected(pad, 1)->keys, others, 2) && !casper_same_keys(casper_expected(pad, 1)->keys, keys, 1));
    CHECK(casper_expected(one, 1) == casper_expected(one, 0) && casper_same_keys(one->expect.keys, largest, 1));
    CHECK(casper_number(pad, "capacity_bits", 0) == 13 && casper_number(pad, "log2p", 7) == 7);
    if (!failed)
        printf("%zu vectors of version %s\n", all, CASPER_VECTORS_VERSION);
    return failed;
}
