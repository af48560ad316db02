// Looks at the page of examples/nuxt from within: layout.mjs adds this script to it.

/** The least contrast of text, by level AA of WCAG 2.2. */
const leastContrast = 4.5;

const shownElements = () => [...document.querySelectorAll("main *:not(.hidden)")];

const hasText = (element) =>
  [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

globalThis.overflow = () => document.documentElement.scrollWidth - innerWidth;

globalThis.outsideCards = () =>
  shownElements()
    .filter((element) => hasText(element) && element.closest(".card"))
    .filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      const card = element.closest(".card").getBoundingClientRect();
      return width > 0 && (left < card.left || right > card.right);
    })
    .map((element) => element.textContent);

const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

/** Red, green, blue and alpha, 0 to 255. */
function channels(color) {
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = color;
  pixel.fillRect(0, 0, 1, 1);
  return [...pixel.getImageData(0, 0, 1, 1).data];
}

/** The relative luminance, as WCAG defines it. */
function luminance(color) {
  const [red, green, blue] = channels(color).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function background(element) {
  if (!element) return "white";
  const { backgroundColor } = getComputedStyle(element);
  return channels(backgroundColor)[3] === 255 ? backgroundColor : background(element.parentElement);
}

globalThis.faintText = () =>
  shownElements()
    .filter(hasText)
    .flatMap((element) => {
      const pair = [getComputedStyle(element).color, background(element)].map(luminance);
      const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
      return contrast < leastContrast
        ? [`${element.textContent.trim()} (${contrast.toFixed(2)})`]
        : [];
    });

/** The name of the control that has the focus, and whether it is outlined. */
globalThis.focused = () => {
  const control = document.activeElement;
  const isRadio = control.type === "radio";
  // The label of a radio button is outlined in its place.
  const { outlineStyle } = getComputedStyle(isRadio ? control.nextElementSibling : control);
  const text = control.getAttribute("aria-label") ?? control.textContent.trim();
  return { name: isRadio ? control.value : text || control.type, outline: outlineStyle };
};
