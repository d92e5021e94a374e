"""What typical bugs make of a request or of an answer, for every format and operation alike.

Each kind stands between the runner and the right program: it changes what the program is asked, or
what it answers. So "names end at an octet of zero" is one fault for h2o.hash, another one for
bip158.query, and so on.
"""

OPS = ("hash", "encode", "decode", "query")
KINDS = (
    "truncated", "out-of-range", "bad-parameter", "trailing-data", "nonzero-padding", "non-canonical", "duplicate",
    "unsorted", "bad-text", "limit",
)


def each_name(change):
    """A change of every name, as octets."""

    def request(q):
        given = q["input"]
        if "names_hex" in given:
            given["names_hex"] = [change(bytes.fromhex(h)).hex() for h in given["names_hex"]]
        elif "names" in given:
            given["names"] = [change(n.encode()).decode("utf-8", "replace") for n in given["names"]]

    return request


def all_names(change):
    def request(q):
        for member in ("names", "names_hex"):
            if member in q["input"]:
                q["input"][member] = change(q["input"][member])

    return request


def each_key(change):
    def request(q):
        if "keys" in q["input"]:
            q["input"]["keys"] = [str(change(int(k))) for k in q["input"]["keys"]]

    return request


def all_keys(change):
    def request(q):
        if "keys" in q["input"]:
            q["input"]["keys"] = change(q["input"]["keys"])

    return request


def text(change):
    def request(q):
        if "text" in q["input"]:
            q["input"]["text"] = change(q["input"]["text"])

    return request


def header(change):
    def request(q):
        if "header" in q["input"]:
            q["input"]["header"] = change(q["input"]["header"])

    return request


def octets(change):
    def request(q):
        if "bytes_hex" in q["input"]:
            q["input"]["bytes_hex"] = change(bytes.fromhex(q["input"]["bytes_hex"])).hex()

    return request


def parameters(change):
    def request(q):
        for name, value in list(q["params"].items()):
            if name != "lenient" and isinstance(value, int):
                q["params"][name] = change(value)

    return request


def unknown(q, known):
    """Parameters of other formats are passed over."""
    for name in list(q["params"]):
        if name not in known and name != "lenient":
            del q["params"][name]


def unescaped(name):
    out, i = b"", 0
    while i < len(name):
        if name[i : i + 1] == b"%" and len(name[i + 1 : i + 3]) == 2:
            try:
                out += bytes([int(name[i + 1 : i + 3], 16)])
                i += 3
                continue
            except ValueError:
                pass
        out += name[i : i + 1]
        i += 1
    return out


