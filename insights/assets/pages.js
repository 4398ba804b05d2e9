// What pages do beyond links and forms: keys, theme, the chart's line of text. All of it can be missing.
"use strict";
(() => {
  const root = document.documentElement;
  const find = (selector, from = document) => from.querySelector(selector);
  const keep = (name, value) => {
    document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=strict`;
  };

  const flipTheme = () => {
    const systemIsDark = matchMedia("(prefers-color-scheme: dark)").matches;
    const isDark = root.dataset.theme === "dark" || (root.dataset.theme === "auto" && systemIsDark);
    root.dataset.theme = isDark ? "light" : "dark";
    keep("theme", root.dataset.theme);
  };

  const showReadout = (link) => {
    const readout = find("#readout");
    if (!readout || !link) return;
    const posts = link.dataset.posts ? ` · ${link.dataset.posts}` : "";
    readout.textContent = link.dataset.said + posts;
  };

  const openKeys = () => find("#keys").showModal();
  const follow = (id) => {
    const link = document.getElementById(id);
    if (link) link.click();
  };

  const typed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, dialog")) return;
    const deeds = {
      "/": () => find("#search")?.focus(),
      "[": () => follow("earlier"),
      "]": () => follow("later"),
      c: () => follow("compare"),
      t: flipTheme,
      "?": openKeys,
    };
    const deed = deeds[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  };

  document.addEventListener("keydown", typed);
  document.addEventListener("pointerover", (event) => showReadout(event.target.closest?.(".days a")));
  document.addEventListener("focusin", (event) => showReadout(event.target.closest?.(".days a")));
  document.addEventListener("DOMContentLoaded", () => {
    const address = new URL(location.href);
    const lang = address.searchParams.get("lang");
    const theme = address.searchParams.get("theme");
    if (lang) keep("lang", lang);
    if (theme) {
      keep("theme", theme);
      address.searchParams.delete("theme");
      history.replaceState(null, "", address);
    }
    find("#theme").addEventListener("click", (event) => {
      event.preventDefault();
      flipTheme();
    });
    for (const part of document.querySelectorAll(".only-script")) part.hidden = false;
    find("#keys-open")?.addEventListener("click", openKeys);
    find("#address").textContent = location.href;
  });
})();
