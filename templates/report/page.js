"use strict";
// Makes long tables easier to work with; the page is whole without it.
(function () {
  function value(row, column) {
    var cell = row.cells[column];
    var text = cell.hasAttribute("data-v") ? cell.getAttribute("data-v") : cell.textContent.trim();
    var number = parseFloat(text);
    return text === "" || text === "–" ? null : isNaN(number) ? text : number;
  }
  function compare(a, b) {
    if (a === null || b === null) return a === b ? 0 : null;
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  }
  document.querySelectorAll("table[data-sortable]").forEach(function (table) {
    var body = table.tBodies[0];
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) button.appendChild(head.firstChild);
      head.appendChild(button);
      button.addEventListener("click", function () {
        var numeric = head.classList.contains("num") || head.classList.contains("bars");
        var now = head.getAttribute("aria-sort");
        var down = now ? now === "ascending" : numeric;
        Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) {
          other.removeAttribute("aria-sort");
        });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var rows = Array.prototype.slice.call(body.rows);
        rows.sort(function (one, two) {
          var a = value(one, column), b = value(two, column), order = compare(a, b);
          if (order === null) return a === null ? 1 : -1;
          return down ? -order : order;
        });
        rows.forEach(function (row) { body.appendChild(row); });
      });
    });
  });
  document.querySelectorAll("table[data-filter]").forEach(function (table) {
    var section = document.getElementById(table.getAttribute("data-filter"));
    var items = section.querySelectorAll("[data-label]");
    if (table.tBodies[0].rows.length < 12) return;
    var field = document.createElement("label");
    field.className = "filter";
    field.textContent = "Show only labels with ";
    var input = document.createElement("input");
    input.type = "search";
    field.appendChild(input);
    table.parentNode.parentNode.insertBefore(field, table.parentNode);
    input.addEventListener("input", function () {
      var wanted = input.value.toLowerCase();
      items.forEach(function (item) {
        item.hidden = item.getAttribute("data-label").toLowerCase().indexOf(wanted) < 0;
      });
    });
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (one) { one.open = true; });
  });
})();
