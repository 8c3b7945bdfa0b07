// Adds a button that copies its text to each part that is marked. Without this script, the text can be selected.

/** How long the button says that it has copied, in ms. */
const TOLD_MS = 1500;

async function copy(text) {
  // Only pages that come by TLS or from this machine may use the clipboard.
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function prepare() {
  for (const part of document.querySelectorAll("[data-copy]:not([data-ready])")) {
    part.dataset.ready = "";
    const text = part.textContent.trim();
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = "Copy";
    button.setAttribute("aria-label", part.dataset.copy || `Copy ${text}`);
    button.addEventListener("click", async () => {
      await copy(text);
      button.textContent = "Copied";
      setTimeout(() => {
        button.textContent = "Copy";
      }, TOLD_MS);
    });
    part.after(" ", button);
  }
}

// The live parts of a page are replaced.
new MutationObserver(prepare).observe(document.body, { childList: true, subtree: true });
prepare();
