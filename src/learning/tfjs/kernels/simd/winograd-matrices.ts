/**
 * The constant matrices of Winograd's minimal filtering F(m, r) over the six points 0, 1, -1, 2, -2 and infinity, for
 * m + r = 7: F(4, 3) for 3x3 filters and F(2, 5) for 5x5. Both share Bᵀ.
 *
 * For a filter g [r, r] and a 6x6 patch d of the image, the m x m outputs are Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A: 36
 * multiplications where the direct sum needs m²r² (144 and 100). The gradient by the filter is, by the chain rule,
 * Gᵀ[(Bᵀ d B) ∘ (A dy Aᵀ)]G. After Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016).
 */
const points = [0, 1, -1, 2, -2];

type Matrix = readonly (readonly number[])[];

/** [6, 6] */
export const inputMatrix: Matrix = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];

/** G [6, r]: the filter's polynomial at each point, over the product of the point's distances to the others. */
export function filterMatrix(r: number): Matrix {
  const finite = points.map((point) => {
    const distances = points
      .filter((other) => other !== point)
      .reduce((product, other) => product * (point - other), 1);
    return Array.from({ length: r }, (_, power) => point ** power / distances);
  });
  return [...finite, atInfinity(r)];
}

/** A [6, m]: powers of each point. */
export function outputMatrix(m: number): Matrix {
  return [...points.map((point) => Array.from({ length: m }, (_, power) => point ** power)), atInfinity(m)];
}

export function transposed(matrix: Matrix): Matrix {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? 0));
}

function atInfinity(length: number): number[] {
  return Array.from({ length }, (_, power) => (power === length - 1 ? 1 : 0));
}
