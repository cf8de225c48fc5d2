import { expect } from "chai";
import fc from "fast-check";

import { ColearnError } from "../../../src/errors.ts";
import {
  encodeManifest,
  MAX_MANIFEST_BYTES,
  MAX_SCORE,
  parseManifest,
  privacyOf,
  stopOf,
} from "../../../src/weights/manifest.ts";
import type { Manifest } from "../../../src/weights/manifest.ts";
import { contentIdOf } from "../../../src/weights/unixfs.ts";

const manifest: Manifest = {
  version: 1,
  title: "MNIST of five hospitals",
  task: { name: "mnist", params: { split: "iid", batchSize: 32, augment: false } },
  model: { format: "tfjs-layers", topology: { class_name: "Sequential", config: { layers: [null, 1.5, "é"] } } },
  weights: { tensors: [{ name: "dense/kernel", dtype: "F32", shape: [784, 10] }], maxBytes: 40_000 },
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  seed: 42,
};

const stopping: Manifest = { ...manifest, version: 2, stop: { score: 0.95, patience: 5 } };
const limited: Manifest = { ...manifest, version: 3, privacy: { epsilon: 2, delta: 1e-5 } };

/** Of maxBytes, for these tensors: their bytes, a header of 1 MiB, and 4 KiB. */
const CEILING = 31_360 + 1_048_576 + 4_096;

const bytesOf = (document: unknown): Uint8Array =>
  new TextEncoder().encode(typeof document === "string" ? document : JSON.stringify(document));

/** The refusal of a document: its code is `manifest`, its message one line. */
function refusalOf(bytes: Uint8Array): ColearnError {
  try {
    parseManifest(bytes);
  } catch (error) {
    if (!(error instanceof ColearnError)) throw error;
    expect(error.code).to.equal("manifest");
    expect(error.message).to.not.include("\n");
    expect(error.message.length).to.be.below(400);
    return error;
  }
  throw new Error("it was not refused");
}

/** The document with another value at this path, or without it. */
function edited(path: readonly (string | number)[], value: unknown): unknown {
  const document: unknown = structuredClone(manifest);
  const keys = [...path];
  const last = keys.pop();
  const holder = keys.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], document);
  (holder as Record<string, unknown>)[String(last)] = value;
  return document;
}

