/**
 * Counts the characters that methods of strings look at or copy while something runs. Work is counted, not timed: a
 * shared machine cannot be measured by its clock. What is joined by `+` is not copied then, but when it is looked at.
 */
export function countStringWork(run: () => void): number {
  const { indexOf, includes, slice } = String.prototype;
  let work = 0;
  String.prototype.indexOf = function (this: string, text: string, from = 0): number {
    const index = indexOf.call(this, text, from);
    work += (index < 0 ? this.length : index + 1) - from;
    return index;
  };
  String.prototype.includes = function (this: string, text: string): boolean {
    work += this.length;
    return includes.call(this, text);
  };
  String.prototype.slice = function (this: string, start?: number, end?: number): string {
    const part = slice.call(this, start, end);
    work += part.length;
    return part;
  };
  try {
    run();
  } finally {
    Object.assign(String.prototype, { indexOf, includes, slice });
  }
  return work;
}
