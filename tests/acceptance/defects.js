// Planted into a generated project: defects on its pages, by address.
const add = (html) => document.body.insertAdjacentHTML("beforeend", html);
const keep = (change) => {
  change(); // the page may have been drawn before this file came
  new MutationObserver(change).observe(document, { childList: true, subtree: true });
};
const DEFECTS = {
  "/": () => fetch("/api/nothing-here"),
  "/login": () =>
    keep(() => {
      const heading = document.querySelector("h1");
      if (heading && heading.textContent !== "Come in") heading.textContent = "Come in";
    }),
  "/register": () => add('<div style="position: fixed; inset: 20%; background: #7a1f5c; pointer-events: none"></div>'),
  "/account": () => add('<img src="/favicon.svg" width="24" height="24">'),
  "/suppliers": () => add('<div style="width: 2600px; height: 8px">too wide</div>'),
  "/suppliers/new": () => add('<button type="button">Print</button>'),
  "/suppliers/1": () => add('<a href="/nowhere">Help</a>'),
  "/suppliers/1/edit": () => {
    console.error("a total went wrong");
    add(`<p>${crypto.getRandomValues(new Uint32Array(1))[0]}</p>`);
  },
};
DEFECTS[location.pathname]?.();
