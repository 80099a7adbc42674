// Progressive enhancement only: every page works without this file.
// `/` searches, one box ticks all rows, dangerous forms ask first, `data-submit-on-change` submits, secrets copy.
"use strict";

(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // `/` goes to the search box, `n` to "new", Escape closes an open menu.
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
  const closeMenus = (except) =>
    all("details.menu[open]").filter((menu) => menu !== except).forEach((menu) => { menu.open = false; });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open], details.builder[open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key === "/" ? "search" : event.key === "n" ? "new" : null;
    const goal = key && document.querySelector(`[data-key="${key}"]`);
    if (!goal) return;
    event.preventDefault();
    if (goal.tagName === "A") goal.click();
    else { goal.focus(); goal.select(); }
  });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

  // Rows: one box for all of them, and a bar that says how many are ticked.
  all("form[data-rows]").forEach((form) => {
    const boxes = all("input[name=record]", form);
    const every = form.querySelector("[data-select-all]");
    const count = form.querySelector("[data-selected]");
    const bar = form.querySelector("[data-bulk]");
    const show = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      if (count) count.textContent = ticked === 1 ? "1 record selected" : `${ticked} records selected`;
      if (bar) bar.hidden = ticked === 0;
      if (every) {
        every.checked = ticked > 0 && ticked === boxes.length;
        every.indeterminate = ticked > 0 && ticked < boxes.length;
      }
      boxes.forEach((box) => box.closest("tr").classList.toggle("row-selected", box.checked));
    };
    if (every) {
      every.hidden = false;
      every.addEventListener("change", () => {
        boxes.forEach((box) => { box.checked = every.checked; });
        show();
      });
    }
    boxes.forEach((box) => box.addEventListener("change", show));
    show();
  });

  // Dangerous forms ask first; a form is sent once.
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (event.target.method !== "post" || event.target.hasAttribute("data-download")) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  // A choice that is an answer by itself.
  all("[data-submit-on-change]").forEach((input) =>
    input.addEventListener("change", () => input.form.requestSubmit()));

  // Unsaved changes are not lost by a wrong click.
  all("form[data-guard]").forEach((form) => {
    let changed = false;
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("submit", () => { changed = false; });
    window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  });

  // Copying a value that is shown once.
  all("[data-copy]").forEach((button) => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      button.textContent = "Copied";
    });
  });

  // On a narrow screen the navigation scrolls: bring the current item into it.
  document.querySelector(".main-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  // A link to one promise opens it; a failed form takes the focus to its summary.
  const reveal = () => {
    const goal = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (goal && goal.tagName === "DETAILS") goal.open = true;
  };
  window.addEventListener("hashchange", reveal);
  reveal();
  document.querySelector(".error-summary")?.focus();
})();
