/** Read a photograph into pixels, or say what is wrong with the file. */

import { CMYK, kindOf, readHeader } from "./formats.js";
import { converter, inksOf } from "./inks.js";
import { centralSquare } from "./resize.js";

/** An error whose message is meant for the reader. */
export class Refused extends Error {}

// Side of what is kept to look at.
const PREVIEW = 640;
// What lies behind transparent parts, as in Python.
const BACKGROUND = "white";
// Of 255, on average. More, and this browser decodes the inks of a file otherwise than others.
const APART = 4;

/**
 * @typedef {object} Photograph
 * @property {Uint8Array} square What the network takes, size x size x 3, RGB.
 * @property {HTMLCanvasElement} preview The whole of it, upright and small.
 * @property {string} name
 * @property {boolean} [profile] Its colours were converted to sRGB.
 * @property {string} [behind] The colour behind transparent parts.
 * @property {string} [odd] Why the answer can differ a little from that of `predict`.
 */

/**
 * @param {Blob} file
 * @param {string} name What messages call it.
 * @param {object} page `limits` (`side`, `pixels`, `bytes`) and `others`, see `kindOf`.
 * @param {number} size Side of the square.
 * @returns {Promise<Photograph>}
 * @throws {Refused}
 */
export async function readPhotograph(file, name, { limits, others }, size) {
  const called = `“${name}”`;
  if (file.size > limits.bytes) {
    throw new Refused(
      `${called} has ${millions(file.size)} MB, more than the limit of ${millions(limits.bytes)} MB; ` +
        "make the picture smaller first.",
    );
  }
  const bytes = await file.arrayBuffer().catch(() => {
    throw new Refused(`${called} cannot be read; choose a file, not a folder.`);
  });
  const content = new Uint8Array(bytes);
  const header = readHeader(content);
  if (!header) {
    const kind = kindOf(content, others);
    throw new Refused(
      kind
        ? `${called} is a picture in the format ${kind}; save it as JPEG or PNG.`
        : `${called} is not an image in JPEG or PNG format; choose a photograph.`,
    );
  }
  if (header.width * header.height > limits.pixels) {
    throw new Refused(
      `${called} has ${header.width} × ${header.height} pixels, more than the limit of ` +
        `${millions(limits.pixels)} million; make the picture smaller first.`,
    );
  }
  const broken = `${called} is broken or not complete; take the file from where it came from again.`;
  if (!header.whole || !header.width || !header.height) throw new Refused(broken);
  if (header.animated) {
    throw new Refused(`${called} is an animation of several pictures; save one of them as JPEG or PNG.`);
  }
  const pressed = header.odd === CMYK && header.profile;
  const files = [new Blob([bytes]), ...(pressed ? inkFiles(content, header, called) : [])];
  const decoding = files.map((file) => decode(file, header.profile && !pressed));
  const [bitmap, ...inks] = await Promise.all(decoding).catch(() => {
    throw new Refused(broken);
  });
  const finish = pressed && converter(profileOf(content, header));
  try {
    if (Math.min(bitmap.width, bitmap.height) < limits.side) {
      throw new Refused(
        `${called} has ${bitmap.width} × ${bitmap.height} pixels, expected ${limits.side} a side at ` +
          "least; take the photograph as the camera made it.",
      );
    }
    const seen = { transparent: false };
    const [whole, ...parts] = [bitmap, ...inks].map((each) => reader(each, seen));
    const read = (...area) => {
      const data = whole(...area);
      if (finish) finish(data, ...parts.map((part) => part(...area)));
      return data;
    };
    const square = centralSquare(read, bitmap.width, bitmap.height, size);
    const behind = seen.transparent ? BACKGROUND : undefined;
    const odd = pressed ? undefined : header.odd;
    const small = [bitmap, ...inks].map(preview);
    if (finish) {
      const [shown, ...others] = small.map(pixels);
      const data = others.map((each) => each.data);
      if (apart(shown.data, ...data) > APART) throw new Refused(unusable(called));
      finish(shown.data, ...data);
      small[0].getContext("2d").putImageData(shown, 0, 0);
    }
    return { square, preview: small[0], name, behind, profile: header.profile, odd };
  } finally {
    bitmap.close();
    inks.forEach((each) => each.close());
  }
}

