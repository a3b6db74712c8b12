/** The page: what the reader gives goes to the network, what it says is shown. */

import { calibrated, decide, encode, median } from "./answer.js";
import { loadEngine } from "./engine.js";
import { checkReadback, readPhotograph, Refused } from "./photograph.js";
import { draw, inWords } from "./picture.js";
import { showResult } from "./result.js";
import { eightViews } from "./views.js";

const root = document.getElementById("try");
const base = new URL("./", import.meta.url);
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const [file, age, sex, site, opacity] = ["file", "age", "sex", "site", "opacity"].map((name) =>
  document.getElementById(`try-${name}`),
);
// Answers when the speed is asked for.
const REPEATS = 5;

let page; // Numbers from Python, page.json.
let model; // The sidecar of the ONNX file.
let engine; // A promise, made with the first picture: a reader who only looks loads nothing.
let photograph;
let attention = null;
let turn = 0; // Of the newest question; what older ones find is not shown.
let working = Promise.resolve();

async function begin() {
  try {
    page = await json("page.json");
    model = await json(page.sidecar);
    checkReadback();
  } catch (error) {
    return fail(error);
  } finally {
    part("start").hidden = true;
  }
  fill(sex, Object.keys(model.metadata.sex.positions));
  fill(site, Object.keys(model.metadata.site.positions));
  page.samples.forEach(offer);
  opacity.value = String(page.opacity);
  part("sizes").textContent = loads(page.sizes);
  listen();
  part("form").hidden = false;
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)}\u00a0MB`;

function loads({ model, webgpu, wasm }) {
  return (
    `With the first picture the page loads the model (${megabytes(model)}) and ONNX Runtime: ` +
    `${megabytes(webgpu)} in a browser that has WebGPU and a device for it, ${megabytes(wasm)} in any other. ` +
    "After that it needs no network."
  );
}

async function json(name) {
  return JSON.parse(await (await load(name)).text());
}

async function load(name) {
  const response = await fetch(new URL(name, base)).catch(() => null);
  if (!response?.ok) throw new Refused(`“${name}” is missing on this server; build the book again.`);
  return response.blob();
}

function fill(select, categories) {
  const names = ["unknown", ...categories.filter((name) => name !== "unknown")];
  select.replaceChildren(...names.map((name) => new Option(name, name)));
}

function offer(sample) {
  const image = Object.assign(new Image(), { src: new URL(sample.file, base).href, alt: "" });
  const button = Object.assign(document.createElement("button"), { type: "button" });
  const title = Object.assign(document.createElement("span"), { textContent: sample.title });
  button.append(image, title);
  button.addEventListener("click", () => {
    age.value = sample.age ?? "";
    sex.value = sample.sex;
    site.value = sample.site;
    file.value = "";
    take(load(sample.file), sample.title);
  });
  part("samples").append(button);
}

function listen() {
  const drop = part("drop");
  const files = (transfer) => transfer?.files?.[0] && take(transfer.files[0], transfer.files[0].name);
  part("form").addEventListener("submit", (event) => event.preventDefault());
  file.addEventListener("change", () => files(file));
  for (const name of ["dragover", "dragleave", "drop"]) {
    root.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("try-over", name === "dragover");
      if (name === "drop") files(event.dataTransfer);
    });
  }
  document.addEventListener("paste", (event) => files(event.clipboardData));
  [age, sex, site].forEach((field) => field.addEventListener("change", () => photograph && ask()));
  opacity.addEventListener("input", redraw);
  part("measure").addEventListener("click", () => ask(REPEATS));
}

/** Take a file, or the promise of one, show it and ask about it. */
async function take(blob, name) {
  const mine = ++turn;
  clear();
  try {
    const found = await readPhotograph(await blob, name, page, model.preprocessing.size);
    if (mine !== turn) return;
    photograph = found;
  } catch (error) {
    if (mine === turn) fail(error);
    return;
  }
  part("columns").hidden = false;
  redraw();
  await ask();
}

function clear() {
  photograph = undefined;
  part("columns").hidden = true;
  part("error").textContent = "";
  withdraw();
}

/** What was said no longer holds: of another picture, or of other facts. */
function withdraw() {
  attention = null;
  for (const name of ["opacity", "result", "meaning"]) part(name).hidden = true;
  report("");
  redraw();
}

/** Say what is being done; a verdict that stood there is no longer one. */
function report(text) {
  part("status").textContent = text;
  delete part("status").dataset.status;
}

/** Ask about the photograph that is there, several times where the speed is wanted. */
function ask(repeats = 1) {
  const mine = ++turn;
  part("error").textContent = "";
  // One after the other: the runtime takes one question at a time.
  working = working.then(async () => {
    if (mine !== turn) return;
    root.setAttribute("aria-busy", "true");
    try {
      await answer(mine, facts(), repeats);
    } catch (error) {
      if (mine === turn) fail(error);
    } finally {
      root.removeAttribute("aria-busy");
    }
  });
  return working;
}

function facts() {
  const years = age.value === "" ? null : age.valueAsNumber;
  if (age.validity.badInput || (years !== null && !(years >= 0 && years <= 120))) {
    throw new Refused("This age is impossible, expected years between 0 and 120, or nothing.");
  }
  return { age: years, sex: sex.value, site: site.value };
}

async function answer(mine, given, repeats) {
  const { sizes } = page;
  const largest = megabytes(sizes.model + Math.max(sizes.webgpu, sizes.wasm));
  report(engine ? "Running the model …" : `Loading the runtime and the model, up to ${largest} …`);
  engine ??= loadEngine(base, model, page);
  // The next picture may find the file that this one missed.
  const running = await engine.catch((error) => {
    engine = undefined;
    throw error;
  });
  if (mine !== turn) return;
  report("Running the model …");
  const metadata = encode(given, model.metadata);
  const times = { views: [], answers: [] };
  const { size } = model.preprocessing;
  let views;
  const asked = photograph;
  for (let k = 0; k < repeats; k++) {
    const start = performance.now();
    const turned = eightViews(asked.square, size);
    let spent = performance.now() - start;
    views = [];
    for (const view of turned) {
      await breathe();
      if (mine !== turn) return;
      views.push(await running.run(view, metadata));
      times.views.push(views.at(-1).milliseconds);
      spent += views.at(-1).milliseconds;
    }
    times.answers.push(spent);
  }
  if (mine !== turn) return;
  const probabilities = calibrated(views.map((view) => view.probabilities), model.temperature);
  // Attention and distance are those of the picture as it is.
  attention = views[0].attention;
  const { distance } = views[0];
  const complete = given.age !== null && given.sex !== "unknown" && given.site !== "unknown";
  const status = decide(probabilities, distance, model.abstention, complete);
  const found = { probabilities, status, distance, complete };
  showResult(part, found, asked, page, model);
  const [view, whole] = [times.views, times.answers].map((each) => median(each).toFixed(0));
  part("speed").textContent =
    `On this device one view takes ${view} ms and an answer, made of eight views, ${whole} ms ` +
    `(medians; answers: ${times.answers.length}; ${running.name}).`;
  part("speed").dataset.backend = running.backend;
  part("opacity").hidden = false;
  redraw();
}

/** Let the browser draw, and the reader change their mind. */
function breathe() {
  return new Promise((resolve) => setTimeout(resolve));
}

function redraw() {
  if (!photograph) return;
  const canvas = part("canvas");
  draw(canvas, photograph.preview, attention, opacity.valueAsNumber / 100, page.colours);
  const words = attention ? ` ${inWords(attention)}` : "";
  part("caption").textContent = `The network sees the bright square.${words}`;
  canvas.setAttribute("aria-label", `The picture “${photograph.name}”.`);
}

function fail(error) {
  withdraw();
  part("error").textContent =
    error instanceof Refused ? error.message : `Something went wrong: ${error?.message ?? error}`;
  if (!(error instanceof Refused)) console.error(error);
}

begin();
