// Reads a page as a person does: what is visible, what is written in the controls, in which colours. Changes nothing.
(() => {
  if (window.__walk) return;
  const SKIPPED = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "OPTION", "OPTGROUP", "DATALIST"]);
  const MUTE = new Set(["hidden", "password", "checkbox", "radio", "file", "color", "range", "image"]);
  const LETTER = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{N}]/u;

  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const plain = (text) => text.normalize("NFC").replace(/\s+/g, " ").trim().toLowerCase();

  // What a control, a picture or a drawing says by itself.
  function own(element) {
    const name = element.localName;
    if (name === "select") return [...element.selectedOptions].map((option) => option.label).join(" ");
    if (name === "textarea") return element.value;
    if (name === "input" && !MUTE.has(element.type)) return element.value || element.placeholder;
    if (name === "img") return element.alt;
    return element.getAttribute("role") === "img" ? (element.getAttribute("aria-label") ?? "") : "";
  }

  // Two readings of what is visible in `root`: words that touch run together, or they do not.
  function read(root) {
    const close = [];
    const loose = [];
    const say = (text, gap) => {
      close.push(gap, text, gap);
      loose.push(" ", text, " ");
    };
    const visit = (node) => {
      if (node.nodeType === Node.TEXT_NODE) return say(node.data, "");
      if (node.nodeType !== Node.ELEMENT_NODE || SKIPPED.has(node.tagName) || !shown(node)) {
        if (node.nodeType === Node.ELEMENT_NODE && getComputedStyle(node).display === "contents") node.childNodes.forEach(visit);
        return;
      }
      const gap = getComputedStyle(node).display.startsWith("inline") && node.localName !== "br" ? "" : " ";
      say("", gap);
      const words = own(node);
      if (words) say(words, " ");
      if (node.localName !== "select" && node.localName !== "textarea") (node.shadowRoot ?? node).childNodes.forEach(visit);
      say("", gap);
    };
    visit(root);
    return [plain(close.join("")), plain(loose.join(""))];
  }

  // Where `words` stand in `text` as whole words: "4" is not in "14" and not in "4.50".
  function* places(text, words) {
    const number = (a, b) => /\d/.test(a) && /[.,]\d/.test(b);
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
      const end = at + words.length;
      const apart = (a, b) => !(a && b && LETTER.test(a) && LETTER.test(b));
      const cut = number(words.at(-1), text.slice(end, end + 2)) || (/\d/.test(words[0]) && /\d[.,]/.test(text.slice(at - 2, at)) && at > 1);
      if (apart(text[at - 1], words[0]) && apart(words.at(-1), text[end]) && !cut) yield at;
    }
  }

  // The parts of `wanted` that "*" divides, one after the other.
  function first(text, wanted) {
    let at = -1;
    let from = 0;
    for (const words of wanted.map(plain).filter(Boolean)) {
      const found = places(text.slice(from), words).next();
      if (found.done) return -1;
      if (at < 0) at = found.value;
      from += found.value + words.length;
    }
    return at;
  }

  const roots = (where) => (where ? [...document.querySelectorAll(where)].filter(shown) : [document.body]);
  const says = (where, wanted) => roots(where).some((root) => read(root).some((text) => first(text, wanted) >= 0));

  function before(where, wanted, later) {
    return roots(where || "main").some((root) =>
      read(root).some((text) => {
        const [one, other] = [first(text, wanted), first(text, later)];
        return one >= 0 && other >= 0 && one < other;
      }),
    );
  }

  const visible = (css) => [...document.querySelectorAll(css)].filter(shown);
  const textOf = (css) => visible(css).map((element) => read(element)[1])[0];

  // The ground an element really has: its own, or that of what is below it.
  function ground(element) {
    for (let up = element; up; up = up.parentElement) {
      const colour = getComputedStyle(up).backgroundColor;
      if (!/^rgba\(.*, 0\)$|^transparent$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  }

  function styled(element, property, wanted) {
    const probe = document.createElement("i");
    probe.style.setProperty(property, wanted);
    document.body.append(probe);
    const expected = getComputedStyle(probe).getPropertyValue(property);
    probe.remove();
    const is = property === "background-color" ? ground(element) : getComputedStyle(element).getPropertyValue(property);
    return { ok: is === expected, said: `it is ${is}, not ${expected}` };
  }

  function located(pattern) {
    const here = pattern.includes("\\?") ? location.pathname + location.search : location.pathname;
    return { ok: new RegExp(`^${pattern}$`).test(here), said: `the address is ${location.pathname}${location.search}` };
  }

  function counted(css, how, number) {
    const found = visible(css).length;
    const ok = how === "is" ? found === number : how === ">=" ? found >= number : found <= number;
    return { ok, said: `there are ${found}` };
  }

  const excerpt = () => `the page says: ${(document.querySelector("dialog:modal, main") ?? document.body).innerText.replace(/\s+/g, " ").trim().slice(0, 160)}`;

  const questions = {
    says: (where, wanted) => ({ ok: says(where, wanted), said: excerpt() }),
    lacks: (where, wanted) => ({ ok: !says(where, wanted), said: "it is there" }),
    before: (where, wanted, later) => ({ ok: before(where, wanted, later), said: excerpt() }),
    there: (css) => ({ ok: visible(css).length > 0, said: excerpt() }),
    gone: (css) => ({ ok: visible(css).length === 0, said: "it is there" }),
    count: counted,
    at: located,
    text: (css) => ({ ok: textOf(css) !== undefined, said: textOf(css) ?? "it is not there" }),
    differs: (css, text) => ({ ok: textOf(css) !== undefined && textOf(css) !== text, said: `it says: ${textOf(css)}` }),
    equals: (css, text) => ({ ok: textOf(css) === text, said: `it says: ${textOf(css)}` }),
  };

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

  // Asks until the answer is yes or `ms` have passed; {ok, said} of the last answer.
  async function wait(question, args, ms) {
    for (const end = performance.now() + ms; ; await sleep(25)) {
      const answer = document.body ? questions[question](...args) : { ok: false, said: "there is no page" };
      if (answer.ok || performance.now() >= end) return answer;
    }
  }

  Object.defineProperty(window, "__walk", { value: { wait, styled } });
})();
