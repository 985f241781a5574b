const EVERY = 2000;
let shown = "";
async function ask() {
  const news = document.getElementById("news");
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("header").innerHTML + page.querySelector("main").innerHTML;
    news.textContent = "";
    // Whoever types into a filter, or has sorted a table, keeps what is on the screen.
    const busy = document.activeElement.matches("input") || document.querySelector("[aria-sort]");
    if (now !== shown && !busy) {
      if (shown) {
        document.querySelector("header").replaceWith(page.querySelector("header"));
        document.querySelector("main").replaceWith(page.querySelector("main"));
        document.querySelectorAll(".table").forEach(prepare);
      }
      shown = now;
    } else if (busy) {
      document.querySelector("header").replaceWith(page.querySelector("header"));
    }
  } catch {
    news.textContent = "The server does not answer; what stands here is the last it said.";
  }
  setTimeout(ask, EVERY);
}
setTimeout(ask, EVERY);
