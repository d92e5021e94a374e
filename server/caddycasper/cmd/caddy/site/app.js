const entry = performance.getEntriesByType("navigation")[0];
const hinted = entry.firstInterimResponseStart > 0;
document.getElementById("said").textContent = hinted
  ? "This visit had a 103 Early Hints."
  : "This visit had no 103: it was the first one, or you have both files.";
