import type { Binding, Variable } from "../../../model/model.js";
import type { Segment } from "../../../model/path-template.js";
import { type Context, createNames, jsonKey } from "../context.js";

/** A path as OpenAPI has it, with a parameter for each wildcard: OpenAPI 3.2.0, "Path Templating". */
export interface OpenApiPath {
  /** The text around the parameters: one more than there are parameters. */
  readonly literals: readonly string[];
  readonly parameters: readonly PathSlot[];
}

/** One `{parameter}` of a path. */
export interface PathSlot {
  readonly name: string;
  /** The variable that it belongs to; undefined for a wildcard without a name. */
  readonly variable: Variable | undefined;
  /** The slot holds the variable's whole value, rather than a segment of it. */
  readonly isWhole: boolean;
  /** Its value may hold `/`, which OpenAPI has no words for. */
  readonly isMultiSegment: boolean;
}

/** The path with its parameters in braces. */
export function toPath(path: OpenApiPath, names: readonly string[]): string {
  return path.literals.reduce((text, literal, i) => `${text}{${names[i - 1]}}${literal}`);
}

/**
 * Rewrites a template of google/api/http.proto. `{name=shelves/*}` becomes `shelves/{shelf}`: a
 * wildcard inside a variable is named after the literal in front of it.
 */
export function openApiPath(context: Context, { template, variables }: Binding): OpenApiPath {
  const { segments } = template;
  const owners = template.variables.map((range, i) => ({ ...range, variable: variables[i] }));
  const unique = createNames();
  const whole = new Map(
    owners.flatMap(({ start, end, variable }) =>
      end - start === 1 && segments[start]?.kind !== "literal" && variable !== undefined
        ? [[start, unique(parameterName(jsonPath(context, variable)))] as const]
        : [],
    ),
  );
  const literals = [""];
  const parameters: PathSlot[] = [];
  segments.forEach((segment, i) => {
    literals[literals.length - 1] += segment.kind === "literal" ? `/${segment.value}` : "/";
    if (segment.kind === "literal") {
      return;
    }
    const variable = owners.find(({ start, end }) => start <= i && i < end)?.variable;
    parameters.push({
      name: whole.get(i) ?? unique(parameterName(wildcardName(segments[i - 1], variable))),
      variable,
      isWhole: whole.has(i),
      isMultiSegment: segment.kind === "rest",
    });
    literals.push("");
  });
  if (segments.length === 0) {
    literals[0] = "/";
  }
  if (template.verb !== undefined) {
    literals[literals.length - 1] += `:${template.verb}`;
  }
  return { literals, parameters };
}

/** The field that a variable sets, by its names in JSON. */
export function jsonPath(context: Context, { fields }: Variable): string {
  return fields.map((field) => jsonKey(context, field)).join(".");
}

/** A name with only the characters that every reader accepts in a path: Spectral rejects `{place.shelf}`. */
function parameterName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/gu, "_");
}

function wildcardName(before: Segment | undefined, variable: Variable | undefined): string {
  if (before?.kind === "literal") {
    return singular(before.value);
  }
  return variable?.fields.at(-1)?.name ?? "wildcard";
}

/** The singular of an English plural, as far as names of collections need it; anything else as it is. */
function singular(word: string): string {
  return word
    .replace(/(?<=.l|ea)ves$/, "f") // shelves, leaves; not drives, curves
    .replace(/(?<=..)(?<!mov|cook)ies$/, "y")
    .replace(/(?<=(?<!ca)ch|sh|ss|x)es$/, "") // branches, boxes; not caches
    .replace(/(?<=..)(?<![siu])s$/, ""); // not status, address, analysis
}
