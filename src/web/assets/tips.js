// Shows the texts of marks, which are too small for their names, to pointers, fingers and keyboards. Without this script, a
// browser shows the title of a mark to a pointer, and the numbers stand in the table below a chart.

const MARKS = "[data-tip]";

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
// The mark itself has the text as its name.
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);

/** The mark whose text is shown. */
let shown;

/** The text of a mark. A title would be shown by the browser as well, so it becomes the name of the mark. */
function textOf(mark) {
  const title = mark.querySelector(":scope > title");
  const text = title?.textContent ?? mark.getAttribute("title");
  if (text !== null && text !== undefined) {
    mark.setAttribute("aria-label", text.trim());
    title?.remove();
    mark.removeAttribute("title");
  }
  return mark.getAttribute("aria-label") ?? "";
}

function show(mark) {
  shown = mark;
  tip.textContent = textOf(mark);
  tip.hidden = false;
  const place = mark.getBoundingClientRect();
  const half = tip.offsetWidth / 2;
  const middle = place.left + place.width / 2;
  const left = Math.max(4, Math.min(middle - half, document.documentElement.clientWidth - 2 * half - 4));
  const above = place.top - tip.offsetHeight - 6;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(above < 0 ? place.bottom + 6 : above) + scrollY}px`;
}

function hide() {
  shown = undefined;
  tip.hidden = true;
}

const markAt = (event) => event.target.closest?.(MARKS) ?? undefined;

/** Whether the last pointer was a finger. What it touches gets the focus before the click that it is handled as. */
let touched = false;

for (const type of ["pointerover", "focusin"]) {
  document.addEventListener(type, (event) => {
    const mark = markAt(event);
    if (mark !== undefined && event.pointerType !== "touch" && !touched) show(mark);
    else if (shown?.isConnected === false) hide();
  });
}
document.addEventListener("pointerout", (event) => {
  if (event.pointerType !== "touch" && document.activeElement !== shown) hide();
});
document.addEventListener("focusout", hide);
document.addEventListener("keydown", (event) => {
  touched = false;
  if (event.key === "Escape") hide();
});
document.addEventListener("pointerdown", (event) => {
  touched = event.pointerType === "touch";
  if (touched && markAt(event) !== shown) tip.hidden = true;
});
document.addEventListener("click", (event) => {
  const mark = markAt(event);
  if (!touched || mark === undefined) return;
  // The first touch shows the text, the second one follows the link.
  if (mark !== shown || tip.hidden) event.preventDefault();
  show(mark);
});
