/**
 * The media type to answer with: of `offers`, the server's preference first, the one that the
 * `Accept` header rates highest (RFC 9110, section 12.5.1). Undefined when it excludes all of them.
 */
export function negotiate(accept: string | null, offers: readonly string[]): string | undefined {
  // Some clients send an empty one; it says no more than none.
  if (accept === null || accept.trim() === "") {
    return offers[0];
  }
  const ranges = accept.split(",").map(parseRange);
  let best: string | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string): MediaRange {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
  return { type, quality: /^(0(\.\d*)?|1(\.0*)?)$/.test(quality) ? Number(quality) : 0 };
}

/** The most specific range that takes a type decides: `text/*;q=0` beside a range for everything excludes text. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const candidates = [type, `${type.slice(0, type.indexOf("/"))}/*`, "*/*"];
  for (const candidate of candidates) {
    const range = ranges.find((each) => each.type === candidate);
    if (range !== undefined) {
      return range.quality;
    }
  }
  return 0;
}
