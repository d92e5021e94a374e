"""Your codec as a testee: casper conformance run -- python3 testee.py

Write a function for each operation that your codec has, and name it in OPERATIONS. It is given
the parameters and the input of a vector. It returns the answer, or raises Refused with one of
the error kinds. h2o_decode is an example, which passes; vectors/README.md has the other
operations, gcs/SPEC.md what they must do.
"""
import base64
import json
import re
import sys


class Refused(Exception):
    """The value is invalid: its argument is the error kind."""


class Skipped(Exception):
    """Your codec does not do this: its argument says why."""


def h2o_decode(params, given):
    """A strict reader of H2O's cookie: sections 3, 5 and 7 of gcs/SPEC.md."""
    if params.get("lenient"):
        raise Skipped("there is no tolerant reader")
    capacity = params.get("capacity_bits", 13)
    if set(params) - {"capacity_bits", "lenient"} or type(capacity) is not int or not 1 <= capacity <= 15:
        raise Refused("bad-parameter")
    universe = 2**capacity
    most = (7 * universe + 7) // 8  # octets
    text = given.get("text")
    if text is None:
        octets = bytes.fromhex(given["bytes_hex"])
        if len(octets) > most:
            raise Refused("limit")
    else:
        if len(text) * 6 // 8 > most:
            raise Refused("limit")
        if not re.fullmatch("[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
            raise Refused("bad-text")
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if base64.urlsafe_b64encode(octets).decode().rstrip("=") != text:
            raise Refused("non-canonical")
    bits = "".join(f"{octet:08b}" for octet in octets)
    keys, least, at = [], 0, 0
    while (one := bits.find("1", at)) >= 0 and one + 7 <= len(bits):  # a quotient, and 6 bits behind it
        key = least + (one - at) * 64 + int(bits[one + 1 : one + 7], 2)
        if len(keys) == universe:
            raise Refused("limit")
        if key >= universe:
            raise Refused("out-of-range")
        keys.append(key)
        least, at = key + 1, one + 7
    rest = bits[at:]
    if len(rest) >= 8:
        raise Refused("truncated" if "1" in rest else "trailing-data")
    if "1" in rest:
        raise Refused("nonzero-padding")
    return {"keys": [str(key) for key in keys], "canonical": True}


OPERATIONS = {
    "h2o.decode": h2o_decode,
}


def reply(ask):
    """The reply to one request."""
    try:
        return {"ok": OPERATIONS[ask["format"] + "." + ask["op"]](ask["params"], ask["input"])}
    except Refused as fault:
        return {"error": str(fault)}
    except Skipped as why:
        return {"skip": str(why)}


for line in sys.stdin:
    ask = json.loads(line)
    if ask["op"] == "stop":
        break
    if ask["op"] == "start":
        say = {"name": "your codec", "language": "Python", "version": "0", "supports": list(OPERATIONS)}
    else:
        say = {"seq": ask["seq"], **reply(ask)}
    print(json.dumps(say), flush=True)
