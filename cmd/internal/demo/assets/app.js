// What the browser itself says of how each file came, beside what the server says.
addEventListener("load", () => {
  const [page] = performance.getEntriesByType("navigation");
  const files = new Map(performance.getEntriesByType("resource").map((e) => {
    const url = new URL(e.name);
    return [url.pathname + url.search, e];
  }));
  const rows = [...document.querySelectorAll("tr[data-path]")];
  const end = Math.max(page.responseEnd, ...rows.map((r) => files.get(r.dataset.path)?.responseEnd ?? 0));

  for (const row of rows) {
    const entry = files.get(row.dataset.path);
    const said = row.querySelector(".browser");
    if (!entry) {
      said.textContent = "not used";
      continue;
    }
    said.textContent = how(entry);
    const bar = document.createElement("i");
    bar.style.left = (100 * entry.startTime) / end + "%";
    bar.style.width = (100 * Math.max(0, entry.responseEnd - entry.startTime)) / end + "%";
    const track = row.querySelector(".bar");
    track.append(bar);
    track.title = `${entry.startTime.toFixed(0)} to ${entry.responseEnd.toFixed(0)} ms`;
  }

  const clock = document.getElementById("clock");
  const hint = page.firstInterimResponseStart;
  const final = page.finalResponseHeadersStart || page.responseStart;
  const parts = [`protocol ${page.nextHopProtocol || "unknown"}`];
  if (hint > 0 && hint < final) {
    parts.push(`103 after ${hint.toFixed(0)} ms`);
  }
  parts.push(`page after ${final.toFixed(0)} ms`, `ready after ${page.domContentLoadedEventEnd.toFixed(0)} ms`);
  clock.textContent = "This browser: " + parts.join(", ") + ".";
});

// A hinted file is in the cache by the time the page asks for it, and says so, wherever it came
// from; so the hint is looked at first.
function how(entry) {
  if (entry.initiatorType === "early-hints") {
    return "early, by the hint";
  }
  if (entry.deliveryType === "cache" || (entry.transferSize === 0 && entry.decodedBodySize > 0)) {
    return "from its cache";
  }
  return "fetched for the page";
}
