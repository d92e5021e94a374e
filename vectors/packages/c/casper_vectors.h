/* Test vectors for Golomb-coded sets in every deployed wire format, as one header for C99. This is
 * its head, the vectors follow. README.md says how it is used,
 * https://github.com/cache-aware/casper what the vectors mean. */
#ifndef CASPER_VECTORS_H
#define CASPER_VECTORS_H
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Octets with their number, since a text may have a 0 in it; another 0 is behind them. data is NULL
 * where there is none. */
struct casper_text { const char *data; size_t len; };

/* A list, such as keys, which are decimal. items is NULL where there is none. */
struct casper_texts { const struct casper_text *items; size_t len; };

/* A parameter: kind is 'n' for a number, 's' for a text, 'b' for true and false. */
struct casper_param { const char *name, *value; char kind; };

/* One element of a Cache-Digest header. */
struct casper_digest { int log2n, log2p; struct casper_texts flags, keys; };

/* What an operation works on. */
struct casper_input { struct casper_texts names, names_hex, keys; struct casper_text bytes_hex, text, header; };

/* What must come out: an error, or the members that the operation has. canonical is 1, 0, or -1 where
 * it is not said; offset is -1 then. present has a '1' or a '0' for each name or key. */
struct casper_answer {
    struct casper_texts keys;
    struct casper_text bytes_hex, text;
    int canonical;
    const char *present, *error;
    const struct casper_digest *digests;
    size_t digests_len;
    long offset;
    struct casper_texts keys_before_error;
};

/* One question with its one right answer. lenient is what the tolerant reader answers, or NULL where
 * that is the same. */
struct casper_vector {
    const char *id, *format, *op, *since, *comment;
    const struct casper_param *params;
    size_t params_len;
    struct casper_texts spec, flags;
    struct casper_input input;
    struct casper_answer expect;
    const struct casper_answer *lenient;
};

/* The vectors are casper_vectors, and casper_vectors_len their number. */

/* The next vector behind one, or the first behind NULL; NULL at the end. A format and an operation may
 * be NULL, which means any. */
static inline const struct casper_vector *casper_next(const struct casper_vector *v, const char *format, const char *op);

/* The answer of the strict reader, or of the tolerant one. */
static inline const struct casper_answer *casper_expected(const struct casper_vector *v, int tolerant)
{
    return tolerant && v->lenient != NULL ? v->lenient : &v->expect;
}

/* A parameter, or NULL. */
static inline const struct casper_param *casper_param(const struct casper_vector *v, const char *name)
{
    for (size_t i = 0; i < v->params_len; ++i)
        if (strcmp(v->params[i].name, name) == 0)
            return &v->params[i];
    return NULL;
}

/* A parameter that is a number, or another where it is missing or none. */
static inline long long casper_number(const struct casper_vector *v, const char *name, long long other)
{
    const struct casper_param *p = casper_param(v, name);
    return p == NULL || p->kind != 'n' ? other : strtoll(p->value, NULL, 10);
}

/* Whether numbers are the keys of a list. */
static inline int casper_same_keys(struct casper_texts keys, const unsigned long long *found, size_t len)
{
    int same = keys.len == len;
    for (size_t i = 0; same && i < len; ++i)
        same = strtoull(keys.items[i].data, NULL, 10) == found[i];
    return same;
}
