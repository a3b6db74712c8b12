/**
 * Turn the inks of a JPEG into sRGB by their profile. Browsers leave out the black ink there, and
 * without the profile they show each colour times black. So the file is decoded three times: as it
 * is without the profile, with nothing but the black ink, and without it.
 */

// What is not decoded has the middle of its range, and browsers round down: the bytes whose half
// strength is shown, and the mean of these.
const first = (shown) => Math.min(256, Math.ceil((shown * 255) / 128));
const light = (shown) => Math.min(1, (first(shown) + first(shown + 1) - 1) / 510);
// XYZ under D50 to linear sRGB.
const TO_SRGB = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
];
const D50 = [0.9642, 1, 0.8249];
const CMYK = 0x434d594b;
const LAB = 0x4c616220;

/**
 * A JPEG of four inks with some of them at half strength everywhere.
 *
 * @param {Uint8Array} bytes
 * @param {number} frame Where the length of its frame header is.
 * @param {number[]} kept Places of the inks that stay.
 * @returns {Blob | null} null: it uses all tables that there are.
 */
export function inksOf(bytes, frame, kept) {
  const copy = bytes.slice();
  const places = [0, 1, 2, 3].map((ink) => frame + 10 + 3 * ink);
  const free = [3, 2, 1, 0].find((slot) => places.every((place) => bytes[place] !== slot));
  if (free === undefined) return null;
  places.forEach((place, ink) => (copy[place] = kept.includes(ink) ? copy[place] : free));
  const zeros = new Uint8Array(69);
  zeros.set([0xff, 0xdb, 0, 67, free]);
  return new Blob([copy.subarray(0, frame - 2), zeros, copy.subarray(frame - 2)]);
}

/**
 * @param {Uint8Array} content An ICC profile.
 * @returns {((pixels: Uint8ClampedArray, ...parts: Uint8ClampedArray[]) => void) | null} Writes sRGB
 *     over the pixels, of which it takes the black ink and the others; null: a profile of another kind.
 */
export function converter(content) {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  try {
    const lab = table(view);
    return lab && ((pixels, black, others) => convert(lab, pixels, black, others));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The table A2B0 (ICC.1:2001-04, 6.5.7 and 6.5.8) as a function of four inks, 0 to 1. */
function table(view) {
  const tags = Array.from({ length: view.getUint32(128) }, (_, k) => 132 + 12 * k);
  const tag = tags.find((at) => view.getUint32(at) === 0x41324230);
  if (!tag || view.getUint32(16) !== CMYK || view.getUint32(20) !== LAB) return null;
  const start = view.getUint32(tag + 4);
  const wide = view.getUint32(start) === 0x6d667432; // mft2, else mft1
  if (!wide && view.getUint32(start) !== 0x6d667431) return null;
  const [entries, leaving] = wide ? [view.getUint16(start + 48), view.getUint16(start + 50)] : [256, 256];
  const [width, most] = wide ? [2, 65535] : [1, 255];
  const grid = view.getUint8(start + 10);
  let at = start + (wide ? 52 : 48);
  const read = (count) =>
    Float64Array.from({ length: count }, () => {
      at += width;
      return (wide ? view.getUint16(at - 2) : view.getUint8(at - 1)) / most;
    });
  const curves = [0, 1, 2, 3].map(() => read(entries));
  const cells = read(grid ** 4 * 3);
  const out = [0, 1, 2].map(() => read(leaving));
  const steps = [grid ** 3 * 3, grid ** 2 * 3, grid * 3, 3];
  // Version 2 codes 100 as 0xff00 in 16 bits, as 0xff in 8.
  const [bright, colour] = wide ? [65535 / 652.8, 65535 / 256] : [100, 255];
  // Kept from pixel to pixel: a photograph has millions.
  const [share, found] = [new Float64Array(4), new Float64Array(3)];
  return (inks) => {
    let base = 0;
    for (let ink = 0; ink < 4; ink++) {
      const place = (grid - 1) * along(curves[ink], inks[ink]);
      const below = Math.min(Math.floor(place), grid - 2);
      base += below * steps[ink];
      share[ink] = place - below;
    }
    found.fill(0);
    for (let corner = 0; corner < 16; corner++) {
      // Written out, which is half as fast again as a loop over the inks.
      const [c, m, y, k] = [corner & 1, (corner >> 1) & 1, (corner >> 2) & 1, corner >> 3];
      const weight =
        (c ? share[0] : 1 - share[0]) *
        (m ? share[1] : 1 - share[1]) *
        (y ? share[2] : 1 - share[2]) *
        (k ? share[3] : 1 - share[3]);
      if (weight === 0) continue;
      const cell = base + c * steps[0] + m * steps[1] + y * steps[2] + k * steps[3];
      for (let part = 0; part < 3; part++) found[part] += weight * cells[cell + part];
    }
    found[0] = along(out[0], found[0]) * bright;
    for (let k = 1; k < 3; k++) found[k] = along(out[k], found[k]) * colour - 128;
    return found;
  };
}

/** The value of a curve at a share of its length. */
function along(curve, share) {
  const place = share * (curve.length - 1);
  const lower = Math.min(Math.floor(place), curve.length - 2);
  return curve[lower] + (place - lower) * (curve[lower + 1] - curve[lower]);
}

function convert(lab, pixels, black, others) {
  const inks = new Float64Array(4);
  const lights = Float64Array.from({ length: 256 }, (_, byte) => light(byte));
  for (let at = 0; at < pixels.length; at += 4) {
    const through = lights[black[at]];
    for (let k = 0; k < 3; k++) {
      // Under much black too little is left of the others. Browsers round down, where they must.
      const shown = pixels[at + k] + (through < 1 ? 0.5 : 0);
      const ink = through < 0.25 ? 1 - lights[others[at + k]] : 1 - shown / 255 / through;
      inks[k] = Math.min(1, Math.max(0, ink));
    }
    inks[3] = 1 - through;
    const [l, a, b] = lab(inks);
    const y = (l + 16) / 116;
    const [x1, y1, z1] = [D50[0] * cubed(y + a / 500), cubed(y), D50[2] * cubed(y - b / 200)];
    for (let k = 0; k < 3; k++) {
      const linear = TO_SRGB[k][0] * x1 + TO_SRGB[k][1] * y1 + TO_SRGB[k][2] * z1;
      const shown = linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055;
      pixels[at + k] = 255 * shown; // clamped and rounded
    }
  }
}

const cubed = (f) => (f > 6 / 29 ? f ** 3 : (116 * f - 16) * (27 / 24389));
