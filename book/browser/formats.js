/**
 * What a file says of itself, read before anything is decoded: browsers draw the upper half of a
 * truncated photograph without a word, and unpack a picture of any size.
 */

/** The kind of colours that printing presses take. */
export const CMYK = "CMYK colours";

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * @typedef {object} Header
 * @property {number} width As stored, before any turning; 0 where the file does not say.
 * @property {number} height
 * @property {boolean} whole The end of the picture is there.
 * @property {boolean} [profile] The file says what its colours are.
 * @property {number[][]} [pieces] Begin and end of the parts of its profile, in a JPEG.
 * @property {number} [frame] Where the length of the frame header of a JPEG is.
 * @property {boolean} [animated] It is a PNG of several pictures.
 * @property {string} [odd] Kind of colours that browsers turn into RGB in their own way.
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Header | null} null: neither JPEG nor PNG.
 */
export function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return readJpeg(view);
  if (PNG.every((byte, k) => bytes[k] === byte)) return readPng(view);
  return null;
}

/**
 * Name the format of a picture that is neither.
 *
 * @param {Uint8Array} bytes
 * @param {Object<string, string>} others How files of each format begin, as an expression.
 * @returns {string | undefined}
 */
export function kindOf(bytes, others) {
  const start = String.fromCharCode(...bytes.subarray(0, 132));
  return Object.keys(others).find((kind) => new RegExp(`^(?:${others[kind]})`, "s").test(start));
}

function readJpeg(view) {
  const found = { width: 0, height: 0, whole: false };
  const end = view.byteLength;
  let at = 2;
  while (at + 1 < end) {
    if (view.getUint8(at) !== 0xff) {
      at += 1; // compressed data, up to the next marker
      continue;
    }
    const marker = view.getUint8(at + 1);
    if (marker === 0xd9) {
      found.whole = true;
      break;
    }
    at += marker === 0xff ? 1 : 2; // 0xff may be repeated before a marker
    // A byte 0xff of the data, a restart, or padding: nothing follows that has a length.
    if (marker === 0 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (at + 8 > end) break;
    // The frame: C0 to CF but for tables of Huffman (C4) and arithmetic (CC) codes, and C8.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      found.height = view.getUint16(at + 3);
      found.width = view.getUint16(at + 5);
      found.frame = at;
      if (view.getUint8(at + 7) === 4) found.odd = CMYK;
    }
    // APP2 with "ICC_PROFILE", its number and how many there are.
    if (marker === 0xe2 && view.getUint32(at + 2) === 0x4943435f) {
      found.profile = true;
      (found.pieces ??= []).push([at + 16, at + view.getUint16(at)]);
    }
    at += view.getUint16(at);
  }
  return found;
}

function readPng(view) {
  const found = { width: 0, height: 0, whole: false };
  let at = PNG.length;
  while (at + 12 <= view.byteLength) {
    const length = view.getUint32(at);
    const name = view.getUint32(at + 4);
    if (name === 0x49484452 /* IHDR */ && length === 13 && at + 25 <= view.byteLength) {
      found.width = view.getUint32(at + 8);
      found.height = view.getUint32(at + 12);
      if (view.getUint8(at + 16) === 16) found.odd = "16 bits a channel";
    }
    if (name === 0x69434350 /* iCCP */) found.profile = true;
    // acTL with the number of pictures.
    if (name === 0x6163544c && at + 12 <= view.byteLength && view.getUint32(at + 8) > 1) found.animated = true;
    at += 12 + length;
    if (name === 0x49454e44 /* IEND */) {
      found.whole = at <= view.byteLength;
      break;
    }
  }
  return found;
}
