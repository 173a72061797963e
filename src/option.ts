/** The languages that code is generated in. */
export type Language = "TypeScript" | "Python" | "Go";

/** A plugin option: its values, its default and its description, as the table of docs/options.md shows it. */
export interface Option<T> {
  /** The values it takes, as the table and the errors print them. */
  readonly values: string;
  readonly default: T;
  /** The default as the table prints it. */
  readonly defaultText: string;
  readonly description: string;
  /** The value of a text; undefined when it is not one that the option takes, or what is wrong with it. */
  readonly parse: (text: string) => T | Mistake | undefined;
  /** The language that has the option; absent for all. */
  readonly only?: Language;
  /** The option for each language, if its values or its default depend on it. */
  readonly of?: Readonly<Record<Language, Option<T>>>;
}

/** What is wrong with a value, if the list of allowed values does not explain it. */
export class Mistake {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** An option whose values depend on the language. In the table, the values of TypeScript are first. */
export function byLanguage<T extends Record<Language, Option<unknown>>>(
  description: string,
  of: T,
): Option<T[Language] extends Option<infer V> ? V : never> {
  const all = Object.entries(of).map(([language, { values, defaultText }]) => ({ language, values, defaultText }));
  const [first] = all;
  const describe = (textOf: (option: (typeof all)[number]) => string) =>
    all
      .filter((option) => option === first || first === undefined || textOf(option) !== textOf(first))
      .filter((option) => textOf(option) !== "")
      .map((option) => (option === first ? textOf(option) : `${option.language}: ${textOf(option)}`))
      .join("; ");
  return {
    ...of.TypeScript,
    values: describe(({ values }) => values),
    defaultText: describe(({ defaultText }) => defaultText),
    description,
    of,
  } as ReturnType<typeof byLanguage<T>>; // the union of what the options of all languages parse
}

/** Options that only one language has. */
export function onlyFor<T extends Record<string, Option<unknown>>>(only: Language, options: T): T {
  const entries = Object.entries(options).map(([name, option]) => [
    name,
    { ...option, only, description: `${only} only: ${option.description}` },
  ]);
  return Object.fromEntries(entries) as T; // the same names and types
}

/** An option that a language does not have, with the reason, and what the code reads in its place. */
export function none<T = undefined>(reason: string, value?: T): Option<T> {
  return { values: "", default: value as T, defaultText: "", description: "", parse: () => new Mistake(reason) };
}

/** `option`, with an error that says that there is no such value for its language. */
export function without<T>(value: string, option: Option<readonly T[]>): Option<readonly T[]> {
  return {
    ...option,
    parse: (text) =>
      text.split("+").includes(value)
        ? new Mistake(`there is no ${value} for Python, only ${option.values.replaceAll("`", "")}`)
        : option.parse(text),
  };
}

export function oneOf<const T extends string>(
  values: readonly T[],
  byDefault: NoInfer<T>,
  description = "",
): Option<T> {
  return {
    values: values.map((v) => `\`${v}\``).join(" "),
    default: byDefault,
    defaultText: `\`${byDefault}\``,
    description,
    parse: (text) => values.find((v) => v === text),
  };
}

export function oneOrMore<const T extends string>(
  values: readonly T[],
  byDefault: readonly NoInfer<T>[],
  description = "",
): Option<readonly T[]> {
  return {
    values: `${values.map((v) => `\`${v}\``).join(" ")}, joined by \`+\``,
    default: byDefault,
    defaultText:
      byDefault.length === values.length ? "all" : byDefault.length === 0 ? "none" : `\`${byDefault.join("+")}\``,
    description,
    parse(text) {
      const got = text.split("+").map((part) => values.find((v) => v === part));
      return got.every((v) => v !== undefined) ? got : undefined;
    },
  };
}

export function flag(description: string, byDefault = false): Option<boolean> {
  return {
    values: "`true` `false`",
    default: byDefault,
    defaultText: `\`${byDefault}\``,
    description,
    parse: (text) => (text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : undefined),
  };
}

export function text(values: string, defaultText: string, description = ""): Option<string | undefined> {
  return { values, default: undefined, defaultText, description, parse: (text) => (text === "" ? undefined : text) };
}

export function pattern(regExp: RegExp, values: string, defaultText: string): Option<string | undefined> {
  return { ...text(values, defaultText), parse: (text) => (regExp.test(text) ? text : undefined) };
}

export function list(values: string, defaultText: string, description: string): Option<readonly string[]> {
  return {
    values,
    default: [],
    defaultText,
    description,
    parse(text) {
      const items = text.split("+");
      return items.includes("") ? undefined : items;
    },
  };
}
