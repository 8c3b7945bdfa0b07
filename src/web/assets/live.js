// Replaces the live parts of a page by those of a newer one, as long as somebody looks. Without it the page is complete,
// as of the moment it was asked for.

const LIVE = "[data-live-seconds]";

/** An answer that does not come in this time, in ms, is not waited for. */
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
  // The session has ended: the browser shall be asked to sign in.
  if (answer.redirected) location.reload();
  if (!answer.ok) return undefined;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** What has the focus stays. */
function replaceParts(page) {
  for (const part of document.querySelectorAll(LIVE)) {
    const newer = page.getElementById(part.id);
    if (newer === null || part.contains(document.activeElement)) continue;
    if (newer.outerHTML !== part.outerHTML) part.replaceWith(document.adoptNode(newer));
  }
}

async function update() {
  if (document.hidden) return;
  try {
    const page = await newerPage();
    if (page !== undefined) replaceParts(page);
  } catch {
    // A server that is being restarted answers the next time.
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
