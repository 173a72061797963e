/** Asks again and again until the answer is yes. The limit is there to end what hangs, and to say what was missing. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: string,
  got: () => unknown = () => "",
  limitMs = 50_000,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`waited in vain for ${what}: ${got()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
