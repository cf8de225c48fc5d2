import { sampleSize, type Samples } from "../../learning/samples.ts";

/** What is this many deviations off counts as that many: one odd sample must not outweigh all others. */
const FARTHEST = 10;

/**
 * Learns mean and deviation of each input from the train split. What it returns takes samples, in place, to mean 0 and
 * deviation 1; a missing value (NaN) becomes the mean, as does one of an input that never changes in the train split.
 * @param untouched numbers of the inputs that stay as they are
 */
export function standardisation(
  train: Samples,
  untouched: ReadonlySet<number> = new Set(),
): (samples: Samples) => void {
  const { inputs } = train;
  const features = sampleSize(train.shape);
  const means = new Float64Array(features);
  const deviations = new Float64Array(features);
  for (let feature = 0; feature < features; feature++) {
    if (untouched.has(feature)) continue;
    // Welford's way, which loses no digits where the mean is large.
    let [count, mean, squares] = [0, 0, 0];
    for (let at = feature; at < inputs.length; at += features) {
      const value = inputs[at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      const off = value - mean;
      mean += off / ++count;
      squares += off * (value - mean);
    }
    means[feature] = mean;
    deviations[feature] = count === 0 ? 0 : Math.sqrt(squares / count);
  }
  return (samples) => {
    for (let at = 0; at < samples.inputs.length; at++) {
      const feature = at % features;
      if (untouched.has(feature)) continue;
      const deviation = deviations[feature] ?? 0;
      const value = ((samples.inputs[at] ?? Number.NaN) - (means[feature] ?? 0)) / deviation;
      const isKnown = deviation > 0 && !Number.isNaN(value);
      samples.inputs[at] = isKnown ? Math.min(Math.max(value, -FARTHEST), FARTHEST) : 0;
    }
  };
}
