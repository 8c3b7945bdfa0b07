// Makes a group of many marks one stop of the Tab key; the arrow keys, Home and End then move in it. Without this script,
// each mark is a stop.

const GROUP = "[data-roving]";
const STOPS = "a, [tabindex]";

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity };

/** The newest mark of a group is its stop. */
function prepare(group) {
  if (group.dataset.roving === "ready") return;
  group.dataset.roving = "ready";
  for (const mark of group.querySelectorAll(STOPS)) mark.setAttribute("tabindex", "-1");
  [...group.querySelectorAll(STOPS)].at(-1)?.setAttribute("tabindex", "0");
}

function prepareAll() {
  for (const group of document.querySelectorAll(GROUP)) prepare(group);
}

document.addEventListener("keydown", (event) => {
  const group = event.target.closest?.(GROUP);
  const step = STEPS[event.key];
  if (!group || step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const marks = [...group.querySelectorAll(STOPS)];
  const from = marks.indexOf(event.target.closest(STOPS));
  const to = marks[Math.max(0, Math.min(marks.length - 1, from + step))];
  marks[from]?.setAttribute("tabindex", "-1");
  to.setAttribute("tabindex", "0");
  to.focus();
});

// The live parts of a page are replaced.
new MutationObserver(prepareAll).observe(document.body, { childList: true, subtree: true });
prepareAll();
