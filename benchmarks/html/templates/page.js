"use strict";
function prepare(box) {
  const body = box.querySelector("tbody");
  box.querySelectorAll("th").forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      box.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[place];
        return "k" in cell.dataset ? Number(cell.dataset.k) : cell.textContent.toLowerCase();
      };
      const order = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (typeof x === "string") return x.localeCompare(y);
        return Number.isNaN(x) - Number.isNaN(y) || x - y;
      };
      body.append(...[...body.rows].sort((a, b) => (up ? order(a, b) : order(b, a))));
    });
  });
  const filter = box.querySelector(".filter input");
  if (filter) {
    filter.addEventListener("input", () => {
      const wanted = filter.value.toLowerCase().split(/\s+/);
      for (const row of body.rows) {
        const words = row.textContent.toLowerCase();
        row.hidden = !wanted.every((word) => words.includes(word));
      }
    });
  }
}
document.querySelectorAll(".table").forEach(prepare);
