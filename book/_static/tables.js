// The keyboard reaches, and scrolls, each table that is wider than its place.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const seen = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }));
  document.querySelectorAll(".bd-article table").forEach((table) => seen.observe(table));
});
