/**
 * Shrink a photograph to the square that the network takes, as Pillow does it: a triangle filter
 * as wide as the shrinking asks for, its weights as integers, along the rows and along the columns
 * with whole bytes in between. The results agree byte for byte.
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
  const [left, right] = reach(across);
  const [top, bottom] = reach(down);
  const rows = { pixel: 3, line: size * 3 };
  const columns = { pixel: size * 3, line: 3 };
  if (columnsFirst(width, height, size)) {
    const few = { pixel: (right - left) * 3, line: 3 };
    const low = pass(data, { pixel: width * 4, line: 4 }, down, left, right, few);
    return pass(low, { pixel: 3, line: few.pixel }, from(across, left), 0, size, rows);
  }
  const narrow = pass(data, { pixel: 4, line: width * 4 }, across, top, bottom, rows);
  return pass(narrow, columns, from(down, top), 0, size, columns);
}

/** Pillow 13 begins with the columns where the height shrinks by over twice what the width does. */
function columnsFirst(width, height, size) {
  return height > size && height - size > 2 * (width - size);
}

/** First pixel that counts, and the one behind the last. */
function reach(filters) {
  const last = filters.at(-1);
  return [filters[0].first, last.first + last.weights.length];
}

/** The same filters for a picture that begins at pixel `start`. */
function from(filters, start) {
  return filters.map(({ first, weights }) => ({ first: first - start, weights }));
}

/**
 * Filter lines along one axis; bytes between neighbouring pixels and between lines as told.
 *
 * @returns {Uint8Array} RGB, laid out by `to`.
 */
function pass(source, at, filters, begin, end, to) {
  const out = new Uint8Array(filters.length * (end - begin) * 3);
  for (let line = begin; line < end; line++) {
    filters.forEach(({ first, weights }, k) => {
      const place = (line - begin) * to.line + k * to.pixel;
      mix(source, line * at.line + first * at.pixel, at.pixel, weights, out, place);
    });
  }
  return out;
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
