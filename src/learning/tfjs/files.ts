import type { Model } from "../interface.ts";

/** A model as `tf.loadLayersModel` takes it: `model.json` names `weights.bin`, which lies beside it. */
export interface LayersModelFiles {
  readonly "model.json": string;
  readonly "weights.bin": Uint8Array;
}

/** The files of a layers model. Source of the format: the tfjs-layers model.json, "layers-model". */
export function layersModelFiles({ topology, weights }: Model): LayersModelFiles {
  const dtypes: Partial<Record<string, string>> = { F32: "float32", I32: "int32", BOOL: "bool" };
  const entries = weights.tensors.map(({ name, shape, dtype }) => {
    const known = dtypes[dtype];
    if (known === undefined) throw new TypeError(`a layers model has no weights of type ${dtype}: ${name}`);
    return { name, shape, dtype: known };
  });
  const modelJson = {
    format: "layers-model",
    generatedBy: "colearn-ledger",
    convertedBy: null,
    modelTopology: topology,
    weightsManifest: [{ paths: ["weights.bin"], weights: entries }],
  };
  const parts = weights.tensors.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { "model.json": `${JSON.stringify(modelJson)}\n`, "weights.bin": new Uint8Array(Buffer.concat(parts)) };
}
