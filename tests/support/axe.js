// What axe-core finds on the page, as sentences. It is told the tags of the rules to apply;
// with no tags it looks at contrast alone.
//
// Contrast takes axe most of its time, a millisecond or more for each piece of text, and is
// the same wherever the colours, the letters and all that lies behind them are the same. So
// of the texts of one look it is given some, from the first on the page to the last. Every
// other rule is given the whole page. Only what was found is brought back: what passed is
// thousands of pieces of markup.
async (tags) => {
  const SOME = 4;

  const behind = new Map();
  const under = (element) => {
    if (!element) return "";
    if (!behind.has(element)) {
      const s = getComputedStyle(element);
      const own = [
        s.backgroundColor === "rgba(0, 0, 0, 0)" ? "" : s.backgroundColor,
        s.backgroundImage === "none" ? "" : s.backgroundImage,
        s.opacity === "1" ? "" : s.opacity,
        s.filter === "none" ? "" : s.filter,
        s.mixBlendMode === "normal" ? "" : s.mixBlendMode,
        s.position === "static" ? "" : s.position,
      ].join("");
      behind.set(element, under(element.parentElement) + (own && `|${own}`));
    }
    return behind.get(element);
  };

  const texts = new Set(document.querySelectorAll("input:not([type=hidden]), select, textarea"));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = walker.nextNode());) if (text.data.trim()) texts.add(text.parentElement);
  const looks = new Map();
  for (const element of texts) {
    if (!element.checkVisibility()) continue;
    const s = getComputedStyle(element);
    const px = Number.parseFloat(s.fontSize);
    const large = px >= 24 || (px >= 18.66 && Number(s.fontWeight) >= 700);  // as WCAG parts them
    const look = [
      s.color, large, s.textShadow, s.webkitTextFillColor,
      element.namespaceURI, element.matches(":disabled, [aria-disabled=true]"), under(element),
    ].join(";");
    if (!looks.has(look)) looks.set(look, []);
    looks.get(look).push(element);
  }
  const looked = [...looks.values()].flatMap((alike) => {
    if (alike.length <= SOME) return alike;
    const step = (alike.length - 1) / (SOME - 1);
    return Array.from({ length: SOME }, (_, n) => alike[Math.round(n * step)]);
  });

  const how = { resultTypes: ["violations"], reporter: "no-passes", preload: false };
  const found = [];
  if (tags.length) {
    const runOnly = { type: "tag", values: tags };
    found.push(await axe.run({ ...how, runOnly, rules: { "color-contrast": { enabled: false } } }));
  }
  if (looked.length) {
    found.push(await axe.run({ include: looked }, { ...how, runOnly: ["color-contrast"] }));
  }
  return found.flatMap((one) => one.violations).map((one) => {
    const places = one.nodes.slice(0, 5).map((node) => node.target);
    return `${one.id}: ${one.help} at ${JSON.stringify(places)}`;
  });
}