function pixels(canvas) {
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
}

/** How far the inks are on average from what they give together. */
function apart(all, black, others) {
  const sum = all.reduce((total, byte, k) => {
    if (k % 4 === 3) return total;
    return total + Math.abs(byte - (4 * others[k] * black[k]) / 255);
  }, 0);
  return sum / (0.75 * all.length);
}

const unusable = (called) =>
  `${called} has ${CMYK} with a profile that this page cannot use here; save it as RGB, or ask ` +
  "`python -m skinlib predict`, which converts it.";

function profileOf(content, { pieces }) {
  return Uint8Array.from(pieces.flatMap(([begin, end]) => [...content.subarray(begin, end)]));
}

/** The black ink of the file, and the others. */
function inkFiles(content, header, called) {
  const files = [[3], [0, 1, 2]].map((kept) => inksOf(content, header.frame, kept));
  if (files.includes(null) || !converter(profileOf(content, header))) {
    throw new Refused(unusable(called));
  }
  return files;
}

/** Upright, in sRGB. Of colours nothing but an ICC profile counts, as in Python. */
function decode(blob, profile) {
  return createImageBitmap(blob, {
    imageOrientation: "from-image",
    colorSpaceConversion: profile ? "default" : "none",
    premultiplyAlpha: "none",
  });
}

/** A drawing board in memory, whose pixels are read back as they were written. */
function blank(width, height) {
  const board = Object.assign(document.createElement("canvas"), { width, height });
  return board.getContext("2d", { willReadFrequently: true });
}

/** Read parts of a picture; no browser has to hold all of its pixels twice. */
function reader(bitmap, seen) {
  const context = blank(1, 1);
  return (x, y, width, height) => {
    Object.assign(context.canvas, { width, height });
    context.drawImage(bitmap, -x, -y);
    if (!seen.transparent) {
      const { data } = context.getImageData(0, 0, width, height);
      for (let at = 3; at < data.length && !seen.transparent; at += 4) {
        seen.transparent = data[at] !== 255;
      }
      if (!seen.transparent) return data;
    }
    lay(context);
    return context.getImageData(0, 0, width, height).data;
  };
}

/** Lay what was drawn over the background. */
function lay(context) {
  const { canvas } = context;
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = BACKGROUND;
  context.fillRect(0, 0, canvas.width, canvas.height);
}

function preview(bitmap) {
  const shrink = Math.min(1, PREVIEW / Math.max(bitmap.width, bitmap.height));
  const side = (length) => Math.max(1, Math.round(length * shrink));
  const context = blank(side(bitmap.width), side(bitmap.height));
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, context.canvas.width, context.canvas.height);
  lay(context);
  return context.canvas;
}

/**
 * Some browsers give back other pixels than were drawn, so that a page cannot recognise its
 * reader. An answer about those would be an answer about noise.
 *
 * @throws {Refused}
 */
export function checkReadback() {
  const context = blank(16, 16);
  const drawn = context.createImageData(16, 16);
  drawn.data.forEach((_, k) => (drawn.data[k] = k % 4 === 3 ? 255 : (k * 37) % 256));
  context.putImageData(drawn, 0, 0);
  const read = context.getImageData(0, 0, 16, 16).data;
  if (read.some((byte, k) => byte !== drawn.data[k])) {
    throw new Refused(
      "This browser changes the pixels that a page reads from a picture (a protection against " +
        "being recognised), so no answer would be right. Allow this page to read them (“canvas” in " +
        "the settings), or use another browser.",
    );
  }
}

function millions(number) {
  return Number((number / 1e6).toPrecision(2)).toString();
}
