/** Makes an element from a `<template>` of index.html. */
export function fromTemplate(id: string): HTMLElement {
  const template = document.getElementById(id);
  const element = template instanceof HTMLTemplateElement && template.content.firstElementChild?.cloneNode(true);
  if (!(element instanceof HTMLElement)) {
    throw new Error(`index.html has no template "${id}"`);
  }
  return element;
}

/** The descendant with this `data-part`. */
export function part(element: HTMLElement, name: string): HTMLElement {
  const found = element.querySelector<HTMLElement>(`[data-part="${name}"]`);
  if (found === null) {
    throw new Error(`index.html has no part "${name}"`);
  }
  return found;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`index.html has no element "${id}"`);
  }
  return found;
}

/** Sets a text only if it changes: the page sets its texts in every frame. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
