/**
 * The eight views of a square picture: its four turns, and the four turns of its mirror image.
 *
 * @param {Uint8Array} square size x size x 3.
 * @param {number} size
 * @returns {Uint8Array[]} The picture as it is comes first.
 */
export function eightViews(square, size) {
  const views = [];
  for (let view of [square, moved(square, size, (y, x) => [y, size - 1 - x])]) {
    for (let quarter = 0; quarter < 4; quarter++) {
      views.push(view);
      view = moved(view, size, (y, x) => [x, size - 1 - y]);
    }
  }
  return views;
}

/** Return the picture whose pixel (y, x) is pixel from(y, x) of the one given. */
function moved(square, size, from) {
  const out = new Uint8Array(square.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [row, column] = from(y, x);
      const at = (row * size + column) * 3;
      out.set(square.subarray(at, at + 3), (y * size + x) * 3);
    }
  }
  return out;
}
