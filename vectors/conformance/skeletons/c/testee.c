/* Your codec as a testee: cc -O2 -o testee testee.c && casper conformance run -- ./testee
 *
 * Write a function for each operation that your codec has, and name it in operations. It is given
 * the parameters and the input of a vector, which are JSON. It prints the members of the answer
 * and returns NULL, or returns one of the error kinds and prints nothing. h2o_decode is an
 * example, which passes; vectors/README.md has the other operations, gcs/SPEC.md what they must
 * do. Behind them is what reads JSON and speaks to the runner. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A string of JSON, decoded. data ends with a 0 behind len octets, and is NULL if there is none. */
struct string { char *data; size_t len; };

static const char *member(const char *object, const char *name);
static struct string string(const char *value);
static long integer(const char *value); /* LONG_MIN if it is none */
static int only(const char *object, const char *const *names);
static size_t unhex(struct string *hex);
static void put(const char *format, ...);

/* What a function returns instead of an error kind if your codec does not do this. */
#define SKIP "skip"

static int bit(const unsigned char *octets, size_t i) { return octets[i / 8] >> (7 - i % 8) & 1; }

/* h2o_decode is a strict reader of H2O's cookie: sections 3, 5 and 7 of gcs/SPEC.md. */
static const char *h2o_decode(const char *params, const char *input)
{
    static const char *const known[] = {"capacity_bits", "lenient", NULL};
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *given = member(params, "capacity_bits"), *lenient = member(params, "lenient");
    if (lenient != NULL && *lenient == 't')
        return SKIP;
    long capacity = given == NULL ? 13 : integer(given);
    if (!only(params, known) || capacity < 1 || capacity > 15)
        return "bad-parameter";
    size_t universe = (size_t)1 << capacity, most = (7 * universe + 7) / 8;
    struct string value = string(member(input, "text"));
    size_t size = 0;
    const char *error = NULL;
    if (value.data == NULL) {
        value = string(member(input, "bytes_hex"));
        size = unhex(&value);
        error = size > most ? "limit" : NULL;
    } else if (value.len * 6 / 8 > most) {
        error = "limit";
    } else { /* six bits a character, put in the place of the text */
        unsigned held = 0, bits = 0;
        for (size_t i = 0; error == NULL && i < value.len; ++i) {
            const char *at = value.data[i] == 0 ? NULL : strchr(alphabet, value.data[i]);
            if (at == NULL) {
                error = "bad-text";
                break;
            }
            held = held << 6 | (unsigned)(at - alphabet);
            if ((bits += 6) >= 8)
                value.data[size++] = (char)(held >> (bits -= 8));
            held &= (1u << bits) - 1;
        }
        if (error == NULL && bits >= 6)
            error = "bad-text"; /* half an octet */
        if (error == NULL && held != 0)
            error = "non-canonical";
    }
    const unsigned char *octets = (const unsigned char *)value.data;
    size_t *keys = malloc((universe + 1) * sizeof(*keys)), count = 0, least = 0, at = 0, end = 8 * size;
    while (error == NULL) {
        size_t one = at, remainder = 0; /* a quotient, its end, and 6 bits */
        while (one < end && !bit(octets, one))
            ++one;
        if (one + 7 > end)
            break;
        for (size_t i = one + 1; i < one + 7; ++i)
            remainder = remainder << 1 | (size_t)bit(octets, i);
        size_t key = least + (one - at) * 64 + remainder;
        if (count == universe)
            error = "limit";
        else if (key >= universe)
            error = "out-of-range";
        keys[count++] = key;
        least = key + 1, at = one + 7;
    }
    int ones = 0;
    for (size_t i = at; i < end; ++i)
        ones |= bit(octets, i);
    if (error == NULL && end - at >= 8)
        error = ones ? "truncated" : "trailing-data";
    else if (error == NULL && ones)
        error = "nonzero-padding";
    if (error == NULL) {
        put("\"canonical\":true,\"keys\":[");
        for (size_t i = 0; i < count; ++i)
            put("%s\"%zu\"", i > 0 ? "," : "", keys[i]);
        put("]");
    }
    free(keys);
    free(value.data);
    return error;
}

static const struct {
    const char *name;
    const char *(*answer)(const char *params, const char *input);
} operations[] = {
    {"h2o.decode", h2o_decode},
};

/* -- JSON. The runner sends one valid object a line, so that nothing is checked. -- */

static const char *space(const char *s) { return s + strspn(s, " \t\r\n"); }

/* The first character behind a value. */
static const char *skip(const char *s)
{
    int depth = 0;
    do {
        s = space(s);
        if (*s == '"') {
            for (++s; *s != 0 && *s != '"'; ++s)
                s += *s == '\\' && s[1] != 0;
            s += *s != 0;
        } else if (*s == '{' || *s == '[') {
            ++depth, ++s;
        } else if (*s == '}' || *s == ']') {
            --depth, ++s;
        } else if (*s == ',' || *s == ':') {
            ++s;
        } else {
            s += strcspn(s, ",:{}[]\" \t\r\n");
        }
    } while (depth > 0 && *s != 0);
    return s;
}

