/** The independent validators of OpenAPI documents, each with the rules that it recommends. */
import { createConfig, lintFromString } from "@redocly/openapi-core";
import spectral from "@stoplight/spectral-core";
import rulesets from "@stoplight/spectral-rulesets";
import { parse } from "yaml";
import { findErrors } from "../../src/emit/openapi/testing/validate-document.js";

/** What a validator has to say about a document. */
export interface Finding {
  /** `redocly/no-empty-servers` */
  readonly rule: string;
  readonly isError: boolean;
  readonly message: string;
  /** Where: keys from the root, joined by slashes. */
  readonly place: string;
}

export const validators: Readonly<Record<"official" | "redocly" | "spectral", (text: string) => Promise<Finding[]>>> = {
  /** The schema of the specification. */
  async official(text) {
    const errors = await findErrors(parse(text));
    return errors.map((message) => ({ rule: "official/schema", isError: true, message, place: "" }));
  },

  /** Redocly with the rules of `recommended`. */
  async redocly(text) {
    const config = await createConfig({ extends: ["recommended"] });
    const problems = await lintFromString({ source: text, absoluteRef: "openapi.yaml", config });
    return problems.map(({ ruleId, severity, message, location }) => ({
      rule: `redocly/${ruleId}`,
      isError: severity === "error",
      message,
      place: location[0]?.pointer ?? "",
    }));
  },

  /** Spectral with the rules of `spectral:oas`. */
  async spectral(text) {
    const linter = new spectral.Spectral();
    // Its own type of a ruleset has no place for the type of its own rulesets.
    linter.setRuleset({ extends: [[rulesets.oas as object, "recommended"]] } as Parameters<
      typeof linter.setRuleset
    >[0]);
    const results = await linter.run(text);
    return results.map(({ code, severity, message, path }) => ({
      rule: `spectral/${code}`,
      isError: severity === 0,
      message,
      place: path.join("/"),
    }));
  },
};

/** All that all of them find. */
export async function findAll(text: string): Promise<Finding[]> {
  const found = await Promise.all(Object.values(validators).map((validate) => validate(text)));
  return found.flat();
}
