// Runs in every document before its own scripts: says what a person sees and can reach. Watches, never changes anything.
(() => {
  if (window.__screen) return;
  const clean = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const MODAL = 'dialog:modal, [aria-modal="true"]';
  const FIELDS = 'input:not([type=hidden]):not([type=submit]):not([type=button]):not([type=image]):not([type=reset]), select, textarea, [contenteditable="true"], [role=slider]';
  const BUTTONS = "button, [role=button], [role=tab], [role=menuitem], [role=switch], input[type=submit], input[type=button], input[type=image], summary, [onclick]";
  const OWN = "main, [role=main]";

  // Big enough to be seen, and not made invisible. What only screen readers get is not on the screen.
  function shown(element) {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = element.getBoundingClientRect();
    return box.width > 2 && box.height > 2 && box.right > 0 && box.bottom + scrollY > 0;
  }

  // The words within, without those of controls and of what is not shown.
  function words(element) {
    const found = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (parent.closest("select, textarea, script, style") || !parent.checkVisibility()) continue;
      found.push(walker.currentNode.data);
    }
    return clean(found.join(" "));
  }

  const referred = (element, attribute) =>
    clean((element.getAttribute(attribute) ?? "").split(/\s+/).map((id) => document.getElementById(id)?.innerText ?? "").join(" "));

  const name = (element) =>
    clean(element.getAttribute("aria-label")) || referred(element, "aria-labelledby") || clean(element.innerText) ||
    clean(element.value) || clean(element.querySelector("img[alt]")?.alt) || clean(element.title) || clean(element.querySelector("svg title")?.textContent);

  const label = (element) =>
    clean(element.getAttribute("aria-label")) || referred(element, "aria-labelledby") || clean([...(element.labels ?? [])].map(words).join(" ")) ||
    clean(element.placeholder) || clean(element.title) || clean(beside(element)) || clean(element.name);

  // Words just before a field without a label.
  function beside(element) {
    const before = element.previousElementSibling;
    return before && !before.matches(FIELDS) && before.innerText?.length < 60 ? before.innerText : "";
  }

  function area(element) {
    if (element.closest(`dialog, [role=dialog], ${MODAL}`)) return "dialog";
    if (element.closest("nav, [role=navigation], [role=menubar]")) return element.closest("footer") ? "footer" : "nav";
    if (element.closest(OWN)) return "main";
    if (element.closest("footer")) return "footer";
    return element.closest("header, aside") ? "header" : "main";
  }

  const ITEM = 'tr, li, article, dialog, [role=listitem], [role=row], [class*="card"], [class*="item"], form';
  const around = (element) => clean(element.parentElement?.closest(ITEM)?.innerText).slice(0, 200);

  // The heading that an element stands under.
  function heading(element) {
    for (let up = element; up && up !== document.body; up = up.parentElement) {
      const own = up.matches("section, form, dialog, article, fieldset, [role=region], [role=dialog]") && up.querySelector("h1, h2, h3, h4, legend");
      if (own && shown(own)) return clean(own.innerText);
      for (let before = up.previousElementSibling; before; before = before.previousElementSibling) {
        if (before.matches("h1, h2, h3, h4") && shown(before)) return clean(before.innerText);
        const inner = before.querySelector?.("h1, h2, h3, h4");
        if (inner && shown(inner)) return clean(inner.innerText);
      }
    }
    return clean(document.querySelector("h1")?.innerText);
  }

  let kept = [];
  const keep = (element) => kept.push(element) - 1;

  function link(element) {
    const url = new URL(element.href, location.href);
    const inside = url.origin === location.origin;
    return { i: keep(element), name: name(element), href: inside ? url.pathname + url.search + url.hash : element.href, inside, area: area(element),
      context: around(element), heading: heading(element), current: element.hasAttribute("aria-current"), download: element.hasAttribute("download") };
  }

  function button(element, forms) {
    const form = element.form ?? element.closest("form");
    return { i: keep(element), name: name(element), area: area(element), context: around(element), heading: heading(element), form: form ? forms.indexOf(form) : -1,
      submit: element.matches("button:not([type=button]):not([type=reset]), input[type=submit], input[type=image]") && Boolean(form),
      pressed: element.getAttribute("aria-pressed") ?? element.getAttribute("aria-checked") ?? element.getAttribute("aria-selected") ?? "",
      disabled: element.disabled || element.getAttribute("aria-disabled") === "true", opens: element.matches("summary, [aria-haspopup]") };
  }

  function field(element, forms) {
    const form = element.form ?? element.closest("form");
    const kind = element.localName === "input" ? element.type : element.localName === "select" ? "select" : "textarea";
    const told = referred(element, "aria-describedby");
    return { i: keep(element), label: label(element), kind, name: element.name ?? "", value: element.value ?? "", checked: Boolean(element.checked),
      form: form ? forms.indexOf(form) : -1, area: area(element), heading: heading(element), legend: clean(element.closest("fieldset")?.querySelector("legend")?.innerText),
      required: element.required || element.getAttribute("aria-required") === "true", invalid: element.getAttribute("aria-invalid") === "true",
      told, wrong: element.matches(":user-invalid") ? element.validationMessage : "",
      min: element.min ?? "", max: element.max ?? "", longest: element.maxLength > 0 ? element.maxLength : 0, shortest: element.minLength > 0 ? element.minLength : 0,
      pattern: element.pattern ?? "", placeholder: element.placeholder ?? "", accept: element.accept ?? "", disabled: element.disabled || Boolean(element.readOnly),
      multiple: Boolean(element.multiple), options: element.options ? [...element.options].filter((o) => !o.disabled).map((o) => [o.value, clean(o.label)]) : [],
      search: Boolean(element.closest("search, [role=search]")) || element.type === "search" || element.getAttribute("role") === "searchbox",
      top: Math.round(element.getBoundingClientRect().top + scrollY) };
  }

  const reachable = (element) => shown(element) || [...(element.labels ?? [])].some(shown) || (element.type === "file" && shown(element.parentElement));

  // Things that are repeated: rows of a table, entries of a list, cards beside one another.
  function groups(root) {
    const found = [];
    for (const box of [root, ...root.querySelectorAll("*")]) {
      if (box.closest("nav, header:not(main header), footer:not(main footer), [role=tablist], [role=radiogroup], fieldset, select, svg, thead, [role=toolbar]")) continue;
      const solid = box.matches("tbody, ul, ol, dl, [role=list], [role=grid], [role=feed]");
      const items = box.matches("dl") ? [] : alike(box, solid);
      if (items.length >= (solid ? 1 : 2)) found.push({ kind: solid ? box.localName : "like", label: caption(box), items: items.map(item) });
      if (found.length >= 40) break;
    }
    return found;
  }

  function alike(box, solid) {
    const children = [...box.children].filter((child) => shown(child) && clean(child.innerText) !== "");
    if (solid) return children;
    const articles = children.filter((child) => child.matches("article, [role=article]"));
    if (articles.length > 1) return articles;
    const sort = (child) => `${child.localName}.${child.classList[0] ?? ""}`;
    const first = children[0];
    if (!first || first.matches("label, option, p, h1, h2, h3, button, input, span, td, th, dt, dd, br, form, main, header, footer, nav, tr")) return [];
    return children.every((child) => sort(child) === sort(first)) ? children : [];
  }

  const caption = (box) => clean(box.closest("table")?.caption?.innerText) || clean(box.getAttribute("aria-label")) || heading(box);

  function item(element) {
    const link = element.matches("a[href]") ? element : element.querySelector("a[href]");
    const heads = ["h1, h2, h3, h4, h5", "a[href]", "th", "strong, b", "td"].flatMap((css) => [...element.querySelectorAll(css)]);
    const head = heads.find((one) => clean(one.innerText).length > 2) ?? element;
    const url = link && new URL(link.href, location.href);
    return { i: keep(element), text: clean(element.innerText), title: clean(head.innerText).slice(0, 120) || clean(element.innerText).slice(0, 60),
      href: url && url.origin === location.origin ? url.pathname + url.search : "", buttons: [...element.querySelectorAll(BUTTONS)].filter(shown).map(name), labels: labels(element) };
  }

  // What the parts of a record are called: heads of columns, terms, labels of cells.
  function labels(element) {
    const own = [...element.querySelectorAll("dt, [data-label], th")].map((part) => part.dataset.label ?? part.innerText);
    const heads = element.matches("tr") ? [...(element.closest("table")?.tHead?.querySelectorAll("th") ?? [])].map((th) => th.innerText) : [];
    return [...heads, ...own].map(clean).filter(Boolean);
  }

  const visible = (css, root = document) => [...root.querySelectorAll(css)].filter(shown);
  // The text within, a line for each block, without what stands in controls: as it is read, from top to bottom.
  function lines(root) {
    const found = [];
    let block = null;
    const walker = document.createTreeWalker(root ?? document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || parent.closest("select, textarea, script, style, noscript, datalist")) continue;
      if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      let own = parent;
      while (own !== root && own.parentElement && getComputedStyle(own).display.startsWith("inline")) own = own.parentElement;
      if (own === block) found[found.length - 1] += walker.currentNode.data;
      else found.push(walker.currentNode.data);
      block = own;
    }
    return found.map(clean).filter(Boolean);
  }

  // Numbers on a board: where each is, in the board of the page that has the most places.
  function tiles(root) {
    const boards = visible('[role=grid], [class*="board"], [class*="grid"], table', root).map((box) => [...box.querySelectorAll("*")].filter((e) => !e.childElementCount && shown(e)));
    const cells = boards.sort((a, b) => b.length - a.length)[0] ?? [];
    const numbers = cells.filter((cell) => /^\d+$/.test(clean(cell.innerText)));
    return numbers.map((cell) => { const box = cell.getBoundingClientRect(); return [Number(clean(cell.innerText)), Math.round(box.x), Math.round(box.y)]; });
  }

  function read() {
    kept = [];
    const modal = [...document.querySelectorAll(MODAL)].filter(shown).at(-1) ?? null;
    const forms = [...document.forms];
    const main = document.querySelector(OWN) ?? document.body;
    const all = [...document.querySelectorAll(FIELDS)].filter(reachable);
    return {
      path: location.pathname + location.search + location.hash, title: document.title, modal: Boolean(modal),
      headings: visible("h1, h2, h3, h4, legend, caption, [role=heading]").map((h) => ({ level: Number(h.localName[1]) || 5, text: clean(h.innerText), area: area(h) })),
      links: visible("a[href]").map(link), buttons: visible(BUTTONS).map((b) => button(b, forms)), fields: all.map((f) => field(f, forms)),
      forms: forms.map((form) => ({ heading: heading(form), action: form.getAttribute("action") ?? "", text: clean(form.innerText).slice(0, 300), shown: shown(form) })),
      groups: groups(modal ?? main), lines: lines(document.body), main: lines(modal ?? main), labels: labels(main),
      said: visible('[role=status], [role=alert], output, [aria-live=polite], [aria-live=assertive]').map((e) => clean(e.innerText)).filter(Boolean),
      alerts: visible('[role=alert], [class*="error"], [class*="invalid"]').map((e) => clean(e.innerText)).filter(Boolean),
      tiles: tiles(main),
      pictures: visible("main img, main svg, main canvas, main video, main audio, main iframe, main progress, main meter").length,
    };
  }

  // --- what appeared since a moment --------------------------------------------------------------------------------------

  let news = null;
  const LIVE = "[role=status], [role=alert], output, [aria-live=polite], [aria-live=assertive]";
  function note(node) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (!(element instanceof HTMLElement) || !element.isConnected || !element.checkVisibility()) return;
    const loud = element.closest(LIVE);
    for (const text of lines(loud ?? element)) tell(text, Boolean(loud));
    if (!loud) for (const inner of element.querySelectorAll(LIVE)) for (const text of lines(inner)) tell(text, true);
  }
  function tell(text, live) {
    const known = news.find((one) => one.text === text);
    if (known) known.live ||= live;
    else news.push({ text, live });
  }
  new MutationObserver((changes) => {
    if (!news || news.length > 400) return;
    for (const change of changes) for (const node of change.type === "characterData" ? [change.target] : change.addedNodes) note(node);
  }).observe(document, { subtree: true, childList: true, characterData: true });

  // --- colours -----------------------------------------------------------------------------------------------------------

  const clear = (colour) => /^rgba\(.*, 0\)$|^transparent$/.test(colour);
  function ground(element) {
    for (let up = element; up; up = up.parentElement) {
      const { backgroundColor } = getComputedStyle(up);
      if (!clear(backgroundColor)) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  }

  // Colours behind points all over the window, and those of everything a person would call a component.
  function colours() {
    const points = [];
    for (let x = 0.02; x < 1; x += 0.06) for (let y = 0.02; y < 1; y += 0.06) {
      const at = document.elementFromPoint(innerWidth * x, innerHeight * y);
      if (at) points.push(ground(at));
    }
    const parts = [];
    const css = 'button, [role=button], a, input, select, header, nav, aside, footer, h1, h2, h3, th, [class*="card"], [class*="btn"], [class*="badge"], svg, progress';
    for (const element of visible(css).slice(0, 300)) {
      const style = getComputedStyle(element);
      const values = { background: style.backgroundColor, text: style.color };
      for (const side of ["Top", "Left", "Bottom"]) if (parseFloat(style[`border${side}Width`]) > 0) values[`border${side}`] = style[`border${side}Color`];
      parts.push({ what: element.localName, name: name(element).slice(0, 40), button: element.matches(BUTTONS + ', [class*="btn"], [class*="button"]'), ...values });
    }
    return { body: ground(document.body), html: ground(document.documentElement), points, parts };
  }

  const mark = () => { news = []; return true; };
  Object.defineProperty(window, "__screen", { value: { read, colours, mark, news: () => news ?? [], element: (i) => kept[i] ?? null } });
})();
