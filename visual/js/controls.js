// Finds links, buttons and forms, and notices whether pressing one does anything.
(() => {
  if (window.__controls) return;
  const BUTTONS =
    'button, [role="button"], [role="tab"], [role="menuitem"], [role="switch"], summary, ' +
    'input[type="submit"], input[type="button"], input[type="reset"], input[type="image"]';
  const SUBMIT = 'button:not([type]), button[type="submit"], input[type="submit"], input[type="image"]';
  const ALIKE = 3; // so many rows or cards that look alike are a list: its first and its last are tried
  const MANY = 7; // so many equal buttons side by side are a group, as the days of a calendar: the same
  let found = [];
  let known = new WeakSet(); // what was there at the last look
  let noisy = new WeakSet();
  let watching = null;

  new MutationObserver((records) => {
    for (const record of records) watching ? notice(record) : noisy.add(record.target);
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  // --- finding ---------------------------------------------------------------------------------------------------

  function list() {
    const modal = [...document.querySelectorAll('dialog:modal, [aria-modal="true"]')].filter(__view.shown).pop();
    const scope = modal ?? document;
    const groups = new Map();
    found = [...scope.querySelectorAll(`a, form, ${BUTTONS}`)].filter(usable).map((element) => {
      const control = describe(element, Boolean(modal));
      groups.set(control.key, (groups.get(control.key) ?? 0) + 1);
      return { element, fresh: !known.has(element), ...control };
    });
    for (const { element } of found) known.add(element);
    const counted = new Map();
    noisy = new WeakSet();
    return found.map(({ element, ...control }, index) => {
      const nth = counted.get(control.key) ?? 0;
      counted.set(control.key, nth + 1);
      const size = groups.get(control.key);
      const sampled = size < ALIKE || nth === 0 || nth === size - 1;
      return { ...control, index, key: `${control.key}#${nth}`, sampled };
    });
  }

  function usable(element) {
    if (!__view.shown(element) || element.closest("[inert]")) return false;
    if (element.matches(':disabled, [aria-disabled="true"]')) return false;
    if (element.matches(BUTTONS) && element.closest("a")) return false; // its link is tried
    if (element.form && element.matches(SUBMIT)) return false; // its form is tried
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1;
  }

  function describe(element, inModal) {
    const kind = element.matches("form") ? "form" : element.matches("a") && !element.matches('[role="button"]') ? "link" : "button";
    const main = document.querySelector("main, [role='main']");
    const shared = !inModal && Boolean(main) && !main.contains(element); // the frame that all pages have
    const repeated = shared ? null : repeating(element);
    const name = nameOf(element);
    const href = kind === "link" ? element.getAttribute("href") : null;
    const place = repeated ? `${shape(repeated)} ${controlsOf(repeated).indexOf(element)}` : name;
    const key = [shared ? "shared" : shape(element), kind, place, href?.replace(/\d+/g, "N") ?? ""].join("|");
    return { kind, shared, name, href, key, target: __view.path(element), address: addressOf(element, href) };
  }

  // What kind of address a link has: "inside", "outside", "here" (the page itself), "part" (of the page), "none" or "other".
  function addressOf(element, href) {
    if (!element.matches("a")) return "";
    if (href === null || href.trim() === "" || href.trim() === "#" || /^\s*javascript:/i.test(href)) return "none";
    const url = new URL(href, document.baseURI);
    if (!/^https?:$/.test(url.protocol)) return "other";
    if (url.origin !== location.origin) return "outside";
    const same = url.pathname === location.pathname && url.search === location.search;
    if (same && url.hash) return document.getElementById(decodeURIComponent(url.hash.slice(1))) ? "part" : "none";
    return same ? "here" : "inside";
  }

  function nameOf(element) {
    if (element.matches("form")) {
      const submit = element.querySelector(SUBMIT);
      return element.getAttribute("aria-label") || (submit ? `form with "${nameOf(submit)}"` : "form");
    }
    const label = element.getAttribute("aria-label") || element.innerText || element.value || element.title;
    return (label || element.querySelector("img")?.alt || "").replace(/\s+/g, " ").trim().slice(0, 80);
  }

  // The row, card or list item that repeats around the element, if there is one.
  function repeating(element) {
    if (element.matches('form, [role="tab"]')) return null;
    if (twins(element).length >= MANY) return element;
    for (let up = element.parentElement; up && !up.matches("body, main, form, nav"); up = up.parentElement) {
      if (up.matches("th, td")) continue;
      const inside = controlsOf(up).length;
      if (twins(up).filter((twin) => controlsOf(twin).length === inside).length >= ALIKE) return up;
    }
    return null;
  }

  const controlsOf = (element) => [...element.querySelectorAll(`a, ${BUTTONS}`)];

  function twins(element) {
    const siblings = [...(element.parentElement?.children ?? [])];
    return siblings.filter((e) => e.localName === element.localName && e.className === element.className);
  }

  function shape(element) {
    const words = [];
    for (let up = element; up && up.localName !== "body"; up = up.parentElement) words.unshift(up.localName);
    return words.join(">");
  }

  // --- pressing --------------------------------------------------------------------------------------------------

  // Where to press the control: {x, y, submits, covered} in the window; null when it is gone. What the press does is watched from
  // the moment the mouse goes down, so that what pointing at it does (a tooltip) does not count.
  async function aim(key) {
    const control = find(key);
    let element = control;
    if (element?.matches("form")) element = element.querySelector(SUBMIT) ?? element.querySelector("input:not([type=hidden])");
    if (!element || !__view.shown(element)) return null;
    element.focus({ preventScroll: true });
    let at = spot(element);
    for (let tries = 0; tries < 40 && (at.covered || __view.moving()); tries++) {
      // what slides in, as a dialog does, needs a moment; what does not move can be scrolled to
      if (!__view.moving()) element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      at = spot(element);
    }
    watching = null;
    addEventListener("pointerdown", () => watch(control), { capture: true, once: true });
    return at;
  }

  function find(key) {
    const control = list().find((control) => control.key === key);
    return control ? found[control.index].element : null;
  }

  function watch(element) {
    watching = { element, url: location.href, scroll: scrollX + scrollY, effects: new Set() };
  }

  function spot(element) {
    const boxes = [...element.getClientRects()];
    const box = boxes.find((b) => b.width > 1 && b.height > 1) ?? element.getBoundingClientRect();
    const x = box.left + box.width / 2;
    const y = box.top + box.height / 2;
    const top = document.elementFromPoint(x, y);
    const hit = top && (element.contains(top) || top.contains(element) || top.closest("label")?.control === element);
    return { x, y, submits: element.matches(SUBMIT), covered: hit ? "" : top ? __view.path(top) : "the edge of the page" };
  }

  function notice(record) {
    const { element, effects } = watching;
    if (noisy.has(record.target)) return;
    const itself = record.target === element && record.type === "attributes";
    if (itself && !/^(aria-|data-state|checked|open|value|disabled)/.test(record.attributeName)) return;
    effects.add("change");
  }

  for (const [event, effect] of Object.entries({ invalid: "validation", toggle: "change", change: "change" })) {
    document.addEventListener(event, () => watching?.effects.add(effect), true);
  }
  window.print = () => watching?.effects.add("print"); // without a printer the browser would do nothing, or wait for ever
  document.addEventListener(
    "focusin",
    ({ target }) => {
      if (watching && target !== watching.element && !watching.element.contains(target)) watching.effects.add("focus");
    },
    true,
  );

  // What the press did so far; waits up to `limit` ms for the first effect.
  async function effects(limit) {
    if (!watching) return ["address"]; // this is another document
    for (let waited = 0; waited <= limit; waited += 10) {
      const { url, scroll, effects } = watching;
      const [before, now] = [new URL(url), new URL(location.href)];
      if (before.href.split("#")[0] !== now.href.split("#")[0]) effects.add("address");
      else if (now.hash.length > 1 && now.hash !== before.hash) effects.add("address");
      if (Math.abs(scrollX + scrollY - scroll) > 1) effects.add("scroll");
      if (effects.size) break;
      await __view.sleep(10);
    }
    return [...watching.effects];
  }

  // --- filling ---------------------------------------------------------------------------------------------------

  // Fill the form with plausible values, as typing does. False when it is gone.
  function fill(key, number) {
    const form = find(key);
    if (!form) return false;
    for (const field of form.elements) {
      if (field.matches("button, fieldset, output, [type=submit], [type=hidden], [type=file], :disabled, :read-only:not(select)")) continue;
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.required && !field.checked) field.click();
        continue;
      }
      const value = plausible(field, number);
      if (value === null || (field.value && field.localName === "select")) continue;
      const prototype = Object.getPrototypeOf(field);
      Object.getOwnPropertyDescriptor(prototype, "value").set.call(field, value); // past the frameworks that wrap it
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    return true;
  }

  function plausible(field, number) {
    if (field.localName === "select") return [...field.options].find((o) => o.value && !o.disabled)?.value ?? null;
    const low = field.min === "" || field.min === undefined ? null : Number(field.min);
    const values = {
      email: `visitor-${number}@example.com`,
      url: "https://example.com/",
      tel: "+49 30 5550199",
      number: String(low ?? 1),
      range: null,
      date: "2026-02-03",
      time: "10:30",
      "datetime-local": "2026-02-03T10:30",
      month: "2026-02",
      color: "#336699",
      password: "Sample-pass-2468",
    };
    if (field.type in values) return values[field.type];
    const text = `Sample ${number}`;
    return field.maxLength > 0 ? text.slice(0, field.maxLength) : text;
  }

  const asksPassword = (key) => Boolean(find(key)?.querySelector('input[type="password"]'));

  Object.defineProperty(window, "__controls", { value: { list, aim, effects, fill, asksPassword } });
})();
