// A table whose heads sort: the rows of each body by one column, a second click the other way round.

function sortTable(table, place, down) {
  const key = (row) => row.cells[place].dataset.sort;
  const order = (one, other) => (Number.isNaN(Number(key(one))) ? key(one).localeCompare(key(other)) : key(one) - key(other));
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => row.cells.length > 1).sort(order);
    body.append(...(down ? rows.reverse() : rows));
  }
}

for (const button of document.querySelectorAll("button.sort")) {
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const table = button.closest("table");
    const down = button.classList.toggle("down");
    for (const other of table.querySelectorAll("button.sort")) other.setAttribute("aria-pressed", String(other === button));
    sortTable(table, button.closest("th").cellIndex, down === button.closest("th").classList.contains("n"));
  });
}
