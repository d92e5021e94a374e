// The package's own test: node --test test.js
const assert = require("node:assert");
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const test = require("node:test");
const { load, manifest, version } = require("@cache-aware/casper-vectors");

const byId = new Map(load().map((vector) => [vector.id, vector]));

test("all are there", () => {
  assert.strictEqual(byId.size, manifest.vectors);
  assert.strictEqual([...byId.values()].filter((v) => v.expect.error).length, manifest.failing);
  assert.strictEqual(require("@cache-aware/casper-vectors/package.json").version, version);
});

for (const file of manifest.files) {
  test(`${file.path} is as published`, () => {
    const data = readFileSync(require.resolve(`@cache-aware/casper-vectors/${file.path}`));
    assert.strictEqual(createHash("sha256").update(data).digest("hex"), file.sha256);
  });
}

test("choice", () => {
  const some = load({ format: "h2o", op: "decode" });
  assert(some.length > 0 && some.every((v) => v.format === "h2o" && v.op === "decode"));
  assert.deepStrictEqual(load({ format: "no-such-format" }), []);
});

test("check", () => {
  const right = byId.get("h2o-encode-63");
  const faulty = byId.get("h2o-pad-first");
  const refuse = () => {
    throw new RangeError("no");
  };
  right.check((params, { keys }) => ({ keys, bytes_hex: "fe", text: "_g" }));
  faulty.check(refuse);
  faulty.check(() => faulty.expect_lenient, { lenient: true });
  for (const [vector, answer] of [
    [right, () => ({ keys: ["62"], bytes_hex: "fe", text: "_g" })],
    [right, () => ({ keys: ["63"] })],
    [right, refuse],
    [faulty, () => ({ keys: ["0", "1"] })],
  ]) {
    assert.throws(() => vector.check(answer), new RegExp(vector.id));
  }
  assert.throws(() => faulty.check(() => undefined.x), TypeError); // a crash is no refusal
});
