for (const tools of document.querySelectorAll(".tools")) tools.hidden = false;
for (const [key, open] of [["open", true], ["close", false]])
  for (const button of document.querySelectorAll(`[data-${key}]`))
    button.addEventListener("click", () => {
      for (const each of document.querySelectorAll(`${button.dataset[key]} details:not([hidden])`)) each.open = open;
    });
const find = document.getElementById("find");
if (find) find.addEventListener("input", () => {
  const rows = [...document.querySelectorAll(".row")];
  for (const row of rows) row.hidden = !row.querySelector(".name").firstChild.data.includes(find.value.trim());
  const shown = rows.filter((row) => !row.hidden).length;
  document.getElementById("found").textContent = find.value ? `${shown} of ${rows.length} hosts` : "";
});
