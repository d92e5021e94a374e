/* A testee for Safe Browsing's lists, to start from: cc -O2 -o testee testee.c && casper conformance run -- ./testee */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number behind "name": in a line, or -1; requests are written without spaces. */
static long long number(const char *line, const char *name)
{
    char quoted[32];
    snprintf(quoted, sizeof(quoted), "\"%s\":", name);
    const char *at = strstr(line, quoted);
    return at == NULL ? -1 : strtoll(at + strlen(quoted), NULL, 10);
}
/* Whether the line has parameters of other names; none of them has a value with a colon in it. */
static int others(const char *line)
{
    const char *at = strstr(line, "\"params\":{") + 10, *end = strchr(at, '}');
    int n = -(number(at, "rice") >= 0) - (number(at, "first") >= 0) - (number(at, "count") >= 0);
    while ((at = memchr(at, ':', end - at)) != NULL)
        ++n, ++at;
    return n > 0;
}
static int bit(const unsigned char *octets, size_t i) { return octets[i / 8] >> i % 8 & 1; }
static void decode(long long seq, const char *line, char *keys)
{
    long long rice = number(line, "rice"), first = number(line, "first"), count = number(line, "count");
    const char *hex = strstr(line, "\"bytes_hex\":\""), *error = NULL;
    unsigned char octets[1 << 14];
    size_t end = 0, at = 0;
    for (hex = hex == NULL ? "" : hex + 13; end < 8 * sizeof(octets) && sscanf(hex, "%2hhx", octets + end / 8) == 1; end += 8)
        hex += 2;
    if (first < 0 || first > UINT32_MAX || count < 0 || count > INT32_MAX || rice > 28 || others(line) || (rice < 2 && (rice != 0 || count != 0)))
        error = "bad-parameter";
    uint64_t value = first;
    size_t out = sprintf(keys, "\"%llu\"", (unsigned long long)value);
    for (; error == NULL && count > 0; --count) {
        uint64_t quotient = 0, remainder = 0;
        while (at < end && bit(octets, at++))
            ++quotient;
        if (end - at < (size_t)rice || bit(octets, at - 1)) /* the bit before is the one that ends the quotient */
            error = "truncated";
        for (int i = 0; error == NULL && i < rice; ++i)
            remainder |= (uint64_t)bit(octets, at++) << i;
        if (error == NULL && (value += (quotient << rice) + remainder) > UINT32_MAX) /* below 2^44 */
            error = "out-of-range";
        out += sprintf(keys + out, ",\"%llu\"", (unsigned long long)value);
    }
    if (error == NULL && end - at >= 8)
        error = "trailing-data";
    while (error == NULL && at < end)
        error = bit(octets, at++) ? "nonzero-padding" : NULL;
    if (error != NULL)
        printf("{\"seq\":%lld,\"error\":\"%s\"}\n", seq, error);
    else
        printf("{\"seq\":%lld,\"ok\":{\"keys\":[%s],\"canonical\":true}}\n", seq, keys);
}

int main(void)
{
    static char line[1 << 16], keys[1 << 20];
    while (fgets(line, sizeof(line), stdin) != NULL && strstr(line, "\"op\":\"stop\"") == NULL) {
        if (strstr(line, "\"op\":\"start\"") != NULL)
            puts("{\"name\":\"testee.c\",\"language\":\"C\",\"version\":\"1\",\"supports\":[\"rice-delta.decode\"]}");
        else
            decode(number(line, "seq"), line, keys);
        fflush(stdout);
    }
}
