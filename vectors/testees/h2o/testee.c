/*
 * H2O itself as a testee: its cookie and its Cache-Digest header, through the
 * functions of Debian's libh2o.
 *
 *     cc -O2 -o testee testee.c -lh2o
 *     casper conformance run --lenient -- ./testee
 *
 * H2O reads tolerantly and has no errors: what it does not understand it ignores. So
 * the strict reader's refusals are its known differences (known-failures.txt); as the
 * tolerant reader it has none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <h2o/string_.h>
#include <h2o/cache_digests.h>
#include <h2o/http2_casper.h>

/* H2O declares this type in its source file only; its first member are the keys. */
struct st_h2o_http2_casper_t {
    H2O_VECTOR(uint64_t) keys;
};

#define REMAINDER_BITS 6 /* a constant in H2O's server, too */
#define MOST_NAMES 4096

static h2o_mem_pool_t pool; /* what one request needs */

static void fail(const char *why)
{
    fprintf(stderr, "testee: %s\n", why);
    exit(2);
}

/* Where the value of a member begins, or NULL. Requests are written without spaces. */
static const char *member(const char *line, const char *name)
{
    char quoted[32];
    snprintf(quoted, sizeof(quoted), "\"%s\":", name);
    const char *at = strstr(line, quoted);
    return at == NULL ? NULL : at + strlen(quoted);
}

static unsigned hex4(const char *s)
{
    unsigned n;
    if (sscanf(s, "%4x", &n) != 1)
        fail("a bad escape");
    return n;
}

/* Reads a JSON string, leaves *s behind it. */
static h2o_iovec_t string(const char **s)
{
    const char *p = *s;
    if (*p++ != '"')
        fail("no string");
    h2o_iovec_t v = h2o_iovec_init(h2o_mem_alloc_pool(&pool, strlen(p) + 1), 0);
    while (*p != '"') {
        unsigned c = (unsigned char)*p++;
        if (c == 0)
            fail("a string without end");
        if (c != '\\') {
            v.base[v.len++] = c;
            continue;
        }
        switch (c = (unsigned char)*p++) {
        case 'n': c = '\n'; break;
        case 't': c = '\t'; break;
        case 'r': c = '\r'; break;
        case 'b': c = '\b'; break;
        case 'f': c = '\f'; break;
        case 'u':
            c = hex4(p);
            p += 4;
            if (0xd800 <= c && c < 0xdc00) {
                c = 0x10000 + ((c - 0xd800) << 10) + (hex4(p + 2) - 0xdc00);
                p += 6;
            }
            if (c >= 0x10000) {
                v.base[v.len++] = 0xf0 | c >> 18;
                v.base[v.len++] = 0x80 | (c >> 12 & 0x3f);
            } else if (c >= 0x800) {
                v.base[v.len++] = 0xe0 | c >> 12;
            }
            if (c >= 0x800)
                v.base[v.len++] = 0x80 | (c >> 6 & 0x3f);
            else if (c >= 0x80)
                v.base[v.len++] = 0xc0 | c >> 6;
            if (c >= 0x80)
                c = 0x80 | (c & 0x3f);
        }
        v.base[v.len++] = c;
    }
    *s = p + 1;
    return v;
}

/* Whether there are parameters that the format does not have. Those of a digest are in it; none may be given here. */
static int unknown(const char *params, const char *format)
{
    const char *name = params + 1;
    while (*name == '"') {
        if (strncmp(name, "\"lenient\"", 9) != 0 && (strcmp(format, "h2o") != 0 || strncmp(name, "\"capacity_bits\"", 15) != 0))
            return 1;
        name += strcspn(name, ",}");
        name += *name == ',';
    }
    return 0;
}

/* Reads a list of strings; returns how many. */
static size_t strings(const char *s, h2o_iovec_t *all)
{
    size_t n = 0;
    if (s == NULL || *s++ != '[')
        return 0;
    while (*s == '"') {
        if (n == MOST_NAMES)
            fail("too many names");
        all[n++] = string(&s);
        s += *s == ',';
    }
    return n;
}

/* The text of a cookie with these keys: what stands in H2O's Set-Cookie. */
static h2o_iovec_t text_of(h2o_http2_casper_t *casper)
{
    h2o_iovec_t v = h2o_http2_casper_get_cookie(casper);
    size_t name = strlen("h2o_casper=");
    if (v.len < name)
        return h2o_iovec_init("", 0);
    v.base += name;
    v.len = (char *)memchr(v.base, ';', v.len - name) - v.base;
    return v;
}

static h2o_http2_casper_t *casper_of(unsigned bits, h2o_iovec_t text)
{
    h2o_http2_casper_t *casper = h2o_http2_casper_create(bits, REMAINDER_BITS);
    h2o_iovec_t cookie = h2o_concat(&pool, h2o_iovec_init(H2O_STRLIT("h2o_casper=")), text);
    h2o_http2_casper_consume_cookie(casper, cookie.base, cookie.len);
    return casper;
}

static int readable(h2o_iovec_t text)
{
    return text.len == 0 || h2o_decode_base64url(&pool, text.base, text.len).base != NULL;
}

static void print_keys(h2o_http2_casper_t *casper)
{
    printf("\"keys\":[");
    for (size_t i = 0; i != casper->keys.size; ++i)
        printf("%s\"%llu\"", i == 0 ? "" : ",", (unsigned long long)casper->keys.entries[i]);
    printf("]");
}