/** The document with its keys in another order, at every depth. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

describe("A manifest", function () {
  this.timeout(60_000);

  it("survives being encoded and parsed", () => {
    expect(parseManifest(encodeManifest(manifest))).to.deep.equal(manifest);
  });

  it("survives it with any topology and parameters", () => {
    const anyTopology = fc
      .jsonValue({ maxDepth: 5, noUnicodeString: false })
      .filter((value) => !JSON.stringify(value).includes("__proto__"));
    const params = fc.dictionary(
      fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/),
      fc.oneof(fc.double({ noDefaultInfinity: true, noNaN: true }), fc.string(), fc.boolean()),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(anyTopology, params, fc.maxSafeNat(), (topology, values, seed) => {
        fc.pre(!Object.hasOwn(values, "__proto__"));
        const any: Manifest = {
          ...manifest,
          seed,
          task: { name: "mnist", params: values },
          model: { format: "tfjs-layers", topology },
        };
        const bytes = encodeManifest(any);
        // Through JSON, for which -0 is 0.
        expect(parseManifest(bytes)).to.deep.equal(JSON.parse(JSON.stringify(any)));
        expect(encodeManifest(parseManifest(bytes))).to.deep.equal(bytes);
      }),
    );
  });

  it("has one encoding, whatever the order of its keys, and so one content id", async () => {
    const other = reversed(manifest) as Manifest;
    expect(Object.keys(other)).to.not.deep.equal(Object.keys(manifest));
    expect(encodeManifest(other)).to.deep.equal(encodeManifest(manifest));
    expect(await contentIdOf(encodeManifest(other))).to.deep.equal(await contentIdOf(encodeManifest(manifest)));
    expect(await contentIdOf(encodeManifest({ ...manifest, seed: 43 }))).to.not.deep.equal(
      await contentIdOf(encodeManifest(manifest)),
    );
  });

  it("is encoded as JSON without spaces, its keys sorted at every depth", () => {
    const topology = { b: [{ d: 1, c: 2 }], a: null, "10": 1, "9": 2, é: "\u2028", "": -0 };
    const text = new TextDecoder().decode(encodeManifest({ ...manifest, model: { format: "x", topology } }));
    expect(text).to.include('"topology":{"":0,"10":1,"9":2,"a":null,"b":[{"c":2,"d":1}],"é":"\u2028"}');
    expect(text).to.match(/^\{"metric":\{"direction":[^]*\{"maxBytes":40000,"tensors":\[\{"dtype":/);
  });

  for (const [what, path, value, fragment] of [
    ["an unknown key", ["owner"], "me", "Unrecognized key"],
    ["an unknown key further down", ["metric", "unit"], "%", `"metric": Unrecognized key: "unit"`],
    ["an unknown key of a tensor", ["weights", "tensors", 0, "scale"], 1, '"weights.tensors[0]": Unrecognized key'],
    ["no title", ["title"], undefined, '"title"'],
    ["a title of 201 characters", ["title"], "x".repeat(201), '"title"'],
    ["a title with control characters", ["title"], "\u001b[2J", '"title": has control characters'],
    ["a task that is no word", ["task", "name"], "../mnist", '"task.name": is not a word'],
    ["a task with a long name", ["task", "name"], "x".repeat(65), '"task.name": is not a word'],
    ["a parameter that is a list", ["task", "params", "layers"], [1], '"task.params.layers"'],
    ["a parameter that is null", ["task", "params", "layers"], null, '"task.params.layers"'],
    ["a parameter of 1001 characters", ["task", "params", "split"], "x".repeat(1001), '"task.params.split"'],
    ["a parameter whose name is no word", ["task", "params", "a b"], 1, '"task.params.a b"'],
    [
      "65 parameters",
      ["task", "params"],
      Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`p${index}`, index])),
      '"task.params": has more than 64',
    ],
    ["no topology", ["model", "topology"], undefined, '"model.topology"'],
    ["no tensors", ["weights", "tensors"], [], '"weights.tensors"'],
    [
      "more tensors than 4096",
      ["weights", "tensors"],
      Array.from({ length: 4097 }, (_, index) => ({ name: `t${index}`, dtype: "U8", shape: [] })),
      '"weights.tensors"',
    ],
    ["an unknown element type", ["weights", "tensors", 0, "dtype"], "F16", '"weights.tensors[0].dtype"'],
    ["a negative length", ["weights", "tensors", 0, "shape", 1], -1, '"weights.tensors[0].shape[1]"'],
    ["a length with a fraction", ["weights", "tensors", 0, "shape", 1], 0.5, '"weights.tensors[0].shape[1]"'],
    ["17 dimensions", ["weights", "tensors", 0, "shape"], new Array(17).fill(1), '"weights.tensors[0].shape"'],
    ["a tensor without a name", ["weights", "tensors", 0, "name"], "", '"weights.tensors[0].name"'],
    ["a tensor's name of 257 characters", ["weights", "tensors", 0, "name"], "x".repeat(257), "tensors[0].name"],
    [
      "a tensor with the metadata's name",
      ["weights", "tensors", 0, "name"],
      "__metadata__",
      "cannot be a tensor's name",
    ],
    [
      "a tensor's name that has no UTF-8 form",
      ["weights", "tensors", 0, "name"],
      "\ud800",
      "cannot be a tensor's name",
    ],
    [
      "a tensor twice",
      ["weights", "tensors"],
      [manifest.weights.tensors[0], manifest.weights.tensors[0]],
      '"weights": has a tensor twice',
    ],
    ["a cap below the tensors' bytes", ["weights", "maxBytes"], 31_360, "have no room"],
    [
      "a cap beyond the tensors' bytes, the longest header and 4 KiB",
      ["weights", "maxBytes"],
      CEILING + 1,
      "has a maxBytes of more than its tensors and 1052672 bytes",
    ],
    ["tensors that cannot be counted", ["weights", "tensors", 0, "shape"], [2 ** 30, 2 ** 30], "have no room"],
    ["a metric that goes nowhere", ["metric", "direction"], "up", '"metric.direction"'],
    ["a negative tolerance", ["metric", "tolerance"], -0.1, '"metric.tolerance"'],
    ["a seed with a fraction", ["seed"], 0.5, '"seed"'],
    ["a negative seed", ["seed"], -1, '"seed"'],
    ["a seed beyond exact integers", ["seed"], 2 ** 53, '"seed"'],
    ["a seed in quotes", ["seed"], "1", '"seed"'],
  ] as [string, (string | number)[], unknown, string][]) {
    it(`is refused for ${what}, and told where`, () => {
      expect(refusalOf(bytesOf(edited(path, value))).message).to.include(fragment);
    });
  }

  it("is taken with a cap in which the longest header has room", () => {
    const { tensors } = manifest.weights;
    const roomy: Manifest = { ...manifest, weights: { tensors, maxBytes: CEILING } };
    expect(parseManifest(encodeManifest(roomy))).to.deep.equal(roomy);
  });

  for (const stop of [{ score: 0.95 }, { score: -MAX_SCORE }, { patience: 1 }, { score: 0, patience: 2 ** 32 - 1 }]) {
    it(`of version 2 stops at ${JSON.stringify(stop)}, and survives being encoded and parsed`, () => {
      const read = parseManifest(encodeManifest({ ...stopping, stop }));
      expect(read).to.deep.equal({ ...stopping, stop });
      expect(stopOf(read)).to.deep.equal(stop);
    });
  }

  it("of version 1 stops never, and has the content id that it always had", async () => {
    expect(stopOf(parseManifest(encodeManifest(manifest)))).to.equal(undefined);
    expect(new TextDecoder().decode(encodeManifest(manifest))).to.match(/,"version":1,"weights":/);
    expect(await contentIdOf(encodeManifest(stopping))).to.not.deep.equal(await contentIdOf(encodeManifest(manifest)));
  });

  for (const [what, stop] of [
    ["with a stop", { patience: 3 }],
    ["without one", undefined],
  ] as const) {
    it(`of version 3 limits privacy ${what}, and survives being encoded and parsed`, () => {
      const made: Manifest = { ...limited, ...(stop && { stop }) };
      const read = parseManifest(encodeManifest(made));
      expect(read).to.deep.equal(made);
      expect(privacyOf(read)).to.deep.equal({ epsilon: 2, delta: 1e-5 });
      expect(stopOf(read)).to.deep.equal(stop);
    });
  }

  it("of versions 1 and 2 limits no privacy", () => {
    expect([manifest, stopping].map((one) => privacyOf(parseManifest(encodeManifest(one))))).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  for (const [what, document, fragment] of [
    ["a limit of privacy in version 2", { ...limited, ...stopping }, 'Unrecognized key: "privacy"'],
    ["no limit in version 3", { ...manifest, version: 3 }, '"privacy"'],
    ["a limit without δ", { ...limited, privacy: { epsilon: 1 } }, '"privacy.delta"'],
    ["a δ of 1", { ...limited, privacy: { epsilon: 1, delta: 1 } }, '"privacy.delta"'],
    ["an ε of 0", { ...limited, privacy: { epsilon: 0, delta: 1e-5 } }, '"privacy.epsilon"'],
    ["a limit of something else", { ...limited, privacy: { epsilon: 1, delta: 1e-5, rounds: 3 } }, "Unrecognized key"],
    ["a stop at nothing in version 3", { ...limited, stop: {} }, '"stop": has neither score nor patience'],
    ["a stop in version 1", { ...stopping, version: 1 }, 'Unrecognized key: "stop"'],
    ["no stop in version 2", { ...manifest, version: 2 }, '"stop"'],
    ["a stop at nothing", { ...stopping, stop: {} }, '"stop": has neither score nor patience'],
    ["a stop at something else", { ...stopping, stop: { score: 1, seconds: 3 } }, '"stop": Unrecognized key'],
    ["a target that is text", { ...stopping, stop: { score: "0.9" } }, '"stop.score"'],
    ["a target that is null", { ...stopping, stop: { score: null, patience: 1 } }, '"stop.score"'],
    ["a target beyond the ledger's scores", { ...stopping, stop: { score: 2 * MAX_SCORE } }, '"stop.score"'],
    ["a patience of no rounds", { ...stopping, stop: { patience: 0 } }, '"stop.patience"'],
    ["a patience with a fraction", { ...stopping, stop: { patience: 1.5 } }, '"stop.patience"'],
    ["a patience beyond all rounds", { ...stopping, stop: { patience: 2 ** 32 } }, '"stop.patience"'],
  ] as [string, unknown, string][]) {
    it(`is refused for ${what}, and told where`, () => {
      expect(refusalOf(bytesOf(document)).message).to.include(fragment);
    });
  }

  it("is read or refused as a manifest, whatever its stop", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (stop) => {
        try {
          expect(stopOf(parseManifest(bytesOf({ ...stopping, stop })))).to.deep.equal(stop);
        } catch (error) {
          expect(error).to.be.instanceOf(ColearnError).with.property("code", "manifest");
        }
      }),
    );
  });

  for (const [what, text, fragment] of [
    ["what is not JSON", "{", "not JSON"],
    ["a byte order mark", `\ufeff${JSON.stringify(manifest)}`, "not JSON"],
    ["a list", "[]", "not a JSON object"],
    ["null", "null", "not a JSON object"],
    ["a number that is infinite", '{"version":1,"seed":1e999}', '"seed" is Infinity'],
    ["the key __proto__", '{"version":1,"model":{"__proto__":{}}}', '"model" has the key __proto__'],
    ["a document nested 100 000 deep", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "64 deep"],
  ] as const) {
    it(`is refused for ${what}`, () => {
      expect(refusalOf(bytesOf(text)).message).to.include(fragment);
    });
  }

  it("is refused for bytes that are not UTF-8", () => {
    const bytes = encodeManifest(manifest);
    bytes[bytes.indexOf(0xc3)] = 0xff;
    expect(refusalOf(bytes).message).to.include("not JSON in UTF-8");
  });

  it("is refused above 4 MiB before it is read, and taken at it", () => {
    const text = JSON.stringify(manifest);
    const padding = MAX_MANIFEST_BYTES - bytesOf(text).length;
    expect(parseManifest(bytesOf(text + " ".repeat(padding)))).to.deep.equal(manifest);
    expect(refusalOf(bytesOf(text + " ".repeat(padding + 1))).message).to.include("4194305 bytes, more than 4194304");
  });

  for (const version of [0, 4, "1", null, { major: 1 }]) {
    it(`is refused for the version ${JSON.stringify(version)} with a remedy, whatever else it holds`, () => {
      const error = refusalOf(bytesOf({ version, more: "than we know" }));
      expect(error.message).to.include(`has the version ${JSON.stringify(version)}, and this program knows 1, 2, 3`);
      expect(error.remedy).to.match(/^Ask the coordinator/);
    });
  }

  it("is refused without a version", () => {
    expect(refusalOf(bytesOf(edited(["version"], undefined))).message).to.include("has no version");
  });

  for (const [what, wrong, fragment] of [
    ["a number without a value", { ...manifest, metric: { ...manifest.metric, tolerance: NaN } }, "is NaN"],
    ["a function in the topology", { ...manifest, model: { format: "x", topology: [(): number => 1] } }, "function"],
    ["an unknown version", { ...manifest, version: 4 }, "the version 4"],
    ["a stop that is undefined", { ...stopping, stop: { score: undefined, patience: 1 } }, "undefined"],
    [
      "more than 4 MiB",
      { ...manifest, model: { format: "x", topology: "x".repeat(MAX_MANIFEST_BYTES) } },
      "would have",
    ],
  ] as [string, Manifest, string][]) {
    it(`is not encoded with ${what}, for nobody could read it`, () => {
      expect(() => encodeManifest(wrong))
        .to.throw(ColearnError, fragment)
        .with.property("code", "manifest");
    });
  }
});
