/**
 * Elements, made briefly.
 *
 * Invariant: text is only ever set as text; nothing here takes markup, but for the icons, which are
 * constants of this package.
 */

const FOCUSABLE: ReadonlySet<string> = new Set(["button", "input", "select"]);

type Attributes = Readonly<Record<string, string | number | boolean | null>>;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  // JupyterLab looks for this on the very element that has the focus.
  if (FOCUSABLE.has(tag)) node.dataset["lmSuppressShortcuts"] = "true";
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children);
  return node;
}

/** 16 x 16 outlines, drawn with the colour of the text. */
const ICONS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
  loop: "M3 7V6a2 2 0 0 1 2-2h6V2l3 3-3 3V6H5v1zM13 9v1a2 2 0 0 1-2 2H5v2l-3-3 3-3v2h6V9z",
  "zoom-in":
    "M7 1.5a5.5 5.5 0 1 0 3.2 10l3 3 1.3-1.3-3-3A5.5 5.5 0 0 0 7 1.5zm0 1.6a3.9 3.9 0 1 1 0 7.8 3.9 3.9 0 0 1 0-7.8zM6.2 4.8h1.6v1.4h1.4v1.6H7.8v1.4H6.2V7.8H4.8V6.2h1.4z",
  "zoom-out":
    "M7 1.5a5.5 5.5 0 1 0 3.2 10l3 3 1.3-1.3-3-3A5.5 5.5 0 0 0 7 1.5zm0 1.6a3.9 3.9 0 1 1 0 7.8 3.9 3.9 0 0 1 0-7.8zM4.8 6.2h4.4v1.6H4.8z",
  fit: "M1 3h1.6v10H1zM13.4 3H15v10h-1.6zM3.5 8l3-3v2h3V5l3 3-3 3V9h-3v2z",
  "zoom-selection":
    "M2 2h4v1.6H3.6V6H2zM10 2h4v4h-1.6V3.6H10zM2 10h1.6v2.4H6V14H2zM12.4 10H14v4h-4v-1.6h2.4zM5.5 5.5h5v5h-5z",
  undo: "M6 3 2 7l4 4V8.2h4a2.4 2.4 0 0 1 0 4.8H6v1.6h4a4 4 0 0 0 0-8H6z",
  redo: "m10 3 4 4-4 4V8.2H6A2.4 2.4 0 0 0 6 13h4v1.6H6a4 4 0 0 1 0-8h4z",
  remove: "M6 1.5h4V3h4v1.6H2V3h4zM3.2 5.6h9.6l-.7 9H3.9zM6 7.2v5.6h1.2V7.2zm2.8 0v5.6H10V7.2z",
  assist:
    "M1.800 12.700 9.400 5.100l1.500 1.500-7.600 7.600zM11.200.8l.9 2.100 2.100.9-2.100.9-.9 2.100-.9-2.100-2.100-.9 2.100-.9zM13.400 8.600l.6 1.400 1.400.6-1.400.6-.6 1.400-.6-1.400-1.400-.6 1.400-.6z",
  spectrum:
    "M1.500 1.500H3V13h11.500v1.500h-13zM4 12 6.200 4.500 8 9.200l1.600-2.400 1.500 3 1-1.200L14 12z",
  settings:
    "M2 3.2h5v1.6H2zm9 0h3v1.6h-3zM8 2h2v4H8zM2 7.2h1v1.6H2zm5 0h7v1.6H7zM4 6h2v4H4zM2 11.2h6v1.6H2zm10 0h2v1.6h-2zM9 10h2v4H9z",
  help: "M8 1.2a6.8 6.8 0 1 0 0 13.6A6.8 6.8 0 0 0 8 1.2zm0 1.5a5.3 5.3 0 1 1 0 10.6A5.3 5.3 0 0 1 8 2.7zm-.8 8h1.6v1.5H7.2zM8 4c-1.5 0-2.6.9-2.7 2.4h1.5c0-.6.5-1 1.2-1s1.2.4 1.2 1c0 .5-.3.8-.9 1.2-.8.5-1.1 1-1.1 2h1.5c0-.5.2-.7.8-1.1.8-.5 1.2-1.1 1.2-2C10.700 4.900 9.500 4 8 4z",
  close:
    "m4.100 3 3.900 3.900L11.900 3 13 4.100 9.100 8l3.900 3.900-1.100 1.100L8 9.100 4.100 13 3 11.900 6.900 8 3 4.100z",
} as const;

export type IconName = keyof typeof ICONS;

export function icon(name: IconName): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("sw-icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

export function iconButton(name: IconName, text: string): HTMLButtonElement {
  return element(
    "button",
    { type: "button", class: "sw-button", title: text, "aria-label": text },
    icon(name),
  );
}
