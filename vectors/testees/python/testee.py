"""A testee for H2O's cookie, to start from: casper conformance run -- python3 testee.py"""
import base64, hashlib, json, re, sys


def encode(keys):
    bits, least = "", 0
    for key in sorted(set(keys)):
        gap = key - least
        bits += "0" * (gap >> 6) + "1" + f"{gap & 63:06b}"
        least = key + 1
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def decode(text, universe):
    if not re.fullmatch("[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise ValueError("bad-text")
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    bits, keys, least = "".join(f"{o:08b}" for o in octets), [], 0
    while match := re.match("(0*)1([01]{6})", bits):
        keys.append(least + len(match[1]) * 64 + int(match[2], 2))
        least, bits = keys[-1] + 1, bits[match.end() :]
    if any(k >= universe for k in keys):
        raise ValueError("out-of-range")
    if to_text(encode(keys)) != text:
        raise ValueError("non-canonical")
    return keys


def to_text(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def answer(op, capacity, given):
    if not 1 <= capacity <= 15:
        raise ValueError("bad-parameter")
    if op == "decode":
        return {"keys": [str(k) for k in decode(given["text"], 2**capacity)], "canonical": True}
    names = [name.encode() for name in given.get("names", [])] + [bytes.fromhex(h) for h in given.get("names_hex", [])]
    hashed = [hashlib.sha1(name).digest()[:4] for name in names]
    keys = [int(k) for k in given.get("keys", [])] + [int.from_bytes(h, "little") % 2**capacity for h in hashed]
    if any(k >= 2**capacity for k in keys):
        raise ValueError("out-of-range")
    octets = encode(keys)
    return {"keys": [str(k) for k in sorted(set(keys))], "bytes_hex": octets.hex(), "text": to_text(octets)}


for line in sys.stdin:
    ask = json.loads(line)
    if ask["op"] == "stop":
        break
    if ask["op"] == "start":
        reply = {"name": "testee.py", "language": "Python", "version": "1", "supports": ["h2o.encode", "h2o.decode"]}
    elif "bytes_hex" in ask["input"] or set(ask["params"]) - {"capacity_bits"}:
        reply = {"seq": ask["seq"], "skip": "this one reads text, and has one parameter"}
    else:
        try:
            reply = {"seq": ask["seq"], "ok": answer(ask["op"], ask["params"].get("capacity_bits", 13), ask["input"])}
        except ValueError as fault:
            reply = {"seq": ask["seq"], "error": str(fault)}
    print(json.dumps(reply), flush=True)
