/* The claims audit: find claims by their words and verdict, fold long reasons. Without scripts the
   tables are complete. */
(() => {
  const SHORT = 110;

  function make(name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  /* Put a long reason behind its first words. */
  function fold(cell) {
    const text = cell.textContent.trim();
    if (text.length <= SHORT) return;
    const start = text.slice(0, SHORT).replace(/\s+\S*$/, " …");
    const summary = make("summary", {}, make("span", { className: "start", textContent: start }));
    summary.append(make("span", { className: "less", textContent: "Fold" }));
    cell.append(make("details", {}, summary, ...cell.childNodes));
  }

  function show() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const row = target && target.closest("tr");
    if (!row) return;
    row.querySelectorAll("details").forEach((reason) => { reason.open = true; });
    target.scrollIntoView({ block: "center" });
  }

  function start() {
    const rows = [...document.querySelectorAll("table tbody tr")]
      .filter((row) => row.querySelector("[id^='claim-']") && row.querySelector(".verdict"))
      .map((row) => ({
        row, section: row.closest("section"),
        verdict: row.querySelector(".verdict").textContent, text: row.textContent.toLowerCase(),
      }));
    if (!rows.length) return;
    rows.forEach(({ row }) => fold(row.cells[2]));

    const verdicts = [...new Set(rows.map(({ verdict }) => verdict))];
    const words = make("input", { type: "search", autocomplete: "off" });
    const choice = make("select", {}, new Option(`all (${rows.length})`, ""));
    for (const verdict of verdicts) {
      const count = rows.filter((each) => each.verdict === verdict).length;
      choice.append(new Option(`${verdict} (${count})`, verdict));
    }
    const folding = make("button", { type: "button", textContent: "Unfold all reasons" });
    const said = make("span", { role: "status" });
    const form = make(
      "form", { className: "claims-filter" },
      make("label", {}, "Find words ", words), make("label", {}, "Verdict ", choice), folding, said,
    );
    form.setAttribute("role", "search");
    form.setAttribute("aria-label", "Claims");

    function filter() {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const { row, verdict, text } of rows) {
        const fits = (!choice.value || verdict === choice.value)
          && wanted.every((word) => text.includes(word));
        row.hidden = !fits;
        shown += fits;
      }
      for (const section of new Set(rows.map((each) => each.section))) {
        section.hidden = rows.every((each) => each.section !== section || each.row.hidden);
      }
      said.textContent = `${shown} of ${rows.length} claims`;
    }

    words.addEventListener("input", filter);
    choice.addEventListener("change", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    const reasons = rows.flatMap(({ row }) => [...row.querySelectorAll("details")]);
    const unfold = (open) => reasons.forEach((reason) => { reason.open = open; });
    folding.addEventListener("click", () => {
      const open = reasons.some((reason) => !reason.open);
      unfold(open);
      folding.textContent = open ? "Fold all reasons" : "Unfold all reasons";
    });
    window.addEventListener("beforeprint", () => unfold(true));
    window.addEventListener("hashchange", () => {
      form.reset();
      filter();
      show();
    });

    rows[0].section.before(form);
    filter();
    show();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
