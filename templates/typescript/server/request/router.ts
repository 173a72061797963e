import { type PathPattern, parsePathPattern } from "./path-pattern.js";

/** An HTTP method and a path template, and what answers them. */
export interface Route<T> {
  /** The HTTP method of the request. */
  readonly method: string;
  /** The path template, in the grammar of google/api/http.proto. */
  readonly path: string;
  readonly value: T;
}

/** The result of routing a request. */
export type RouteMatch<T> =
  /** `variables`: the text of each variable of the template, in their order, percent escapes as they came. */
  | { readonly kind: "match"; readonly value: T; readonly variables: readonly string[] }
  /** The path exists, but not with this method: 405 with `Allow`. */
  | { readonly kind: "wrong method"; readonly allow: readonly string[] }
  | { readonly kind: "none" };

/** Finds the route of a request. */
export interface Router<T> {
  /** `path` is that of the URL, percent escapes as they came. */
  match(method: string, path: string): RouteMatch<T>;
}

/**
 * A router for path templates. The order of the routes does not matter: in each segment a literal wins over `*`, and
 * `*` over `**`; a template with `:verb` wins over one without. If several templates match, the first of them in this
 * order that has the method is used. `*` does not match an empty last segment, so `/v1/quotes/` is not a quote. Routes
 * of GET also answer HEAD. Throws if two routes match exactly the same requests.
 */
export function createRouter<T>(routes: Iterable<Route<T>>): Router<T> {
  // By the template's `:verb`, decoded; "" for none.
  const roots = new Map<string, TreeNode<T>>();
  for (const route of routes) {
    const template = parsePathPattern(route.path);
    insert(childOf(roots, decodeLiteral(template.verb)), route, template);
  }
  const path = new PathSegments();
  return {
    match(method, text) {
      if (!text.startsWith("/")) {
        return { kind: "none" }; // `OPTIONS *`
      }
      path.cut(text);
      const leaf = search(roots, path, method);
      if (leaf !== undefined) {
        return { kind: "match", value: leaf.route.value, variables: readVariables(leaf, path) };
      }
      const allow = new Set<string>();
      search(roots, path, method, allow);
      if (allow.size === 0) {
        return { kind: "none" };
      }
      if (allow.has("GET")) {
        allow.add("HEAD");
      }
      return { kind: "wrong method", allow: [...allow].sort() };
    },
  };
}

/** The segments of the path that is matched. Holds indexes, as a text for each segment would cost as much as the search. */
class PathSegments {
  count = 0;
  #path = "";
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  cut(path: string): void {
    this.#path = path;
    this.count = 0;
    if (path === "/") {
      return;
    }
    let start = 1;
    for (let end = path.indexOf("/", 1); end >= 0; end = path.indexOf("/", start)) {
      this.#starts[this.count] = start;
      this.#ends[this.count++] = end;
      start = end + 1;
    }
    this.#starts[this.count] = start;
    this.#ends[this.count++] = path.length;
  }

  /** The text of the segments from one index to another. */
  text(from: number, to: number = from + 1): string {
    return to > from ? this.#path.slice(this.#starts[from], this.#ends[to - 1]) : "";
  }

