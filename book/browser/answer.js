/** From what the network says to an answer: facts in, temperature and the rule out. */

/**
 * Encode age, sex and site as the network was trained with them.
 *
 * @param {{age: number | null, sex: string, site: string}} facts
 * @param {object} metadata Of the sidecar: which position is what.
 * @returns {Float32Array}
 */
export function encode({ age, sex, site }, metadata) {
  const encoded = new Float32Array(metadata.length);
  const years = metadata.age;
  encoded[years.position] = age === null ? 0 : (age - years.mean) / years.std;
  encoded[metadata.sex.positions[sex] ?? metadata.sex.other] = 1;
  encoded[metadata.site.positions[site] ?? metadata.site.other] = 1;
  return encoded;
}

/**
 * Average the probabilities of several views and correct them by the temperature.
 *
 * @param {ArrayLike<number>[]} views
 * @param {number} temperature
 * @returns {number[]} Sums to 1.
 */
export function calibrated(views, temperature) {
  const logits = Array.from(views[0], (_, k) => {
    const mean = views.reduce((sum, view) => sum + view[k], 0) / views.length;
    return Math.log(Math.max(mean, Number.EPSILON)) / temperature;
  });
  const highest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/**
 * @param {object} rule `abstention` of the sidecar.
 * @param {boolean} complete Are age, sex and site known?
 * @returns {number | null} The least confidence of an answer; null: nothing is answered.
 */
export function leastConfidence(rule, complete) {
  return complete ? rule.confidence : rule.confidence_without;
}

/**
 * @param {number[]} probabilities Calibrated.
 * @param {number} distance
 * @param {object} rule `abstention` of the sidecar.
 * @param {boolean} complete
 * @returns {"answered" | "unsure" | "unlike"}
 */
export function decide(probabilities, distance, rule, complete) {
  // Written so that a distance that is no number is unlike everything.
  if (rule.distance !== null && !(distance <= rule.distance)) return "unlike";
  const least = leastConfidence(rule, complete) ?? Infinity;
  return Math.max(...probabilities) >= least ? "answered" : "unsure";
}

/** @param {number[]} values @returns {number} */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
