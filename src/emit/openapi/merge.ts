/** A document, or an object in it. */
export type Tree = Readonly<Record<string, unknown>>;

/**
 * Merges two objects. If both have a member, that of `upper` wins. Objects are merged recursively, and so are lists whose
 * elements have names, such as tags and parameters.
 */
export function merge(lower: Tree, upper: Tree): Tree {
  const keys = [...new Set([...Object.keys(upper), ...Object.keys(lower)])];
  return Object.fromEntries(keys.map((key) => [key, mergeValues(own(lower, key), own(upper, key))]));
}

/** Own members only: every object inherits a `constructor`. */
function own(tree: Tree, key: string): unknown {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

function mergeValues(lower: unknown, upper: unknown): unknown {
  if (upper === undefined) {
    return lower;
  }
  if (isTree(lower) && isTree(upper)) {
    return merge(lower, upper);
  }
  const lists: [unknown, unknown] = [lower, upper];
  if (!areNamed(lists)) {
    return upper;
  }
  const [below, above] = lists;
  return [
    ...above.map((element) => merge(below.find((other) => isSame(other, element)) ?? {}, element)),
    ...below.filter((element) => !above.some((other) => isSame(other, element))),
  ];
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether both are lists of elements with names. References can be among them. */
function areNamed(lists: [unknown, unknown]): lists is [readonly Tree[], readonly Tree[]] {
  return (
    lists.every((list) => isListOf(list, (element) => hasName(element) || "$ref" in element)) &&
    lists.some((list) => isListOf(list, hasName))
  );
}

function isListOf(value: unknown, check: (element: Tree) => boolean): value is readonly Tree[] {
  return Array.isArray(value) && value.every((element) => isTree(element) && check(element));
}

function hasName(element: Tree): boolean {
  return typeof element["name"] === "string";
}

/** Name and location identify a parameter: OpenAPI 3.2.0, Parameter Object. */
function isSame(a: Tree, b: Tree): boolean {
  return hasName(a) && a["name"] === b["name"] && a["in"] === b["in"];
}

/** A tree without some members of the object at a path. */
export function omitAt(tree: Tree, path: readonly string[], keys: readonly string[]): Tree {
  const [first, ...rest] = path;
  if (first === undefined) {
    return Object.fromEntries(Object.entries(tree).filter(([key]) => !keys.includes(key)));
  }
  const inner = own(tree, first);
  return isTree(inner) ? { ...tree, [first]: omitAt(inner, rest, keys) } : tree;
}

/** An operation or a schema, with what the author wrote about it in an option of gnostic. */
export function overridden<T extends object>(object: T, override: Tree | undefined): T {
  return override === undefined ? object : (merge(object as Tree, override) as T); // not checked
}
