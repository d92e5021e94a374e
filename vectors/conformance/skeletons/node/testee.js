// Your codec as a testee: casper conformance run -- node testee.js
//
// Write a function for each operation that your codec has, and name it in operations. It is given
// the parameters and the input of a vector. It returns the answer, or throws Refused with one of
// the error kinds. h2oDecode is an example, which passes; vectors/README.md has the other
// operations, gcs/SPEC.md what they must do. Keys are strings: they can be larger than a number.

/** The value is invalid: its message is the error kind. */
class Refused extends Error {}

/** Your codec does not do this: its message says why. */
class Skipped extends Error {}

/** A strict reader of H2O's cookie: sections 3, 5 and 7 of gcs/SPEC.md. */
function h2oDecode(params, given) {
  if (params.lenient) throw new Skipped("there is no tolerant reader");
  const { capacity_bits: capacity = 13, lenient, ...unknown } = params;
  if (Object.keys(unknown).length > 0 || !Number.isInteger(capacity) || capacity < 1 || capacity > 15) {
    throw new Refused("bad-parameter");
  }
  const universe = 2 ** capacity;
  const most = Math.floor((7 * universe + 7) / 8); // octets
  const { text } = given;
  let octets;
  if (text === undefined) {
    octets = Buffer.from(given.bytes_hex, "hex");
    if (octets.length > most) throw new Refused("limit");
  } else {
    if (Math.floor((text.length * 6) / 8) > most) throw new Refused("limit");
    if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new Refused("bad-text");
    octets = Buffer.from(text, "base64url");
    if (octets.toString("base64url") !== text) throw new Refused("non-canonical");
  }
  const bits = Array.from(octets, (octet) => octet.toString(2).padStart(8, "0")).join("");
  const keys = [];
  let least = 0;
  let at = 0;
  for (;;) {
    const one = bits.indexOf("1", at); // the end of a quotient, with 6 bits behind it
    if (one < 0 || one + 7 > bits.length) break;
    const key = least + (one - at) * 64 + parseInt(bits.slice(one + 1, one + 7), 2);
    if (keys.length === universe) throw new Refused("limit");
    if (key >= universe) throw new Refused("out-of-range");
    keys.push(key);
    least = key + 1;
    at = one + 7;
  }
  const rest = bits.slice(at);
  if (rest.length >= 8) throw new Refused(rest.includes("1") ? "truncated" : "trailing-data");
  if (rest.includes("1")) throw new Refused("nonzero-padding");
  return { keys: keys.map(String), canonical: true };
}

const operations = {
  "h2o.decode": h2oDecode,
};

/** The reply to one request. */
function reply({ format, op, params, input }) {
  try {
    return { ok: operations[`${format}.${op}`](params, input) };
  } catch (fault) {
    if (fault instanceof Refused) return { error: fault.message };
    if (fault instanceof Skipped) return { skip: fault.message };
    throw fault;
  }
}

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const ask = JSON.parse(line);
  if (ask.op === "stop") process.exit();
  const say =
    ask.op === "start"
      ? { name: "your codec", language: "JavaScript", version: "0", supports: Object.keys(operations) }
      : { seq: ask.seq, ...reply(ask) };
  console.log(JSON.stringify(say));
});
