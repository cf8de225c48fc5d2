/** Weights that are not a model's own, as a stranger might send them. */
import type { Tensor, Weights } from "../../weights/weights.ts";

interface Distortion {
  /** In words, for a report. */
  readonly what: string;
  /** Whether they are the model's by their form, so that scores decide. */
  readonly isSound: boolean;
  readonly weights: Weights;
}

/** The largest that a 32-bit float holds, nearly: finite, and nothing computed with it is. */
const HUGE = 3e38;

/** Each wrong in one way. */
export function distort({ tensors }: Weights): readonly Distortion[] {
  const [first, ...others] = tensors;
  if (first === undefined) return [];
  const wrong = (what: string, changed: readonly Tensor[]): Distortion => ({
    what,
    isSound: false,
    weights: { tensors: changed },
  });
  const reshaped = { ...first, shape: [...first.shape, 1] } as Tensor;
  const longer = { ...first, shape: [first.data.length + 1], data: longerThan(first) } as Tensor;
  const renamed = { ...first, name: `${first.name}?` } as Tensor;
  return [
    wrong("weights that are NaN", tensors.map(filled(Number.NaN))),
    wrong("weights that are infinite", tensors.map(filled(Number.POSITIVE_INFINITY))),
    { ...wrong("weights that are huge", tensors.map(filled(HUGE))), isSound: true },
    wrong("a tensor of another shape", [reshaped, ...others]),
    wrong("a tensor that is longer", [longer, ...others]),
    wrong("a tensor of another name", [renamed, ...others]),
    wrong("a tensor that is missing", others),
    wrong("a tensor too many", [...tensors, renamed]),
  ];
}

/** Floating-point numbers are replaced; whole numbers have no such values. */
function filled(value: number): (tensor: Tensor) => Tensor {
  return (tensor) =>
    tensor.dtype === "F32" || tensor.dtype === "F64"
      ? ({ ...tensor, data: tensor.data.slice().fill(value) } as Tensor)
      : tensor;
}

function longerThan({ data }: Tensor): Tensor["data"] {
  const Array = data.constructor as new (length: number) => Tensor["data"];
  return new Array(data.length + 1);
}
