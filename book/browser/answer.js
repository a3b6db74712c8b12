/** From what the network says to an answer: facts in, temperature and the rule out. */

/**
 * Encode age, sex and site as the network was trained with them.
 *
 * @param {{age: number | null, sex: string, site: string}} facts
 * @param {{age_mean: number, age_std: number, sexes: string[], sites: string[]}} metadata
 * @param {{sex: number, site: number}} slots Places of each; the first is for what the training
 *     did not see.
 * @returns {Float32Array}
 */
export function encode({ age, sex, site }, metadata, slots) {
  const encoded = new Float32Array(1 + slots.sex + slots.site);
  encoded[0] = age === null ? 0 : (age - metadata.age_mean) / metadata.age_std;
  encoded[1 + 1 + metadata.sexes.indexOf(sex)] = 1;
  encoded[1 + slots.sex + 1 + metadata.sites.indexOf(site)] = 1;
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
 * @param {number[]} probabilities Calibrated.
 * @param {number} distance
 * @param {{confidence: number | null, distance: number | null}} rule
 * @returns {"answered" | "unsure" | "unlike"}
 */
export function decide(probabilities, distance, rule) {
  // Written so that a distance that is no number is unlike everything.
  if (rule.distance !== null && !(distance <= rule.distance)) return "unlike";
  return Math.max(...probabilities) >= (rule.confidence ?? Infinity) ? "answered" : "unsure";
}

/** @param {number[]} values @returns {number} */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
