/**
 * What is looked for inside a page. These functions are sent to the browser as their text, so each of
 * them holds all that it needs.
 */

/** What the checks use of a browser's elements; the types of tests know no browser. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
interface PageElement {
  readonly tagName: string;
  readonly id: string;
  readonly className: unknown;
  readonly textContent: string;
  readonly parentElement: PageElement | null;
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string }>;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
  getBoundingClientRect(): Box;
  closest(selector: string): PageElement | null;
  contains(other: PageElement): boolean;
  getAttribute(name: string): string | null;
  checkVisibility(options: object): boolean;
}
interface PageStyle {
  readonly overflowX: string;
  readonly overflowY: string;
  readonly textOverflow: string;
  readonly position: string;
  readonly clipPath: string;
  readonly backgroundColor: string;
}
declare const document: {
  readonly documentElement: PageElement;
  elementFromPoint(x: number, y: number): PageElement | null;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  createRange(): {
    selectNodeContents(node: unknown): void;
    getClientRects(): Iterable<Box>;
  };
};
declare const window: { readonly innerWidth: number; readonly innerHeight: number };
declare function getComputedStyle(element: PageElement): PageStyle;

/** Sentences about what does not fit: a page that scrolls sideways, text cut off, outside, or overlapping. */
export function layoutFaults(): string[] {
  const faults: string[] = [];
  const name = (element: PageElement): string => {
    const words = element.textContent.trim().replace(/\s+/g, ' ').slice(0, 50);
    const label = element.getAttribute('aria-label');
    return `<${element.tagName.toLowerCase()}> “${words === '' ? (label ?? '') : words}”`;
  };

  for (const selector of ['html', 'body', 'main']) {
    const element = document.querySelector(selector);
    if (element !== null && element.scrollWidth > element.clientWidth + 1) {
      faults.push(
        `${selector} scrolls sideways: ${element.scrollWidth} of ${element.clientWidth} px`,
      );
    }
  }

  // What lies below a dialog is out of reach, and drawn under it.
  const top = [...document.querySelectorAll('[role="dialog"], [role="alertdialog"]')].at(-1);
  const isHiddenVisually = (element: PageElement): boolean => {
    if (element.closest('svg, canvas') !== null) return true;
    for (let up: PageElement | null = element; up !== null; up = up.parentElement) {
      if (getComputedStyle(up).clipPath !== 'none') return true;
    }
    return false;
  };
  const elements = [...document.querySelectorAll('body *')].filter(
    (element) =>
      (top === undefined || top.contains(element)) &&
      !isHiddenVisually(element) &&
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
  );

  /** The part of a box that its ancestors do not clip; undefined when nothing is left. */
  const shown = (element: PageElement, box: Box): Box | undefined => {
    let { left, right, top: upper, bottom } = box;
    let position = getComputedStyle(element).position;
    for (let up: PageElement | null = element; up !== null; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (up !== element && position === 'fixed') break;
      const clips = style.overflowX !== 'visible' || style.overflowY !== 'visible';
      if (clips && (up !== element || style.overflowX !== 'visible')) {
        const edge = up.getBoundingClientRect();
        left = Math.max(left, edge.left);
        right = Math.min(right, edge.right);
        upper = Math.max(upper, edge.top);
        bottom = Math.min(bottom, edge.bottom);
      }
      if (style.position === 'fixed') position = 'fixed';
    }
    return right - left > 1 && bottom - upper > 1 ? { left, right, top: upper, bottom } : undefined;
  };
  const scrollsSideways = (element: PageElement): boolean => {
    for (let up = element.parentElement; up !== null; up = up.parentElement) {
      const { overflowX } = getComputedStyle(up);
      if (overflowX === 'auto' || overflowX === 'scroll') return true;
    }
    return false;
  };

  const texts: { readonly element: PageElement; readonly box: Box }[] = [];
  for (const element of elements) {
    const style = getComputedStyle(element);
    const own = [...element.childNodes].filter(
      (node) => node.nodeType === 3 && node.textContent.trim() !== '',
    );
    if (
      style.overflowX === 'hidden' &&
      element.scrollWidth > element.clientWidth + 1 &&
      element.clientWidth > 0 &&
      element.textContent.trim() !== '' &&
      style.textOverflow !== 'ellipsis' &&
      element.closest('[title]') === null
    ) {
      faults.push(
        `${name(element)} is cut off: ${element.scrollWidth} of ${element.clientWidth} px`,
      );
    }
    if (
      style.overflowY === 'hidden' &&
      own.length > 0 &&
      element.scrollHeight > element.clientHeight + 3 &&
      element.clientHeight > 0
    ) {
      faults.push(
        `${name(element)} is cut off below: ${element.scrollHeight} of ${element.clientHeight} px`,
      );
    }
    for (const node of own) {
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const line of range.getClientRects()) {
        if (line.right > window.innerWidth + 1 || line.left < -1) {
          if (!scrollsSideways(element) && style.textOverflow !== 'ellipsis') {
            faults.push(`${name(element)} reaches out of the window`);
          }
        }
        const box = shown(element, line);
        if (box !== undefined) texts.push({ element, box });
      }
    }
  }

  /** Whether a ground without holes lies over one of them there: a menu, a bar that stays, a message. */
  const isCovered = (pair: readonly PageElement[], x: number, y: number): boolean => {
    let up = document.elementFromPoint(x, y);
    for (; up !== null; up = up.parentElement) {
      const holder = up;
      if (pair.every((element) => holder.contains(element))) return false;
      const ground = getComputedStyle(holder).backgroundColor;
      if (ground !== 'transparent' && !/^rgba|\//.test(ground)) return true;
    }
    return false;
  };

  // Letters have room above and below them: lines may touch.
  const [slackX, slackY] = [2, 4];
  const overlapped = new Set<string>();
  texts.sort((a, b) => a.box.top - b.box.top);
  for (const [index, first] of texts.entries()) {
    for (const second of texts.slice(index + 1)) {
      if (second.box.top >= first.box.bottom - slackY) break;
      if (first.element === second.element) continue;
      const left = Math.max(first.box.left, second.box.left);
      const right = Math.min(first.box.right, second.box.right);
      const upper = Math.max(first.box.top, second.box.top);
      const bottom = Math.min(first.box.bottom, second.box.bottom);
      if (right - left <= slackX || bottom - upper <= slackY) continue;
      const pair = [first.element, second.element];
      if (isCovered(pair, (left + right) / 2, (upper + bottom) / 2)) continue;
      overlapped.add(`${pair.map(name).join(' and ')} overlap`);
    }
  }
  return [...new Set([...faults, ...overlapped])];
}
