/**
 * Losses of a linear model: each with its derivative by the model's output. For classes, `y` is 1 for the class and -1
 * for all others; for values it is the value. After scikit-learn's SGDClassifier and SGDRegressor.
 */
export interface LinearLoss {
  of(y: number, output: number): number;
  /** The derivative by the output. */
  slope(y: number, output: number): number;
}

export const linearLosses = {
  /** A smooth hinge that outliers pull at linearly (Zhang 2004); the loss of colearn's fraud example. */
  modifiedHuber: {
    of: (y, output) => {
      const margin = y * output;
      if (margin >= 1) return 0;
      return margin >= -1 ? (1 - margin) ** 2 : -4 * margin;
    },
    slope: (y, output) => {
      const margin = y * output;
      if (margin >= 1) return 0;
      return margin >= -1 ? -2 * (1 - margin) * y : -4 * y;
    },
  },
  /** A linear support vector machine. */
  hinge: {
    of: (y, output) => Math.max(0, 1 - y * output),
    slope: (y, output) => (y * output <= 1 ? -y : 0),
  },
  /** Logistic regression. */
  log: {
    of: (y, output) => {
      const margin = y * output;
      // Exact for large margins of either sign.
      return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
    },
    slope: (y, output) => -y / (1 + Math.exp(y * output)),
  },
  /** Least squares, for values. */
  squaredError: {
    of: (y, output) => (output - y) ** 2 / 2,
    slope: (y, output) => output - y,
  },
} satisfies Record<string, LinearLoss>;

export type LinearLossName = keyof typeof linearLosses;
