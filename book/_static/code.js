// One button that unfolds or folds all code of a page. Without scripts each cell has its own.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const cells = document.querySelectorAll(".bd-article details.hide");
  const title = document.querySelector(".bd-article h1");
  if (!title || cells.length < 2) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "all-code";
  const show = (open) => {
    cells.forEach((cell) => { cell.open = open; });
    button.textContent = open ? "Hide all code" : "Show all code";
    button.setAttribute("aria-pressed", String(open));
  };
  button.addEventListener("click", () => show(button.getAttribute("aria-pressed") !== "true"));
  show(false);
  title.after(button);
});