  /** Cuts `:verb` off the last segment, and returns its text; empty if it has none. */
  cutVerb(): string {
    const last = this.count - 1;
    const colon = this.#path.lastIndexOf(":");
    if (last < 0 || colon < (this.#starts[last] ?? 0) || colon === this.#path.length - 1) {
      return "";
    }
    this.#ends[last] = colon;
    return this.#path.slice(colon + 1);
  }

  /** Undoes `cutVerb`. */
  restoreVerb(): void {
    this.#ends[this.count - 1] = this.#path.length;
  }
}

interface Leaf<T> {
  readonly route: Route<T>;
  readonly template: PathPattern;
  /** Index of `**`; the number of segments if there is no `**`. */
  readonly rest: number;
}

class TreeNode<T> {
  /** By the decoded text: `/a%20b` and `/%61%20b` are the same path. */
  readonly literals: Map<string, TreeNode<T>> = new Map();
  any: TreeNode<T> | undefined;
  /** What follows `**`, by its number of segments, the longest first: it is decided from the path's end. */
  rest: { readonly length: number; readonly node: TreeNode<T> }[] = [];
  /** The routes that end here, by HTTP method. */
  readonly leaves: Map<string, Leaf<T>> = new Map();
}

function childOf<T>(nodes: Map<string, TreeNode<T>>, key: string): TreeNode<T> {
  const node = nodes.get(key) ?? new TreeNode();
  nodes.set(key, node);
  return node;
}

function insert<T>(root: TreeNode<T>, route: Route<T>, template: PathPattern): void {
  let node = root;
  for (const [index, segment] of template.segments.entries()) {
    if (segment === "**") {
      node = afterRest(node, template.segments.length - index - 1);
    } else if (segment === "*") {
      node.any ??= new TreeNode();
      node = node.any;
    } else {
      node = childOf(node.literals, decodeLiteral(segment));
    }
  }
  const other = node.leaves.get(route.method);
  if (other !== undefined) {
    throw new Error(
      `${route.method} "${other.route.path}" and "${route.path}" take the same requests: leave one of them out`,
    );
  }
  const rest = template.segments.indexOf("**");
  node.leaves.set(route.method, { route, template, rest: rest < 0 ? template.segments.length : rest });
}

function afterRest<T>(node: TreeNode<T>, length: number): TreeNode<T> {
  const known = node.rest.find((branch) => branch.length === length);
  if (known !== undefined) {
    return known.node;
  }
  const branch = { length, node: new TreeNode<T>() };
  node.rest = [...node.rest, branch].sort((a, b) => b.length - a.length);
  return branch.node;
}

/** The leaf of a path and method. With `allow` it finds none, and collects the methods of all leaves of the path. */
function search<T>(
  roots: Map<string, TreeNode<T>>,
  path: PathSegments,
  method: string,
  allow?: Set<string>,
): Leaf<T> | undefined {
  const verb = path.cutVerb();
  if (verb !== "") {
    const root = roots.get(decodeLiteral(verb));
    const leaf = root && find(root, path, 0, method, allow);
    if (leaf !== undefined) {
      return leaf;
    }
    path.restoreVerb();
  }
  const root = roots.get("");
  return root && find(root, path, 0, method, allow);
}

// Each node is visited at most once, since its depth is the index of its segment.
function find<T>(
  node: TreeNode<T>,
  path: PathSegments,
  index: number,
  method: string,
  allow: Set<string> | undefined,
): Leaf<T> | undefined {
  if (index === path.count) {
    const leaf = takeLeaf(node, method, allow);
    if (leaf !== undefined) {
      return leaf;
    }
  } else {
    const segment = path.text(index);
    const literal = node.literals.size > 0 ? node.literals.get(decodeLiteral(segment)) : undefined;
    const leaf = literal && find(literal, path, index + 1, method, allow);
    if (leaf !== undefined) {
      return leaf;
    }
    if (node.any !== undefined && (segment !== "" || index < path.count - 1)) {
      const leaf = find(node.any, path, index + 1, method, allow);
      if (leaf !== undefined) {
        return leaf;
      }
    }
  }
  for (const { length, node: after } of node.rest) {
    const from = path.count - length;
    const leaf = from >= index ? find(after, path, from, method, allow) : undefined;
    if (leaf !== undefined) {
      return leaf;
    }
  }
  return undefined;
}

function takeLeaf<T>({ leaves }: TreeNode<T>, method: string, allow: Set<string> | undefined): Leaf<T> | undefined {
  if (allow === undefined) {
    return leaves.get(method) ?? (method === "HEAD" ? leaves.get("GET") : undefined);
  }
  for (const name of leaves.keys()) {
    allow.add(name);
  }
  return undefined;
}

function readVariables<T>({ template, rest }: Leaf<T>, path: PathSegments): readonly string[] {
  const spread = path.count - template.segments.length;
  return template.variables.map(({ start, end }) =>
    path.text(start > rest ? start + spread : start, end > rest ? end + spread : end),
  );
}

function decodeLiteral(text: string): string {
  if (!text.includes("%")) {
    return text;
  }
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // literals are well-formed, so malformed text matches none
  }
}
