// Runs in every document before its own scripts. Watches, never changes anything.
(() => {
  if (window.__view) return;
  let last = performance.now();
  const observer = new MutationObserver(() => (last = performance.now()));
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  // Resolves when nothing has changed for `quiet` ms, fonts and pictures are there, and a frame was painted; false after `limit` ms.
  async function settled(quiet, limit) {
    const start = performance.now();
    while (performance.now() - start < limit) {
      const images = [...document.images].some((image) => image.loading !== "lazy" && !image.complete);
      const wait = quiet - (performance.now() - last);
      if (document.readyState === "complete" && document.fonts.status === "loaded" && !images && wait <= 0) {
        return true;
      }
      await sleep(Math.min(Math.max(wait, 5), 50));
    }
    return false;
  }

  const text = () => (document.body ? document.body.innerText.replace(/\s+/g, " ").trim() : "");

  // What a checker of semantics and colours would see; equal at two widths when only the layout differs.
  function signature() {
    const parts = [];
    for (const element of document.querySelectorAll("body, body *")) {
      if (!shown(element)) continue;
      const style = getComputedStyle(element);
      parts.push(element.localName, style.color, style.backgroundColor, style.fontSize, element.childElementCount);
    }
    return parts.join("|");
  }

  // Elements that reach beyond the right edge of the window, and are not inside something that scrolls or cuts.
  function overflow() {
    const root = document.scrollingElement;
    const beyond = Math.max(root.scrollWidth, document.body ? document.body.scrollWidth : 0) - innerWidth;
    const culprits = [];
    if (beyond > 0) {
      for (const element of document.querySelectorAll("body *")) {
        const box = element.getBoundingClientRect();
        if (box.width && box.right > innerWidth + 1 && !held(element)) culprits.push(path(element));
        if (culprits.length === 5) break;
      }
    }
    return { beyond, culprits };
  }

  function held(element) {
    for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).overflowX !== "visible") return true;
    }
    return false;
  }

  // A short selector for people.
  function path(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const words = [];
    for (let up = element; up && up.localName !== "body" && words.length < 4; up = up.parentElement) {
      const twins = up.parentElement ? [...up.parentElement.children].filter((e) => e.localName === up.localName) : [up];
      words.unshift(twins.length > 1 ? `${up.localName}:nth-of-type(${twins.indexOf(up) + 1})` : up.localName);
    }
    return words.join(" > ");
  }

  Object.defineProperty(window, "__view", { value: { settled, text, signature, overflow, path, shown, sleep } });
})();
