/**
 * Counts the members of objects and the items of lists that are parsed or read while something runs. Work is counted, not
 * timed: the clock of a shared machine says little.
 */
export function countJsonWork(run: () => void): number {
  const { entries } = Object;
  const { [Symbol.iterator]: iterator } = Array.prototype;
  const { parse } = JSON;
  let work = 0;
  const count = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? Object.keys(value).reduce((sum, key) => sum + 1 + count(Reflect.get(value, key)), 0)
      : 0;
  JSON.parse = (text: string) => {
    const value: unknown = parse(text);
    work += count(value);
    return value;
  };
  Object.entries = (object: object) => {
    const found = entries(object);
    work += found.length;
    return found;
  };
  Array.prototype[Symbol.iterator] = function* <T>(this: T[]) {
    for (let index = 0; index < this.length; index++) {
      work++;
      yield this[index] as T;
    }
  } as typeof iterator;
  try {
    run();
  } finally {
    Object.assign(JSON, { parse });
    Object.assign(Object, { entries });
    Object.assign(Array.prototype, { [Symbol.iterator]: iterator });
  }
  return work;
}
