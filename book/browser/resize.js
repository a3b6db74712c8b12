/**
 * Shrink a photograph to the square that the network takes, as Pillow does it: a triangle filter
 * as wide as the shrinking asks for, its weights as integers, along the rows and along the columns
 * with whole bytes in between. The results agree byte for byte.
 */

// Pillow's: what is left of 32 bits after a byte and two bits of headroom.
const BITS = 32 - 8 - 2;
// Pixels that are read at once.
const STRIP = 2 ** 20;

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
 * @param {(x: number, y: number, width: number, height: number) => ArrayLike<number>} read
 *     Returns a part of the picture, RGBA. It is read in strips: a telephone's photograph as a
 *     whole would take hundreds of megabytes.
 * @param {number} width Of the picture.
 * @param {number} height
 * @param {number} size Side of the result.
 * @returns {Uint8Array} The central square, size x size x 3, RGB.
 */
export function centralSquare(read, width, height, size) {
  const side = Math.min(width, height);
  const across = filters(width, Math.floor((width - side) / 2), side, size);
  const down = filters(height, Math.floor((height - side) / 2), side, size);
  const [left, right] = reach(across);
  const [top, bottom] = reach(down);
  if (columnsFirst(width, height, size)) {
    const low = new Uint8Array((right - left) * size * 3);
    strips(left, right, height, (x, count) => {
      const to = { pixel: (right - left) * 3, line: 3, start: (x - left) * 3 };
      pass(read(x, 0, count, height), { pixel: count * 4, line: 4 }, down, count, low, to);
    });
    const at = { pixel: 3, line: (right - left) * 3 };
    return pass(low, at, from(across, left), size, square(size), { pixel: 3, line: size * 3 });
  }
  const narrow = new Uint8Array((bottom - top) * size * 3);
  strips(top, bottom, width, (y, count) => {
    const to = { pixel: 3, line: size * 3, start: (y - top) * size * 3 };
    pass(read(0, y, width, count), { pixel: 4, line: width * 4 }, across, count, narrow, to);
  });
  const at = { pixel: size * 3, line: 3 };
  return pass(narrow, at, from(down, top), size, square(size), at);
}

const square = (size) => new Uint8Array(size * size * 3);

function strips(begin, end, length, take) {
  const most = Math.max(1, Math.floor(STRIP / length));
  for (let line = begin; line < end; line += most) take(line, Math.min(most, end - line));
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

/** Filter lines along one axis; bytes between neighbouring pixels and between lines as told. */
function pass(source, at, filters, lines, out, to) {
  for (let line = 0; line < lines; line++) {
    filters.forEach(({ first, weights }, k) => {
      const place = (to.start ?? 0) + line * to.line + k * to.pixel;
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
