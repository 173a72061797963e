/** The goldens are proved: they compile under the strictest flags, and read as careful code does. */
import { join, relative } from "node:path";
import { type MethodDeclaration, type MethodSignature, Node, Project, SyntaxKind } from "ts-morph";
import { beforeAll, describe, expect, test } from "vitest";
import { writeFiles } from "./golden.js";
import { cacheFolder, codeCases, typeCheck, writeProject, writeTsconfig } from "./golden-code.js";
import { installTools, packages } from "./openapi/tools.js";

const cache = cacheFolder("golden-code");
beforeAll(() => writeProject(cache, codeCases()));

describe("compiles", () => {
  test("with every strict flag, lib ES2022 and DOM, and no types", () => {
    expect(typeCheck(cache, "tsconfig.json")).toBe("");
  });

  test("with `await using` where ESNext.Disposable is there", () => {
    writeFiles(cache, {
      "await-using.ts": `
        import { ChatServiceClient } from "./sse/chat/v1/chat_client";
        export async function first(client: ChatServiceClient): Promise<string | undefined> {
          await using messages = client.search({});
          for await (const message of messages) return message.text;
          return undefined;
        }
      `,
    });
    writeTsconfig(cache, "tsconfig.using.json", { lib: ["ES2022", "DOM", "ESNext.Disposable"] }, ["await-using.ts"]);
    expect(typeCheck(cache, "tsconfig.using.json")).toBe("");
  });

  test("is checked at all: a wrong call does not compile", () => {
    writeFiles(cache, {
      "wrong-call.ts": `
        import { ChatServiceClient } from "./sse/chat/v1/chat_client";
        new ChatServiceClient({ baseUrl: "" }).sendMessage({ rooom: "x" });
      `,
    });
    writeTsconfig(cache, "tsconfig.wrong.json", {}, ["wrong-call.ts"]);
    expect(typeCheck(cache, "tsconfig.wrong.json")).toContain("'rooom' does not exist in type");
  });

  test("names the wrong field of an event that a handler gives, with TypeScript 7 and 5.9", async () => {
    writeFiles(cache, {
      "wrong-event.ts": `
        import type { Message } from "./sse/chat/v1/chat_pb";
        import type { ChatServiceHandlers } from "./sse/chat/v1/chat_server";
        import type { AssistantServiceHandlers } from "./events/assistant/v1/assistant_server";
        import type { Said } from "./events/assistant/v1/assistant_pb";
        declare const whole: Message;
        declare const wholeEvent: Said;
        export const right: Partial<ChatServiceHandlers> = {
          async *watchThread(_, { tracked }) {
            yield whole;
            yield { ...whole, text: "other" };
            yield tracked("1", { author: { name: "Ada" } });
          },
          search: () => new ReadableStream<Message>(),
        };
        // An event without fields after one with fields: TypeScript gives its value the fields of the first, unset.
        export const empty: Partial<AssistantServiceHandlers> = {
          async *ask() {
            yield { event: { case: "delta", value: { text: "a" } } };
            yield { event: { case: "done", value: {} } };
          },
          async *converse() {
            yield { event: { case: "said", value: wholeEvent } };
          },
        };
        export const wrongEvent: Partial<AssistantServiceHandlers> = {
          async *ask() {
            yield { event: { case: "delta", value: { text: true } } };
          },
        };
        export const wrong: Partial<ChatServiceHandlers> = {
          async *search() {
            yield { id: 1n, text: 5 };
          },
        };
      `,
    });
    writeTsconfig(cache, "tsconfig.event.json", {}, ["wrong-event.ts"]);
    await installTools();
    for (const tsc of [undefined, join(packages, "typescript/lib/tsc.js")]) {
      const errors = typeCheck(cache, "tsconfig.event.json", tsc);
      expect(errors.match(/^\S.*/gm)).toHaveLength(2);
      expect(errors.match(/Types of property 'text' are incompatible/g)).toHaveLength(2);
      expect(errors).not.toContain("ReadableStream'");
    }
  }, 300_000);
});

describe("reads well", () => {
  const project = new Project({ compilerOptions: { strict: true } });
  beforeAll(() => {
    project.addSourceFilesAtPaths([`${cache}/**/*.ts`, `!${cache}/**/*_pb.ts`, `!${cache}/*.ts`]);
    expect(project.getSourceFiles().length).toBeGreaterThan(20);
  });

  test("every export is documented, and every method", () => {
    const bare = project.getSourceFiles().flatMap((file) => {
      const declarations = [...file.getExportedDeclarations()].flatMap(([name, nodes]) =>
        nodes.map((node) => ({ name, node })),
      );
      const own = declarations.filter(({ node }) => node.getSourceFile() === file);
      const members = own.flatMap(({ node }) =>
        methodsOf(node).map((method) => ({ name: method.getName(), node: method })),
      );
      return [...own, ...members]
        .filter(({ node }) => !hasDocs(node))
        .map(({ name }) => `${relative(cache, file.getFilePath())}: ${name}`);
    });
    expect(bare).toEqual([]);
  });

  test("there is no any, no non-null assertion and no comment to the compiler", () => {
    const found = project
      .getSourceFiles()
      .flatMap((file) => [
        ...[
          ...file.getDescendantsOfKind(SyntaxKind.AnyKeyword),
          ...file.getDescendantsOfKind(SyntaxKind.NonNullExpression),
        ].map((node) => `${relative(cache, file.getFilePath())}:${node.getStartLineNumber()}`),
        ...(/@ts-(ignore|nocheck|expect-error)/.test(file.getFullText()) ? [file.getFilePath()] : []),
      ]);
    expect(found).toEqual([]);
  });

  test("every import is used", () => {
    const unused = project.getSourceFiles().flatMap((file) =>
      file
        .getImportDeclarations()
        .flatMap((declaration) => declaration.getNamedImports())
        .map((named) => named.getAliasNode() ?? named.getNameNode())
        .filter((name) => {
          const text = name.getText();
          return file.getDescendantsOfKind(SyntaxKind.Identifier).filter((id) => id.getText() === text).length < 2;
        })
        .map((name) => `${relative(cache, file.getFilePath())}: ${name.getText()}`),
    );
    expect(unused).toEqual([]);
  });
});

/** The methods of a generated client, and of the interface of handlers. */
function methodsOf(node: Node): (MethodDeclaration | MethodSignature)[] {
  const isGenerated = /_(client|server)\.ts$/.test(node.getSourceFile().getBaseName());
  if (!isGenerated) {
    return [];
  }
  if (Node.isClassDeclaration(node)) {
    return node.getInstanceMethods();
  }
  return Node.isInterfaceDeclaration(node) ? node.getMethods() : [];
}

/** Overloads share the comment of the first; what was not declared with JSDoc of its own has that of its statement. */
function hasDocs(node: Node): boolean {
  if (Node.isFunctionDeclaration(node)) {
    return [node, ...node.getOverloads(), ...(node.getImplementation()?.getOverloads() ?? [])].some(
      (n) => n.getJsDocs().length > 0,
    );
  }
  if (Node.isVariableDeclaration(node)) {
    return (node.getVariableStatement()?.getJsDocs().length ?? 0) > 0;
  }
  if (Node.isTypeAliasDeclaration(node)) {
    // A type of the same name as a documented constant, as `Code`, is explained by it.
    return node.getJsDocs().length > 0 || node.getSourceFile().getVariableDeclaration(node.getName()) !== undefined;
  }
  return Node.isJSDocable(node) && node.getJsDocs().length > 0;
}
