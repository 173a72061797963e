/**
 * Reads the beginning of a body as text and lets go of the rest. It serves an error's report, so it never fails:
 * what arrived before the connection broke tells more than that it broke.
 */
export async function readText(response: Response, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) {
    return "";
  }
  const stop = () => reader.cancel().catch(() => {});
  // The head has told of the failure already: a body that does not end must not hide it for longer than this.
  const timer = setTimeout(stop, 5_000);
  const decoder = new TextDecoder();
  let text = "";
  let left = maxBytes;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  } catch {
    // As said above.
  } finally {
    clearTimeout(timer);
    stop();
  }
  return text;
}
