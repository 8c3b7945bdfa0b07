// Shows each time also in the time zone of the browser, unless that is UTC. Without this script, pages have UTC only.

const DAY = { year: "numeric", month: "2-digit", day: "2-digit" };
const TIME = { hour: "2-digit", minute: "2-digit" };

/** The locale writes days as the server does: 2026-01-05. */
const day = new Intl.DateTimeFormat("sv-SE", DAY);
const time = new Intl.DateTimeFormat("sv-SE", TIME);
const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });

const zoneOf = (date) => zone.formatToParts(date).find(({ type }) => type === "timeZoneName")?.value ?? "";

function localText(date) {
  const isSameDay = day.format(date) === date.toISOString().slice(0, 10);
  return `${isSameDay ? "" : `${day.format(date)} `}${time.format(date)} ${zoneOf(date)}`;
}

/** The style sheet shows the attribute, so that the text of the page, which is copied and saved, stays UTC. */
function prepare() {
  for (const part of document.querySelectorAll("time[datetime]:not([data-local])")) {
    const date = new Date(part.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    part.dataset.local = localText(date);
  }
}

const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
if (!/^(Etc\/)?(UTC|GMT|UCT|Zulu)$/.test(timeZone)) {
  const footer = document.querySelector("footer [data-zone]");
  if (footer !== null) footer.textContent = `all times are UTC, beside them those of ${timeZone}`;
  // The live parts of a page are replaced.
  new MutationObserver(prepare).observe(document.body, { childList: true, subtree: true });
  prepare();
}
