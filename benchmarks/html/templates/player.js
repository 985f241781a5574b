function play(box) {
  const episode = JSON.parse(box.dataset.episode);
  const last = episode.periods - 1;
  let now = 0;
  let timer = null;
  const make = (tag, parent, words = "") => {
    const element = document.createElement(tag);
    element.textContent = words;
    parent.append(element);
    return element;
  };
  box.replaceChildren();
  const controls = make("p", box);
  const button = make("button", controls, "Play");
  button.type = "button";
  const clock = make("span", controls);
  const slider = make("input", box);
  Object.assign(slider, { type: "range", min: 0, max: last, value: 0 });
  slider.setAttribute("aria-label", episode.period + " of the episode");
  const wide = make("div", box);
  wide.className = "wide";
  const table = make("table", wide);
  const head = make("tr", make("thead", table));
  for (const name of ["site", "who decides", "demand", "not served", "ordered", "on hand", ""]) {
    if (["demand", "not served", "ordered", "on hand"].includes(name)) {
      make("th", head, name).className = "n";
    } else {
      make("th", head, name);
    }
  }
  const body = make("tbody", table);
  const rows = episode.sites.flatMap((site, place) =>
    episode.policies.map((policy, who) => {
      const row = make("tr", body);
      make("td", row, who ? "" : site);
      make("td", row, policy.name);
      const cells = ["demand", "unmet", "ordered", "stock"].map((kind) => {
        const cell = make("td", row);
        cell.className = "n";
        return [kind, cell];
      });
      const bar = make("span", make("td", row));
      bar.className = who ? "bar rule" : "bar";
      return { policy, place, cells, bar };
    }),
  );
  const most = episode.sites.map((_, place) =>
    Math.max(1, ...episode.policies.flatMap((policy) => policy.stock.map((row) => row[place]))),
  );
  const show = () => {
    slider.value = now;
    const down = episode.supplier_up && !episode.supplier_up[now];
    clock.textContent = ` ${episode.period} ${now + 1} of ${last + 1}; cost so far: ` +
      episode.policies.map((p) => `${p.name} ${Math.round(p.cost[now]).toLocaleString("en")}`).join(", ");
    clock.className = down ? "down" : "";
    if (down) clock.textContent += "; the supplier is down";
    for (const { policy, place, cells, bar } of rows) {
      for (const [kind, cell] of cells) cell.textContent = policy[kind][now][place];
      bar.style.width = `${(100 * policy.stock[now][place]) / most[place]}%`;
    }
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  };
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (now === last) now = 0;
    button.textContent = "Pause";
    timer = setInterval(() => {
      now += 1;
      if (now >= last) {
        now = last;
        stop();
      }
      show();
    }, 250);
  });
  slider.addEventListener("input", () => {
    now = Number(slider.value);
    show();
  });
  show();
}
document.querySelectorAll(".player").forEach(play);
