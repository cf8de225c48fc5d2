import * as tf from "@tensorflow/tfjs-core";

import { exampleGradients, type ExampleRule, type Layer, type LayerInputs } from "./rule.ts";
import { formedGradients } from "./sums.ts";

/**
 * Any other layer with weights: one example after another goes through it again, alone. The examples' gradients are kept, so
 * that what is clipped is what was measured even where a layer draws random numbers.
 */
export function exampleLoopRule(layer: Layer): ExampleRule {
  // Of the prototype, since private training puts its own in place.
  const call = layer.call.bind(layer);
  const run = (...args: Parameters<typeof call>): tf.Tensor => {
    const outputs = call(...args);
    if (!Array.isArray(outputs)) return outputs;
    const [output, ...more] = outputs;
    if (output === undefined || more.length > 0) throw new Error(`${layer.name} gives ${outputs.length} outputs`);
    return output;
  };
  return {
    before: run,
    after: (output) => output,
    gradients(inputs, options, gradient) {
      const variables = layer.trainableWeights.map(({ name }) => {
        const variable = tf.engine().registeredVariables[name];
        if (variable === undefined) throw new Error(`${name} is not a variable`);
        return variable;
      });
      const [batch = 0] = gradient.shape;
      const single = Array.from({ length: batch }, (_, example) => {
        const at = <T extends tf.Tensor>(tensor: T): T => tf.slice(tensor, [example], [1]);
        const alone: LayerInputs = Array.isArray(inputs) ? inputs.map(at) : at(inputs);
        const { value, grads } = tf.variableGrads(() => tf.sum(tf.mul(run(alone, options), at(gradient))), variables);
        value.dispose();
        return variables.map(({ name, shape }) => grads[name] ?? tf.zeros(shape));
      });
      const ofVariables = variables.map(({ name, shape }, index) => {
        const gradients = tf.stack(single.flatMap((one) => one.slice(index, index + 1)));
        return [name, formedGradients(gradients, shape)] as const;
      });
      return exampleGradients(new Map(ofVariables));
    },
  };
}
