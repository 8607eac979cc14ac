// The little that plain forms cannot do: one request for many clicks, one page at a time, a word
// when the line is slow or down, keys for the counter, and an Enter that nobody meant is no
// confirmation.
"use strict";

(() => {
  const SLOW_BEAT = 10_000;
  const FAST_BEAT = 1_500;
  const SCANNER = 150; // Nobody presses Enter so soon after another key; a scanner does.
  const SLOW = 1_500; // An answer that takes so long is one that a word is said about.
  const SETTLE = 250; // Nor so soon after a page has come up.

  let isDown = false;
  let typedAt = -Infinity;
  let shownAt = performance.now();

  // A confirmation keeps the keyboard while the line is down (a disabled button would lose it).
  const tell = () => {
    const banner = document.getElementById("link-down");
    if (banner) banner.hidden = !isDown;
    for (const button of document.querySelectorAll("[data-confirm]")) {
      button.setAttribute("aria-disabled", isDown);
    }
  };
  const down = (is) => {
    const changed = is !== isDown;
    isDown = is;
    tell();
    if (changed) beatLater();
  };

  // htmx says nothing by itself when a request cannot go out, or no answer comes in.
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => down(true));
  }
  document.addEventListener("htmx:afterOnLoad", () => down(false));
  window.addEventListener("offline", () => down(true));

  // A heartbeat, quick while the line is down.
  let timer = 0;
  const beat = async () => {
    try {
      const answer = await fetch("/api/v1/health", {
        cache: "no-store",
        signal: AbortSignal.timeout(SLOW_BEAT),
      });
      down(!answer.ok && answer.status >= 502);
    } catch {
      down(true);
    }
    beatLater();
  };
  const beatLater = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => (document.visibilityState === "visible" ? beat() : beatLater()),
      isDown ? FAST_BEAT : SLOW_BEAT,
    );
  };
  window.addEventListener("online", beat);
  beatLater();

  // One page at a time: an answer that comes late must not come up over what was opened after it was
  // asked for. A look elsewhere takes the place of the look before. What changes something is waited
  // for, and nothing else begins before its answer; but for a form that may be left: a quote, or a
  // slow meter whose answer the sale's page tells later.
  let going = null;
  let patience = 0;
  const isWaitedFor = () => going !== null && going.waitedFor;
  const showWaiting = () => {
    const banner = document.getElementById("waiting");
    if (banner) banner.hidden = !isWaitedFor();
  };
  const went = () => {
    clearTimeout(patience);
    going = null;
    document.documentElement.removeAttribute("aria-busy");
    showWaiting();
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { boosted, xhr } = event.detail;
    const asked = event.target;
    if (!boosted) return;
    if (isWaitedFor()) {
      event.preventDefault();
      delete asked.dataset.sent;
      showWaiting();
      return;
    }
    if (going) going.xhr.abort();
    going = { xhr, waitedFor: asked.matches("form[method='post']:not([data-leavable])") };
    document.documentElement.setAttribute("aria-busy", "true");
    patience = setTimeout(showWaiting, SLOW);
    // The element that asked may be gone by then, and what is told there with it.
    xhr.addEventListener("loadend", () => {
      if (going && going.xhr === xhr) went();
    });
  });
  window.addEventListener("beforeunload", (event) => {
    if (isWaitedFor()) event.preventDefault();
  });

  // Three fast clicks are one: a form that was sent is not sent again until it is answered.
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const confirms = isDown && form.querySelector("[data-confirm]");
      if (form.dataset.sent === "yes" || confirms) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      if (form.method === "post") form.dataset.sent = "yes";
      // What opens beside this page leaves the page as it is: its form serves again in a moment.
      if (form.target === "_blank") setTimeout(() => delete form.dataset.sent, 3_000);
    },
    true,
  );
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest ? event.target.closest("form") : null;
    if (form) delete form.dataset.sent;
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  // Enter on a confirmation counts if a person pressed it there: not the end of what a scanner
  // typed, not a key that is still held down from the page before.
  const meant = (event) => {
    const now = performance.now();
    return !event.repeat && now - typedAt > SCANNER && now - shownAt > SETTLE;
  };

  // Up and down among the customers that are meant.
  const among = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.code];
    const found = step ? [...document.querySelectorAll(".found a")] : [];
    const here = found.indexOf(event.target);
    const next = found[here + step];
    if (next && (here >= 0 || event.target.id === "find")) {
      event.preventDefault();
      next.focus();
    }
  };

  // F-keys and Escape: an element says which one presses it. `code` is the same on every layout.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (isWaitedFor() && (event.key === "Enter" || event.key === "Escape" || /^F\d/.test(event.key))) {
      event.preventDefault();
      showWaiting();
      return;
    }
    const wanted = `[data-key="${event.code}"]:not([disabled])`;
    // What a page says of a key comes before what the bar above every page says.
    const pressed = document.querySelector(`main ${wanted}`) || document.querySelector(wanted);
    if (pressed) {
      event.preventDefault();
      if (event.repeat) return;
      pressed.focus();
      pressed.click();
      return;
    }
    among(event);
    const enter = event.key === "Enter";
    const form = event.target.closest ? event.target.closest("form") : null;
    if (enter && form && form.querySelector("[data-confirm]") && !meant(event)) {
      event.preventDefault();
    }
    if (!enter) typedAt = performance.now();
  });

  // A device's key comes behind the `#`, which no server reads; it does not stay in the address.
  const key = document.getElementById("device-key");
  if (key && location.hash.length > 1) {
    key.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, "", location.pathname);
  }

  // What came in by a swap and wants the keyboard gets it, in the same turn (`defaultSettleDelay`):
  // a moment later the first key of a quick hand has fallen between the two pages.
  document.addEventListener("htmx:afterSettle", (event) => {
    shownAt = performance.now();
    tell();
    const wanted = event.target.querySelector("[autofocus]");
    if (wanted) wanted.focus();
  });
})();
