/**
 * The network in this browser: ONNX Runtime with WebGPU where there is a device for it, else with
 * WebAssembly on one thread, which needs no special server.
 */

import { Refused } from "./photograph.js";
import { calibrated, encode } from "./answer.js";

const BACKENDS = {
  webgpu: { module: "ort.jspi.min.mjs", name: "WebGPU" },
  wasm: { module: "ort.wasm.min.mjs", name: "WebAssembly, one thread" },
};

/**
 * @typedef {object} Seen What the network says of one view.
 * @property {Float32Array} probabilities
 * @property {{data: Float32Array, height: number, width: number}} attention
 * @property {number} distance
 * @property {number} milliseconds
 */

/**
 * Load runtime and model, and compare what they say of a made-up picture with what Python says.
 *
 * @param {URL} base Folder of the model.
 * @param {object} model The sidecar of the ONNX file.
 * @param {{model: string, check: object}} page What Python has to say.
 * @returns {Promise<{name: string, run: (square: Uint8Array, metadata: Float32Array) => Promise<Seen>}>}
 * @throws {Refused}
 */
export async function loadEngine(base, model, page) {
  if (typeof WebAssembly !== "object") {
    throw new Refused("This browser has no WebAssembly, or it is switched off; use another browser.");
  }
  const bytes = await fetchModel(base, model, page.model);
  let reason = "";
  for (const backend of (await hasDevice()) ? ["webgpu", "wasm"] : ["wasm"]) {
    try {
      const engine = await start(backend, base, bytes, model.preprocessing.size);
      if (await rightly(engine, model, page)) return engine;
      reason = "it computes other numbers than Python does";
    } catch (error) {
      reason = String(error?.message ?? error);
      console.warn(`${backend}:`, error);
    }
  }
  throw new Refused(`The model does not run in this browser (${reason}); use another browser.`);
}

async function fetchModel(base, model, file) {
  const response = await fetch(new URL(file, base)).catch(() => null);
  if (!response?.ok) {
    throw new Refused(`The model file “${file}” is missing on this server; build the book again.`);
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  // Hashing is only offered on https and on this machine's own server.
  const hash = await globalThis.crypto?.subtle?.digest("SHA-256", bytes);
  if (hash && hexadecimal(hash) !== model.files[file].sha256) {
    throw new Refused(
      `The model file “${file}” is not the one it should be (its SHA-256 is another); ` +
        "reload the page, or build the book again.",
    );
  }
  return bytes;
}

function hexadecimal(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Is there a device for WebGPU, and can WebAssembly wait for it (without that the runtime is half
 * as large again)? One that the processor only imitates is many times slower than WebAssembly.
 */
async function hasDevice() {
  if (!("Suspending" in WebAssembly)) return false;
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return Boolean(adapter) && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
}

async function start(backend, base, bytes, size) {
  const folder = new URL("runtime/", base);
  const { module, name } = BACKENDS[backend];
  const ort = await import(new URL(module, folder));
  ort.env.wasm.wasmPaths = folder.href;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(bytes, { executionProviders: [backend] });

  async function run(square, metadata) {
    const image = new ort.Tensor("uint8", square, [1, size, size, 3]);
    const facts = new ort.Tensor("float32", metadata, [1, metadata.length]);
    const begin = performance.now();
    const { probabilities, attention, distance } = await session.run({ image, metadata: facts });
    const milliseconds = performance.now() - begin;
    const [, height, width] = attention.dims;
    return {
      probabilities: probabilities.data,
      attention: { data: attention.data, height, width },
      distance: distance.data[0],
      milliseconds,
    };
  }
  return { name, backend, run };
}

/** Does it say what Python says? The first run is also the slow one, which no time should include. */
async function rightly(engine, model, { check }) {
  const length = model.preprocessing.size ** 2 * 3;
  const square = Uint8Array.from({ length }, (_, k) => (37 * k) % 256);
  const seen = await engine.run(square, encode(check.facts, model.metadata));
  const found = calibrated([seen.probabilities], model.decision);
  return (
    found.every((value, k) => Math.abs(value - check.probabilities[k]) < 1e-3) &&
    Math.abs(seen.distance / check.distance - 1) < 1e-2
  );
}
