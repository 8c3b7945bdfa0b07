// Adds a button to each table that saves it as a CSV file, unless it has a link to one. Without this script, tables can be copied.

/** What a spreadsheet would run as a formula is text, as on the page. A number may be negative. */
function asText(value) {
  return /^[=+@\t\r]|^-(?![\d.,]+$)/.test(value) ? `'${value}` : value;
}

function cellOf(cell) {
  const value = asText(cell.innerText.trim().replaceAll(/\s*\n\s*/g, ": "));
  // Numbers are grouped for people.
  const plain = cell.classList.contains("number") ? value.replaceAll(/(?<=\d),(?=\d{3})/g, "") : value;
  return /[",\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function csvOf(table) {
  return [...table.rows].map((row) => [...row.cells].map(cellOf).join(",")).join("\r\n");
}

function save(table, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`\uFEFF${csvOf(table)}\r\n`], { type: "text/csv" }));
  link.download = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function prepare() {
  for (const caption of document.querySelectorAll("caption:not([data-ready])")) {
    caption.dataset.ready = "";
    if (caption.querySelector("a") !== null) continue;
    const name = caption.textContent.trim();
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = "CSV";
    button.title = `Save "${name}" as a CSV file`;
    button.addEventListener("click", () => save(caption.closest("table"), name));
    caption.append(button);
  }
}

// The live parts of a page are replaced.
new MutationObserver(prepare).observe(document.body, { childList: true, subtree: true });
prepare();
