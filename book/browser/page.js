/** The page: what the reader gives goes to the network, what it says is shown. */

import { calibrated, decide, encode, median, namedAlike } from "./answer.js";
import { loadEngine } from "./engine.js";
import { checkReadback, readPhotograph, Refused } from "./photograph.js";
import { draw, inWords } from "./picture.js";
import { lost, showResult } from "./result.js";
import { eightViews } from "./views.js";
import { askWhatIf } from "./what-if.js";

const root = document.getElementById("try");
const base = new URL("./", import.meta.url);
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const names = ["file", "age", "age-unknown", "sex", "site", "opacity"];
const [file, age, ageUnknown, sex, site, opacity] = names.map((name) => document.getElementById(`try-${name}`));
const IMPOSSIBLE = "This age is impossible, expected years between 0 and 120, or nothing.";
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
  tellFacts();
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
  select.replaceChildren(...names.map((name) => new Option(name === "unknown" ? "I don't know" : name, name)));
}

function offer(sample) {
  const words = `Sample picture: ${sample.title}`;
  const image = Object.assign(new Image(), { src: new URL(sample.file, base).href, alt: words });
  const button = Object.assign(document.createElement("button"), { type: "button" });
  const title = Object.assign(document.createElement("span"), { textContent: sample.title });
  title.setAttribute("aria-hidden", "true"); // The picture says it.
  button.append(image, title);
  button.addEventListener("click", () => {
    age.value = sample.age ?? "";
    sex.value = sample.sex;
    site.value = sample.site;
    file.value = "";
    tellFacts();
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
  age.addEventListener("input", tellFacts);
  ageUnknown.addEventListener("change", () => {
    if (!ageUnknown.checked) return age.focus();
    age.value = "";
    age.dispatchEvent(new Event("change"));
  });
  for (const field of [age, sex, site]) {
    field.addEventListener("change", () => {
      tellFacts();
      if (photograph) ask();
    });
  }
  part("what-if").addEventListener("toggle", () => photograph && attention && showWhatIf());
  opacity.addEventListener("input", redraw);
  part("measure").addEventListener("click", () => ask(REPEATS));
}

/** Say while the reader types whether an age is possible, and what is lost without a fact. */
function tellFacts() {
  const wrong = impossible();
  part("age-fault").textContent = wrong ? IMPOSSIBLE : "";
  age.setAttribute("aria-invalid", String(wrong));
  // A verdict beside an age that is refused would be one about another age.
  if (wrong && photograph) {
    turn += 1;
    withdraw();
  }
  ageUnknown.checked = age.value === "" && !wrong;
  part("lost").textContent = wrong ? "" : lost(given(), page.facts);
}

function impossible() {
  const years = age.valueAsNumber;
  return age.validity.badInput || (age.value !== "" && !(years >= 0 && years <= 120));
}

const given = () => ({ age: age.value === "" ? null : age.valueAsNumber, sex: sex.value, site: site.value });

/** Take a file, or the promise of one, show it and ask about it. */
async function take(blob, name) {
  const mine = ++turn;
  clear();
  try {
    const found = await readPhotograph(await blob, name, page, model.preprocessing.size);
    if (mine !== turn) return;
    photograph = found;
  } catch (error) {
    if (mine === turn) {
      fail(error);
      reveal(part("error"));
    }
    return;
  }
  part("columns").hidden = false;
  redraw();
  await ask();
  // The controls are far above; whoever changes a fact later stays there.
  if (mine + 1 === turn) reveal(part(part("error").textContent ? "error" : "status"));
}

function reveal(element) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
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
  for (const name of ["opacity", "result", "meaning", "points"]) part(name).hidden = true;
  part("what-if-rows").replaceChildren();
  part("what-if-says").textContent = "";
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
  if (impossible()) throw new Refused(IMPOSSIBLE);
  return given();
}

/** How the answer moves with the facts, where the reader has opened that. */
function showWhatIf() {
  if (!part("what-if").open) return;
  const [mine, square, given] = [turn, photograph.square, facts()];
  working = working.then(async () => {
    const stopped = () => mine !== turn;
    await askWhatIf(part, await engine, square, given, model, stopped).catch((error) => stopped() || fail(error));
  });
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
  const probabilities = calibrated(views.map((view) => view.probabilities), model.decision);
  // Attention and distance are those of the picture as it is.
  attention = views[0].attention;
  const { distance } = views[0];
  const complete = given.age !== null && given.sex !== "unknown" && given.site !== "unknown";
  const status = decide(probabilities, distance, model.abstention, complete);
  const alike = namedAlike(probabilities, model.decision);
  const found = { probabilities, status, distance, complete, alike };
  showResult(part, found, asked, page, model);
  const [view, whole] = [times.views, times.answers].map((each) => median(each).toFixed(0));
  part("speed").textContent =
    `On this device one view takes ${view} ms and an answer, made of eight views, ${whole} ms ` +
    `(medians; answers: ${times.answers.length}; ${running.name}).`;
  part("speed").dataset.backend = running.backend;
  part("opacity").hidden = false;
  redraw();
  showWhatIf();
}

/** Let the browser draw, and the reader change their mind. */
function breathe() {
  return new Promise((resolve) => setTimeout(resolve));
}

function redraw() {
  if (!photograph) return;
  const canvas = part("canvas");
  draw(canvas, photograph.preview, attention, opacity.valueAsNumber / 100, page.colours);
  const words = attention && opacity.valueAsNumber > 0 ? ` ${inWords(attention)}` : "";
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
