// The little that plain forms cannot do: one request for many clicks, a word when the line is down,
// keys for the counter, and Enter of a scanner that moves on instead of confirming.
"use strict";

(() => {
  const banner = () => document.getElementById("link-down");
  const down = (is) => {
    const shown = banner();
    if (shown) shown.hidden = !is;
    document.documentElement.classList.toggle("is-down", is);
    for (const button of document.querySelectorAll("[data-confirm]")) button.disabled = is;
  };

  // htmx says nothing by itself when a request cannot go out.
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => down(true));
  }
  document.addEventListener("htmx:afterOnLoad", () => down(false));
  window.addEventListener("offline", () => down(true));

  // A heartbeat while the line is down, and now and then while it is up.
  const beat = async () => {
    try {
      const answer = await fetch("/api/v1/health", { cache: "no-store" });
      down(!answer.ok && answer.status >= 502);
    } catch {
      down(true);
    }
  };
  window.addEventListener("online", beat);
  setInterval(() => {
    if (document.visibilityState === "visible") beat();
  }, 10_000);

  // Three fast clicks are one: a form that was sent is not sent again until it is answered.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent === "yes") {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (form.method === "post") form.dataset.sent = "yes";
  }, true);
  const again = (event) => {
    const form = event.target.closest ? event.target.closest("form") : null;
    if (form) delete form.dataset.sent;
  };
  document.addEventListener("htmx:afterRequest", again);
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  // F-keys and Escape: an element says which one presses it. `code` is the same on every layout.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const pressed = document.querySelector(`[data-key="${event.code}"]:not([disabled])`);
    if (pressed) {
      event.preventDefault();
      pressed.focus();
      pressed.click();
      return;
    }
    // A scanner types digits and Enter: from a field that says so, Enter goes to the next one.
    const field = event.target;
    if (event.code.endsWith("Enter") && field.dataset && field.dataset.enter) {
      const next = document.getElementById(field.dataset.enter);
      if (next && !next.value) {
        event.preventDefault();
        next.focus();
      }
    }
  });

  // A device's key comes behind the `#`, which no server reads; it does not stay in the address.
  const key = document.getElementById("device-key");
  if (key && location.hash.length > 1) {
    key.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, "", location.pathname);
  }

  // What came in by a swap and wants the keyboard gets it.
  document.addEventListener("htmx:afterSettle", (event) => {
    const wanted = event.target.querySelector("[autofocus]");
    if (wanted) wanted.focus();
  });
})();
