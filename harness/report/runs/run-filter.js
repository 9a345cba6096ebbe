// One search field for the page of all runs: hides the experiments whose lists do not hold its words, and their rows of the matrix.
// It is inlined into the page and named by its hash in the page's policy. It changes visibility alone.
(() => {
  const matrix = document.querySelector(".matrix");
  const parts = [...document.querySelectorAll("section")].map((section) => ({
    section,
    row: document.querySelector(`.matrix a[href="#${section.id}"]`)?.closest("tr"),
    text: section.textContent.toLowerCase(),
  }));
  const experiments = parts.filter(({ row }) => row);
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = "filter";
  field.setAttribute("aria-label", "Show only experiments whose names, images, verdicts and findings hold these words");
  const count = document.createElement("span");
  count.className = "quiet";
  count.setAttribute("aria-live", "polite");
  const place = document.createElement("p");
  place.className = "tools";
  place.append(field, " ", count);
  matrix.before(place);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { section, row, text } of parts) {
      section.hidden = !words.every((word) => text.includes(word));
      if (row) row.hidden = section.hidden;
    }
    for (const pane of matrix.children)
      pane.hidden = ![...pane.querySelectorAll("tbody tr")].some((row) => !row.hidden);
    const shown = experiments.filter(({ row }) => !row.hidden).length;
    count.textContent = words.length === 0 ? "" : `${shown} of ${experiments.length}`;
  });
})();
