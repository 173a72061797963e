import type { RuleAnnotation, ServiceAnnotations } from "../annotations/annotations.js";
import type { Place, Problems } from "../problems.js";
import { PathSyntaxError, type PathTemplate, parsePathTemplate } from "./path-template.js";

/** The base path of a service: empty, or a template without `:verb`. */
export interface BasePath {
  readonly text: string;
  /** undefined when there is none. */
  readonly place: Place | undefined;
}

/** The HTTP method and the path template of a rule. */
export interface Route {
  readonly method: string;
  readonly template: PathTemplate;
  /** Where a character of the template is in the proto. */
  place(offset: number): Place;
}

/** Methods that fetch does not send (WHATWG Fetch, "forbidden method"). */
const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);

/** The base path in the annotations of a service. */
export function buildBasePath(annotations: readonly ServiceAnnotations[], problems: Problems): BasePath {
  const [first, second] = annotations.filter(({ basePath }) => basePath !== "");
  if (first === undefined) {
    return { text: "", place: undefined };
  }
  const { basePath: text, basePathPlace: place } = first;
  const error = (message: string, offset = 0): BasePath => {
    problems.error({ ...place, within: { text, offset } }, `base_path "${text}": ${message}`);
    return { text: "", place };
  };
  if (second !== undefined) {
    problems.error(
      second.basePathPlace,
      `base_path "${second.basePath}": the service already has a base path: keep one of them`,
    );
  }
  if (!text.startsWith("/")) {
    return error(`must start with "/"`);
  }
  if (text.endsWith("/")) {
    return error(`must not end with "/", because every path starts with "/"`, text.length - 1);
  }
  const parsed = parse(text);
  if (parsed instanceof PathSyntaxError) {
    return error(parsed.message, parsed.offset);
  }
  if (parsed.verb !== undefined) {
    return error(`":${parsed.verb}" is only allowed at the end of a full path`);
  }
  return { text, place };
}

/** The route of a rule, with the base path in front; undefined for a mistake, which goes to `problems`. */
export function buildRoute({ pattern, place }: RuleAnnotation, base: BasePath, problems: Problems): Route | undefined {
  if (pattern === undefined) {
    problems.error(
      place,
      'the HTTP annotation has no method and path: set one of get, put, post, delete, patch or custom, for example get: "/v1/things"',
    );
    return undefined;
  }
  const { method, path } = pattern;
  const text = path === "/" && base.text !== "" ? base.text : base.text + path;
  const placeAt = (offset: number): Place =>
    offset < base.text.length && base.place !== undefined
      ? { ...base.place, within: { text: base.text, offset } }
      : { ...pattern.place, within: { text: path, offset: offset - base.text.length } };
  const error = (message: string, offset = base.text.length) => {
    problems.error(placeAt(offset), `path "${text}": ${message}`);
    return undefined;
  };
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) {
    problems.error(
      pattern.place,
      `custom method "${method}": is not a valid HTTP method: use a token such as "REPORT"`,
    );
    return undefined;
  }
  if (FORBIDDEN.has(method.toUpperCase())) {
    problems.error(pattern.place, `custom method "${method}": fetch cannot send this method: choose another`);
    return undefined;
  }
  if (!path.startsWith("/")) {
    return error(path === "" ? `is empty: write at least "/"` : `must start with "/"`);
  }
  const parsed = parse(text);
  if (parsed instanceof PathSyntaxError) {
    return error(parsed.message, parsed.offset);
  }
  return { method, template: parsed, place: placeAt };
}

function parse(text: string): PathTemplate | PathSyntaxError {
  try {
    return parsePathTemplate(text);
  } catch (error) {
    if (error instanceof PathSyntaxError) {
      return error;
    }
    throw error;
  }
}
