/** Show the photograph, the square of it that the network sees, and its attention. */

/**
 * Draw a photograph with everything but its central square darkened, and the attention over it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLCanvasElement} photograph
 * @param {{data: Float32Array, height: number, width: number} | null} attention
 * @param {number} opacity 0 to 1.
 * @param {number[][]} colours From the lowest to the highest, each red, green and blue.
 */
export function draw(canvas, photograph, attention, opacity, colours) {
  canvas.width = photograph.width;
  canvas.height = photograph.height;
  const context = canvas.getContext("2d");
  context.drawImage(photograph, 0, 0);

  const side = Math.min(canvas.width, canvas.height);
  const left = Math.floor((canvas.width - side) / 2);
  const top = Math.floor((canvas.height - side) / 2);
  context.fillStyle = "rgb(0 0 0 / 0.55)";
  context.fillRect(0, 0, left, canvas.height);
  context.fillRect(left + side, 0, canvas.width - left - side, canvas.height);
  context.fillRect(0, 0, canvas.width, top);
  context.fillRect(0, top + side, canvas.width, canvas.height - top - side);

  if (attention) cells(context, attention, { left, top, side }, opacity, colours);
  context.lineWidth = 3;
  context.strokeStyle = "black";
  context.strokeRect(left + 1.5, top + 1.5, side - 3, side - 3);
  context.lineWidth = 1;
  context.strokeStyle = "white";
  context.strokeRect(left + 1.5, top + 1.5, side - 3, side - 3);
}

/** Cell by cell as the layer computes it: smoothing would show a resolution that is not there. */
function cells(context, { data, height, width }, { left, top, side }, opacity, colours) {
  const highest = Math.max(...data, 1e-12);
  const edge = (start, k, count) => start + Math.round((k * side) / count);
  context.globalAlpha = opacity;
  data.forEach((value, k) => {
    const colour = colours[Math.min(Math.floor((value / highest) * colours.length), colours.length - 1)];
    const [row, column] = [Math.floor(k / width), k % width];
    const [x, y] = [edge(left, column, width), edge(top, row, height)];
    context.fillStyle = `rgb(${colour.join(" ")})`;
    context.fillRect(x, y, edge(left, column + 1, width) - x, edge(top, row + 1, height) - y);
  });
  context.globalAlpha = 1;
}

/**
 * Where the attention is largest, for those who do not see colours.
 *
 * @param {{data: Float32Array, height: number, width: number}} attention
 * @returns {string}
 */
export function inWords({ data, height, width }) {
  const place = data.indexOf(Math.max(...data));
  const [row, column] = [Math.floor(place / width) + 1, (place % width) + 1];
  const share = (value) => `${(100 * value).toFixed(0)}\u00a0%`;
  return (
    `The attention is largest in row ${row} of ${height} from the top, column ${column} of ${width} ` +
    `from the left: ${share(data[place])} of it lies in this cell. Spread evenly it would be ` +
    `${share(1 / data.length)} in each.`
  );
}
