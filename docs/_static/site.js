// Names the column of each cell of a table, so that a phone can show a row as a card.
for (const table of document.querySelectorAll("table.docutils")) {
  const columns = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  if (columns.length === 0) continue;
  table.classList.add("cards");
  for (const row of table.querySelectorAll("tbody tr")) {
    [...row.cells].slice(1).forEach((cell, index) => {
      if (columns.length > 2) cell.dataset.column = columns[index + 1];
      if (cell.textContent.trim() === "" && !cell.querySelector("img")) cell.replaceChildren();
    });
  }
}

// Lets long names break after their parts, rather than make a table wider than the page.
for (const name of document.querySelectorAll("table.docutils td code span.pre")) {
  if (name.textContent.length > 16) name.innerHTML = name.innerHTML.replace(/[._:/\]]/g, "$&<wbr>");
}