static void print_present(const char *format, unsigned bits, h2o_iovec_t text, h2o_iovec_t *names, size_t n, int are_keys)
{
    h2o_http2_casper_t *casper = NULL;
    h2o_cache_digests_t *digests = NULL;
    if (strcmp(format, "h2o") == 0 && readable(text))
        casper = casper_of(bits, text);
    if (strcmp(format, "h2o") != 0)
        h2o_cache_digests_load_header(&digests, text.base, text.len);
    if (casper == NULL && digests == NULL) {
        printf("\"error\":\"bad-text\",\"message\":\"H2O ignores the value, and does not say why\"");
        return;
    }
    printf("\"ok\":{\"present\":[");
    for (size_t i = 0; i != n; ++i) {
        int there = 0;
        if (casper == NULL) {
            there = h2o_cache_digests_lookup_by_url(digests, names[i].base, names[i].len) == H2O_CACHE_DIGESTS_STATE_FRESH;
        } else if (are_keys) {
            names[i].base[names[i].len] = 0;
            for (size_t j = 0; j != casper->keys.size; ++j)
                there |= casper->keys.entries[j] == strtoull(names[i].base, NULL, 10);
        } else {
            there = h2o_http2_casper_lookup(casper, names[i].base, names[i].len, 0);
        }
        printf("%s%s", i == 0 ? "" : ",", there ? "true" : "false");
    }
    printf("]}");
    if (casper != NULL)
        h2o_http2_casper_destroy(casper);
    if (digests != NULL)
        h2o_cache_digests_destroy(digests);
}

static void decode(unsigned bits, h2o_iovec_t text)
{
    h2o_http2_casper_t *casper = casper_of(bits, text), *wide = casper_of(15, text);
    if (!readable(text)) {
        printf("\"error\":\"bad-text\"");
    } else if (casper->keys.size == 0 && wide->keys.size != 0) {
        printf("\"error\":\"limit\""); /* a reader with more room finds keys */
    } else {
        h2o_iovec_t again = text_of(casper);
        printf("\"ok\":{");
        print_keys(casper);
        printf(",\"canonical\":%s}", h2o_memis(text.base, text.len, again.base, again.len) ? "true" : "false");
    }
    h2o_http2_casper_destroy(casper);
    h2o_http2_casper_destroy(wide);
}

static void encode(unsigned bits, h2o_iovec_t *names, size_t n)
{
    h2o_http2_casper_t *casper = h2o_http2_casper_create(bits, REMAINDER_BITS);
    for (size_t i = 0; i != n; ++i)
        h2o_http2_casper_lookup(casper, names[i].base, names[i].len, 1);
    h2o_iovec_t text = text_of(casper), octets = h2o_iovec_init("", 0);
    if (text.len != 0)
        octets = h2o_decode_base64url(&pool, text.base, text.len);
    printf("\"ok\":{\"text\":\"%.*s\",\"bytes_hex\":\"", (int)text.len, text.base);
    for (size_t i = 0; i != octets.len; ++i)
        printf("%02x", (unsigned char)octets.base[i]);
    printf("\",");
    print_keys(casper);
    printf("}");
    h2o_http2_casper_destroy(casper);
}

static void answer(const char *line)
{
    static h2o_iovec_t names[MOST_NAMES];
    const char *at = member(line, "format"), *text_at = member(line, "text"), *params = member(line, "params");
    const char *bits_at = member(line, "capacity_bits");
    h2o_iovec_t format = string(&at), text = h2o_iovec_init("", 0);
    format.base[format.len] = 0;
    at = member(line, "op");
    h2o_iovec_t op = string(&at);
    long bits = bits_at == NULL ? 13 : strtol(bits_at, NULL, 10);
    int are_keys = member(line, "keys") != NULL;
    size_t n = strings(member(line, are_keys ? "keys" : "names"), names);

    printf("{\"seq\":%ld,", strtol(member(line, "seq"), NULL, 10));
    if (text_at != NULL)
        text = string(&text_at);
    if (op.base[0] != 'e' && text_at == NULL)
        printf("\"skip\":\"H2O reads text\"");
    else if (member(line, "names_hex") != NULL || (are_keys && (op.base[0] == 'e' || strcmp(format.base, "h2o") != 0)))
        printf("\"skip\":\"H2O wants names\"");
    else if (strcmp(format.base, "h2o") != 0 && text.len > 2 && text.base[0] == 'A' && strchr("ABCD", text.base[1]) != NULL)
        printf("\"skip\":\"with log2N and log2P of 0 H2O shifts 64 bits by 64, of which C says nothing\"");
    else if ((strcmp(format.base, "h2o") == 0 && (bits < 1 || bits > 15)) || unknown(params, format.base))
        printf("\"error\":\"bad-parameter\""); /* H2O's configuration refuses it before this code is reached */
    else if (op.base[0] == 'q')
        print_present(format.base, bits, text, names, n, are_keys);
    else if (op.base[0] == 'd')
        decode(bits, text);
    else
        encode(bits, names, n);
    puts("}");
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0 && strstr(line, "\"op\":\"stop\"") == NULL) {
        h2o_mem_init_pool(&pool);
        if (strstr(line, "\"op\":\"start\"") != NULL)
            puts("{\"name\":\"libh2o\",\"language\":\"C\",\"version\":\"2.2\","
                 "\"supports\":[\"h2o.decode\",\"h2o.encode\",\"h2o.query\",\"cache-digest.query\"]}");
        else
            answer(line);
        fflush(stdout);
        h2o_mem_clear_pool(&pool);
    }
    free(line);
    return 0;
}
