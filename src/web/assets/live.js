// Replaces the live parts of a page by those of a newer page, as long as the page is visible. Without this script the page
// is complete, as of the time of its request.

const LIVE = "[data-live-seconds]";

/** Time limit for an answer, in ms. */
const TIMEOUT_MS = 10_000;

function pauseMs() {
  const seconds = [...document.querySelectorAll(LIVE)].map((part) => Number(part.dataset.liveSeconds));
  return 1000 * Math.min(...seconds);
}

async function newerPage() {
  const answer = await fetch(location.href, {
    headers: { accept: "text/html" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  // The session has ended: the reload shows the login page.
  if (answer.redirected) location.reload();
  if (!answer.ok) return undefined;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** The parts as the server sent them, by their ids: other scripts may have changed those in the page. */
const received = new Map([...document.querySelectorAll(LIVE)].map((part) => [part.id, part.outerHTML]));

/** Keeps the part that has the focus. */
function replaceParts(page) {
  for (const part of document.querySelectorAll(LIVE)) {
    const newer = page.getElementById(part.id);
    if (newer === null || part.contains(document.activeElement)) continue;
    if (newer.outerHTML === received.get(part.id)) continue;
    received.set(part.id, newer.outerHTML);
    part.replaceWith(document.adoptNode(newer));
  }
}

async function update() {
  if (document.hidden) return;
  try {
    const page = await newerPage();
    if (page !== undefined) replaceParts(page);
  } catch {
    // The server may be restarting; the next update tries again.
  }
}

async function run() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs()));
    await update();
  }
}

if (document.querySelector(LIVE) !== null) {
  document.addEventListener("visibilitychange", update);
  run();
}
