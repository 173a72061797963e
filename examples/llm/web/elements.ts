/** The few things that the page does with elements. */

/** The element with an id, which is in index.html. */
export function getElement<E extends HTMLElement>(id: string, type: { new (): E; readonly name: string }): E {
  const element = document.getElementById(id);
  if (element instanceof type) {
    return element;
  }
  throw new Error(`the page has no ${type.name} "${id}"`);
}

/** Appends an element with a class and a text. Text is never read as HTML. */
export function addElement<N extends keyof HTMLElementTagNameMap>(
  parent: HTMLElement,
  name: N,
  className = "",
  text = "",
): HTMLElementTagNameMap[N] {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  parent.append(element);
  element.scrollIntoView({ block: "nearest" });
  return element;
}

/** Whether an element shows the end of what it scrolls. */
export function isAtEnd({ scrollTop, clientHeight, scrollHeight }: HTMLElement): boolean {
  return scrollTop + clientHeight > scrollHeight - 40;
}