def unicode(form):
    import unicodedata

    return lambda name: unicodedata.normalize(form, name.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


NAMES = {
    "names end at an octet of zero": each_name(lambda n: n.split(b"\0")[0]),
    "spaces around names are dropped": each_name(bytes.strip),
    "spaces behind names are dropped": each_name(lambda n: n.rstrip(b" ")),
    "spaces in front of names are dropped": each_name(lambda n: n.lstrip(b" ")),
    "line breaks behind names are dropped": each_name(lambda n: n.rstrip(b"\r\n")),
    "tabs are spaces": each_name(lambda n: n.replace(b"\t", b" ")),
    "two spaces are one": each_name(lambda n: n.replace(b"  ", b" ")),
    "names are read in lower case": each_name(bytes.lower),
    "names are read in upper case": each_name(bytes.upper),
    "escapes in names are undone": each_name(unescaped),
    "a plus in names is a space": each_name(lambda n: n.replace(b"+", b" ")),
    "a space in names is a plus": each_name(lambda n: n.replace(b" ", b"+")),
    "a backslash in names is a slash": each_name(lambda n: n.replace(b"\\", b"/")),
    "names end at a question mark": each_name(lambda n: n.split(b"?")[0]),
    "names end at a number sign": each_name(lambda n: n.split(b"#")[0]),
    "names end at a semicolon": each_name(lambda n: n.split(b";")[0]),
    "names end at a comma": each_name(lambda n: n.split(b",")[0]),
    "a slash behind names is dropped": each_name(lambda n: n.rstrip(b"/") if len(n) > 1 else n),
    "two slashes are one": each_name(lambda n: n.replace(b"//", b"/")),
    "a slash is put in front of names": each_name(lambda n: n if n[:1] == b"/" else b"/" + n),
    "quotes around names are dropped": each_name(lambda n: n.strip(b'"')),
    "names that are not UTF-8 are changed": each_name(lambda n: n.decode("utf-8", "replace").encode()),
    "octets of names that are not UTF-8 are dropped": each_name(lambda n: n.decode("utf-8", "ignore").encode()),
    "names are taken for Latin-1": each_name(lambda n: n.decode("latin-1").encode()),
    "names are composed": each_name(unicode("NFC")),
    "names are decomposed": each_name(unicode("NFD")),
    "a byte order mark is dropped": each_name(lambda n: n.removeprefix(b"\xef\xbb\xbf")),
    "octets of names have 7 bits": each_name(lambda n: bytes(o & 127 for o in n)),
    "control octets of names are dropped": each_name(lambda n: bytes(o for o in n if 32 <= o != 127)),
    "empty names are left out": all_names(lambda all: [n for n in all if n]),
    "the first name alone is read": all_names(lambda all: all[:1]),
    "the last name is left out": all_names(lambda all: all[:-1]),
    "names are sorted": all_names(sorted),
    "repeated names are dropped": all_names(lambda all: list(dict.fromkeys(all))),
    "at most 255 names are read": all_names(lambda all: all[:255]),
    **{f"names have at most {n:,} octets": each_name(lambda name, n=n: name[:n]) for n in (64, 127, 255, 256, 1024, 4096)},
    **{f"names have octets modulo {n}": each_name(lambda name, n=n: name[: len(name) % n] if len(name) >= n else name) for n in (256,)},
}
# Prefixes have four octets: what changes their length is refused at once, and is left out there.
PREFIXES = (
    "names are read in lower case", "names are read in upper case", "a plus in names is a space", "tabs are spaces",
    "octets of names have 7 bits", "the first name alone is read", "the last name is left out", "names are sorted",
    "repeated names are dropped",
)
KEYS = {
    **{f"keys have {n} bits": each_key(lambda k, n=n: k % (1 << n)) for n in (8, 16, 31, 32, 53, 63)},
    "keys are numbers in floating point": each_key(lambda k: min(int(float(k)), 2**64 - 1)),
    "keys are numbers of 32 bits in floating point": each_key(lambda k: k if k < 2**24 else k & ~0xFF),
    "keys are sorted": all_keys(lambda all: sorted(all, key=int)),
    "repeated keys are dropped": all_keys(lambda all: list(dict.fromkeys(all))),
    "the first key alone is read": all_keys(lambda all: all[:1]),
    "the last key is left out": all_keys(lambda all: all[:-1]),
    "keys in falling order": all_keys(lambda all: all[::-1]),
    "the key 0 is left out": all_keys(lambda all: [k for k in all if k != "0"]),
}
ENCODED_KEYS = {
    "keys are at most 255": all_keys(lambda all: all[:255]),
}
TEXT = {
    "spaces around the text are dropped": text(lambda t: t.strip(" ")),
    "white space around the text is dropped": text(str.strip),
    "white space in the text is passed over": text(lambda t: "".join(t.split())),
    "line breaks in the text are passed over": text(lambda t: t.replace("\n", "").replace("\r", "")),
    "the text ends at an octet of zero": text(lambda t: t.split("\0")[0]),
    "the text ends at a semicolon": text(lambda t: t.split(";")[0]),
    "the text ends at a comma": text(lambda t: t.split(",")[0]),
    "quotes around the text are dropped": text(lambda t: t.strip('"')),
    "characters of no alphabet are passed over": text(lambda t: "".join(c for c in t if c.isascii() and (c.isalnum() or c in "-_+/=%"))),
    "characters have 7 bits": text(lambda t: "".join(chr(o & 127) for o in t.encode("latin-1", "replace"))),
    "the last of 1 modulo 4 characters is passed over": text(lambda t: t[:-1] if len(t) % 4 == 1 else t),
}
COOKIE_TEXT = {
    "padding of the text is dropped": text(lambda t: t.rstrip("=")),
    "the standard alphabet is read": text(lambda t: t.replace("+", "-").replace("/", "_")),
    "escapes in the text are undone": text(lambda t: unescaped(t.encode()).decode("latin-1")),
}
HEADER = {
    "spaces around the header are dropped": header(str.strip),
    "a header is read in lower case": header(lambda h: h if h == h.upper() else "; ".join([h.split(";")[0]] + [p.strip().lower() for p in h.split(";")[1:]]) if ";" in h and "," not in h else h),
    "empty elements are passed over": header(lambda h: ", ".join(e.strip(" ") for e in h.split(",") if e.strip(" ")) if ",," in h.replace(" ", "") or h.endswith(",") else h),
    "a header ends at its first comma": header(lambda h: h.split(",")[0]),
    "line breaks in a header are passed over": header(lambda h: h.replace("\n", "")),
}
OCTETS = {
    "at most 8,000 octets are read": octets(lambda o: o[:8000]),
    "octets of zero at the end are passed over": octets(lambda o: o.rstrip(b"\0")),
    "octets of 255 at the end are passed over": octets(lambda o: o.rstrip(b"\xff")),
    "the last octet is passed over": octets(lambda o: o[:-1]),
    "at most 4,096 octets are read": octets(lambda o: o[:4096]),
}
PARAMS = {
    **{f"parameters have {n} bits": parameters(lambda v, n=n: v % (1 << n)) for n in (8, 16, 32)},
    "parameters have no sign": parameters(abs),
    "parameters below 0 are 0": parameters(lambda v: max(0, v)),
}


def keys_of(change):
    def reply(r):
        if "keys" in r.get("ok", {}):
            r["ok"]["keys"] = change(r["ok"]["keys"])

    return reply


def member(name, change):
    def reply(r):
        if name in r.get("ok", {}):
            r["ok"][name] = change(r["ok"][name])

    return reply


def fault(name, change):
    def reply(r):
        if r.get(name) is not None:
            r[name] = change(r[name])

    return reply


ANSWER_KEYS = {
    **{f"answered keys have {n} bits": keys_of(lambda all, n=n: [str(int(k) % (1 << n)) for k in all]) for n in (8, 16)},
    "the first key is not answered": keys_of(lambda all: all[1:]),
    "the last key is not answered": keys_of(lambda all: all[:-1]),
    "the key 0 is not answered": keys_of(lambda all: [k for k in all if k != "0"]),
    "at most 255 keys are answered": keys_of(lambda all: all[:255]),
    "keys are answered in falling order": keys_of(lambda all: all[::-1]),
    "keys are answered in the order of their texts": keys_of(sorted),
    "keys are answered one too large": keys_of(lambda all: [str(int(k) + 1) for k in all]),
}
ANSWER_OCTETS = {
    "the last octet is not written": member("bytes_hex", lambda h: h[:-2]),
    "an octet of zero is written behind": member("bytes_hex", lambda h: h + "00"),
    "octets of zero at the end are not written": member("bytes_hex", lambda h: bytes.fromhex(h).rstrip(b"\0").hex()),
    "the last octet has 7 bits": member("bytes_hex", lambda h: h[:-2] + f"{int(h[-2:], 16) & 254:02x}" if h else h),
    "octets are written in upper case": member("bytes_hex", str.upper),
    "at most 4,096 octets are written": member("bytes_hex", lambda h: h[:8192]),
}
ANSWER_TEXT = {
    "text is padded": member("text", lambda t: t + "=" * (-len(t) % 4)),
    "text is in the standard alphabet": member("text", lambda t: t.replace("-", "+").replace("_", "/")),
    "unused bits of the text are ones": member("text", lambda t: t[:-1] + chr(ord(t[-1]) + 1) if len(t) % 4 and t[-1] in "AEIMQUYcgk" else t),
}
ANSWER_PRESENT = {
    "everything is there": member("present", lambda all: [True] * len(all)),
    "nothing is there": member("present", lambda all: [False] * len(all)),
    "the first answer is that of all": member("present", lambda all: all[:1] * len(all)),
    "the last answer is not given": member("present", lambda all: all[:-1]),
    "answers come in the other order": member("present", lambda all: all[::-1]),
}
ANSWER_FAULT = {
    "places are one bit behind": fault("offset", lambda at: at + 1),
    "places are those of octets": fault("offset", lambda at: at // 8 * 8),
    "places are 0": fault("offset", lambda at: 0),
    "no keys in front of a fault": fault("keys_before_error", lambda keys: []),
    "the last key in front of a fault is left out": fault("keys_before_error", lambda keys: keys[:-1]),
}
ANSWER_KINDS = {f"{kind} is called {KINDS[i - 1]}": (kind, fault("error", lambda k, kind=kind, other=KINDS[i - 1]: other if k == kind else k)) for i, kind in enumerate(KINDS)}


def mutants(reference):
    """(id, format, op, wrap) of each; wrap makes the wrong reply of the right one."""
    for format, made in reference.FORMATS.items():
        ops = reference.OPS.get(format, OPS)
        texted = made.text or format == "h2-auto-push"
        known = made.params
        for op in ops:
            reads = op in ("decode", "query")
            asked = {}
            if format == "raw" and op != "decode":
                asked.update(KEYS)
            elif op != "decode":
                asked.update({k: v for k, v in NAMES.items() if format != "rice-delta" or k in PREFIXES})
                if format == "h2-auto-push":
                    asked.pop("names that are not UTF-8 are changed")
                    asked.pop("octets of names that are not UTF-8 are dropped")
                if op in ("encode", "query") and format != "h2-auto-push":
                    asked.update(KEYS)
            if op == "encode":
                asked.update(ENCODED_KEYS)
            if reads and texted:
                asked.update(TEXT)
                if format != "h2-auto-push":
                    asked.update(COOKIE_TEXT)
            elif reads:
                asked.update(OCTETS)
            if format == "cache-digest" and op == "decode":
                asked.update(HEADER)
            asked.update(PARAMS)
            asked["parameters of other formats are passed over"] = lambda q, known=known: unknown(q, known)
            for name in known:
                asked[f"{name} is passed over"] = lambda q, name=name: q["params"].pop(name, None)
            if reads and hasattr(made, "deployed") or format.startswith("h2o") and reads:
                asked["the tolerant reader is the strict one"] = lambda q: q["params"].pop("lenient", None)
                asked["the strict reader is the tolerant one"] = lambda q: q["params"].update(lenient=True)
            for name, change in asked.items():
                if not useless(format, op, name):
                    yield f"{format}.{op}: {name}", format, op, before(change)
            answered = {}
            if op != "query":
                answered.update(ANSWER_KEYS)
            if op == "encode":
                answered.update(ANSWER_OCTETS)
                if made.text:
                    answered.update(ANSWER_TEXT)
            if op == "query":
                answered.update(ANSWER_PRESENT)
            if op == "decode":
                answered.update(ANSWER_FAULT)
                answered["every value is canonical"] = member("canonical", lambda _: True)
                answered["no value is canonical"] = member("canonical", lambda _: False)
            for name, change in answered.items():
                if not useless(format, op, name):
                    yield f"{format}.{op}: {name}", format, op, after(change)
            for name, (kind, change) in ANSWER_KINDS.items():
                if kind in may(format, op):
                    yield f"{format}.{op}: {name}", format, op, after(change)


def may(format, op):
    """The kinds of error that an operation of a format can have."""
    kinds = {"bad-parameter"} if format != "rice-delta" or op != "hash" else {"bad-parameter"}
    coded = {"truncated", "trailing-data", "nonzero-padding", "out-of-range"}
    if format == "h2-auto-push":
        return {"bad-parameter", "bad-text", "truncated", "limit"}
    if op == "encode":
        kinds |= {"out-of-range"} | ({"limit"} if not format.startswith("h2o") else set())
        if format == "raw":
            kinds |= {"unsorted", "duplicate"}
    if op in ("decode", "query"):
        kinds |= coded
        if format not in ("raw", "rice-delta"):
            kinds |= {"non-canonical"}
        if format not in ("raw", "rice-delta", "decred-v1"):
            kinds |= {"limit"}
        if format in ("h2o", "h2o-2.0", "go-casper", "cache-digest"):
            kinds |= {"bad-text"}
    return kinds


# What cannot be seen, by the format.
COUNTED = ("bip158", "decred-v1", "decred-v2")


def useless(format, op, name):
    """Whether a kind changes nothing in an operation, whatever is asked."""
    if op == "encode":
        # Sets: the order of what is given does not matter, nor its repeats, which are dropped.
        if name in ("names are sorted", "keys are sorted", "keys in falling order") and format != "raw":
            return True
        if name == "repeated keys are dropped" and format != "raw" or name == "repeated names are dropped" and format != "decred-v1":
            return True
        if name == "empty names are left out" and format == "decred-v2":
            return True
    if name == "an octet of zero is written behind" or name.startswith("octets of zero at the end are not written"):
        return False
    if op == "query" and name.startswith("repeated "):
        return False
    if name in ("keys are numbers in floating point", "keys are numbers of 32 bits in floating point"):
        return format != "raw"  # no key that is there is above 2^53, and those above are refused or not there in either case
    if format.startswith("h2o") and (name == "answered keys have 16 bits" and op != "decode" or name == "at most 4,096 octets are written"):
        return True  # keys have 15 bits
    if name == "parameters below 0 are 0":  # which are refused, too, where the least is 1
        return format in ("h2o", "h2o-2.0", "go-casper", "h2-auto-push")
    if format == "h2-auto-push" and name.startswith("parameters ") and "other" not in name:
        return True  # it has none
    if name == "every value is canonical":  # but for tolerant readers, a value that is read is canonical
        return format not in ("h2o", "h2o-2.0", "go-casper", "cache-digest")
    if format == "rice-delta" and op == "hash" and (name.startswith("parameters ") and "other" not in name or name.endswith("is passed over")):
        return True  # prefixes are numbers, whatever the parameters
    return False


def before(change):
    def wrap(reply):
        def wrong(q):
            change(q)
            return reply(q)

        return wrong

    return wrap


def after(change):
    def wrap(reply):
        def wrong(q):
            r = reply(q)
            change(r)
            return r

        return wrong

    return wrap
