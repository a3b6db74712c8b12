/** From what the network says to an answer: facts in, probabilities fitted to the data and the rule out. */

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
 * @typedef {object} Decision Of the sidecar.
 * @property {number[]} shares Of the classes.
 * @property {number} prior How often their logarithms are subtracted.
 * @property {number} temperature
 * @property {number} melanoma Threshold of the melanoma probability.
 */

/**
 * Average the probabilities of several views and fit them to the data.
 *
 * @param {ArrayLike<number>[]} views
 * @param {Decision} decision
 * @returns {number[]} Sums to 1.
 */
export function calibrated(views, { shares, prior, temperature }) {
  const logits = Array.from(views[0], (_, k) => {
    const mean = views.reduce((sum, view) => sum + view[k], 0) / views.length;
    return (Math.log(Math.max(mean, Number.EPSILON)) - prior * Math.log(shares[k])) / temperature;
  });
  const highest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/**
 * @param {number[]} probabilities Fitted.
 * @param {Decision} decision
 * @returns {number} The class that is named where every class counts alike.
 */
export function namedAlike(probabilities, { shares }) {
  const scores = probabilities.map((probability, k) => probability / shares[k]);
  return scores.indexOf(Math.max(...scores));
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
 * @param {number[]} probabilities Fitted.
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
