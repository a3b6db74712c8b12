// Draws the interactive figures of a page, each in place of the static one above it.
// Vega's own interpreter of expressions is used, so that a page may forbid eval.
"use strict";

for (const holder of document.querySelectorAll("div.interactive")) {
  // The last figure before it: on a page made from a notebook it is in another cell.
  const figure = [...document.querySelectorAll("figure")].filter(
    (each) => each.compareDocumentPosition(holder) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
  const specification = JSON.parse(holder.querySelector("script").textContent);
  const place = document.createElement("div");
  place.className = "vega-place";
  // Within the figure, above its caption; it is measured, so it has to be seen.
  figure.insertBefore(place, figure.querySelector("figcaption"));
  figure.classList.add("has-interactive");
  window.vegaEmbed(place, specification, {
    mode: "vega-lite", renderer: "svg", actions: false, ast: true,
  }).catch((error) => {
    console.error(error);
    place.remove();
    figure.classList.remove("has-interactive");
  });
}
