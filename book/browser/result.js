/** Show what the model predicts: whether it answers, the seven probabilities, and what to know about them. */

import { leastConfidence } from "./answer.js";

const MEANINGS = {
  answered:
    "The model is sure enough, and the picture is like those it was trained on. It can be wrong all the same, " +
    "see below.",
  unsure: "The probabilities below are for looking at, they are not an answer.",
  unlike:
    "In its colours, or in its features in the network, the picture is farther from the training pictures than " +
    "nearly all that the model was tested on. It was trained on photographs taken with a dermatoscope. The " +
    "probabilities below mean nothing.",
};
export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}\u00a0%`;

/** Rounded it would be 100 %, which nobody can be. */
export const sure = (share) => (share >= 0.995 ? "over 99\u00a0%" : percent(share, 0));

/** A share with its interval, per cent. */
const interval = ([value, low, high]) =>
  `${percent(value)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;

/**
 * @param {(name: string) => HTMLElement} part Finds a part of the page.
 * @param {{probabilities: number[], status: string, distance: number, complete: boolean, alike: number}} found
 * @param {{profile?: boolean, behind?: string, odd?: string}} photograph
 * @param {object} page Numbers from Python.
 * @param {object} model The sidecar of the ONNX file.
 */
export function showResult(part, found, photograph, page, model) {
  const { probabilities, status, distance, complete } = found;
  const order = probabilities.map((_, k) => k).sort((a, b) => probabilities[b] - probabilities[a]);
  const best = model.classes[order[0]];
  const named = `${model.class_names[best]} (${best})`;
  const confidence = sure(probabilities[order[0]]);
  const sentences = {
    answered: `Answer: ${named}, ${confidence} sure.`,
    unsure: `No answer: the model is not sure enough. Its best guess is ${named} at ${confidence}; ${threshold(model, complete)}.`,
    unlike:
      "No answer: the picture is unlike the training pictures. Its distance from them is " +
      `${Number(distance.toPrecision(2))}, answers go up to ${model.abstention.distance}.`,
  };
  const verdict = part("status");
  verdict.textContent = sentences[status];
  verdict.dataset.status = model.abstention.words[status];
  verdict.dataset.distance = distance;
  part("meaning").textContent = MEANINGS[status];
  part("meaning").hidden = false;
  part("points").textContent = operatingPoints(found, model);
  part("points").dataset.alike = model.classes[found.alike];
  part("points").hidden = status === "unlike";
  part("rows").replaceChildren(...order.map((k) => row(model.classes[k], probabilities[k], model)));
  part("notes").replaceChildren(...notes(found, photograph, page).map(item));
  part("result").hidden = false;
}

/** The second operating point, and melanoma against the rest. */
function operatingPoints({ probabilities, alike, status, complete }, model) {
  const [melanoma, least] = [probabilities[model.classes.indexOf("mel")], model.decision.melanoma];
  const same = probabilities[alike] === Math.max(...probabilities);
  const named = `${model.class_names[model.classes[alike]]} (${model.classes[alike]})`;
  return (
    `Where every class counts alike, rare ones too, it ${status === "answered" ? "names" : "would name"} ` +
    `${same ? "the same" : named}. The probability of melanoma is ${percent(melanoma)}, ` +
    `${melanoma > least ? "above" : "not above"} the threshold of ${percent(least)}` +
    `${complete ? " that nine in ten photographs of something else stay below" : ""}.`
  );
}

function threshold(model, complete) {
  const least = leastConfidence(model.abstention, complete);
  const found =
    least === null ? "it was never sure enough where that was measured" : `it answers from ${percent(least, 0)}`;
  return complete ? found : `${found} if age, sex or site is not known`;
}

/**
 * What is lost without a fact, in plain words; empty where all are known.
 *
 * @param {{age: number | null, sex: string, site: string}} given
 * @param {object} facts Of page.json: by condition `coverage` and `risk`.
 * @returns {string}
 */
export function lost(given, facts) {
  const missing = [given.age === null && "age", given.sex === "unknown" && "sex", given.site === "unknown" && "site"];
  const names = missing.filter(Boolean);
  if (!names.length) return "";
  const one = names.length === 1 ? `without ${names[0]}` : "";
  const condition = one in facts ? one : "without facts";
  const [all, less] = [facts.given, facts[condition]].map(({ coverage, risk }) => [
    coverage ? percent(coverage[0], 0) : "none",
    risk ? percent(risk[0], 0) : "none",
  ]);
  const words = names.map((name) => (name === "site" ? "place" : name)).join(", ");
  return (
    `You do not know ${words.replace(/, ([^,]*)$/, " and $1")}. The model was trained with all three and has to be surer ` +
    `without: of photographs new to it, it answers ${all[0]} with all three and ${less[0]} ` +
    `${one in facts ? "without this one" : "with none"}; of these answers ${all[1]} and ${less[1]} are wrong.` +
    (names.length === 3 || one in facts ? "" : " How it does with some of them was not measured.")
  );
}

function notes({ complete }, { profile, behind, odd }, { measured }) {
  return [
    "The probabilities are fitted to photographs that the network had not seen.",
    ...measured.map(told),
    complete ? "" : "Age, sex or place was not given, see above what that costs.",
    profile ? "Colours were converted from the profile in the file to sRGB." : "",
    behind ? `Transparent parts were laid over ${behind}.` : "",
    odd
      ? `The file has ${odd}, which browsers turn into plain colours in their own way: ` +
        "`python -m skinlib predict` can give slightly different numbers."
      : "",
  ].filter(Boolean);
}

/** What was measured on a set of photographs: both operating points, and wrong answers. */
function told({ title, images, points, risk }) {
  const scores = Object.entries(points).map(
    ([point, { accuracy, mean_recall }]) =>
      `${point}, accuracy ${accuracy[0].toFixed(2)} and mean recall ${mean_recall[0].toFixed(2)}`,
  );
  const wrong = risk ? ` Of its answers ${interval(risk)} are wrong.` : "";
  return `Measured on ${images.toLocaleString("en")} photographs (${title}): ${scores.join("; ")}.${wrong}`;
}

function row(name, probability, model) {
  const head = Object.assign(document.createElement("th"), { scope: "row" });
  const short = Object.assign(document.createElement("span"), { textContent: name });
  head.append(`${model.class_names[name]} `, short);
  const cell = document.createElement("td");
  cell.dataset.name = name;
  cell.dataset.value = probability;
  const bar = document.createElement("span");
  bar.className = "try-bar";
  bar.setAttribute("aria-hidden", "true");
  bar.style.setProperty("--share", probability);
  const number = Object.assign(document.createElement("span"), { textContent: percent(probability) });
  cell.append(bar, number);
  const line = document.createElement("tr");
  line.append(head, cell);
  return line;
}

function item(text) {
  return Object.assign(document.createElement("li"), { textContent: text });
}
