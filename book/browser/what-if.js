/** How the answer would move with the facts: one of them at a time is another, the rest stays. */

import { calibrated, encode } from "./answer.js";
import { sure } from "./result.js";

const AGES = [20, 40, 60, 80];

/**
 * @param {{age: number | null, sex: string, site: string}} given
 * @param {object} metadata Of the sidecar.
 * @returns {{name: string, facts: {age: number | null, sex: string, site: string}}[]} Without the facts as given.
 */
export function alternatives(given, metadata) {
  const known = (positions) => Object.keys(positions).filter((name) => name !== "unknown");
  const all = [
    ...AGES.map((age) => ({ name: `age ${age}`, facts: { ...given, age } })),
    ...known(metadata.sex.positions).map((sex) => ({ name: sex, facts: { ...given, sex } })),
    ...known(metadata.site.positions).map((site) => ({ name: site, facts: { ...given, site } })),
  ];
  return all.filter(({ facts }) => Object.keys(given).some((key) => facts[key] !== given[key]));
}

/**
 * Ask about one view of the picture with each of the `alternatives`, and fill the strip.
 *
 * @param {(name: string) => HTMLElement} part Finds a part of the page.
 * @param {{run: Function}} engine
 * @param {Uint8Array} square
 * @param {{age: number | null, sex: string, site: string}} given
 * @param {object} model The sidecar of the ONNX file.
 * @param {() => boolean} stopped Has the reader gone on?
 */
export async function askWhatIf(part, engine, square, given, model, stopped) {
  const ask = async (facts) => {
    const { probabilities } = await engine.run(square, encode(facts, model.metadata));
    const found = calibrated([probabilities], model.decision);
    const best = found.indexOf(Math.max(...found));
    return { best, share: found[best] };
  };
  const others = alternatives(given, model.metadata);
  const rows = part("what-if-rows");
  rows.replaceChildren();
  const now = await ask(given);
  let moved = 0;
  for (const [k, { name, facts }] of others.entries()) {
    await new Promise((resolve) => setTimeout(resolve));
    if (stopped()) return;
    part("what-if-says").textContent = `Asking: ${k + 1} of ${others.length} …`;
    const found = await ask(facts);
    if (stopped()) return;
    moved += found.best !== now.best;
    rows.append(row(name, found, found.best !== now.best, model));
  }
  const called = model.class_names[model.classes[now.best]];
  part("what-if-says").textContent = moved
    ? `With another fact the best guess turns from ${called} into something else in ${moved} of ${others.length} cases.`
    : `The best guess stays ${called} in all ${others.length} cases.`;
}

function row(name, { best, share }, moved, model) {
  const line = document.createElement("tr");
  if (moved) line.dataset.moved = "";
  const head = Object.assign(document.createElement("th"), { scope: "row", textContent: name });
  const said = `${model.class_names[model.classes[best]]}, ${sure(share)}`;
  const cell = Object.assign(document.createElement("td"), { textContent: said });
  cell.dataset.best = model.classes[best];
  cell.dataset.value = share;
  line.append(head, cell);
  return line;
}
