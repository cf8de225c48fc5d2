/**
 * The gradient of FusedBatchNorm by x, mean, variance, scale and offset, for statistics of shape [C]:
 * y = (x - mean) · scale / sqrt(variance + epsilon) + offset.
 *
 * tfjs-core's own tiles the statistics to the shape of x, several times. Gradients are not per backend, so this one serves
 * the cpu too; other shapes of statistics go to the original.
 */
import * as tf from "@tensorflow/tfjs-core";
// Registers all of tfjs's gradients when it loads: had it not been loaded yet, it would put the original back later.
import "@tensorflow/tfjs-layers";

export function installFusedBatchNormGrad(): void {
  const original = tf.getGradient(tf.FusedBatchNorm);
  tf.unregisterGradient(tf.FusedBatchNorm);
  tf.registerGradient({ ...original, gradFunc: gradientAfter(original.gradFunc) });
}

function gradientAfter(original: tf.GradFunc): tf.GradFunc {
  return (dy, saved, attrs) => {
    const [x, mean, variance, scale] = saved;
    if (Array.isArray(dy) || x === undefined || mean?.rank !== 1 || variance?.rank !== 1 || scale?.rank !== 1) {
      return original(dy, saved, attrs);
    }
    const { varianceEpsilon } = attrs as unknown as tf.FusedBatchNormAttrs;
    const leading = [...x.shape.keys()].slice(0, -1);
    const sumOf = (tensor: tf.Tensor): tf.Tensor => tf.sum(tensor, leading);
    const inverse = tf.rsqrt(tf.add(variance, tf.scalar(varianceEpsilon)));
    const factor = tf.mul(scale, inverse);
    // Shared by the gradients below, each of which tfjs runs in a tidy of its own: what one made the next would miss.
    const total = sumOf(dy);
    // Centred first: sum(dy · x) - mean · sum(dy) would cancel.
    const correlation = sumOf(tf.mul(dy, tf.sub(x, mean)));
    return {
      x: () => tf.mul(dy, factor),
      mean: () => tf.neg(tf.mul(factor, total)),
      variance: () => tf.mul(tf.mul(correlation, tf.scalar(-0.5)), tf.mul(factor, tf.square(inverse))),
      scale: () => tf.mul(correlation, inverse),
      offset: () => total.clone(),
    };
  };
}
