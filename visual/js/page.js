// Runs in every document before its own scripts. Watches, never changes anything.
(() => {
  if (window.__view) return;
  let changes = 0;
  new PerformanceObserver(() => changes++).observe({ type: "resource" }); // an answer came that may have to be drawn yet
  new MutationObserver(() => changes++).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  // What moves for ever is not waited for.
  const moving = () =>
    document.getAnimations().some((a) => a.playState === "running" && Number.isFinite(a.effect?.getComputedTiming().endTime));
  const loading = () =>
    document.readyState !== "complete" ||
    document.fonts.status !== "loaded" ||
    [...document.images].some((image) => image.loading !== "lazy" && !image.complete) ||
    moving();

  // Resolves when nothing has changed in `looks` looks, 10 ms apart, and nothing is loading; false after `limit` ms. Looks are
  // counted, not time, because a machine that is busy gives the page fewer of them, too.
  async function settled(looks, limit) {
    const end = performance.now() + limit;
    // A look every 10 ms on a machine that is free: who gets far fewer of them waits longer, four times the limit at most.
    const late = (seen) => performance.now() > (seen * 25 < limit ? end + 3 * limit : end);
    for (let calm = 0, before = -1, seen = 0; !late(seen); seen++) {
      calm = changes === before && !loading() ? calm + 1 : 0;
      if (calm > looks) return true;
      before = changes;
      await sleep(10);
    }
    return false;
  }

  // Resolves when the window has this size, and the page was laid out and painted in it.
  async function sized([width, height]) {
    for (let waited = 0; waited < 1000 && (innerWidth !== width || innerHeight !== height); waited += 5) await sleep(5);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }

  // Stop what moves and what blinks, as if it had come to its end, for a picture. Returns the frame of the whole page, `most`
  // high, and whether anything has to rise() after it.
  const still = new CSSStyleSheet();
  still.replaceSync("* { caret-color: transparent !important; }");
  function pose(most) {
    if (!document.adoptedStyleSheets.includes(still)) document.adoptedStyleSheets.push(still);
    for (const animation of document.getAnimations()) {
      Number.isFinite(animation.effect?.getComputedTiming().endTime) ? animation.finish() : animation.cancel();
    }
    const { scrollWidth, scrollHeight } = document.documentElement;
    const width = Math.max(scrollWidth, innerWidth);
    const height = Math.max(scrollHeight, innerHeight);
    sink(Math.min(height, most) - innerHeight);
    const clip = { x: 0, y: 0, scale: 1, width, height: Math.min(height, most) };
    return { sunk: sunk.length > 0, frame: { clip, captureBeyondViewport: width > innerWidth || height > innerHeight } };
  }

  // What keeps to the lower edge of the window is at the lower edge of the picture, and back in its place after it.
  const sunk = [];
  function sink(way) {
    for (const element of way > 0 ? document.body.querySelectorAll("*") : []) {
      if (getComputedStyle(element).position !== "fixed" || sunk.some(([above]) => above.contains(element))) continue;
      const { top, height } = element.getBoundingClientRect();
      if (top < innerHeight / 2 || height > innerHeight / 2) continue;
      sunk.push([element, element.style.translate]);
      element.style.translate = `0 ${way}px`;
    }
  }
  function rise() {
    for (const [element, before] of sunk.splice(0)) element.style.translate = before;
  }

  const words = (element) => (element ? element.innerText.replace(/\s+/g, " ").trim() : "");
  const text = () => words(document.body);
  // What the page itself says: what stands around it on all pages may count something, and be another the next time.
  const content = () => words(document.querySelector("main") ?? document.body);

  // The place of the content within the page, and of all that shows in it with its own words: the same whatever its colours.
  function outline() {
    const root = document.querySelector("main") ?? document.body;
    const { x, y, width, height } = root.getBoundingClientRect();
    const rows = [];
    const range = document.createRange();
    const place = (box) => [box.x - x, box.y - y, box.width, box.height].map(Math.round);
    for (const element of root.querySelectorAll("*")) {
      if (!shown(element)) continue;
      rows.push([element.localName, ...place(element.getBoundingClientRect())]);
      for (const node of element.childNodes) {
        if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
        range.selectNodeContents(node);
        rows.push([node.data.replace(/\s+/g, " ").trim(), ...place(range.getBoundingClientRect())]);
      }
    }
    return JSON.stringify({ box: [x + scrollX, y + scrollY, width, height], rows });
  }

  // What shows in a way it did not show before: `elements` that are new, `colours` of elements that are not. What a checker of
  // semantics and colours has seen at one width it need not see again at another.
  const looks = new WeakMap();
  function news() {
    const found = { all: !looks.has(document.body), elements: [], colours: [] };
    for (const element of document.querySelectorAll("body, body *")) {
      if (!shown(element)) continue;
      const style = getComputedStyle(element);
      const look = [style.color, style.backgroundColor, style.fontSize, style.fontWeight, style.opacity].join();
      const known = looks.get(element);
      if (!known) found.elements.push(element);
      else if (!known.has(look)) found.colours.push(element);
      looks.set(element, (known ?? new Set()).add(look));
    }
    return found;
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

  // Buttons, links, labels and headings so narrow that a word of theirs, not a long one, begins on one line and ends on another.
  function squeezed() {
    const found = [];
    const range = document.createRange();
    for (const element of document.querySelectorAll('button, [role="button"], a, label, th, h1, h2, h3')) {
      if (!shown(element) || getComputedStyle(element).hyphens === "auto") continue;
      const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        if (!broken(texts.currentNode, range)) continue;
        found.push(path(element));
        break;
      }
      if (found.length === 5) break;
    }
    return found;
  }

  function broken(text, range) {
    range.selectNodeContents(text);
    if (lines(range) < 2) return false;
    for (const { index, 0: word } of text.data.matchAll(/[\p{L}\p{N}]+/gu)) {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (word.length <= 16 && lines(range) > 1) return true;
    }
    return false;
  }

  const lines = (range) => new Set([...range.getClientRects()].filter((box) => box.width > 0).map((box) => Math.round(box.top))).size;

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

  Object.defineProperty(window, "__view", {
    value: { settled, moving, sized, pose, rise, text, content, outline, news, overflow, squeezed, path, shown, sleep },
  });
})();
