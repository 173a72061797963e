import type { Service } from "../../model/model.js";
import type { Place, Problems } from "../../problems.js";
import { eventMessages, handlerName, usedTypes } from "./events.js";
import { isKeyword, isStandardModule, type MessageNames, methodName } from "./names.js";

/** A name that something generates. */
interface Named {
  readonly name: string;
  readonly place: Place;
}

/** Finds names that clash in Python, and names that Python cannot import. */
export function checkNames(services: readonly Service[], messages: MessageNames, problems: Problems): void {
  const files = [...new Set(services.map(({ desc }) => desc.file))];
  const modules = files.map((file) => ({ name: `${messages.module(file).join(".")}_client`, place: { desc: file } }));
  checkUnique("module", modules, problems);
  for (const file of files) {
    const inFile = services.filter(({ desc }) => desc.file === file);
    const classes = inFile.flatMap(({ desc }) =>
      ["", "Async"].map((kind) => ({ name: `${kind}${desc.name}Client`, place: { desc } })),
    );
    checkUnique("class", classes, problems);
    const handlers = eventMessages(inFile).map(({ desc }) => ({
      name: `handle_${handlerName(desc, inFile)}`,
      place: { desc },
    }));
    checkUnique("function", handlers, problems);
  }
  for (const { methods } of services) {
    checkUnique(
      "method",
      methods.map(({ desc }) => ({ name: methodName(desc), place: { desc } })),
      problems,
    );
  }
  checkImports(services, messages, problems);
}

function checkUnique(what: string, named: readonly Named[], problems: Problems): void {
  for (const { name, place } of named) {
    const others = named.filter((other) => other.name === name && other.place.desc !== place.desc);
    if (others.length > 0) {
      const who = others.map(({ place: { desc } }) => desc.toString()).join(" and ");
      problems.error(place, `generates the ${what} "${name}", as does ${who}: rename one`);
    }
  }
}

/** protoc writes modules and classes with names that are keywords, and type stubs of them that nothing can read. */
function checkImports(services: readonly Service[], messages: MessageNames, problems: Problems): void {
  const types = usedTypes(services);
  const instead = 'rename it, or use "messages=protobuf-py"';
  for (const file of new Set([...services.map(({ desc }) => desc.file), ...types.map((type) => type.file)])) {
    const path = messages.module(file);
    const bad = path.find((part) => isKeyword(part) || !/^[a-z_]\w*$/i.test(part));
    const [folder = ""] = path;
    if (bad !== undefined) {
      problems.error({ desc: file }, `Python cannot import "${bad}" of its path: ${instead}`);
    } else if (!messages.isRelative && path.length > 1 && isStandardModule(folder)) {
      problems.error(
        { desc: file },
        `Python's standard library has a module "${folder}", which is imported instead: ${instead}`,
      );
    }
  }
  for (const desc of types) {
    const bad = messages.typeName(desc).split(".").find(isKeyword);
    if (bad !== undefined) {
      problems.error(
        { desc },
        `"${bad}" is a keyword of Python, and protoc writes no valid type stub for it: ${instead}`,
      );
    }
  }
}
