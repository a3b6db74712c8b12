/** Show what the model says: whether it answers, the seven probabilities, and what to know about them. */

import { leastConfidence } from "./answer.js";

/**
 * Put values into a sentence of Python's, where it has their names in braces.
 *
 * @param {string} sentence
 * @param {Record<string, string | number>} values
 * @returns {string}
 */
export function say(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}\u00a0%`;

/** Rounded it would be 100 %, which nobody can be. */
const sure = (share) => (share >= 0.995 ? "over 99\u00a0%" : percent(share, 0));

/**
 * @param {(name: string) => HTMLElement} part Finds a part of the page.
 * @param {{probabilities: number[], status: string, distance: number, complete: boolean}} found
 * @param {{odd?: string}} photograph
 * @param {object} page What Python has to say.
 * @param {object} model The sidecar of the ONNX file.
 */
export function showResult(part, found, photograph, page, model) {
  const { probabilities, status, distance, complete } = found;
  const order = probabilities.map((_, k) => k).sort((a, b) => probabilities[b] - probabilities[a]);
  const best = model.classes[order[0]];
  const least = leastConfidence(model.abstention, complete);
  const sentence = say(page.sentences[status], {
    named: `${model.class_names[best]} (${best})`,
    confidence: sure(probabilities[order[0]]),
    least:
      (least === null ? page.least.never : say(page.least.from, { least: percent(least, 0) })) +
      (complete ? "" : page.least.without),
    distance: Number(distance.toPrecision(2)),
    farthest: model.abstention.distance,
  });
  const verdict = part("status");
  verdict.textContent = sentence;
  verdict.dataset.status = model.abstention.words[status];
  verdict.dataset.distance = distance;
  part("meaning").textContent = page.meanings[status];
  part("meaning").hidden = false;
  part("rows").replaceChildren(...order.map((k) => row(model.classes[k], probabilities[k], model)));
  part("notes").replaceChildren(...notes(found, photograph, page).map(item));
  part("result").hidden = false;
}

function notes({ complete }, { odd }, page) {
  return [
    page.words.calibration,
    complete ? "" : page.words.facts,
    odd ? say(page.words.odd, { odd }) : "",
  ].filter(Boolean);
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
