/** What is used of `@hyperjump/json-schema`. */
interface Validator {
  validate(
    schema: string,
    instance: unknown,
    output: "BASIC",
  ): Promise<{
    valid: boolean;
    errors?: readonly { instanceLocation: string; absoluteKeywordLocation: string }[];
  }>;
}

/**
 * What the official schema of the specification finds wrong with a document, Schema Objects included:
 * the places, each as instance and keyword. Empty for a document that is right.
 */
export async function findErrors(document: unknown): Promise<string[]> {
  const version = /"openapi":"(\d\.\d)/.exec(JSON.stringify(document))?.[1];
  // A variable, so that the declarations stay out: those of 1.18.0 name a type that they do not import.
  const module = `@hyperjump/json-schema/openapi-${version?.replace(".", "-")}`;
  const { validate }: Validator = await import(module);
  const { valid, errors = [] } = await validate(
    `https://spec.openapis.org/oas/${version}/schema-base`,
    JSON.parse(JSON.stringify(document)), // without what is undefined, as it is written
    "BASIC",
  );
  return valid ? [] : errors.map((error) => `${error.instanceLocation} ${error.absoluteKeywordLocation}`);
}
