/** All values up to the end, and the error where the end is one. */
export async function drain(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  try {
    for await (const value of stream) {
      values.push(value);
    }
  } catch (error) {
    values.push(error);
  }
  return values;
}