/* The next member of an object, or NULL at its end: s is behind { or a value. */
static const char *next(const char *s, struct string *name)
{
    s = space(s);
    if (*s == ',')
        s = space(s + 1);
    if (*s != '"')
        return NULL;
    *name = string(s);
    s = space(skip(s));
    return space(s + (*s == ':'));
}

static const char *member(const char *object, const char *name)
{
    struct string found;
    for (const char *value = object == NULL ? NULL : next(object + 1, &found); value != NULL; value = next(skip(value), &found)) {
        int same = strcmp(found.data, name) == 0;
        free(found.data);
        if (same)
            return value;
    }
    return NULL;
}

static int only(const char *object, const char *const *names)
{
    struct string found;
    int all = 1;
    for (const char *value = object == NULL ? NULL : next(object + 1, &found); value != NULL; value = next(skip(value), &found)) {
        int known = 0;
        for (const char *const *name = names; *name != NULL; ++name)
            known |= strcmp(found.data, *name) == 0;
        all &= known;
        free(found.data);
    }
    return all;
}

static long integer(const char *value)
{
    char *end;
    long n = strtol(value, &end, 10);
    return end == value || strspn(end, ",}] \t\r\n") == 0 ? LONG_MIN : n;
}

static unsigned four(const char *s)
{
    unsigned n = 0;
    return sscanf(s, "%4x", &n) == 1 ? n : 0;
}

static struct string string(const char *s)
{
    struct string out = {NULL, 0};
    if (s == NULL || *s != '"')
        return out;
    out.data = malloc(strlen(s) + 1);
    for (++s; *s != 0 && *s != '"'; ++s) {
        unsigned code = (unsigned char)*s;
        if (*s == '\\' && s[1] == 'u') {
            code = four(s + 2);
            s += 5;
            if (code >> 10 == 0x36 && s[1] == '\\') { /* the first half of a pair */
                code = 0x10000 + ((code & 0x3ff) << 10 | (four(s + 3) & 0x3ff));
                s += 6;
            }
            int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
            static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
            out.data[out.len++] = (char)(lead[more] | code >> 6 * more);
            while (more-- > 0)
                out.data[out.len++] = (char)(0x80 | (code >> 6 * more & 0x3f));
            continue;
        }
        if (*s == '\\') {
            const char *at = strchr("b\bf\fn\nr\rt\t", *++s);
            code = (unsigned char)(at == NULL ? *s : at[1]);
        }
        out.data[out.len++] = (char)code;
    }
    out.data[out.len] = 0;
    return out;
}

static size_t unhex(struct string *hex)
{
    size_t n = 0;
    unsigned octet;
    while (2 * n + 1 < hex->len && sscanf(hex->data + 2 * n, "%2x", &octet) == 1)
        hex->data[n++] = (char)octet;
    return n;
}

/* -- The protocol: a line in, a line out. -- */

#include <stdarg.h>

static char *said;
static size_t said_len, said_size;

static void put(const char *format, ...)
{
    va_list args;
    if (said_size - said_len < 256)
        said = realloc(said, said_size = 2 * said_size + 4096);
    va_start(args, format);
    said_len += (size_t)vsnprintf(said + said_len, said_size - said_len, format, args);
    va_end(args);
}

static void reply(const char *line, const char *op)
{
    struct string format = string(member(line, "format"));
    const char *error = "bad-parameter";
    said_len = 0;
    put("%s", "");
    for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); ++i) {
        size_t dot = strlen(format.data);
        if (strncmp(operations[i].name, format.data, dot) == 0 && operations[i].name[dot] == '.' && strcmp(operations[i].name + dot + 1, op) == 0)
            error = operations[i].answer(member(line, "params"), member(line, "input"));
    }
    long seq = integer(member(line, "seq"));
    if (error == NULL)
        printf("{\"seq\":%ld,\"ok\":{%s}}\n", seq, said);
    else if (strcmp(error, SKIP) == 0)
        printf("{\"seq\":%ld,\"skip\":\"not in this codec\"}\n", seq);
    else
        printf("{\"seq\":%ld,\"error\":\"%s\"}\n", seq, error);
    free(format.data);
}

int main(void)
{
    static char line[16 << 20];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct string op = string(member(line, "op"));
        if (op.data == NULL || strcmp(op.data, "stop") == 0)
            return op.data == NULL;
        if (strcmp(op.data, "start") == 0) {
            printf("{\"name\":\"your codec\",\"language\":\"C\",\"version\":\"0\",\"supports\":[");
            for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); ++i)
                printf("%s\"%s\"", i > 0 ? "," : "", operations[i].name);
            puts("]}");
        } else {
            reply(line, op.data);
        }
        fflush(stdout);
        free(op.data);
    }
    return 0;
}
