// Test vectors for Golomb-coded sets in every deployed wire format.
"use strict";
const assert = require("node:assert");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const read = (path) => JSON.parse(readFileSync(join(__dirname, path), "utf8"));
const manifest = read("manifest.json");

/** One question with its one right answer. Members are those of the JSON files. */
class Vector {
  constructor(members) {
    Object.assign(this, members);
  }

  /** The answer of the strict reader, or of the tolerant one. It may be {error: kind}. */
  expected({ lenient = false } = {}) {
    return (lenient && this.expect_lenient) || this.expect;
  }

  /** Calls answer(params, input). It must return the expected members, or throw a refused. */
  check(answer, { refused = Error, lenient = false } = {}) {
    const want = this.expected({ lenient });
    let got;
    try {
      got = answer(this.params, this.input);
    } catch (fault) {
      const crash = fault instanceof TypeError || fault instanceof ReferenceError;
      if (!(fault instanceof refused) || (refused === Error && crash)) throw fault;
      assert(want.error, `${this.id}: refused (${fault.message}), but the answer is ${JSON.stringify(want)}. ${this.comment}`);
      return;
    }
    assert(!want.error, `${this.id}: answered ${JSON.stringify(got)}, but it must be refused as ${want.error}. ${this.comment}`);
    for (const [name, value] of Object.entries(want)) {
      if (name === "canonical" && !(name in got) && !lenient) continue; // a strict reader accepts nothing else
      assert.deepStrictEqual(got[name], value, `${this.id}: ${name} is ${JSON.stringify(value)}, not ${JSON.stringify(got[name])}. ${this.comment}`);
    }
  }
}

/** All vectors, or those of a format, of an operation, or both, in the order of the files. */
function load({ format, op } = {}) {
  return manifest.files
    .filter((file) => format === undefined || file.format === format)
    .flatMap((file) => read(file.path).vectors)
    .filter((vector) => op === undefined || vector.op === op)
    .map((vector) => new Vector(vector));
}

module.exports = { Vector, load, manifest, version: manifest.version };
