/**
 * Shrink a photograph to the square that the network takes, as Pillow does it: a triangle filter
 * as wide as the shrinking asks for, its weights as integers, first along the rows, then along the
 * columns, with whole bytes in between. The results agree byte for byte.
 */

// Pillow's: what is left of 32 bits after a byte and two bits of headroom.
const BITS = 32 - 8 - 2;

/**
 * Weights of one axis.
 *
 * @param {number} length Pixels that the picture has along the axis.
 * @param {number} start First pixel of the part that is wanted.
 * @param {number} wanted Pixels of that part.
 * @param {number} size Pixels that shall come out of it.
 * @returns {{first: number, weights: Int32Array}[]} For each of these, the first pixel that
 *     counts and the weights from there on, in units of 2^-22. The filter looks beyond the part
 *     where the picture goes on.
 */
export function filters(length, start, wanted, size) {
  const scale = wanted / size;
  const support = Math.max(scale, 1);
  return Array.from({ length: size }, (_, place) => {
    const centre = start + (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(length, Math.trunc(centre + support + 0.5));
    const heights = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((k + first - centre + 0.5) * (1 / support))),
    );
    const sum = heights.reduce((total, height) => total + height, 0);
    const weights = heights.map((height) => Math.trunc((height / sum) * 2 ** BITS + 0.5));
    return { first, weights: Int32Array.from(weights) };
  });
}

/**
 * @param {{data: Uint8ClampedArray | Uint8Array, width: number, height: number}} picture RGBA.
 * @param {number} size Side of the result.
 * @returns {Uint8Array} The central square, size x size x 3, RGB.
 */
export function centralSquare({ data, width, height }, size) {
  const side = Math.min(width, height);
  const across = filters(width, Math.floor((width - side) / 2), side, size);
  const down = filters(height, Math.floor((height - side) / 2), side, size);
  const top = down[0].first;
  const bottom = down[size - 1].first + down[size - 1].weights.length;

  const narrow = new Uint8Array((bottom - top) * size * 3);
  for (let y = top; y < bottom; y++) {
    across.forEach(({ first, weights }, x) => {
      const from = (y * width + first) * 4;
      mix(data, from, 4, weights, narrow, ((y - top) * size + x) * 3);
    });
  }
  const square = new Uint8Array(size * size * 3);
  down.forEach(({ first, weights }, y) => {
    for (let x = 0; x < size; x++) {
      const from = ((first - top) * size + x) * 3;
      mix(narrow, from, size * 3, weights, square, (y * size + x) * 3);
    }
  });
  return square;
}

/** Weigh pixels that are `step` bytes apart and write red, green and blue. */
function mix(source, from, step, weights, target, to) {
  const half = 1 << (BITS - 1);
  let red = half;
  let green = half;
  let blue = half;
  for (let k = 0, at = from; k < weights.length; k++, at += step) {
    red += source[at] * weights[k];
    green += source[at + 1] * weights[k];
    blue += source[at + 2] * weights[k];
  }
  target[to] = clip(red);
  target[to + 1] = clip(green);
  target[to + 2] = clip(blue);
}

function clip(sum) {
  return Math.min(255, sum >> BITS);
}
