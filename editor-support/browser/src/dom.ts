// Elements by hand: everything that comes from a policy is text, never markup.

type Child = Node | string | null;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, '');
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export function button(label: string, act: () => void, attributes: Record<string, string> = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', act);
  return made;
}

/** Put other children into an element. What was open stays so (`details` are known by their data-key), and the focus stays on what
 *  reads the same. */
export function replaceIn(parent: Element, children: Node[]): void {
  const keyOf = (each: Element): string | undefined => each.closest('details')?.dataset['key'];
  const open = new Set([...parent.querySelectorAll('details[open]')].map(keyOf));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const [key, text] = focused ? [keyOf(focused), focused.textContent] : [];
  parent.replaceChildren(...children);
  for (const details of parent.querySelectorAll('details')) details.open = open.has(keyOf(details));
  if (!focused) return;
  const near = [...parent.querySelectorAll<HTMLElement>('summary, button')].filter((each) => keyOf(each) === key);
  (near.find((each) => each.tagName === focused.tagName && each.textContent === text) ?? near[0])?.focus();
}

const whole = new Intl.NumberFormat('en-GB');

export function count(n: number): string {
  return whole.format(n);
}

export function share(part: number, all: number): string {
  const percent = all ? (part / all) * 100 : 0;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

export function people(n: number): string {
  return n === 1 ? '1 person' : `${count(n)} people`;
}
