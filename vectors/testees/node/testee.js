// A testee for cache digests, to start from: casper conformance run -- node testee.js
const { createHash } = require("node:crypto");

const refuse = (kind) => { throw { kind }; };

// The leading bits of the SHA-256 of a URL, 62 at most: more than a number holds.
const key = (url, bits) => BigInt("0x" + createHash("sha256").update(url).digest("hex")) >> BigInt(256 - bits);

const urls = (input) => input.names ?? input.names_hex?.map((hex) => Buffer.from(hex, "hex"));

const number = (n) => (Number.isInteger(n) && n >= 0 && n < 32 ? n : refuse("bad-parameter"));

function encode(params, input) {
  const p = number(params.log2p);
  const distinct = new Set(input.names ?? input.names_hex).size;
  const n = number(params.log2n ?? (input.keys ? undefined : Math.round(Math.log2(distinct || 1))));
  const all = input.keys ? input.keys.map(BigInt) : urls(input).map((url) => key(url, n + p));
  if (all.some((k) => k >> BigInt(n + p) > 0n)) refuse("out-of-range");
  const keys = [...new Set(all)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  let bits = n.toString(2).padStart(5, "0") + p.toString(2).padStart(5, "0");
  let least = 0n;
  for (const k of keys) {
    const gap = k - least;
    if (gap >> BigInt(p) > 1n << 20n) refuse("limit");
    bits += "0".repeat(Number(gap >> BigInt(p))) + "1";
    if (p) bits += (gap & ((1n << BigInt(p)) - 1n)).toString(2).padStart(p, "0");
    least = k + 1n;
  }
  const octets = Buffer.from((bits + "0".repeat(-bits.length & 7)).match(/.{8}/g).map((b) => parseInt(b, 2)));
  return { keys: keys.map(String), bytes_hex: octets.toString("hex"), text: octets.toString("base64url") };
}

function hash(params, input) {
  const bits = number(params.log2n) + number(params.log2p);
  return { keys: urls(input).map((url) => String(key(url, bits))) };
}

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { op, seq, params, input } = JSON.parse(line);
  if (op === "stop") process.exit();
  if (op === "start") {
    const supports = ["cache-digest.hash", "cache-digest.encode"];
    return console.log(JSON.stringify({ name: "testee.js", language: "JavaScript", version: "1", supports }));
  }
  try {
    if (Object.keys(params).some((name) => name !== "log2n" && name !== "log2p")) refuse("bad-parameter");
    console.log(JSON.stringify({ seq, ok: { hash, encode }[op](params, input) }));
  } catch (fault) {
    if (!fault.kind) throw fault;
    console.log(JSON.stringify({ seq, error: fault.kind }));
  }
});
