export interface Members {
  keys?: string[];
  bytes_hex?: string;
  text?: string;
  canonical?: boolean;
  present?: boolean[];
  digests?: { log2n: number; log2p: number; flags: string[]; keys: string[] }[];
}
export interface Expected extends Members {
  error?: string;
  offset?: number;
  keys_before_error?: string[];
}
export interface Input {
  names?: string[];
  names_hex?: string[];
  keys?: string[];
  bytes_hex?: string;
  text?: string;
  header?: string;
}
export class Vector {
  id: string;
  format: string;
  op: "hash" | "encode" | "decode" | "query";
  since: string;
  comment: string;
  spec: string[];
  flags: string[];
  params: Record<string, unknown>;
  input: Input;
  expect: Expected;
  expect_lenient?: Expected;
  source?: { program: string; how: string; license?: string };
  expected(options?: { lenient?: boolean }): Expected;
  check(
    answer: (params: Record<string, unknown>, input: Input) => Members,
    options?: { refused?: new (...args: any[]) => Error; lenient?: boolean },
  ): void;
}
export function load(choice?: { format?: string; op?: string }): Vector[];
export const version: string;
export const manifest: { version: string; vectors: number; failing: number; files: { path: string; format: string; sha256: string; count: number }[] };
