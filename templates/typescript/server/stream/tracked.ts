/**
 * A message with the id of its event, made by `context.tracked`. A class, and not a shape, since a
 * message may itself have the fields `id` and `message`.
 */
export class Tracked<T> {
  readonly #message: T;
  readonly id: string;

  constructor(id: string, message: T) {
    this.id = checkEventId(id);
    this.#message = message;
  }

  get message(): T {
    return this.#message;
  }
}

/**
 * Returns an event id that can stand in an `id:` line. CR and LF would begin a field or event of the
 * handler's data, and a client ignores an id with NUL (WHATWG HTML 9.2.6), so that it would resume
 * from an older one. Throws a `TypeError`.
 */
export function checkEventId(id: string): string {
  if (typeof id !== "string") {
    throw new TypeError(`event id of type ${typeof id}: make it a string`);
  }
  if (id === "") {
    throw new TypeError("event id is empty, which would make a client forget its place: leave it out");
  }
  if (/[\r\n\0]/.test(id)) {
    throw new TypeError(`event id ${JSON.stringify(id)} has a line break or NUL: use an id without`);
  }
  return id;
}
